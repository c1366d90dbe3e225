//! Documents. Every function takes the connection first and the tenant second.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::result::QueryResult;
use uuid::Uuid;

use super::rows::{DocumentRow, NewRow, WrittenRow};
use super::schema::documents;
use crate::domain::cursor::Cursor;
use crate::domain::document::{DeliveryState, Document, Status};
use crate::domain::ids::{DocumentId, TenantId};
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::DeliveryReceipt;
use crate::platform::db::PgTimestamp;
use crate::platform::outbox::{Leased, Settlement};

/// A document of a tenant.
pub type Key = (TenantId, DocumentId);

/// Which documents a list shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only what comes after this position.
    pub after: Option<Cursor>,
    /// Only this status.
    pub status: Option<Status>,
    /// Only this state of delivery.
    pub state: Option<DeliveryState>,
    /// Only what holds this text in its title or its recipient's name or address.
    pub search: Option<String>,
    /// Only what changed since then.
    pub updated_since: Option<Timestamp>,
}

/// Writes a new document.
pub fn insert(conn: &mut PgConnection, tenant: &TenantId, document: &Document) -> QueryResult<()> {
    diesel::insert_into(documents::table).values(NewRow::of(tenant, document)).execute(conn)?;
    Ok(())
}

/// Reads one document.
pub fn find(conn: &mut PgConnection, tenant: &TenantId, id: DocumentId) -> QueryResult<Option<Document>> {
    let row = documents::table
        .find((tenant.as_str(), id.0))
        .select(DocumentRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// Locks a document until the end of the transaction.
pub fn lock(conn: &mut PgConnection, tenant: &TenantId, id: DocumentId) -> QueryResult<()> {
    let row = documents::table.find((tenant.as_str(), id.0)).select(documents::version).for_update();
    row.first::<i32>(conn).optional().map(|_| ())
}

/// Reads the documents of these keys, each tenant's by a statement of its own.
pub fn find_many(conn: &mut PgConnection, keys: &[Key]) -> QueryResult<Vec<(Key, Document)>> {
    let mut by_tenant: BTreeMap<&TenantId, Vec<Uuid>> = BTreeMap::new();
    for (tenant, id) in keys {
        by_tenant.entry(tenant).or_default().push(id.0);
    }
    let mut found = Vec::with_capacity(keys.len());
    for (tenant, ids) in by_tenant {
        let rows: Vec<DocumentRow> = documents::table
            .filter(documents::tenant_id.eq(tenant.as_str()))
            .filter(documents::id.eq_any(ids))
            .select(DocumentRow::as_select())
            .load(conn)?;
        let document = |row: DocumentRow| {
            let document = Document::from(row);
            ((tenant.clone(), document.id), document)
        };
        found.extend(rows.into_iter().map(document));
    }
    Ok(found)
}

/// Reads up to `limit` documents, newest first.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    filter: &Filter,
    limit: i64,
) -> QueryResult<Vec<Document>> {
    let mut query = documents::table
        .filter(documents::tenant_id.eq(tenant.as_str()))
        .order(documents::id.desc())
        .limit(limit)
        .select(DocumentRow::as_select())
        .into_boxed();
    if let Some(Cursor(last)) = filter.after {
        query = query.filter(documents::id.lt(last.0));
    }
    if let Some(status) = filter.status {
        query = query.filter(documents::status.eq(status.as_str()));
    }
    if let Some(state) = filter.state {
        query = query.filter(documents::delivery_state.eq(state.as_str()));
    }
    if let Some(moment) = filter.updated_since {
        query = query.filter(documents::updated_at.ge(PgTimestamp(moment)));
    }
    if let Some(text) = &filter.search {
        let pattern = format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"));
        let in_recipient = |field| documents::recipient.retrieve_as_text(field).ilike(pattern.clone());
        query = query.filter(
            documents::title
                .ilike(pattern.clone())
                .nullable()
                .or(in_recipient("name"))
                .or(in_recipient("email")),
        );
    }
    let rows: Vec<DocumentRow> = query.load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Writes what changed, if the stored version is still `expected`.
pub fn update(
    conn: &mut PgConnection,
    tenant: &TenantId,
    document: &Document,
    expected: i32,
) -> QueryResult<bool> {
    let row = documents::table.find((tenant.as_str(), document.id.0)).filter(documents::version.eq(expected));
    let changed = diesel::update(row).set(WrittenRow::of(document)).execute(conn)?;
    Ok(changed == 1)
}

/// Deletes a document that was never sent, if the stored version is still `expected`.
pub fn delete(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: DocumentId,
    expected: i32,
) -> QueryResult<bool> {
    let row = documents::table
        .find((tenant.as_str(), id.0))
        .filter(documents::version.eq(expected))
        .filter(documents::sent_version.is_null());
    Ok(diesel::delete(row).execute(conn)? == 1)
}

/// Marks a version as being sent, if nothing else has happened to it meanwhile.
pub fn begin_sending(
    conn: &mut PgConnection,
    tenant: &TenantId,
    document: &Document,
    expires_at: Timestamp,
) -> QueryResult<bool> {
    let row = documents::table
        .find((tenant.as_str(), document.id.0))
        .filter(documents::version.eq(document.version))
        .filter(documents::delivery_state.eq(document.delivery.state.as_str()))
        .filter(documents::sent_version.is_not_distinct_from(document.sent_version));
    let changed = diesel::update(row)
        .set((
            documents::sent_version.eq(document.version),
            documents::expires_at.eq(PgTimestamp(expires_at)),
            documents::delivery_state.eq(DeliveryState::Delivering.as_str()),
            documents::delivery_attempts.eq(1),
            documents::next_attempt_at.eq(None::<PgTimestamp>),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Records in the document how an attempt to deliver it ended, unless a newer
/// version has been sent meanwhile. `None` if that is so.
pub fn record_attempt(
    conn: &mut PgConnection,
    message: &Leased,
    receipt: Option<&DeliveryReceipt>,
    how: &Settlement,
    now: Timestamp,
) -> QueryResult<Option<Document>> {
    let row = documents::table
        .find((message.tenant.as_str(), message.subject))
        .filter(documents::sent_version.eq(message.version));
    let attempts = documents::delivery_attempts.eq(message.attempt);
    let read = DocumentRow::as_returning();
    let updated: Option<DocumentRow> = match (how, receipt) {
        (Settlement::Delivered, Some(receipt)) => diesel::update(row)
            .set((
                attempts,
                documents::delivery_state.eq(DeliveryState::Delivered.as_str()),
                documents::access_code.eq(&receipt.access_code),
                documents::link.eq(receipt.link.as_deref()),
                documents::next_attempt_at.eq(None::<PgTimestamp>),
                documents::last_error.eq(None::<String>),
                documents::delivered_at.eq(PgTimestamp(now)),
            ))
            .returning(read)
            .get_result(conn)
            .optional()?,
        (Settlement::Retry { due_at, error }, _) => diesel::update(row)
            .set((
                attempts,
                documents::delivery_state.eq(DeliveryState::Queued.as_str()),
                documents::next_attempt_at.eq(PgTimestamp(*due_at)),
                documents::last_error.eq(error),
            ))
            .returning(read)
            .get_result(conn)
            .optional()?,
        (Settlement::Failed { error }, _) => diesel::update(row)
            .set((
                attempts,
                documents::delivery_state.eq(DeliveryState::Failed.as_str()),
                documents::next_attempt_at.eq(None::<PgTimestamp>),
                documents::last_error.eq(error),
            ))
            .returning(read)
            .get_result(conn)
            .optional()?,
        (Settlement::Delivered, None) => None,
    };
    Ok(updated.map(Into::into))
}
