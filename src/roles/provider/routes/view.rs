//! Bodies of the provider role's requests and answers.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::domain::document::Document;
use crate::domain::recipient::Recipient;
use crate::platform::http::described::RecipientBody;

/// A document as the API shows it (contract: *Provider role*).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Document)]
pub struct DocumentView<'a> {
    /// UUID v7.
    #[schema(format = Uuid, example = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")]
    id: String,
    /// 1 to 500 characters.
    #[schema(example = "Exercises after knee surgery", max_length = 500)]
    title: &'a str,
    /// Text, written as `contentType` says.
    #[schema(example = "# Week 1\n\nBend and stretch, three times a day.")]
    content: &'a str,
    /// `draft` or `final`.
    #[schema(example = "final")]
    status: &'static str,
    /// What the client types; `null` until the document is sent, or delivered where no code was in reserve.
    #[schema(example = "K7QM-4T9X-WR5C", required = true)]
    access_code: Option<&'a str>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime, example = "2026-11-20T17:57:06.120Z")]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime, example = "2026-11-20T17:57:06.120Z")]
    updated_at: String,
    /// One more with every change; the `ETag`.
    #[schema(example = 2, minimum = 1)]
    version: i32,
    /// `text/markdown` or `text/plain`.
    #[schema(example = "text/markdown")]
    content_type: &'static str,
    /// Whom it is for.
    #[schema(value_type = Option<RecipientBody>)]
    recipient: Option<&'a Recipient>,
    /// Free-form object of the caller.
    #[schema(value_type = Option<Object>, example = json!({"case": "A-17"}))]
    metadata: Option<&'a Value>,
    /// Life of the access in seconds, counted from the sending; `null` for 30 days.
    #[schema(example = 604800)]
    expires_in: Option<i64>,
    /// What is asked of whoever opens it.
    protection: ProtectionView,
    /// When access ends; `null` until the document is sent.
    #[schema(format = DateTime, example = "2026-12-20T17:57:06.120Z")]
    expires_at: Option<String>,
    /// Where the client reads it; `null` until the document is sent, or delivered where no code was in reserve.
    #[schema(example = "https://client.on-track.ch/d/lG0aCeUoXiT1vN6rWQ4sb7SxwJ3nq5Rk8ZyVtPfM2dg")]
    link: Option<&'a str>,
    /// How far it has come on its way to the client.
    delivery: DeliveryView<'a>,
}

/// What is asked of whoever opens a document, beside its code.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Protection)]
pub struct ProtectionView {
    /// `none`, or a number that is sent to the recipient: `sms` to `recipient.phone`, `email` to `recipient.email`.
    #[schema(value_type = Option<String>, example = "none")]
    second_factor: &'static str,
}

/// How far a document has come on its way to the client.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Delivery)]
pub struct DeliveryView<'a> {
    /// `none`, `queued`, `delivering`, `delivered`, `failed`, `revoked` or `expired`.
    #[schema(example = "delivered")]
    state: &'static str,
    /// What was asked of the client role last: `send`, `reissue`, `expiry` or `revoke`.
    #[schema(example = "send")]
    operation: Option<&'static str>,
    /// Attempts for what was asked last.
    #[schema(example = 1, minimum = 0)]
    attempts: i32,
    /// When the next attempt is due.
    #[schema(format = DateTime)]
    next_attempt_at: Option<String>,
    /// Why the last attempt failed.
    last_error: Option<&'a str>,
    /// When the client role confirmed it.
    #[schema(format = DateTime, example = "2026-11-20T17:58:00.000Z")]
    delivered_at: Option<String>,
    /// When it was first opened.
    #[schema(format = DateTime)]
    opened_at: Option<String>,
}

/// One page of a newest-first list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentPage<'a> {
    /// At most `limit` documents.
    pub items: Vec<DocumentView<'a>>,
    /// Give it as `cursor` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "AQGS8MF6PnzCnQ4_b1obLD0")]
    pub next_cursor: Option<String>,
}

/// Body of `POST /api/documents`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the domain reads it field by field")]
pub struct CreateDocument {
    /// 1 to 500 characters, white space around it cut off.
    #[schema(example = "Exercises after knee surgery", min_length = 1, max_length = 500)]
    title: String,
    /// 1 to 1,000,000 characters, white space around it cut off.
    #[schema(
        example = "# Week 1\n\nBend and stretch, three times a day.",
        min_length = 1,
        max_length = 1_000_000
    )]
    content: String,
    /// `text/markdown` (default) or `text/plain`.
    #[schema(example = "text/markdown")]
    content_type: Option<String>,
    /// Whom it is for.
    recipient: Option<RecipientBody>,
    /// Free-form object, at most 16 kB and 16 levels deep.
    #[schema(value_type = Option<Object>, example = json!({"case": "A-17"}))]
    metadata: Option<Value>,
    /// Life of the access in seconds, counted from the sending: a minute to 90 days.
    #[schema(example = 604800, minimum = 60, maximum = 7_776_000)]
    expires_in: Option<i64>,
    /// What is asked of whoever opens it; travels with the next sending.
    protection: Option<ProtectionView>,
}

/// Body of `PUT /api/documents/{id}`: any of these; `null` clears an optional field.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the domain reads it field by field")]
pub struct UpdateDocument {
    /// 1 to 500 characters.
    #[schema(example = "Exercises after knee surgery", min_length = 1, max_length = 500, nullable = false)]
    title: Option<String>,
    /// 1 to 1,000,000 characters.
    #[schema(
        example = "# Week 2\n\nThe same, with weights.",
        min_length = 1,
        max_length = 1_000_000,
        nullable = false
    )]
    content: Option<String>,
    /// `final` makes it ready to be sent; there is no way back to `draft`.
    #[schema(example = "final")]
    status: Option<String>,
    /// `text/markdown` or `text/plain`.
    #[schema(example = "text/markdown")]
    content_type: Option<String>,
    /// Whom it is for.
    recipient: Option<RecipientBody>,
    /// Free-form object.
    #[schema(value_type = Option<Object>, example = json!({"case": "A-17"}))]
    metadata: Option<Value>,
    /// Life of the access in seconds, counted from the sending.
    #[schema(example = 604800, minimum = 60, maximum = 7_776_000)]
    expires_in: Option<i64>,
    /// What is asked of whoever opens it; travels with the next sending.
    protection: Option<ProtectionView>,
}

impl<'a> DocumentView<'a> {
    /// What the API shows of a document.
    pub fn of(document: &'a Document) -> Self {
        let Document { written, delivery, .. } = document;
        Self {
            id: document.id.to_string(),
            title: &written.title,
            content: &written.content,
            status: document.status.as_str(),
            access_code: document.access_code.as_deref(),
            created_at: document.created_at.to_string(),
            updated_at: document.updated_at.to_string(),
            version: document.version,
            content_type: written.content_type.as_str(),
            recipient: written.recipient.as_ref(),
            metadata: written.metadata.as_ref(),
            expires_in: written.expires_in,
            protection: ProtectionView { second_factor: written.second_factor.as_str() },
            expires_at: document.expires_at.map(|t| t.to_string()),
            link: document.link.as_deref(),
            delivery: DeliveryView {
                state: delivery.state.as_str(),
                operation: document.operation.map(crate::domain::document::Operation::as_str),
                attempts: delivery.attempts,
                next_attempt_at: delivery.next_attempt_at.map(|t| t.to_string()),
                last_error: delivery.last_error.as_deref(),
                delivered_at: delivery.delivered_at.map(|t| t.to_string()),
                opened_at: delivery.opened_at.map(|t| t.to_string()),
            },
        }
    }
}
