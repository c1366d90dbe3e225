//! Looking at messages and starting failed ones again, for people.

use std::time::Duration;

use diesel::prelude::*;
use diesel::result::QueryResult;
use uuid::Uuid;

use super::wake;
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;
use crate::platform::schema::{outbox, outbox_attempts};

/// A message without its content.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = outbox, check_for_backend(diesel::pg::Pg))]
pub struct Entry {
    /// Its id.
    pub id: Uuid,
    /// What kind.
    pub topic: String,
    /// Where it goes.
    pub destination: String,
    /// What it is about.
    pub subject_id: Uuid,
    /// Its place among the messages about the subject.
    pub sequence: i64,
    /// `pending`, `leased`, `delivered`, `failed` or `superseded`.
    pub state: String,
    /// Attempts begun so far.
    pub attempts: i32,
    /// When it may be attempted.
    pub due_at: PgTimestamp,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was promised.
    pub created_at: PgTimestamp,
    /// When it was delivered, given up or superseded.
    pub settled_at: Option<PgTimestamp>,
}

/// One attempt that ended.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = outbox_attempts, check_for_backend(diesel::pg::Pg))]
pub struct Attempt {
    /// Which one, from 1.
    pub attempt: i32,
    /// When it ended.
    pub ended_at: PgTimestamp,
    /// How long the call took, in milliseconds.
    pub duration_ms: i32,
    /// Status of the answer.
    pub status: Option<i16>,
    /// Why it failed.
    pub error: Option<String>,
    /// The start of a refusal.
    pub answer: Option<String>,
}

/// Messages of a tenant, newest first, after the message `after`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    state: Option<&str>,
    after: Option<Uuid>,
    limit: i64,
) -> QueryResult<Vec<Entry>> {
    let mut query = outbox::table
        .filter(outbox::tenant_id.eq(tenant.as_str()))
        .order(outbox::id.desc())
        .limit(limit)
        .select(Entry::as_select())
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(outbox::state.eq(state.to_owned()));
    }
    if let Some(after) = after {
        query = query.filter(outbox::id.lt(after));
    }
    query.load(conn)
}

/// A message and its attempts, oldest first.
pub fn show(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: Uuid,
) -> QueryResult<Option<(Entry, Vec<Attempt>)>> {
    let entry =
        outbox::table.find((tenant.as_str(), id)).select(Entry::as_select()).first(conn).optional()?;
    let Some(entry) = entry else { return Ok(None) };
    let attempts = outbox_attempts::table
        .filter(outbox_attempts::tenant_id.eq(tenant.as_str()))
        .filter(outbox_attempts::message_id.eq(id))
        .order(outbox_attempts::attempt)
        .select(Attempt::as_select())
        .load(conn)?;
    Ok(Some((entry, attempts)))
}

/// Makes a failed message due again, with all its time ahead; `None` if it has
/// not failed. A receiver that knows a later one about the subject ignores it.
pub fn retry(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: Uuid,
    now: Timestamp,
    max_age: Duration,
) -> QueryResult<Option<Entry>> {
    let failed = outbox::table
        .find((tenant.as_str(), id))
        .filter(outbox::state.eq("failed"))
        .filter(outbox::payload.is_not_null());
    let entry = diesel::update(failed)
        .set((
            outbox::state.eq("pending"),
            outbox::due_at.eq(PgTimestamp(now)),
            outbox::give_up_at.eq(PgTimestamp(now.plus(max_age))),
            outbox::settled_at.eq(None::<PgTimestamp>),
        ))
        .returning(Entry::as_returning())
        .get_result(conn)
        .optional()?;
    if entry.is_some() {
        wake::notify(conn)?;
    }
    Ok(entry)
}
