//! The statements of the tenants and of their keys.

use diesel::prelude::*;
use diesel::result::{Error as QueryError, QueryResult};

use super::vault::DataKey;
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;
use crate::platform::random;
use crate::platform::schema::{tenant_keys, tenants};
use crate::platform::secrets::{SecretError, SecretKeys};

/// Where a tenant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It works.
    Active,
    /// Every request is refused.
    Suspended,
    /// Its keys are destroyed.
    Deleted,
}

impl State {
    /// The word in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Deleted => "deleted",
        }
    }

    fn parse(word: &str) -> Self {
        match word {
            "active" => Self::Active,
            "deleted" => Self::Deleted,
            _ => Self::Suspended,
        }
    }
}

/// A data key as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKey {
    /// Its number.
    pub id: i32,
    /// Which `FIELD_ENCRYPTION_KEY` it is wrapped with.
    pub master_key: String,
    /// The key, encrypted.
    pub wrapped: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

/// A tenant with its keys, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Where it stands.
    pub state: State,
    /// Its data keys.
    pub keys: Vec<StoredKey>,
}

/// Reads a tenant and its keys.
pub fn find(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<Option<Found>> {
    type Row = (String, Option<(i32, String, Vec<u8>, PgTimestamp)>);
    let key = (tenant_keys::id, tenant_keys::master_key, tenant_keys::wrapped, tenant_keys::created_at);
    let rows: Vec<Row> = tenants::table
        .left_join(tenant_keys::table.on(tenant_keys::tenant_id.eq(tenants::tenant_id)))
        .filter(tenants::tenant_id.eq(tenant.as_str()))
        .order(tenant_keys::id.asc())
        .select((tenants::state, key.nullable()))
        .load(conn)?;
    let Some((word, _)) = rows.first() else { return Ok(None) };
    let state = State::parse(word);
    let stored = |(_, key): Row| {
        key.map(|(id, master_key, wrapped, at)| StoredKey { id, master_key, wrapped, created_at: at.0 })
    };
    Ok(Some(Found { state, keys: rows.into_iter().filter_map(stored).collect() }))
}

/// Every tenant and where it stands, by name.
pub fn list(conn: &mut PgConnection) -> QueryResult<Vec<(TenantId, State, Timestamp)>> {
    let rows: Vec<(String, String, PgTimestamp)> = tenants::table
        .order(tenants::tenant_id)
        .select((tenants::tenant_id, tenants::state, tenants::created_at))
        .load(conn)?;
    let read = |(tenant, state, at): (String, String, PgTimestamp)| {
        Some((TenantId::parse(&tenant).ok()?, State::parse(&state), at.0))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Makes a tenant that does not exist, with its first key. Another process may do
/// so at the same moment; then there is one key all the same. Within a transaction.
pub fn create(
    conn: &mut PgConnection,
    masters: &SecretKeys,
    tenant: &TenantId,
    now: Timestamp,
) -> QueryResult<bool> {
    let written = diesel::insert_into(tenants::table)
        .values((
            tenants::tenant_id.eq(tenant.as_str()),
            tenants::state.eq(State::Active.as_str()),
            tenants::created_at.eq(PgTimestamp(now)),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    if written == 1 {
        insert_key(conn, masters, tenant, now)?;
    }
    Ok(written == 1)
}

/// Lets a tenant that was deleted begin anew, with nothing but a new key. Within a transaction.
pub fn revive(
    conn: &mut PgConnection,
    masters: &SecretKeys,
    tenant: &TenantId,
    now: Timestamp,
) -> QueryResult<bool> {
    let row = tenants::table.find(tenant.as_str()).filter(tenants::state.eq(State::Deleted.as_str()));
    let changed = diesel::update(row)
        .set((
            tenants::state.eq(State::Active.as_str()),
            tenants::created_at.eq(PgTimestamp(now)),
            tenants::deleted_at.eq(None::<PgTimestamp>),
        ))
        .execute(conn)?;
    if changed == 1 {
        insert_key(conn, masters, tenant, now)?;
    }
    Ok(changed == 1)
}

/// Suspends a tenant, or lets it work again; `false` if it was not in the other state.
pub fn suspend(
    conn: &mut PgConnection,
    tenant: &TenantId,
    suspended: bool,
    now: Timestamp,
) -> QueryResult<bool> {
    let (from, to) = match suspended {
        true => (State::Active, State::Suspended),
        false => (State::Suspended, State::Active),
    };
    let row = tenants::table.find(tenant.as_str()).filter(tenants::state.eq(from.as_str()));
    let changed = diesel::update(row)
        .set((
            tenants::state.eq(to.as_str()),
            tenants::suspended_at.eq(suspended.then_some(PgTimestamp(now))),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Destroys the keys of a tenant and marks it as deleted. Within a transaction.
pub fn shred(conn: &mut PgConnection, tenant: &TenantId, now: Timestamp) -> QueryResult<()> {
    diesel::update(tenants::table.find(tenant.as_str()))
        .set((
            tenants::state.eq(State::Deleted.as_str()),
            tenants::suspended_at.eq(None::<PgTimestamp>),
            tenants::deleted_at.eq(Some(PgTimestamp(now))),
        ))
        .execute(conn)?;
    diesel::delete(tenant_keys::table.filter(tenant_keys::tenant_id.eq(tenant.as_str())))
        .execute(conn)
        .map(|_| ())
}

/// Since when a tenant is deleted; `None` if it is not.
pub fn deleted_at(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<Option<Timestamp>> {
    let row = tenants::table.find(tenant.as_str()).select(tenants::deleted_at);
    Ok(row.first::<Option<PgTimestamp>>(conn).optional()?.flatten().map(|at| at.0))
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::Int4)]
    number: i32,
}

/// Writes a new random key of a tenant, wrapped with the first master key, under a
/// number that it never had before; `false` if there is no such tenant any more.
/// Within a transaction, which keeps a deletion waiting.
pub fn insert_key(
    conn: &mut PgConnection,
    masters: &SecretKeys,
    tenant: &TenantId,
    now: Timestamp,
) -> QueryResult<bool> {
    let next = diesel::sql_query(
        "UPDATE tenants SET keys_made = 1 + greatest(keys_made, (SELECT max(id) FROM tenant_keys WHERE tenant_id = $1)) \
         WHERE tenant_id = $1 AND state <> 'deleted' RETURNING keys_made AS number",
    );
    let next = next.bind::<diesel::sql_types::Text, _>(tenant.as_str());
    let Some(Number { number: id }) = next.get_result(conn).optional()? else { return Ok(false) };
    let failed = |error: SecretError| QueryError::SerializationError(Box::new(error));
    let key: [u8; 32] = random::bytes().map_err(|error| QueryError::SerializationError(Box::new(error)))?;
    let master = masters.first().map_err(failed)?;
    let wrapped = master.seal(&context(tenant, id), &key).map_err(failed)?;
    diesel::insert_into(tenant_keys::table)
        .values((
            tenant_keys::tenant_id.eq(tenant.as_str()),
            tenant_keys::id.eq(id),
            tenant_keys::master_key.eq(master.id()),
            tenant_keys::wrapped.eq(wrapped),
            tenant_keys::created_at.eq(PgTimestamp(now)),
        ))
        .execute(conn)
        .map(|_| true)
}

/// Removes the keys of a tenant with these numbers.
pub fn delete_keys(conn: &mut PgConnection, tenant: &TenantId, ids: &[i32]) -> QueryResult<usize> {
    let keys = tenant_keys::table
        .filter(tenant_keys::tenant_id.eq(tenant.as_str()))
        .filter(tenant_keys::id.eq_any(ids));
    diesel::delete(keys).execute(conn)
}

/// Wraps the keys of a tenant with the first master key and tells how many were
/// wrapped with another one.
pub fn rewrap(conn: &mut PgConnection, masters: &SecretKeys, tenant: &TenantId) -> QueryResult<usize> {
    let failed = |error: SecretError| QueryError::SerializationError(Box::new(error));
    let master = masters.first().map_err(failed)?;
    let stored = find(conn, tenant)?.map(|found| found.keys).unwrap_or_default();
    let mut changed = 0;
    for key in stored.iter().filter(|key| key.master_key != master.id()) {
        let wrapped = master.seal(&context(tenant, key.id), &plain(masters, tenant, key)?).map_err(failed)?;
        // Somebody who rotates at the same moment does the same.
        let row = tenant_keys::table.find((tenant.as_str(), key.id));
        changed += diesel::update(row.filter(tenant_keys::wrapped.eq(&key.wrapped)))
            .set((tenant_keys::master_key.eq(master.id()), tenant_keys::wrapped.eq(wrapped)))
            .execute(conn)?;
    }
    Ok(changed)
}

/// Up to `limit` tenants with a data key that is wrapped with this master key.
pub fn tenants_of_master(conn: &mut PgConnection, master: &str, limit: usize) -> QueryResult<Vec<TenantId>> {
    let names: Vec<String> = tenant_keys::table
        .filter(tenant_keys::master_key.eq(master))
        .select(tenant_keys::tenant_id)
        .distinct()
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .load(conn)?;
    Ok(names.iter().filter_map(|name| TenantId::parse(name).ok()).collect())
}

/// How many data keys are wrapped with each master key.
pub fn count_by_master(conn: &mut PgConnection) -> QueryResult<Vec<(String, i64)>> {
    tenant_keys::table
        .group_by(tenant_keys::master_key)
        .order(tenant_keys::master_key)
        .select((tenant_keys::master_key, diesel::dsl::count_star()))
        .load(conn)
}

/// A tenant as it acts: where it stands, and its keys.
pub(super) struct Loaded {
    pub(super) state: State,
    pub(super) keys: Vec<DataKey>,
}

/// Reads a tenant and decrypts its keys.
pub(super) fn load(
    conn: &mut PgConnection,
    masters: &SecretKeys,
    tenant: &TenantId,
) -> QueryResult<Option<Loaded>> {
    let Some(found) = find(conn, tenant)? else { return Ok(None) };
    let keys = unwrap(masters, tenant, &found.keys)?;
    Ok(Some(Loaded { state: found.state, keys }))
}

fn unwrap(masters: &SecretKeys, tenant: &TenantId, stored: &[StoredKey]) -> QueryResult<Vec<DataKey>> {
    let unreadable = || QueryError::DeserializationError(Box::new(SecretError::UNREADABLE));
    let key = |key: &StoredKey| {
        let id = u32::try_from(key.id).map_err(|_| unreadable())?;
        DataKey::new(id, &plain(masters, tenant, key)?).ok_or_else(unreadable)
    };
    stored.iter().map(key).collect()
}

fn plain(masters: &SecretKeys, tenant: &TenantId, key: &StoredKey) -> QueryResult<Vec<u8>> {
    let failed = |error: SecretError| QueryError::DeserializationError(Box::new(error));
    let master = masters.by_id(&key.master_key).ok_or_else(|| failed(SecretError::MASTER_LOST))?;
    master.open(&context(tenant, key.id), &key.wrapped).map_err(failed)
}

/// What a wrapped key belongs to.
fn context(tenant: &TenantId, id: i32) -> Vec<u8> {
    format!("tenant_keys|wrapped|{tenant}|{id}").into_bytes()
}
