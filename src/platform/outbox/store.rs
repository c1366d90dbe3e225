//! Writing, leasing and settling messages.

use std::collections::HashSet;
use std::time::Duration;

use diesel::dsl::{exists, select, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Bool, Nullable, Text, Timestamptz};
use uuid::Uuid;

use super::statements::{Claim, IS_NEXT, Settle};
use super::{Attempted, Leased, NewMessage, PAYLOAD, Settlement, wake};
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;
use crate::platform::random;
use crate::platform::schema::outbox;

/// Longest start of an answer that the log of attempts keeps, in characters.
const ANSWER_MAX: usize = 500;

/// Messages that are not settled, in the very words of the partial indexes: a
/// parameter would hide them from the planner.
fn open() -> SqlLiteral<Bool> {
    sql("state IN ('pending', 'leased')")
}

#[derive(Insertable)]
#[diesel(table_name = outbox)]
struct NewRow<'a> {
    tenant_id: &'a str,
    id: Uuid,
    topic: &'a str,
    destination: &'a str,
    subject_id: Uuid,
    sequence: i64,
    payload: &'a [u8],
    state: &'a str,
    attempts: i32,
    due_at: PgTimestamp,
    leased_until: Option<PgTimestamp>,
    created_at: PgTimestamp,
    give_up_at: PgTimestamp,
    trace_parent: Option<&'a str>,
}

type LeasedRow = (String, Uuid, String, String, Uuid, i64, i32, PgTimestamp, Option<Vec<u8>>, Option<String>);

fn leased(row: LeasedRow) -> Option<Leased> {
    let (tenant, id, topic, destination, subject, sequence, attempt, give_up_at, payload, trace_parent) = row;
    let tenant = TenantId::parse(&tenant).ok()?;
    Some(Leased {
        tenant,
        id,
        topic,
        destination,
        subject,
        sequence,
        attempt,
        give_up_at: give_up_at.0,
        payload: payload?,
        trace_parent,
    })
}

/// When the first attempt begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At once, by whoever writes the message, who holds the lease for that long.
    Leased(Duration),
    /// When the time has come, by any worker.
    At(Timestamp),
}

/// Writes a message. The attempt is returned if it begins at once; a message
/// that has to wait for another one about its subject never does.
pub fn enqueue(
    conn: &mut PgConnection,
    message: &NewMessage,
    start: Start,
    now: Timestamp,
    max_age: Duration,
) -> QueryResult<Option<Leased>> {
    let id = random::uuid();
    let start = match start {
        Start::Leased(_) if message.sequence > 1 && waits(conn, message.place())? => Start::At(now),
        start => start,
    };
    let payload = message.vault.seal(PAYLOAD, id, &message.payload)?;
    let row = new_row(message, (id, &payload), start, now, max_age);
    diesel::insert_into(outbox::table).values(row).execute(conn)?;
    if let Start::At(due_at) = start {
        if due_at <= now {
            wake::notify(conn)?;
        }
        return Ok(None);
    }
    Ok(Some(Leased {
        tenant: message.vault.tenant().clone(),
        id,
        topic: message.topic.to_owned(),
        destination: message.destination.clone(),
        subject: message.subject,
        sequence: message.sequence,
        attempt: 1,
        give_up_at: now.plus(max_age),
        payload,
        trace_parent: message.trace_parent.clone(),
    }))
}

/// A place in the order of the messages about one subject at one destination.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// Whose messages.
    pub tenant: &'a TenantId,
    /// Where they go.
    pub destination: &'a str,
    /// What they are about.
    pub subject: Uuid,
    /// Which of them.
    pub sequence: i64,
}

/// Writes a message that is due now, unless one is open at its place; `false` if so.
/// Whoever has written all of them says so with [`wake::notify`].
pub fn enqueue_once(
    conn: &mut PgConnection,
    message: &NewMessage,
    now: Timestamp,
    max_age: Duration,
) -> QueryResult<bool> {
    let id = random::uuid();
    let payload = message.vault.seal(PAYLOAD, id, &message.payload)?;
    let row = new_row(message, (id, &payload), Start::At(now), now, max_age);
    let written = diesel::insert_into(outbox::table).values(row).on_conflict_do_nothing().execute(conn)?;
    Ok(written == 1)
}

fn new_row<'a>(
    message: &'a NewMessage,
    (id, payload): (Uuid, &'a [u8]),
    start: Start,
    now: Timestamp,
    max_age: Duration,
) -> NewRow<'a> {
    let NewMessage { vault, topic, destination, subject, sequence, .. } = message;
    let (state, attempts, due_at, leased) = match start {
        Start::Leased(lease) => ("leased", 1, now.plus(lease), true),
        Start::At(due_at) => ("pending", 0, due_at, false),
    };
    NewRow {
        tenant_id: vault.tenant().as_str(),
        id,
        topic,
        destination,
        subject_id: *subject,
        sequence: *sequence,
        payload,
        state,
        attempts,
        due_at: PgTimestamp(due_at),
        leased_until: leased.then_some(PgTimestamp(due_at)),
        created_at: PgTimestamp(now),
        give_up_at: PgTimestamp(now.plus(max_age)),
        trace_parent: message.trace_parent.as_deref(),
    }
}

/// Whether an open message comes before this place.
fn waits(conn: &mut PgConnection, place: Place<'_>) -> QueryResult<bool> {
    let before = outbox::table
        .filter(outbox::tenant_id.eq(place.tenant.as_str()))
        .filter(outbox::subject_id.eq(place.subject))
        .filter(outbox::destination.eq(place.destination))
        .filter(outbox::sequence.lt(place.sequence))
        .filter(open());
    select(exists(before)).get_result(conn)
}

/// Leases the message of this place, unless an attempt is under way or another
/// message comes first.
pub fn lease_one(
    conn: &mut PgConnection,
    place: Place<'_>,
    now: Timestamp,
    lease: Duration,
) -> QueryResult<Option<Leased>> {
    if waits(conn, place)? {
        return Ok(None);
    }
    let ready = outbox::state.eq("pending").or(outbox::leased_until.lt(PgTimestamp(now)));
    let wanted = outbox::table
        .filter(outbox::tenant_id.eq(place.tenant.as_str()))
        .filter(outbox::subject_id.eq(place.subject))
        .filter(outbox::destination.eq(place.destination))
        .filter(outbox::sequence.eq(place.sequence))
        .filter(open())
        .filter(ready.assume_not_null());
    let until = PgTimestamp(now.plus(lease));
    let row: Option<LeasedRow> = diesel::update(wanted)
        .set((
            outbox::state.eq("leased"),
            outbox::attempts.eq(outbox::attempts + 1),
            outbox::due_at.eq(until),
            outbox::leased_until.eq(Some(until)),
        ))
        .returning((
            outbox::tenant_id,
            outbox::id,
            outbox::topic,
            outbox::destination,
            outbox::subject_id,
            outbox::sequence,
            outbox::attempts,
            outbox::give_up_at,
            outbox::payload,
            outbox::trace_parent,
        ))
        .get_result(conn)
        .optional()?;
    Ok(row.and_then(leased))
}

/// Leases up to `limit` messages of a destination that are due.
pub fn claim_due(
    conn: &mut PgConnection,
    destination: &str,
    limit: i64,
    now: Timestamp,
    lease: Duration,
) -> QueryResult<Vec<Leased>> {
    let (until, now) = (PgTimestamp(now.plus(lease)), PgTimestamp(now));
    let rows: Vec<LeasedRow> = Claim { destination, limit, now, until }.load(conn)?;
    Ok(rows.into_iter().filter_map(leased).collect())
}

/// Whether at least `many` messages to a destination are due.
pub fn has_backlog(
    conn: &mut PgConnection,
    destination: &str,
    now: Timestamp,
    many: i64,
) -> QueryResult<bool> {
    let due = outbox::table
        .filter(outbox::destination.eq(destination))
        .filter(open())
        .filter(outbox::due_at.le(PgTimestamp(now)))
        .order(outbox::due_at)
        .offset(many - 1)
        .limit(1)
        .select(outbox::id);
    let last: Option<Uuid> = due.first(conn).optional()?;
    Ok(last.is_some())
}

/// When the next message is due at each of these destinations; `None` where none
/// waits. Messages that wait for another one about their subject do not count.
pub fn next_due(conn: &mut PgConnection, destinations: Vec<String>) -> QueryResult<Vec<Option<Timestamp>>> {
    // Every message is due at some time; said here, it names the index.
    let rows: Vec<Due> = diesel::sql_query(format!(
        "SELECT (SELECT o.due_at FROM outbox o WHERE o.destination = d.name AND o.state IN ('pending', 'leased') \
         AND o.due_at > '-infinity' AND {IS_NEXT} ORDER BY o.due_at LIMIT 1) AS due_at \
         FROM unnest($1) WITH ORDINALITY AS d (name, place) ORDER BY d.place",
    ))
    .bind::<Array<Text>, _>(destinations)
    .load(conn)?;
    Ok(rows.into_iter().map(|row| row.due_at.map(Into::into)).collect())
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    due_at: Option<PgTimestamp>,
}

/// Records how attempts ended and returns those that count, each by its message and
/// its number: only the attempt that holds the lease may settle its message.
pub fn settle<R>(
    conn: &mut PgConnection,
    attempted: &[(&Attempted<R>, &Settlement)],
    now: Timestamp,
) -> QueryResult<HashSet<(Uuid, i32)>> {
    let mut statement = Settle { now: Some(PgTimestamp(now)), ..Settle::default() };
    for (attempt, how) in attempted {
        let (state, due_at, error) = match how {
            Settlement::Delivered => ("delivered", None, None),
            Settlement::Retry { due_at, error } => ("pending", Some(*due_at), Some(start_of(error))),
            Settlement::PutOff { due_at, error, .. } => ("pending", Some(*due_at), Some(start_of(error))),
            Settlement::Failed { error } => ("failed", None, Some(start_of(error))),
        };
        let put_off = if let Settlement::PutOff { pause, .. } = how { pause.as_millis() } else { 0 };
        statement.put_off.push(i64::try_from(put_off).unwrap_or(i64::MAX));
        statement.tenants.push(attempt.message.tenant.to_string());
        statement.ids.push(attempt.message.id);
        statement.attempts.push(attempt.message.attempt);
        statement.states.push(state);
        statement.due_at.push(due_at.map(PgTimestamp));
        statement.errors.push(error);
        statement.milliseconds.push(i32::try_from(attempt.took.as_millis()).unwrap_or(i32::MAX));
        statement.statuses.push(attempt.call.status.and_then(|s| i16::try_from(s).ok()));
        statement.answers.push(attempt.answer.clone());
    }
    let settled: Vec<(Uuid, i32)> = statement.load(conn)?;
    Ok(settled.into_iter().collect())
}

/// As much of a text as is kept.
pub(super) fn start_of(answer: &str) -> String {
    answer.chars().filter(|c| *c != '\0').take(ANSWER_MAX).collect()
}

/// Withdraws the open messages of a tenant to a destination that is not there any more.
pub fn withdraw(
    conn: &mut PgConnection,
    tenant: &TenantId,
    destination: &str,
    now: Timestamp,
) -> QueryResult<usize> {
    let open = outbox::table
        .filter(outbox::tenant_id.eq(tenant.as_str()))
        .filter(outbox::destination.eq(destination))
        .filter(open());
    diesel::update(open).set(superseding(now)).execute(conn)
}

/// Withdraws the messages of these topics about `subject` that nobody is attempting:
/// a newer one takes their place.
pub fn supersede(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (subject, topics): (Uuid, &[&str]),
    now: Timestamp,
) -> QueryResult<usize> {
    let superseded = outbox::table
        .filter(outbox::tenant_id.eq(tenant.as_str()))
        .filter(outbox::subject_id.eq(subject))
        .filter(outbox::topic.eq_any(topics))
        .filter(open())
        .filter(outbox::state.eq("pending"));
    diesel::update(superseded).set(superseding(now)).execute(conn)
}

/// Withdraws the messages about `subject` to a destination that have failed: what
/// they said has been said again.
pub fn supersede_failed(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (subject, destination): (Uuid, &str),
    now: Timestamp,
) -> QueryResult<usize> {
    let superseded = outbox::table
        .filter(outbox::tenant_id.eq(tenant.as_str()))
        .filter(sql::<Bool>("state = 'failed'"))
        .filter(outbox::subject_id.eq(subject))
        .filter(outbox::destination.eq(destination));
    diesel::update(superseded).set(superseding(now)).execute(conn)
}

/// Withdraws every message about `subject` to a destination up to a place in the order,
/// also one that failed or that somebody attempted: the receiver knows more already.
pub fn supersede_up_to(conn: &mut PgConnection, place: Place<'_>, now: Timestamp) -> QueryResult<usize> {
    let earlier = outbox::table
        .filter(outbox::tenant_id.eq(place.tenant.as_str()))
        .filter(outbox::subject_id.eq(place.subject))
        .filter(outbox::destination.eq(place.destination))
        .filter(outbox::sequence.le(place.sequence));
    // Each in the words of its index.
    let waiting = earlier.filter(open());
    let waiting = diesel::update(waiting).set(superseding(now)).execute(conn)?;
    let failed = earlier.filter(sql::<Bool>("state = 'failed'"));
    Ok(waiting + diesel::update(failed).set(superseding(now)).execute(conn)?)
}

type Superseding = (
    diesel::dsl::Eq<outbox::state, &'static str>,
    diesel::dsl::Eq<outbox::payload, Option<Vec<u8>>>,
    diesel::dsl::Eq<outbox::leased_until, Option<PgTimestamp>>,
    diesel::dsl::Eq<outbox::settled_at, Option<PgTimestamp>>,
);

fn superseding(now: Timestamp) -> Superseding {
    (
        outbox::state.eq("superseded"),
        outbox::payload.eq(None),
        outbox::leased_until.eq(None),
        outbox::settled_at.eq(Some(PgTimestamp(now))),
    )
}
