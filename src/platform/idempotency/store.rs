//! The statements of the keys.

use std::sync::Arc;

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Timestamptz};
use uuid::Uuid;

use super::Operation;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;
use crate::platform::schema::idempotency_keys as keys;
use crate::platform::tenants::{Field, Vault};

/// What was asked for under a key.
pub(super) const REQUEST: Field = Field::new("idempotency_keys", "request");

/// How often a key is looked at when others take and free it at the same time.
const RACES: usize = 5;

/// A wish to run a request.
pub(super) struct Claim {
    pub(super) vault: Arc<Vault>,
    pub(super) key_hash: Vec<u8>,
    /// Hash of the request.
    pub(super) digest: Vec<u8>,
    /// The same, sealed.
    pub(super) request: Vec<u8>,
    /// The operation's id if the key is new.
    pub(super) operation_id: Uuid,
    pub(super) now: Timestamp,
    /// End of the lease; no two runs under one key have the same.
    pub(super) locked_until: Timestamp,
    pub(super) expires_at: Timestamp,
}

/// What a claim leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Begun {
    /// Run it.
    Run(Operation),
    /// It was answered.
    Answered { status: i16, sealed: Vec<u8> },
    /// Somebody runs it.
    Running,
    /// The key belongs to another request.
    Reused,
}

/// How a run ended.
pub(super) enum Ending {
    /// This answer is to be repeated.
    Answered { status: i16, sealed: Vec<u8> },
    /// Nothing happened: the key is free again.
    Refused,
    /// Something may have happened: the next one goes on where it stopped.
    Unsure { now: Timestamp },
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = keys, check_for_backend(diesel::pg::Pg))]
struct Row {
    request: Vec<u8>,
    operation_id: Uuid,
    locked_until: Option<PgTimestamp>,
    status: Option<i16>,
    answer: Option<Vec<u8>>,
    expires_at: PgTimestamp,
}

#[derive(Insertable)]
#[diesel(table_name = keys)]
struct KeyRow<'a> {
    tenant_id: &'a str,
    key_hash: &'a [u8],
    #[diesel(embed)]
    run: RunRow<'a>,
}

/// The part of a row that a run writes when it begins.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = keys, treat_none_as_null = true)]
struct RunRow<'a> {
    request: &'a [u8],
    operation_id: Uuid,
    locked_until: Option<PgTimestamp>,
    status: Option<i16>,
    answer: Option<&'a [u8]>,
    begun_at: PgTimestamp,
    expires_at: PgTimestamp,
}

impl Claim {
    fn run(&self, operation_id: Uuid) -> RunRow<'_> {
        RunRow {
            request: &self.request,
            operation_id,
            locked_until: Some(self.locked_until.into()),
            status: None,
            answer: None,
            begun_at: self.now.into(),
            expires_at: self.expires_at.into(),
        }
    }

    /// No lease ends later, even if clocks differ: one that does was given by a
    /// clock that has been set back since.
    fn longest(&self) -> Timestamp {
        self.locked_until.plus(self.locked_until.since(self.now))
    }

    fn is_of(&self, conn: &mut PgConnection, row: &Row) -> QueryResult<bool> {
        let open = |vault: &Vault| vault.open(REQUEST, &self.key_hash, &row.request);
        Ok(self.vault.reading(conn, open)? == self.digest)
    }
}

/// Takes the key for a run, or tells why not.
pub(super) fn begin(conn: &mut PgConnection, claim: &Claim) -> QueryResult<Begun> {
    for _ in 0..RACES {
        let first = Operation { id: claim.operation_id, again: false };
        if insert(conn, claim)? {
            return Ok(Begun::Run(first));
        }
        // Freed in between: once more.
        let Some(row) = find(conn, claim)? else { continue };
        let running = row.locked_until.is_some_and(|until| claim.now < until.0 && until.0 < claim.longest());
        let next = if row.expires_at.0 <= claim.now && !running {
            first
        } else {
            match claim.is_of(conn, &row)? {
                false => return Ok(Begun::Reused),
                true if running => return Ok(Begun::Running),
                true => {}
            }
            if let (Some(status), Some(sealed)) = (row.status, row.answer) {
                return Ok(Begun::Answered { status, sealed });
            }
            Operation { id: row.operation_id, again: true }
        };
        if take_over(conn, claim, (row.operation_id, row.status), next.id)? {
            return Ok(Begun::Run(next));
        }
    }
    Ok(Begun::Running)
}

fn insert(conn: &mut PgConnection, claim: &Claim) -> QueryResult<bool> {
    let row = KeyRow {
        tenant_id: claim.vault.tenant().as_str(),
        key_hash: &claim.key_hash,
        run: claim.run(claim.operation_id),
    };
    let written = diesel::insert_into(keys::table).values(row).on_conflict_do_nothing().execute(conn)?;
    Ok(written == 1)
}

fn find(conn: &mut PgConnection, claim: &Claim) -> QueryResult<Option<Row>> {
    let row = keys::table.find((claim.vault.tenant().as_str(), claim.key_hash.as_slice()));
    row.select(Row::as_select()).first(conn).optional()
}

/// Begins a run on a row that is still as it was seen and that nobody runs.
fn take_over(
    conn: &mut PgConnection,
    claim: &Claim,
    seen: (Uuid, Option<i16>),
    operation_id: Uuid,
) -> QueryResult<bool> {
    let lease_is_over =
        keys::locked_until.le(PgTimestamp(claim.now)).or(keys::locked_until.ge(PgTimestamp(claim.longest())));
    let row = keys::table
        .find((claim.vault.tenant().as_str(), claim.key_hash.as_slice()))
        .filter(keys::operation_id.eq(seen.0))
        .filter(keys::status.is_not_distinct_from(seen.1))
        .filter(keys::locked_until.is_null().or(lease_is_over.assume_not_null()));
    Ok(diesel::update(row).set(claim.run(operation_id)).execute(conn)? == 1)
}

/// Writes how a run ended. Only the run that holds the lease may; `false` if
/// another one has taken over.
pub(super) fn end(conn: &mut PgConnection, claim: &Claim, how: &Ending) -> QueryResult<bool> {
    let held = keys::table
        .find((claim.vault.tenant().as_str(), claim.key_hash.as_slice()))
        .filter(keys::locked_until.eq(PgTimestamp(claim.locked_until)));
    let rows = match how {
        Ending::Answered { status, sealed } => diesel::update(held)
            .set((
                keys::status.eq(status),
                keys::answer.eq(sealed),
                keys::locked_until.eq(None::<PgTimestamp>),
            ))
            .execute(conn)?,
        Ending::Refused => diesel::delete(held).execute(conn)?,
        Ending::Unsure { now } => {
            diesel::update(held).set(keys::locked_until.eq(PgTimestamp(*now))).execute(conn)?
        }
    };
    Ok(rows == 1)
}

/// Removes up to `limit` keys of any tenant that are forgotten, oldest first,
/// and tells how many there were. A key whose request still runs stays.
pub fn remove_expired(conn: &mut PgConnection, now: Timestamp, limit: i64) -> QueryResult<usize> {
    let sql = "WITH expired AS ( \
                 SELECT tenant_id, key_hash FROM idempotency_keys \
                 WHERE expires_at <= $1 AND (locked_until IS NULL OR locked_until <= $1) \
                 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED) \
               DELETE FROM idempotency_keys USING expired \
               WHERE idempotency_keys.tenant_id = expired.tenant_id \
                 AND idempotency_keys.key_hash = expired.key_hash";
    diesel::sql_query(sql).bind::<Timestamptz, _>(PgTimestamp(now)).bind::<BigInt, _>(limit).execute(conn)
}
