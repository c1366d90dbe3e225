//! Operations on documents: what the provider role writes, and what the client role reads.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::document::{ContentType, SecondFactor, Written};
use crate::domain::fields::{Fields, Invalid};
use crate::domain::ids::DocumentId;
use crate::domain::recipient::Recipient;
use crate::domain::timestamp::Timestamp;

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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

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
