//! What keeps the outbox small and honest.

use std::time::Duration;

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Timestamptz};

use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;

/// Removes up to `limit` messages that were delivered or superseded before
/// `before`, with their attempts. Failed ones stay until somebody decides.
pub fn remove_settled(conn: &mut PgConnection, before: Timestamp, limit: i64) -> QueryResult<usize> {
    diesel::sql_query(
        "WITH old AS (DELETE FROM outbox WHERE (tenant_id, id) IN (SELECT tenant_id, id FROM outbox \
         WHERE state IN ('delivered', 'superseded') AND settled_at < $1 LIMIT $2) RETURNING tenant_id, id), \
         attempts AS (DELETE FROM outbox_attempts a USING old o \
         WHERE a.tenant_id = o.tenant_id AND a.message_id = o.id) \
         SELECT id FROM old",
    )
    .bind::<Timestamptz, _>(PgTimestamp(before))
    .bind::<BigInt, _>(limit)
    .execute(conn)
}

/// Makes messages due that would have to wait longer than any pause there is:
/// that only happens when a clock that was ahead has been set back.
pub fn mend_after_clock_jump(
    conn: &mut PgConnection,
    now: Timestamp,
    longest: Duration,
) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE outbox SET due_at = $1, leased_until = CASE WHEN state = 'leased' THEN $1 END \
         WHERE state IN ('pending', 'leased') AND due_at > $2",
    )
    .bind::<Timestamptz, _>(PgTimestamp(now))
    .bind::<Timestamptz, _>(PgTimestamp(now.plus(longest)))
    .execute(conn)
}
