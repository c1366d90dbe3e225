//! New keys for what is there, while everybody goes on: master keys by wrapping
//! the data keys anew, data keys by sealing the rows anew.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel::result::{Error as QueryError, QueryResult};
use diesel::sql_types::{BigInt, Bool, Text};

use super::tables::SealedTable;
use super::{State, Vault, store};
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::platform::secrets::SecretKeys;

/// Rows that are sealed anew in one transaction: so few that nobody waits long for one.
const PAGE: i64 = 50;
/// How long a data key is kept after a newer one has taken its place. Whoever knew
/// only the older one has written with it by then, and the rows are found by the
/// next rotation.
const KEPT: Duration = Duration::from_secs(3_600);
/// How often a page is tried that meets a deadlock.
const TRIES: usize = 5;
/// Key of the advisory lock of a rotation: "oc keys" in ASCII.
const LOCK_KEY: i64 = 0x006f_6320_6b65_7973;

#[derive(QueryableByName)]
struct Taken {
    #[diesel(sql_type = Bool)]
    taken: bool,
}

/// Keeps other rotations out as long as this connection is open; `false` if one is under way.
pub fn begin(conn: &mut PgConnection) -> QueryResult<bool> {
    let lock = diesel::sql_query("SELECT pg_try_advisory_lock($1) AS taken").bind::<BigInt, _>(LOCK_KEY);
    lock.get_result::<Taken>(conn).map(|row| row.taken)
}

/// Tenants that have keys.
pub fn tenants(conn: &mut PgConnection) -> QueryResult<Vec<TenantId>> {
    let all = store::list(conn)?.into_iter();
    Ok(all.filter(|(_, state, _)| *state != State::Deleted).map(|(tenant, _, _)| tenant).collect())
}

/// Gives a tenant another data key, which seals from now on; with `resume` only if it has
/// none but its first. `false` if the tenant was deleted meanwhile. Within a transaction.
pub fn add_key(
    conn: &mut PgConnection,
    masters: &SecretKeys,
    tenant: &TenantId,
    resume: bool,
    now: Timestamp,
) -> QueryResult<bool> {
    let keys = store::find(conn, tenant)?.map(|found| found.keys).unwrap_or_default();
    if resume && keys.len() > 1 { Ok(true) } else { store::insert_key(conn, masters, tenant, now) }
}

/// What became of a page of rows.
#[derive(Debug, Default)]
pub struct Renewed {
    /// How many were sealed with another key before.
    pub count: usize,
    /// Where rows are that can't be opened; they stay as they are.
    pub unreadable: Vec<String>,
    /// Where the next page begins; `None` after the last.
    pub next: Option<String>,
}

/// Seals the rows of a page with the newest key of the vault.
pub fn renew_page(
    conn: &mut PgConnection,
    table: &SealedTable,
    vault: &Vault,
    after: Option<&str>,
) -> QueryResult<Renewed> {
    let mut tries = 0;
    loop {
        // Whoever settles messages at this moment may lock the same rows in another order.
        match conn.transaction(|conn| renew_rows(conn, table, vault, after)) {
            Err(error) if tries < TRIES && is_deadlock(&error) => tries += 1,
            done => return done,
        }
    }
}

fn is_deadlock(error: &QueryError) -> bool {
    matches!(error, QueryError::DatabaseError(_, info) if info.message().contains("deadlock detected"))
}

fn renew_rows(
    conn: &mut PgConnection,
    table: &SealedTable,
    vault: &Vault,
    after: Option<&str>,
) -> QueryResult<Renewed> {
    let rows = table.page(conn, vault.tenant(), after, PAGE)?;
    let mut renewed = Renewed::default();
    for row in &rows {
        match table.renew(conn, vault, row) {
            Ok(changed) => renewed.count += usize::from(changed),
            Err(QueryError::DeserializationError(_)) => renewed.unreadable.push(row.place.clone()),
            Err(error) => return Err(error),
        }
    }
    let full = i64::try_from(rows.len()).unwrap_or(PAGE) >= PAGE;
    renewed.next = rows.last().filter(|_| full).map(|row| row.place.clone());
    Ok(renewed)
}

#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = Text)]
    who: String,
}

/// Removes keys that were deleted from the file of their table too. Returns whose
/// old snapshots still need them, as far as the login may see that: then the file
/// holds them until those have ended and the table is cleaned once more.
pub fn clean(conn: &mut PgConnection) -> QueryResult<Vec<String>> {
    conn.batch_execute("VACUUM tenant_keys")?;
    let sessions: Vec<Session> = diesel::sql_query(
        "SELECT 'session ' || pid AS who FROM pg_stat_activity \
         WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_xmin IS NOT NULL \
           AND backend_type <> 'autovacuum worker' \
           AND xact_start < now() - interval '1 second' \
         UNION ALL SELECT 'prepared transaction ' || gid FROM pg_prepared_xacts WHERE database = current_database() \
         UNION ALL SELECT 'replication slot ' || slot_name FROM pg_replication_slots WHERE xmin IS NOT NULL",
    )
    .load(conn)?;
    Ok(sessions.into_iter().map(|session| session.who).collect())
}

/// Destroys the data keys of a tenant that were replaced long ago and that no row
/// needs after all of them were sealed anew. Tells how many are gone and how many are left.
pub fn drop_old_keys(
    conn: &mut PgConnection,
    tenant: &TenantId,
    now: Timestamp,
) -> QueryResult<(usize, usize)> {
    let keys = store::find(conn, tenant)?.map(|found| found.keys).unwrap_or_default();
    let replaced = keys.iter().zip(keys.iter().skip(1));
    let old = replaced.filter(|(_, next)| next.created_at.plus(KEPT) <= now).map(|(key, _)| key.id);
    let old: Vec<i32> = old.collect();
    let gone = store::delete_keys(conn, tenant, &old)?;
    Ok((gone, keys.len().saturating_sub(gone)))
}
