//! The statements of the outbox.

use std::time::Duration;

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::Bool;
use uuid::Uuid;

use super::{Leased, NewMessage, Settlement};
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;
use crate::platform::random;
use crate::platform::schema::outbox;

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
    subject_id: Uuid,
    version: i32,
    payload: &'a [u8],
    state: &'a str,
    attempts: i32,
    due_at: PgTimestamp,
    leased_until: PgTimestamp,
    created_at: PgTimestamp,
}

type LeasedRow = (String, Uuid, Uuid, i32, i32, Option<Vec<u8>>);

fn leased(row: LeasedRow) -> Option<Leased> {
    let (tenant, id, subject, version, attempt, payload) = row;
    Some(Leased { tenant: TenantId::parse(&tenant).ok()?, id, subject, version, attempt, payload: payload? })
}

/// Writes a message whose first attempt begins at once.
pub fn enqueue_leased(
    conn: &mut PgConnection,
    message: &NewMessage,
    now: Timestamp,
    lease: Duration,
) -> QueryResult<Leased> {
    let id = random::uuid();
    let until = PgTimestamp(now.plus(lease));
    diesel::insert_into(outbox::table)
        .values(NewRow {
            tenant_id: message.tenant.as_str(),
            id,
            topic: message.topic,
            subject_id: message.subject,
            version: message.version,
            payload: &message.payload,
            state: "leased",
            attempts: 1,
            due_at: until,
            leased_until: until,
            created_at: PgTimestamp(now),
        })
        .execute(conn)?;
    let NewMessage { tenant, subject, version, payload, .. } = message.clone();
    Ok(Leased { tenant, id, subject, version, attempt: 1, payload })
}

/// Leases the open message about `subject`, unless an attempt is under way.
pub fn claim(
    conn: &mut PgConnection,
    tenant: &TenantId,
    subject: Uuid,
    now: Timestamp,
    lease: Duration,
) -> QueryResult<Option<Leased>> {
    let ready = outbox::state.eq("pending").or(outbox::leased_until.lt(PgTimestamp(now)));
    let wanted = outbox::table
        .filter(outbox::tenant_id.eq(tenant.as_str()))
        .filter(outbox::subject_id.eq(subject))
        .filter(open())
        .filter(ready.assume_not_null());
    let until = PgTimestamp(now.plus(lease));
    let row =
        diesel::update(wanted).set(begin_attempt(until)).returning(columns()).get_result(conn).optional()?;
    Ok(row.and_then(leased))
}

/// Leases up to `limit` messages of any tenant that are due, oldest first;
/// rows that another worker is looking at are passed over.
pub fn claim_due(
    conn: &mut PgConnection,
    topic: &str,
    limit: i64,
    now: Timestamp,
    lease: Duration,
) -> QueryResult<Vec<Leased>> {
    conn.transaction(|conn| {
        let due: Vec<(String, Uuid)> = outbox::table
            .filter(open())
            .filter(outbox::due_at.le(PgTimestamp(now)))
            .filter(outbox::topic.eq(topic))
            .order(outbox::due_at)
            .limit(limit)
            .for_update()
            .skip_locked()
            .select((outbox::tenant_id, outbox::id))
            .load(conn)?;
        let until = PgTimestamp(now.plus(lease));
        let mut claimed = Vec::with_capacity(due.len());
        for (tenant, id) in due {
            let row: LeasedRow = diesel::update(outbox::table.find((tenant, id)))
                .set(begin_attempt(until))
                .returning(columns())
                .get_result(conn)?;
            claimed.extend(leased(row));
        }
        Ok(claimed)
    })
}

/// Records how an attempt ended. Only the attempt that holds the lease may
/// settle; `false` if another one has taken over.
pub fn settle(
    conn: &mut PgConnection,
    message: &Leased,
    how: &Settlement,
    now: Timestamp,
) -> QueryResult<bool> {
    let none = None::<PgTimestamp>;
    let held = outbox::table
        .find((message.tenant.as_str(), message.id))
        .filter(outbox::state.eq("leased"))
        .filter(outbox::attempts.eq(message.attempt));
    let settled = match how {
        Settlement::Delivered => diesel::update(held)
            .set((
                outbox::state.eq("delivered"),
                outbox::payload.eq(None::<Vec<u8>>),
                outbox::leased_until.eq(none),
                outbox::settled_at.eq(PgTimestamp(now)),
                outbox::last_error.eq(None::<String>),
            ))
            .execute(conn)?,
        Settlement::Retry { due_at, error } => diesel::update(held)
            .set((
                outbox::state.eq("pending"),
                outbox::leased_until.eq(none),
                outbox::due_at.eq(PgTimestamp(*due_at)),
                outbox::last_error.eq(error),
            ))
            .execute(conn)?,
        Settlement::Failed { error } => diesel::update(held)
            .set((
                outbox::state.eq("failed"),
                outbox::leased_until.eq(none),
                outbox::settled_at.eq(PgTimestamp(now)),
                outbox::last_error.eq(error),
            ))
            .execute(conn)?,
    };
    Ok(settled == 1)
}

/// Withdraws the open messages about `subject`: a newer one takes their place.
pub fn supersede(
    conn: &mut PgConnection,
    tenant: &TenantId,
    subject: Uuid,
    now: Timestamp,
) -> QueryResult<usize> {
    let superseded = outbox::table
        .filter(outbox::tenant_id.eq(tenant.as_str()))
        .filter(outbox::subject_id.eq(subject))
        .filter(open());
    diesel::update(superseded)
        .set((
            outbox::state.eq("superseded"),
            outbox::payload.eq(None::<Vec<u8>>),
            outbox::leased_until.eq(None::<PgTimestamp>),
            outbox::settled_at.eq(PgTimestamp(now)),
        ))
        .execute(conn)
}

type BeginAttempt = (
    diesel::dsl::Eq<outbox::state, &'static str>,
    diesel::dsl::Eq<outbox::attempts, diesel::dsl::Add<outbox::attempts, i32>>,
    diesel::dsl::Eq<outbox::due_at, PgTimestamp>,
    diesel::dsl::Eq<outbox::leased_until, Option<PgTimestamp>>,
);

fn begin_attempt(until: PgTimestamp) -> BeginAttempt {
    (
        outbox::state.eq("leased"),
        outbox::attempts.eq(outbox::attempts + 1),
        outbox::due_at.eq(until),
        outbox::leased_until.eq(Some(until)),
    )
}

type Columns =
    (outbox::tenant_id, outbox::id, outbox::subject_id, outbox::version, outbox::attempts, outbox::payload);

fn columns() -> Columns {
    (outbox::tenant_id, outbox::id, outbox::subject_id, outbox::version, outbox::attempts, outbox::payload)
}
