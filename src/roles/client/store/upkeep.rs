//! What ends by time: access, texts, reservations, and at last what remains.

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Timestamptz};

use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;

/// Notes up to `limit` documents whose access has ended, each with a receipt and
/// an entry of the audit trail.
pub fn expire(conn: &mut PgConnection, now: Timestamp, limit: i64) -> QueryResult<usize> {
    diesel::sql_query(
        "WITH ended AS (UPDATE documents SET expired_at = $1 WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM documents \
         WHERE expires_at <= $1 AND expired_at IS NULL AND revoked_at IS NULL AND content IS NOT NULL \
         ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED) RETURNING tenant_id, id, version, expires_at, content_hash), \
         told AS (INSERT INTO audit_pending (tenant_id, at, who, action, target, outcome) \
         SELECT tenant_id, expires_at, '-', 'document.expired', id::text, 'done' FROM ended) \
         INSERT INTO receipts (tenant_id, document_id, kind, version, at, content_hash) \
         SELECT tenant_id, id, 'expired', version, expires_at, content_hash FROM ended",
    )
    .bind::<Timestamptz, _>(PgTimestamp(now))
    .bind::<BigInt, _>(limit)
    .execute(conn)
}

/// Removes the texts of up to `limit` documents whose access ended before `before`.
pub fn remove_texts(conn: &mut PgConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE documents SET title = NULL, content = NULL, recipient = NULL, metadata = NULL \
         WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM documents WHERE expires_at < $1 \
         AND expired_at IS NOT NULL AND revoked_at IS NULL AND content IS NOT NULL ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind::<Timestamptz, _>(PgTimestamp(before))
    .bind::<BigInt, _>(limit)
    .execute(conn)
}

/// Forgets up to `limit` reserved codes that no document has come for.
pub fn forget_reservations(conn: &mut PgConnection, now: Timestamp, limit: i64) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM access_codes WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM access_codes \
         WHERE document_id IS NULL AND expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind::<Timestamptz, _>(PgTimestamp(now))
    .bind::<BigInt, _>(limit)
    .execute(conn)
}

/// Removes up to `limit` numbers that nobody can type any more.
pub fn remove_otps(conn: &mut PgConnection, now: Timestamp, limit: i64) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM otps WHERE (tenant_id, session_id) IN (SELECT tenant_id, session_id FROM otps \
         WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind::<Timestamptz, _>(PgTimestamp(now))
    .bind::<BigInt, _>(limit)
    .execute(conn)
}

/// Forgets up to `limit` ended sessions whose tokens are not valid any more in any case.
pub fn forget_sessions(conn: &mut PgConnection, now: Timestamp, limit: i64) -> QueryResult<usize> {
    diesel::sql_query(
        "DELETE FROM ended_sessions WHERE (tenant_id, session_id) IN (SELECT tenant_id, session_id \
         FROM ended_sessions WHERE forget_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)",
    )
    .bind::<Timestamptz, _>(PgTimestamp(now))
    .bind::<BigInt, _>(limit)
    .execute(conn)
}

/// Removes up to `limit` receipts, replaced codes and ended documents that are
/// older than `before`.
pub fn remove_remains(conn: &mut PgConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
    let statements = [
        "DELETE FROM receipts WHERE (tenant_id, txid, position) IN (SELECT tenant_id, txid, position \
         FROM receipts WHERE at < $1 LIMIT $2)",
        "DELETE FROM access_codes WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM access_codes \
         WHERE dead_at < $1 LIMIT $2)",
        "DELETE FROM documents WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM documents \
         WHERE content IS NULL AND expires_at < $1 LIMIT $2)",
    ];
    let mut most = 0;
    for statement in statements {
        let removed = diesel::sql_query(statement)
            .bind::<Timestamptz, _>(PgTimestamp(before))
            .bind::<BigInt, _>(limit)
            .execute(conn)?;
        most = removed.max(most);
    }
    Ok(most)
}

/// Gives receipts their place at the start of the feed that were written by
/// another server, whose transaction ids were ahead of this one's.
pub fn mend_after_restore(conn: &mut PgConnection) -> QueryResult<usize> {
    // The newest receipts tell whether there is anything to do, without reading them all.
    diesel::sql_query(
        "UPDATE receipts SET txid = 0 WHERE txid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint \
         AND EXISTS (SELECT FROM (SELECT r.txid FROM receipts r ORDER BY r.at DESC LIMIT 1000) AS newest \
         WHERE newest.txid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint)",
    )
    .execute(conn)
}
