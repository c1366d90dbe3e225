//! A document of the provider role: its fields, its states and which change is
//! allowed when.

use serde_json::Value;

use super::fields::{Fields, Given, Invalid};
use super::ids::DocumentId;
pub use super::lifecycle::{Refusal, SendPlan};
use super::protection;
use super::recipient::Recipient;
use super::timestamp::Timestamp;
pub use super::words::{ContentType, DeliveryState, Operation, SecondFactor, Status};

/// Longest title in characters (contract: `POST /api/documents`).
pub const TITLE_MAX: usize = 500;
/// Longest content in characters.
pub const CONTENT_MAX: usize = 1_000_000;
/// Largest metadata in bytes of JSON.
pub const METADATA_MAX: usize = 16_384;
/// Shortest life of an access in seconds.
pub const EXPIRES_IN_MIN: i64 = 60;
/// Longest life of an access in seconds: 90 days.
pub const EXPIRES_IN_MAX: i64 = 90 * 86_400;

/// What somebody writes: the fields that a version consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// 1 to [`TITLE_MAX`] characters.
    pub title: String,
    /// 1 to [`CONTENT_MAX`] characters.
    pub content: String,
    /// How `content` is written.
    pub content_type: ContentType,
    /// Whom it is for.
    pub recipient: Option<Recipient>,
    /// Free-form object of the caller.
    pub metadata: Option<Value>,
    /// Life of the access in seconds, counted from the sending.
    pub expires_in: Option<i64>,
    /// What is asked of whoever opens it, beside the code.
    pub second_factor: SecondFactor,
}

impl Written {
    /// Reads the body of `POST /api/documents`.
    pub fn parse(body: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of_body(body)?;
        let written = Self::read(&mut fields);
        fields.finish().map(|()| written)
    }

    /// Reads the fields of a version out of a larger object.
    pub fn read(fields: &mut Fields) -> Self {
        let content_type = fields.choice("contentType", ContentType::WORDS).value();
        let written = Self {
            title: fields.required_text("title", TITLE_MAX),
            content: fields.required_text("content", CONTENT_MAX),
            content_type: content_type.unwrap_or(ContentType::Markdown),
            recipient: fields.object("recipient", Recipient::read).value(),
            metadata: fields.free_form("metadata", METADATA_MAX).value(),
            expires_in: fields.whole_number("expiresIn", EXPIRES_IN_MIN, EXPIRES_IN_MAX).value(),
            second_factor: fields.object("protection", protection::read).value().unwrap_or_default(),
        };
        fields.broken_by(protection::missing_address(written.second_factor, written.recipient.as_ref()));
        written
    }
}

/// What `PUT /api/documents/{id}` asks for; absent fields stay as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    title: Option<String>,
    content: Option<String>,
    status: Option<Status>,
    content_type: Option<ContentType>,
    recipient: Given<Recipient>,
    metadata: Given<Value>,
    expires_in: Given<i64>,
    second_factor: Given<SecondFactor>,
}

impl Change {
    /// Fields, at least one of which has to be there.
    pub const NAMES: [&'static str; 8] =
        ["title", "content", "status", "contentType", "recipient", "metadata", "expiresIn", "protection"];

    /// Reads the body of `PUT /api/documents/{id}`.
    pub fn parse(body: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of_body(body)?;
        if !Self::NAMES.iter().any(|name| fields.has(name)) {
            let message = format!("must hold at least one of {}", Self::NAMES.join(", "));
            return Err(Invalid::field("body", "required", message));
        }
        let change = Self {
            title: required_if_there(&mut fields, "title", TITLE_MAX),
            content: required_if_there(&mut fields, "content", CONTENT_MAX),
            status: fields.choice("status", Status::WORDS).value(),
            content_type: fields.choice("contentType", ContentType::WORDS).value(),
            recipient: fields.object("recipient", Recipient::read),
            metadata: fields.free_form("metadata", METADATA_MAX),
            expires_in: fields.whole_number("expiresIn", EXPIRES_IN_MIN, EXPIRES_IN_MAX),
            second_factor: fields.object("protection", protection::read),
        };
        fields.finish().map(|()| change)
    }
}

fn required_if_there(fields: &mut Fields, name: &str, max: usize) -> Option<String> {
    fields.has(name).then(|| fields.required_text(name, max))
}

/// How far the delivery has come (contract: field `delivery`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts so far, for the version that is being sent.
    pub attempts: i32,
    /// When the next attempt is due.
    pub next_attempt_at: Option<Timestamp>,
    /// Why the last attempt failed, in words for people.
    pub last_error: Option<String>,
    /// When the client role confirmed it.
    pub delivered_at: Option<Timestamp>,
    /// When it was first opened.
    pub opened_at: Option<Timestamp>,
}

impl Delivery {
    /// The delivery of a document that nobody has sent yet.
    pub const NONE: Self = Self {
        state: DeliveryState::None,
        attempts: 0,
        next_attempt_at: None,
        last_error: None,
        delivered_at: None,
        opened_at: None,
    };
}

/// A document as the provider role keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its name for ever.
    pub id: DocumentId,
    /// What was written.
    pub written: Written,
    /// Draft or final.
    pub status: Status,
    /// 1 at first, one more with every change.
    pub version: i32,
    /// The version that was sent last.
    pub sent_version: Option<i32>,
    /// Number of the last sending.
    pub sent_sequence: Option<i64>,
    /// The version that the client role confirmed last.
    pub delivered_version: Option<i32>,
    /// Number of the last operation at the client role, from 1; 0 before the first.
    pub sequence: i64,
    /// Which access code it is, from 1; 0 before the first.
    pub generation: i32,
    /// The last operation at the client role; `delivery` tells how far it has come.
    pub operation: Option<Operation>,
    /// The access code that the client role gave.
    pub access_code: Option<String>,
    /// The link beside the code.
    pub link: Option<String>,
    /// When access ends; set by the sending.
    pub expires_at: Option<Timestamp>,
    /// Its way to the client role.
    pub delivery: Delivery,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl Document {
    /// A new draft.
    #[must_use]
    pub fn create(id: DocumentId, written: Written, now: Timestamp) -> Self {
        Self {
            id,
            written,
            status: Status::Draft,
            version: 1,
            sent_version: None,
            sent_sequence: None,
            delivered_version: None,
            sequence: 0,
            generation: 0,
            operation: None,
            access_code: None,
            link: None,
            expires_at: None,
            delivery: Delivery::NONE,
            created_at: now,
            updated_at: now,
        }
    }

    /// This document after `change`, a version further; `None` when nothing would differ.
    pub fn changed(&self, change: Change, now: Timestamp) -> Result<Option<Self>, Refusal> {
        let status = change.status.unwrap_or(self.status);
        if self.status == Status::Final && status == Status::Draft {
            return Err(Refusal::FinalStaysFinal);
        }
        let stored = self.written.clone();
        let written = Written {
            title: change.title.unwrap_or(stored.title),
            content: change.content.unwrap_or(stored.content),
            content_type: change.content_type.unwrap_or(stored.content_type),
            recipient: change.recipient.over(stored.recipient),
            metadata: change.metadata.over(stored.metadata),
            expires_in: change.expires_in.over(stored.expires_in),
            second_factor: change.second_factor.over(Some(stored.second_factor)).unwrap_or_default(),
        };
        if written == self.written && status == self.status {
            return Ok(None);
        }
        let version = self.version.saturating_add(1);
        Ok(Some(Self { written, status, version, updated_at: now, ..self.clone() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use uuid::Uuid;

    const NOON: i64 = 1_790_000_000_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn draft() -> Document {
        let written = Written::parse(json!({"title": " T ", "content": "C"})).unwrap();
        Document::create(DocumentId(Uuid::from_u128(1)), written, at(NOON))
    }

    fn change(body: Value) -> Change {
        Change::parse(body).unwrap()
    }

    #[test]
    fn a_new_document_is_a_trimmed_draft_of_markdown() {
        let document = draft();
        assert_eq!(document.written.title, "T");
        assert_eq!((document.status, document.version), (Status::Draft, 1));
        assert_eq!(document.written.content_type, ContentType::Markdown);
    }

    #[test]
    fn a_change_makes_the_next_version_and_no_change_makes_none() {
        let document = draft();
        let next = document.changed(change(json!({"title": "U"})), at(NOON + 1)).unwrap().unwrap();
        assert_eq!((next.version, next.written.title.as_str(), next.updated_at), (2, "U", at(NOON + 1)));
        assert_eq!(next.changed(change(json!({"title": "U", "status": "draft"})), at(NOON + 2)), Ok(None));
    }

    #[test]
    fn a_final_document_stays_final() {
        let document = draft().changed(change(json!({"status": "final"})), at(NOON)).unwrap().unwrap();
        assert_eq!(
            document.changed(change(json!({"status": "draft"})), at(NOON)),
            Err(Refusal::FinalStaysFinal)
        );
    }

    #[test]
    fn a_body_without_any_known_field_is_refused() {
        assert_eq!(Change::parse(json!({"contnet": "x"})).unwrap_err().0[0].field, "body");
    }
}
