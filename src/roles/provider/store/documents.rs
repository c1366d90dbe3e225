//! Documents. Every function takes the connection first and the tenant second.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Timestamptz};
use uuid::Uuid;

use super::events::{Line, Noted};
use super::rows::{DocumentRow, NewRow, SearchedRow, WrittenRow};
use super::schema::{document_events, documents};
use super::summaries::{Condition, Shown};
use crate::domain::cursor::Cursor;
use crate::domain::document::{DeliveryState, Document, Status};
use crate::domain::ids::{DocumentId, TenantId};
use crate::domain::timestamp::Timestamp;
use crate::domain::words::EventKind;
use crate::platform::db::PgTimestamp;
use crate::platform::tenants::Vault;

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
    /// Only what changed since then.
    pub updated_since: Option<Timestamp>,
    /// Only those of a view of the pages.
    pub shown: Shown,
}

/// Writes a new document and the first line of its history; `false` if there is
/// one with its id.
pub fn insert(conn: &mut PgConnection, vault: &Vault, document: &Document, line: Line) -> QueryResult<bool> {
    let row = NewRow::of(vault, document)?;
    let insert = diesel::insert_into(documents::table).values(row).on_conflict_do_nothing();
    Ok(Noted::new(insert, line).execute(conn)? == 1)
}

/// Reads one document.
pub fn find(conn: &mut PgConnection, vault: &Vault, id: DocumentId) -> QueryResult<Option<Document>> {
    let row: Option<DocumentRow> = documents::table
        .find((vault.tenant().as_str(), id.0))
        .filter(documents::deleted_at.is_null())
        .select(DocumentRow::as_select())
        .first(conn)
        .optional()?;
    vault.reading(conn, |vault| row.as_ref().map(|row| row.open(vault)).transpose())
}

/// The version of a document, unless it was deleted.
pub fn version(conn: &mut PgConnection, tenant: &TenantId, id: DocumentId) -> QueryResult<Option<i32>> {
    let row = documents::table.find((tenant.as_str(), id.0)).filter(documents::deleted_at.is_null());
    row.select(documents::version).first(conn).optional()
}

/// Reads the rows of these keys, each tenant's by a statement of its own.
pub fn find_many(conn: &mut PgConnection, keys: &[Key]) -> QueryResult<Vec<(Key, DocumentRow)>> {
    let mut by_tenant: BTreeMap<&TenantId, Vec<Uuid>> = BTreeMap::new();
    for (tenant, id) in keys {
        by_tenant.entry(tenant).or_default().push(id.0);
    }
    let mut found = Vec::with_capacity(keys.len());
    for (tenant, ids) in by_tenant {
        let rows: Vec<DocumentRow> = documents::table
            .filter(documents::tenant_id.eq(tenant.as_str()))
            .filter(documents::id.eq_any(ids))
            .filter(documents::deleted_at.is_null())
            .select(DocumentRow::as_select())
            .load(conn)?;
        found.extend(rows.into_iter().map(|row| ((tenant.clone(), DocumentId(row.id)), row)));
    }
    Ok(found)
}

/// Reads up to `limit` documents, newest first. The text that is searched for is not looked at.
pub fn list(
    conn: &mut PgConnection,
    vault: &Vault,
    filter: &Filter,
    limit: i64,
) -> QueryResult<Vec<Document>> {
    let query = filtered(vault.tenant(), filter).select(DocumentRow::as_select());
    let rows: Vec<DocumentRow> = query.order(documents::id.desc()).limit(limit).load(conn)?;
    vault.reading(conn, |vault| rows.iter().map(|row| row.open(vault)).collect())
}

/// What a part of a search has found.
#[derive(Debug)]
pub struct Searched {
    /// Documents that hold the text, newest first.
    pub found: Vec<Document>,
    /// Where the search goes on; `None` at the end.
    pub next: Option<Cursor>,
}

/// Looks through up to `limit` documents for `wanted`, newest first, and stops
/// earlier with `most` that hold it. What is stored is sealed, so every document is
/// opened and compared here: the database learns nothing of what is searched for.
pub fn search(
    conn: &mut PgConnection,
    vault: &Vault,
    (filter, wanted): (&Filter, &str),
    limit: i64,
    most: usize,
) -> QueryResult<Searched> {
    let query = filtered(vault.tenant(), filter).select(SearchedRow::as_select());
    let rows: Vec<SearchedRow> = query.order(documents::id.desc()).limit(limit).load(conn)?;
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) >= limit;
    let next = rows.last().filter(|_| full).map(|row| Cursor(DocumentId(row.id)));
    let matches = |vault: &Vault| {
        let mut ids = Vec::new();
        for row in &rows {
            if ids.len() == most {
                break;
            }
            if row.holds(vault, wanted)? {
                ids.push(row.id);
            }
        }
        Ok(ids)
    };
    let ids = vault.reading(conn, matches)?;
    if ids.is_empty() {
        return Ok(Searched { found: Vec::new(), next });
    }
    let rows: Vec<DocumentRow> = documents::table
        .filter(documents::tenant_id.eq(vault.tenant().as_str()))
        .filter(documents::id.eq_any(ids))
        .filter(documents::deleted_at.is_null())
        .order(documents::id.desc())
        .select(DocumentRow::as_select())
        .load(conn)?;
    let found = vault.reading(conn, |vault| rows.iter().map(|row| row.open(vault)).collect())?;
    Ok(Searched { found, next })
}

/// The documents of a tenant that a filter lets through.
pub(super) fn filtered<'a>(
    tenant: &'a TenantId,
    filter: &'a Filter,
) -> documents::BoxedQuery<'a, diesel::pg::Pg> {
    let mut query = documents::table
        .filter(documents::tenant_id.eq(tenant.as_str()))
        .filter(documents::deleted_at.is_null())
        .into_boxed();
    if let Some(Cursor(last)) = filter.after {
        query = query.filter(documents::id.lt(last.0));
    }
    if let Some(status) = filter.status {
        query = query.filter(documents::status.eq(status.as_str()));
    }
    if let Some(state) = filter.state {
        query = query.filter(Condition::State(state));
    }
    if let Some(moment) = filter.updated_since {
        query = query.filter(documents::updated_at.ge(PgTimestamp(moment)));
    }
    if let Some(condition) = filter.shown.condition() {
        query = query.filter(condition);
    }
    query
}

/// Writes what changed and a line of the history, if the stored version is still `expected`.
pub fn update(
    conn: &mut PgConnection,
    vault: &Vault,
    document: &Document,
    expected: i32,
    line: Line,
) -> QueryResult<bool> {
    let row = documents::table
        .find((vault.tenant().as_str(), document.id.0))
        .filter(documents::version.eq(expected))
        .filter(documents::deleted_at.is_null());
    let update = diesel::update(row).set(WrittenRow::of(vault, document)?);
    Ok(Noted::new(update, line).execute(conn)? == 1)
}

/// Deletes a document that was never sent, and its history, if the stored version is still `expected`.
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
    if diesel::delete(row).execute(conn)? == 0 {
        return Ok(false);
    }
    let history = document_events::table
        .filter(document_events::tenant_id.eq(tenant.as_str()))
        .filter(document_events::document_id.eq(id.0));
    diesel::delete(history).execute(conn).map(|_| true)
}

/// Marks a document that was sent as deleted; it is kept until `purge_at`.
pub fn mark_deleted(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (document, sequence): (&Document, i64),
    now: Timestamp,
    purge_at: Timestamp,
) -> QueryResult<bool> {
    let row = documents::table
        .find((tenant.as_str(), document.id.0))
        .filter(documents::version.eq(document.version))
        .filter(documents::sequence.eq(sequence))
        .filter(documents::deleted_at.is_null());
    let marked = diesel::update(row)
        .set((
            documents::deleted_at.eq(PgTimestamp(now)),
            documents::purge_at.eq(PgTimestamp(purge_at)),
            documents::updated_at.eq(PgTimestamp(now)),
        ))
        .execute(conn)?;
    Ok(marked == 1)
}

/// Removes up to `limit` deleted documents whose retention date has come. Their
/// histories, which hold no text, stay.
pub fn purge(conn: &mut PgConnection, now: Timestamp, limit: i64) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM documents WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM documents d \
         WHERE purge_at <= $1 AND NOT EXISTS (SELECT FROM outbox o WHERE o.tenant_id = d.tenant_id \
         AND o.subject_id = d.id AND o.destination = 'client' AND o.state IN ('pending', 'leased')) LIMIT $2)",
    )
    .bind::<Timestamptz, _>(PgTimestamp(now))
    .bind::<BigInt, _>(limit)
    .execute(conn)
}

/// Shows in the document what a receipt tells: that it was opened, or that its
/// access has ended by time.
pub fn note_receipt(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: DocumentId,
    kind: EventKind,
    at: Timestamp,
) -> QueryResult<()> {
    let row = documents::table.find((tenant.as_str(), id.0));
    match kind {
        EventKind::Opened => {
            let first = row.filter(documents::opened_at.is_null());
            diesel::update(first).set(documents::opened_at.eq(PgTimestamp(at))).execute(conn)?;
        }
        EventKind::Expired => {
            // An access that was extended meanwhile goes on.
            let delivered = row
                .filter(documents::delivery_state.eq(DeliveryState::Delivered.as_str()))
                .filter(documents::expires_at.le(PgTimestamp(at)));
            diesel::update(delivered)
                .set(documents::delivery_state.eq(DeliveryState::Expired.as_str()))
                .execute(conn)?;
        }
        _ => {}
    }
    Ok(())
}
