//! Looking at messages and starting failed ones again, for people.

use std::time::Duration;

use diesel::dsl::{exists, sql};
use diesel::prelude::*;
use diesel::result::{DatabaseErrorKind, Error as QueryError, QueryResult};
use diesel::sql_types::Bool;
use uuid::Uuid;

use super::{ANSWER, wake};
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;
use crate::platform::schema::{outbox, outbox_attempts};
use crate::platform::tenants::tables::attempt_id;
use crate::platform::tenants::{Vault, VaultError};

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
#[derive(Debug, Clone, PartialEq, Eq)]
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

/// An attempt as it is stored.
#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox_attempts, check_for_backend(diesel::pg::Pg))]
struct AttemptRow {
    attempt: i32,
    ended_at: PgTimestamp,
    duration_ms: i32,
    status: Option<i16>,
    error: Option<String>,
    answer: Option<Vec<u8>>,
}

impl AttemptRow {
    fn open(&self, vault: &Vault, message: Uuid) -> Result<Attempt, VaultError> {
        let Self { attempt, ended_at, duration_ms, status, .. } = *self;
        let id = attempt_id(message, attempt);
        let answer = self.answer.as_ref().map(|sealed| vault.open_text(ANSWER, &id, sealed));
        Ok(Attempt {
            attempt,
            ended_at,
            duration_ms,
            status,
            error: self.error.clone(),
            answer: answer.transpose()?,
        })
    }
}

/// How many messages of a tenant are not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Waiting, or in an attempt.
    pub waiting: i64,
    /// When the oldest of them was promised.
    pub oldest: Option<Timestamp>,
    /// Given up.
    pub failed: i64,
}

/// Counts the messages of a tenant that are not delivered.
pub fn standing(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<Standing> {
    let own = outbox::table.filter(outbox::tenant_id.eq(tenant.as_str()));
    let open = own.filter(sql::<Bool>("state IN ('pending', 'leased')"));
    let (waiting, oldest): (i64, Option<PgTimestamp>) =
        open.select((diesel::dsl::count_star(), diesel::dsl::min(outbox::created_at))).first(conn)?;
    let failed = own.filter(sql::<Bool>("state = 'failed'")).count().get_result(conn)?;
    Ok(Standing { waiting, oldest: oldest.map(Into::into), failed })
}

/// How far what was promised about a subject has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// Nothing waits.
    Delivered,
    /// A message waits, or is in an attempt.
    Waiting,
    /// A message was given up, and none has followed.
    Failed,
}

/// How far what was promised about a subject to a destination has come.
pub fn progress(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (subject, destination): (Uuid, &str),
) -> QueryResult<Progress> {
    let about = outbox::table
        .filter(outbox::tenant_id.eq(tenant.as_str()))
        .filter(outbox::subject_id.eq(subject))
        .filter(outbox::destination.eq(destination));
    // Each in the words of its index.
    let waits = about.filter(sql::<Bool>("state IN ('pending', 'leased')"));
    if diesel::select(exists(waits)).get_result(conn)? {
        return Ok(Progress::Waiting);
    }
    let failed = about.filter(sql::<Bool>("state = 'failed'"));
    let failed: bool = diesel::select(exists(failed)).get_result(conn)?;
    Ok(if failed { Progress::Failed } else { Progress::Delivered })
}

/// How many messages of all tenants are not delivered.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
pub struct Queue {
    /// Waiting, or in an attempt.
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub waiting: i64,
    /// When the oldest of them was promised.
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Timestamptz>)]
    pub oldest: Option<PgTimestamp>,
    /// Given up.
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub failed: i64,
    /// Of these, revocations.
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    pub failed_revocations: i64,
}

/// Counts the messages of all tenants that are not delivered.
pub fn queue(conn: &mut PgConnection) -> QueryResult<Queue> {
    diesel::sql_query(
        "SELECT waiting, oldest, failed, failed_revocations FROM \
         (SELECT count(*) AS waiting, min(created_at) AS oldest FROM outbox WHERE state IN ('pending', 'leased')) w, \
         (SELECT count(*) AS failed, count(*) FILTER (WHERE topic = 'document.revoke') AS failed_revocations \
          FROM outbox WHERE state = 'failed') f",
    )
    .get_result(conn)
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
pub fn show(conn: &mut PgConnection, vault: &Vault, id: Uuid) -> QueryResult<Option<(Entry, Vec<Attempt>)>> {
    let Some(entry) = find(conn, vault.tenant(), id)? else { return Ok(None) };
    let rows: Vec<AttemptRow> = outbox_attempts::table
        .filter(outbox_attempts::tenant_id.eq(vault.tenant().as_str()))
        .filter(outbox_attempts::message_id.eq(id))
        .order(outbox_attempts::attempt)
        .select(AttemptRow::as_select())
        .load(conn)?;
    let attempts = vault.reading(conn, |vault| rows.iter().map(|row| row.open(vault, id)).collect())?;
    Ok(Some((entry, attempts)))
}

/// A message.
pub fn find(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> QueryResult<Option<Entry>> {
    outbox::table.find((tenant.as_str(), id)).select(Entry::as_select()).first(conn).optional()
}

/// No open message stands at the same place in the order: a replay may have written one.
const NONE_IN_ITS_PLACE: &str = "NOT EXISTS (SELECT FROM outbox e WHERE e.tenant_id = outbox.tenant_id \
     AND e.subject_id = outbox.subject_id AND e.destination = outbox.destination \
     AND e.sequence = outbox.sequence AND e.state IN ('pending', 'leased'))";

/// Makes a failed message due again, with all its time ahead; `None` if it has
/// not failed, or if another message that says the same is on its way. A receiver that knows a later one about the subject ignores it.
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
        .filter(outbox::payload.is_not_null())
        .filter(sql::<Bool>(NONE_IN_ITS_PLACE));
    let entry = diesel::update(failed)
        .set((
            outbox::state.eq("pending"),
            outbox::due_at.eq(PgTimestamp(now)),
            outbox::give_up_at.eq(PgTimestamp(now.plus(max_age))),
            outbox::settled_at.eq(None::<PgTimestamp>),
        ))
        .returning(Entry::as_returning())
        .get_result(conn)
        .optional();
    let entry = match entry {
        // Somebody writes one at this moment.
        Err(QueryError::DatabaseError(DatabaseErrorKind::UniqueViolation, _)) => return Ok(None),
        entry => entry?,
    };
    if entry.is_some() {
        wake::notify(conn)?;
    }
    Ok(entry)
}
