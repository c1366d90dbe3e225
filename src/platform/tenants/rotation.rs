//! New keys for what is there, while everybody goes on: master keys by wrapping
//! the data keys anew, data keys by sealing the rows anew.

use std::time::Duration;

use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool};

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

/// Gives a tenant another data key, which seals from now on.
pub fn add_key(
    conn: &mut PgConnection,
    masters: &SecretKeys,
    tenant: &TenantId,
    now: Timestamp,
) -> QueryResult<()> {
    let newest = store::find(conn, tenant)?.and_then(|found| found.keys.last().map(|key| key.id));
    store::insert_key(conn, masters, tenant, newest.unwrap_or(0).saturating_add(1), now)
}

/// Seals the rows of a page with the newest key of the vault. Tells how many were
/// sealed with another one, and where the next page begins; `None` after the last.
pub fn renew_page(
    conn: &mut PgConnection,
    table: &SealedTable,
    vault: &Vault,
    after: Option<&str>,
) -> QueryResult<(usize, Option<String>)> {
    conn.transaction(|conn| {
        let rows = table.page(conn, vault.tenant(), after, (PAGE, true))?;
        let mut renewed = 0;
        for row in &rows {
            renewed += usize::from(table.renew(conn, vault, row)?);
        }
        let full = i64::try_from(rows.len()).unwrap_or(PAGE) >= PAGE;
        Ok((renewed, rows.last().filter(|_| full).map(|row| row.place.clone())))
    })
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
