//! What the client role answers when the provider role asks.

use serde::{Deserialize, Serialize};

/// An access code handed out ahead of time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReservedCode {
    /// What the client will type.
    pub access_code: String,
    /// Where the client will type it.
    pub link: String,
}

/// Answer of `POST /v1/access-codes/reservations`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reservations {
    /// The codes; each opens nothing until a delivery brings it back.
    pub codes: Vec<ReservedCode>,
    /// When those are forgotten that no delivery has brought back.
    pub expires_at: String,
}

/// One receipt: something that happened to a document at the client role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Its name for ever.
    pub id: String,
    /// The document, by the sender's id.
    pub document_id: String,
    /// What happened, such as `opened`.
    pub kind: String,
    /// Version of the document that it concerns.
    pub version: Option<i32>,
    /// When it happened.
    pub at: String,
    /// The same, signed: a compact JWS; absent where receipts are not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jws: Option<String>,
}

/// Where a document stands at the client role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standing {
    /// The document, by the sender's id.
    pub id: String,
    /// The newest operation that was applied.
    pub sequence: i64,
    /// Which access code opens it.
    pub generation: i32,
    /// Version of its text.
    pub version: i32,
    /// Whether its text is here.
    pub has_text: bool,
    /// Whether access was withdrawn.
    pub revoked: bool,
    /// When access ends.
    pub expires_at: String,
    /// When its text arrived, or access was withdrawn.
    pub changed_at: String,
    /// The code that opens it, unless access was withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_code: Option<String>,
    /// Where it is typed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

/// Answer of `GET /v1/documents?after=`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Standings {
    /// In the order of their ids.
    pub items: Vec<Standing>,
    /// Whether there is more after the last of them.
    pub more: bool,
}

/// Answer of `GET /v1/receipts?after=`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipts {
    /// In their order, oldest first.
    pub items: Vec<Receipt>,
    /// What to ask for next with `after`; the same again where nothing is new.
    pub next: String,
    /// Whether there is more already.
    pub more: bool,
}
