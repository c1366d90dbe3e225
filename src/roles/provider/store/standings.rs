//! What is known of documents, to be compared with what the client role has; and what is
//! taken over from it.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Binary, Int4, Nullable, Text, Timestamptz, Uuid as PgUuid};
use uuid::Uuid;

use super::operations::SealedCode;
use super::schema::{client_accounts, code_reserve, documents};
use crate::domain::document::{DeliveryState, Operation};
use crate::domain::ids::TenantId;
use crate::domain::standing::{Known, There};
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;

type Row = (Uuid, i64, Option<String>, String, i32, Option<i32>, Option<PgTimestamp>, Option<PgTimestamp>);

const CLOSED_AT: &str = "CASE WHEN operation = 'revoke' THEN (SELECT max(e.at) FROM document_events e \
     WHERE e.tenant_id = documents.tenant_id AND e.document_id = documents.id AND e.kind = 'revoked') END";

/// Up to `limit` documents of a tenant in the order of their ids, deleted ones too: those
/// after `after`, up to `until`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (after, until): (Option<Uuid>, Option<Uuid>),
    limit: i64,
) -> QueryResult<Vec<(Uuid, Known)>> {
    let mut query = documents::table
        .filter(documents::tenant_id.eq(tenant.as_str()))
        .order(documents::id)
        .limit(limit)
        .select((
            documents::id,
            documents::sequence,
            documents::operation,
            documents::delivery_state,
            documents::version,
            documents::delivered_version,
            documents::expires_at,
            sql::<Nullable<Timestamptz>>(CLOSED_AT),
        ))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(documents::id.gt(after));
    }
    if let Some(until) = until {
        query = query.filter(documents::id.le(until));
    }
    let rows: Vec<Row> = query.load(conn)?;
    Ok(rows.into_iter().map(known).collect())
}

fn known(row: Row) -> (Uuid, Known) {
    let (id, sequence, operation, state, version, delivered_version, expires_at, closed_at) = row;
    let known = Known {
        sequence,
        operation: operation.as_deref().and_then(Operation::parse),
        state: DeliveryState::parse(&state).unwrap_or(DeliveryState::Queued),
        version,
        delivered_version,
        expires_at: expires_at.map(Into::into),
        closed_at: closed_at.map(Into::into),
    };
    (id, known)
}

/// What the client role says of a document, to be taken over.
#[derive(Debug)]
pub struct Taken {
    /// Where it stands.
    pub there: There,
    /// Which code opens it.
    pub generation: i32,
    /// When access ends.
    pub expires_at: Timestamp,
    /// The code, if it opens.
    pub code: SealedCode,
}

/// Shows a document as the client role has it, if nothing has happened to it since it was
/// compared. A text that is older than the one there counts as changed since: it keeps
/// its place, and is sent when somebody says so.
pub fn take_over(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (id, sequence): (Uuid, i64),
    taken: &Taken,
    now: Timestamp,
) -> QueryResult<bool> {
    let state = match taken.there {
        There { revoked: true, .. } => DeliveryState::Revoked,
        There { has_text: true, .. } => DeliveryState::Delivered,
        _ => DeliveryState::Expired,
    };
    let operation = if taken.there.revoked { Operation::Revoke } else { Operation::Send };
    let (code, link) = taken.code.parts();
    let changed = diesel::sql_query(
        "UPDATE documents SET status = 'final', sequence = $4, generation = $5, operation = $6, delivery_state = $7, \
         version = CASE WHEN $8 > version OR ($8 = version AND sent_version IS DISTINCT FROM $8) THEN $8 + 1 ELSE version END, \
         sent_version = $8, delivered_version = $8, sent_sequence = $4, \
         access_code = coalesce($9, access_code), link = coalesce($10, link), expires_at = $11, \
         delivered_at = coalesce(delivered_at, $12), next_attempt_at = NULL, last_error = NULL \
         WHERE tenant_id = $1 AND id = $2 AND sequence = $3",
    )
    .bind::<Text, _>(tenant.as_str())
    .bind::<PgUuid, _>(id)
    .bind::<BigInt, _>(sequence)
    .bind::<BigInt, _>(taken.there.sequence)
    .bind::<Int4, _>(taken.generation)
    .bind::<Text, _>(operation.as_str())
    .bind::<Text, _>(state.as_str())
    .bind::<Int4, _>(taken.there.version)
    .bind::<Nullable<Binary>, _>(code)
    .bind::<Nullable<Binary>, _>(link)
    .bind::<Timestamptz, _>(PgTimestamp(taken.expires_at))
    .bind::<Timestamptz, _>(PgTimestamp(now))
    .execute(conn)?;
    Ok(changed == 1)
}

/// Gives a revocation that the client role has lost, or never applied, a new number; `false` if something has
/// happened to the document since it was compared.
pub fn revoke_again(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (id, sequence): (Uuid, i64),
    next: i64,
) -> QueryResult<bool> {
    let row = documents::table
        .find((tenant.as_str(), id))
        .filter(documents::sequence.eq(sequence))
        .filter(documents::operation.eq(Operation::Revoke.as_str()));
    let changed = diesel::update(row)
        .set((
            documents::sequence.eq(next),
            documents::delivery_state.eq(DeliveryState::Queued.as_str()),
            documents::delivery_attempts.eq(0),
            documents::last_error.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Throws the reserve away: of codes that a backup brought back, some have been given to
/// documents since. Tells how many there were.
pub fn empty_reserve(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<usize> {
    diesel::delete(code_reserve::table.filter(code_reserve::tenant_id.eq(tenant.as_str()))).execute(conn)
}

/// Lets all receipts be asked for once more; those that are known are recognised.
pub fn ask_for_all_receipts(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<()> {
    diesel::update(client_accounts::table.find(tenant.as_str()))
        .set(client_accounts::receipts_cursor.eq(None::<String>))
        .execute(conn)
        .map(|_| ())
}
