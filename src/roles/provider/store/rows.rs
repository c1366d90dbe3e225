//! A document as a row.

use diesel::prelude::*;
use serde_json::Value;
use uuid::Uuid;

use super::schema::documents;
use crate::domain::document::{ContentType, Delivery, DeliveryState, Document, Operation, Status, Written};
use crate::domain::ids::{DocumentId, TenantId};
use crate::platform::db::PgTimestamp;

/// A whole row, read.
#[derive(Queryable, Selectable)]
#[diesel(table_name = documents, check_for_backend(diesel::pg::Pg))]
pub struct DocumentRow {
    id: Uuid,
    title: String,
    content: String,
    content_type: String,
    recipient: Option<Value>,
    metadata: Option<Value>,
    expires_in: Option<i64>,
    status: String,
    version: i32,
    sent_version: Option<i32>,
    sequence: i64,
    generation: i32,
    operation: Option<String>,
    sent_sequence: Option<i64>,
    delivered_version: Option<i32>,
    access_code: Option<String>,
    link: Option<String>,
    expires_at: Option<PgTimestamp>,
    delivery_state: String,
    delivery_attempts: i32,
    next_attempt_at: Option<PgTimestamp>,
    last_error: Option<String>,
    delivered_at: Option<PgTimestamp>,
    opened_at: Option<PgTimestamp>,
    created_at: PgTimestamp,
    updated_at: PgTimestamp,
}

/// The part of a row that a writer changes.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = documents, treat_none_as_null = true)]
pub struct WrittenRow<'a> {
    title: &'a str,
    content: &'a str,
    content_type: &'a str,
    recipient: Option<Value>,
    metadata: Option<&'a Value>,
    expires_in: Option<i64>,
    status: &'a str,
    version: i32,
    updated_at: PgTimestamp,
}

/// A new row.
#[derive(Insertable)]
#[diesel(table_name = documents)]
pub struct NewRow<'a> {
    tenant_id: &'a str,
    id: Uuid,
    delivery_state: &'a str,
    created_at: PgTimestamp,
    #[diesel(embed)]
    written: WrittenRow<'a>,
}

impl<'a> WrittenRow<'a> {
    /// The written part of a document.
    pub fn of(document: &'a Document) -> Self {
        let written = &document.written;
        Self {
            title: &written.title,
            content: &written.content,
            content_type: written.content_type.as_str(),
            recipient: written.recipient.as_ref().and_then(|r| serde_json::to_value(r).ok()),
            metadata: written.metadata.as_ref(),
            expires_in: written.expires_in,
            status: document.status.as_str(),
            version: document.version,
            updated_at: document.updated_at.into(),
        }
    }
}

impl<'a> NewRow<'a> {
    /// The row of a new document.
    pub fn of(tenant: &'a TenantId, document: &'a Document) -> Self {
        Self {
            tenant_id: tenant.as_str(),
            id: document.id.0,
            delivery_state: document.delivery.state.as_str(),
            created_at: document.created_at.into(),
            written: WrittenRow::of(document),
        }
    }
}

impl From<DocumentRow> for Document {
    /// The database checks the words of its columns, so an unknown one can only
    /// come from a newer version; it is shown as the mildest of its kind.
    fn from(row: DocumentRow) -> Self {
        Self {
            id: DocumentId(row.id),
            written: Written {
                title: row.title,
                content: row.content,
                content_type: ContentType::parse(&row.content_type).unwrap_or(ContentType::Plain),
                recipient: row.recipient.and_then(|json| serde_json::from_value(json).ok()),
                metadata: row.metadata,
                expires_in: row.expires_in,
            },
            status: Status::parse(&row.status).unwrap_or(Status::Final),
            version: row.version,
            sent_version: row.sent_version,
            sequence: row.sequence,
            generation: row.generation,
            sent_sequence: row.sent_sequence,
            delivered_version: row.delivered_version,
            operation: row.operation.as_deref().and_then(Operation::parse),
            access_code: row.access_code,
            link: row.link,
            expires_at: row.expires_at.map(Into::into),
            delivery: Delivery {
                state: DeliveryState::parse(&row.delivery_state).unwrap_or(DeliveryState::Queued),
                attempts: row.delivery_attempts,
                next_attempt_at: row.next_attempt_at.map(Into::into),
                last_error: row.last_error,
                delivered_at: row.delivered_at.map(Into::into),
                opened_at: row.opened_at.map(Into::into),
            },
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}
