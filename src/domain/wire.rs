//! What the provider role and the client role say to each other, so that the
//! compiler checks the protocol on both sides.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::document::{ContentType, Written};
use super::fields::{Fields, Invalid};
use super::ids::DocumentId;
use super::recipient::Recipient;
use super::timestamp::Timestamp;

/// Path under `CLIENT_BASE_URL` where documents are delivered.
pub const DELIVERIES_PATH: &str = "v1/documents";
/// Header that names the tenant.
pub const TENANT_HEADER: &str = "X-Tenant";
/// Header that names a request in the logs; of a delivery it is the message's id, in both roles.
pub const REQUEST_ID_HEADER: &str = "X-Request-Id";

/// Body of `POST /v1/documents` as the provider role writes it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliverDocument<'a> {
    /// The document; the same id again means the same document.
    pub id: DocumentId,
    /// The version; a higher one replaces, a lower or equal one changes nothing.
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
}

impl<'a> DeliverDocument<'a> {
    /// The delivery of this version.
    #[must_use]
    pub fn new(id: DocumentId, version: i32, written: &'a Written, expires_at: Timestamp) -> Self {
        Self {
            id,
            version,
            title: &written.title,
            content: &written.content,
            content_type: written.content_type,
            recipient: written.recipient.as_ref(),
            metadata: written.metadata.as_ref(),
            expires_at,
        }
    }
}

/// A delivery as the client role reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The sender's id; without one the receiver makes one.
    pub id: Option<DocumentId>,
    /// The sender's version, 1 where it gives none.
    pub version: i32,
    /// What was written.
    pub written: Written,
    /// When access ends, if the sender says so as a moment.
    pub expires_at: Option<Timestamp>,
}

impl Delivered {
    /// Reads the body of `POST /v1/documents`.
    pub fn parse(body: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of_body(body)?;
        let delivered = Self {
            id: fields.parsed("id", "must be a UUID", |text| text.parse().ok()).value(),
            version: read_version(&mut fields),
            expires_at: fields
                .parsed("expiresAt", "must be a time such as 2026-11-20T18:00:00Z", Timestamp::parse)
                .value(),
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
#[derive(Debug, Serialize, Deserialize)]
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    #[test]
    fn what_the_provider_writes_is_what_the_client_reads() {
        let written = Written::parse(json!({
            "title": "T", "content": "C", "contentType": "text/plain",
            "recipient": {"name": "N", "language": "de"}, "metadata": {"k": [1]},
        }))
        .unwrap();
        let (id, expires_at) = (DocumentId(Uuid::from_u128(9)), Timestamp::from_millis(1).unwrap());
        let body = serde_json::to_value(DeliverDocument::new(id, 3, &written, expires_at)).unwrap();
        let expected = Delivered { id: Some(id), version: 3, written, expires_at: Some(expires_at) };
        assert_eq!(Delivered::parse(body), Ok(expected));
    }

    #[test]
    fn existing_senders_give_only_title_and_content() {
        let delivered = Delivered::parse(json!({"title": "T", "content": "C"})).unwrap();
        assert_eq!((delivered.id, delivered.version, delivered.expires_at), (None, 1, None));
    }
}
