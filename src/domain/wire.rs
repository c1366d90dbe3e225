//! What the provider role and the client role say to each other, so that the
//! compiler checks the protocol on both sides.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::colour::Colour;
use super::document::{ContentType, SecondFactor, Written};
use super::fields::{Fields, Invalid};
use super::ids::DocumentId;
use super::recipient::Recipient;
use super::sender::{Introduction, Sender};
use super::timestamp::Timestamp;

/// Path under `CLIENT_BASE_URL` where documents are delivered.
pub const DELIVERIES_PATH: &str = "v1/documents";
/// Path under `CLIENT_BASE_URL` where access codes are handed out ahead of time.
pub const RESERVATIONS_PATH: &str = "v1/access-codes/reservations";
/// Path under `CLIENT_BASE_URL` where receipts are read.
pub const RECEIPTS_PATH: &str = "v1/receipts";
/// Path under `CLIENT_BASE_URL` where what recipients see of a practice is told.
pub const SENDER_PATH: &str = "v1/sender";
/// Most codes of one block.
pub const RESERVATIONS_MAX: i64 = 500;
/// Most receipts of one page.
pub const RECEIPTS_MAX: i64 = 500;
/// Most documents of one page.
pub const STANDINGS_MAX: i64 = 500;
/// Header that names the tenant.
pub const TENANT_HEADER: &str = "X-Tenant";
/// Header that names a request in the logs; of a delivery it is the message's id, in both roles.
pub const REQUEST_ID_HEADER: &str = "X-Request-Id";
/// Header of an answer to an operation that changed nothing, because another one with its
/// number or a higher one was applied before: `sequence-generation` of what holds.
pub const OVERTAKEN_HEADER: &str = "X-Overtaken-By";

/// Body of `POST /v1/documents` as the provider role writes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliverDocument<'a> {
    /// The document; the same id again means the same document.
    pub id: DocumentId,
    /// The sender's operations on a document are numbered; one that is not newer changes nothing.
    pub sequence: i64,
    /// Which access code: a higher generation replaces the code.
    pub generation: i32,
    /// The access code that the sender has promised already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved_code: Option<&'a str>,
    /// The link that was handed out with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved_link: Option<&'a str>,
    /// The version of the text.
    pub version: i32,
    /// Title.
    pub title: &'a str,
    /// Content.
    pub content: &'a str,
    /// How the content is written.
    pub content_type: ContentType,
    /// Whom it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient: Option<&'a Recipient>,
    /// Free-form object of the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<&'a Value>,
    /// When access ends.
    pub expires_at: Timestamp,
    /// How the access is protected.
    pub protection: Protection,
}

/// How the access to a document is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Protection {
    /// What is asked of whoever opens it, beside the code.
    pub second_factor: SecondFactor,
}

/// Body of `PUT /v1/documents/{id}/access`: another code or another end, the same text.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeAccess<'a> {
    /// As in [`DeliverDocument`].
    pub sequence: i64,
    /// As in [`DeliverDocument`].
    pub generation: i32,
    /// As in [`DeliverDocument`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved_code: Option<&'a str>,
    /// As in [`DeliverDocument`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reserved_link: Option<&'a str>,
    /// When access ends.
    pub expires_at: Timestamp,
}

/// Where an operation stands among those of a document, and which code it wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ordering {
    /// Number of the operation, from 1.
    pub sequence: i64,
    /// Which access code, from 1.
    pub generation: i32,
    /// The access code that the sender has promised already.
    pub reserved_code: Option<String>,
    /// The link that was handed out with it: with both, a receiver that was restored from a
    /// backup can give a document the code that people have on paper.
    pub reserved_link: Option<String>,
}

impl Ordering {
    /// `version` stands in where a sender does not number its operations.
    fn read(fields: &mut Fields, version: i32) -> Self {
        let sequence = fields.whole_number("sequence", 1, i64::MAX).value();
        let generation = fields.whole_number("generation", 1, i64::from(i32::MAX)).value();
        let code = |text: &str| (1..=64).contains(&text.chars().count()).then(|| text.to_owned());
        let link = |text: &str| (1..=2_048).contains(&text.chars().count()).then(|| text.to_owned());
        Self {
            sequence: sequence.unwrap_or(i64::from(version)),
            generation: generation.and_then(|g| i32::try_from(g).ok()).unwrap_or(1),
            reserved_code: fields.parsed("reservedCode", "must be 1 to 64 characters long", code).value(),
            reserved_link: fields.parsed("reservedLink", "must be 1 to 2048 characters long", link).value(),
        }
    }
}

/// A change of access as the client role reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessChanged {
    /// Where it stands among the operations.
    pub ordering: Ordering,
    /// When access ends.
    pub expires_at: Timestamp,
}

impl AccessChanged {
    /// Reads the body of `PUT /v1/documents/{id}/access`.
    pub fn parse(body: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of_body(body)?;
        fields.require("sequence");
        fields.require("expiresAt");
        let changed = Self {
            ordering: Ordering::read(&mut fields, 1),
            expires_at: read_expiry(&mut fields).unwrap_or(Timestamp::EPOCH),
        };
        fields.finish().map(|()| changed)
    }
}

/// Body of `PUT /v1/sender`: what recipients see of a practice. Its address is for letters
/// and stays where it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PresentSender<'a> {
    /// Grows with each message; one that is not newer changes nothing.
    pub sequence: i64,
    /// What it is called.
    pub name: Option<&'a str>,
    /// Its telephone number.
    pub phone: Option<&'a str>,
    /// When somebody answers there.
    pub hours: Option<&'a str>,
    /// Its colour.
    pub colour: Option<Colour>,
    /// Its picture, as a data URL.
    pub logo: Option<String>,
}

impl<'a> PresentSender<'a> {
    /// What is told of a practice.
    #[must_use]
    pub fn of(sender: &'a Sender, sequence: i64) -> Self {
        Self {
            sequence,
            name: sender.name.as_deref(),
            phone: sender.phone.as_deref(),
            hours: sender.hours.as_deref(),
            colour: sender.colour,
            logo: sender.logo.as_ref().map(super::sender::Logo::to_url),
        }
    }
}

/// What recipients see of a practice, as the client role reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderPresented {
    /// As in [`PresentSender`].
    pub sequence: i64,
    /// The practice, without its address.
    pub sender: Sender,
}

impl SenderPresented {
    /// Reads the body of `PUT /v1/sender`. It says everything: what is absent is not there.
    pub fn parse(body: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of_body(body)?;
        fields.require("sequence");
        let sequence = fields.whole_number("sequence", 1, i64::MAX).value().unwrap_or(1);
        let introduction = Introduction::read(&mut fields);
        fields.finish()?;
        let sender = introduction.over(Sender::default());
        Ok(Self { sequence, sender: Sender { address: Vec::new(), ..sender } })
    }
}

fn read_expiry(fields: &mut Fields) -> Option<Timestamp> {
    fields.parsed("expiresAt", "must be a time such as 2026-11-20T18:00:00Z", Timestamp::parse).value()
}

/// A delivery as the client role reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The sender's id; without one the receiver makes one.
    pub id: Option<DocumentId>,
    /// The sender's version, 1 where it gives none.
    pub version: i32,
    /// Where it stands among the operations.
    pub ordering: Ordering,
    /// What was written.
    pub written: Written,
    /// When access ends, if the sender says so as a moment.
    pub expires_at: Option<Timestamp>,
}

impl Delivered {
    /// Reads the body of `POST /v1/documents`.
    pub fn parse(body: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of_body(body)?;
        let version = read_version(&mut fields);
        let delivered = Self {
            id: fields.parsed("id", "must be a UUID", |text| text.parse().ok()).value(),
            version,
            ordering: Ordering::read(&mut fields, version),
            expires_at: read_expiry(&mut fields),
            written: Written::read(&mut fields),
        };
        fields.finish().map(|()| delivered)
    }
}

fn read_version(fields: &mut Fields) -> i32 {
    let version = fields.whole_number("version", 1, i64::from(i32::MAX)).value();
    version.and_then(|v| i32::try_from(v).ok()).unwrap_or(1)
}

/// Answer of `POST /v1/documents` (contract: **fixed** `id`, `accessCode`).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryReceipt {
    /// The document's id.
    pub id: String,
    /// What the client types; opaque to the provider role.
    pub access_code: String,
    /// Where the client types it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    #[test]
    fn numbers_of_the_metadata_are_the_same_wherever_they_are_read() {
        // Without a reader that rounds exactly, this one changes its last digit each time.
        let text = r#"{"a":2011e-308,"b":0.1,"c":1e308,"d":-0.0,"e":5e-324}"#;
        let read: Value = serde_json::from_str(text).unwrap();
        assert_eq!(read["a"].as_f64(), Some(2.011e-305));
        let again: Value = serde_json::from_str(&read.to_string()).unwrap();
        assert_eq!(again, read);
    }

    #[test]
    fn what_the_provider_writes_is_what_the_client_reads() {
        let written = Written::parse(json!({
            "title": "T", "content": "C", "contentType": "text/plain",
            "recipient": {"name": "N", "phone": "+41 79 123 45 67", "language": "de"}, "metadata": {"k": [1]},
            "protection": {"secondFactor": "sms"},
        }))
        .unwrap();
        let (id, expires_at) = (DocumentId(Uuid::from_u128(9)), Timestamp::from_millis(1).unwrap());
        let message = DeliverDocument {
            id,
            sequence: 5,
            generation: 2,
            reserved_code: Some("K7QM"),
            reserved_link: Some("https://c/d/x"),
            version: 3,
            title: &written.title,
            content: &written.content,
            content_type: written.content_type,
            recipient: written.recipient.as_ref(),
            metadata: written.metadata.as_ref(),
            expires_at,
            protection: Protection { second_factor: written.second_factor },
        };
        let body = serde_json::to_value(message).unwrap();
        let ordering = Ordering {
            sequence: 5,
            generation: 2,
            reserved_code: Some("K7QM".to_owned()),
            reserved_link: Some("https://c/d/x".to_owned()),
        };
        let expected =
            Delivered { id: Some(id), version: 3, ordering, written, expires_at: Some(expires_at) };
        assert_eq!(Delivered::parse(body), Ok(expected));
    }

    const ORDERING_OF_NOBODY: Ordering =
        Ordering { sequence: 1, generation: 1, reserved_code: None, reserved_link: None };

    #[test]
    fn what_is_told_of_a_practice_is_what_the_client_reads() {
        let body = json!({
            "name": "N", "address": "A", "phone": "1", "hours": "H", "colour": "#0f5e5a",
            "logo": "data:image/svg+xml;base64,PHN2Zy8+",
        });
        let sender = Introduction::parse(body).unwrap().over(Sender::default());
        let told = serde_json::to_value(PresentSender::of(&sender, 7)).unwrap();
        assert!(told.get("address").is_none(), "{told}");
        let expected = SenderPresented { sequence: 7, sender: Sender { address: Vec::new(), ..sender } };
        assert_eq!(SenderPresented::parse(told), Ok(expected));
        let fields = SenderPresented::parse(json!({"sequence": 0, "colour": "#ffffff"})).unwrap_err().0;
        let names: Vec<_> = fields.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(names, ["sequence", "name", "colour"]);
    }

    #[test]
    fn existing_senders_give_only_title_and_content() {
        let delivered = Delivered::parse(json!({"title": "T", "content": "C"})).unwrap();
        assert_eq!((delivered.id, delivered.version, delivered.expires_at), (None, 1, None));
        assert_eq!(delivered.ordering, ORDERING_OF_NOBODY);
    }

    #[test]
    fn a_short_code_is_refused_and_the_standard_one_may_be_named() {
        let parse = |protection: Value| {
            Delivered::parse(json!({"title": "T", "content": "C", "protection": protection}))
        };
        for fine in [json!({}), json!(null), json!({"codeFormat": "standard", "linkRequired": false})] {
            assert!(parse(fine).is_ok());
        }
        for format in ["short6", "long", ""] {
            let fields = parse(json!({"codeFormat": format, "linkRequired": true})).unwrap_err().0;
            let names: Vec<_> = fields.iter().map(|e| e.field.as_str()).collect();
            assert_eq!(names, ["protection.codeFormat", "protection.linkRequired"], "{format}");
        }
    }

    #[test]
    fn a_change_of_access_names_what_is_missing() {
        for body in [json!({"generation": 0}), json!({"generation": 0, "sequence": null, "expiresAt": null})]
        {
            let fields = AccessChanged::parse(body).unwrap_err().0;
            let names: Vec<_> = fields.iter().map(|e| e.field.as_str()).collect();
            assert_eq!(names, ["sequence", "expiresAt", "generation"]);
        }
    }
}
