//! The tenants of a database, and the vault of each: what its values are sealed
//! with.
//!
//! Every tenant has random data keys of its own, which are stored wrapped with
//! `FIELD_ENCRYPTION_KEY`. Whoever acts for a tenant fetches its vault first, and
//! so learns whether it may act at all.

pub mod export;
pub mod rotation;
pub mod store;
pub mod tables;
mod vault;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::result::{Error as QueryError, QueryResult};

pub use store::State;
pub use vault::{Field, Vault, VaultError, key_of};

use super::clock;
use super::db::{Db, DbError};
use super::http::{ApiError, ErrorCode};
use super::secrets::SecretKeys;
use crate::config::{Provisioning, Tenancy};
use crate::domain::ids::TenantId;

/// Most tenants that a process remembers.
const KNOWN_MAX: usize = 10_000;

/// Why nobody may act for a tenant now.
#[derive(Debug)]
pub enum TenantError {
    /// There is none of this name, or not any more.
    Unknown,
    /// An operator has suspended it.
    Suspended,
    /// The database can't tell.
    Db(DbError),
}

impl fmt::Display for TenantError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => f.write_str("there is no such tenant"),
            Self::Suspended => f.write_str("the tenant is suspended"),
            Self::Db(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TenantError {}

impl From<DbError> for TenantError {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

impl From<QueryError> for TenantError {
    fn from(error: QueryError) -> Self {
        Self::Db(error.into())
    }
}

impl From<TenantError> for ApiError {
    fn from(error: TenantError) -> Self {
        let (code, message) = match error {
            TenantError::Unknown => (ErrorCode::TenantUnknown, "There is no such tenant here"),
            TenantError::Suspended => (ErrorCode::TenantSuspended, "This tenant is suspended"),
            TenantError::Db(error) => return error.into(),
        };
        Self::new(code, message)
    }
}

/// The tenants of one database, as far as this process knows them.
#[derive(Clone)]
pub struct Tenants(Arc<Inner>);

struct Inner {
    db: Db,
    masters: Arc<SecretKeys>,
    settings: Tenancy,
    known: RwLock<HashMap<TenantId, Known>>,
}

/// What is remembered of a tenant.
#[derive(Clone)]
struct Known {
    state: State,
    vault: Arc<Vault>,
    read_at: Instant,
}

impl Known {
    fn answer(&self) -> Result<Arc<Vault>, TenantError> {
        match self.state {
            State::Active => Ok(Arc::clone(&self.vault)),
            State::Suspended => Err(TenantError::Suspended),
            State::Deleted => Err(TenantError::Unknown),
        }
    }
}

impl fmt::Debug for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tenants")
    }
}

impl Tenants {
    /// The tenants in `db`, whose data keys are wrapped with `masters`.
    #[must_use]
    pub fn new(db: Db, masters: Arc<SecretKeys>, settings: Tenancy) -> Self {
        Self(Arc::new(Inner { db, masters, settings, known: RwLock::default() }))
    }

    /// The vault of a tenant that may act. One that does not exist is made, unless
    /// tenants are made by hand. What is known is taken for true for
    /// `TENANT_CACHE_MS`; then one caller asks the database, and the others go on.
    pub async fn vault(&self, tenant: &TenantId) -> Result<Arc<Vault>, TenantError> {
        if let Some(known) = self.fresh(tenant) {
            return known.answer();
        }
        let due = self.take_turn(tenant);
        let (inner, own) = (Arc::clone(&self.0), tenant.clone());
        let found = self.0.db.of(tenant).read(move |conn| inner.find(conn, &own)).await;
        let found = match found {
            Ok(None) if self.0.settings.provisioning == Provisioning::Auto => {
                let (inner, own) = (Arc::clone(&self.0), tenant.clone());
                self.0.db.of_everybody().run_alone(move |conn| inner.create(conn, &own)).await
            }
            found => found,
        };
        self.conclude(tenant, due, found)
    }

    /// Like [`Tenants::vault`], on a connection that is at hand: waits for no other
    /// one, and makes no tenant.
    pub fn vault_on(&self, conn: &mut PgConnection, tenant: &TenantId) -> Result<Arc<Vault>, TenantError> {
        if let Some(known) = self.fresh(tenant) {
            return known.answer();
        }
        let due = self.take_turn(tenant);
        let found = self.0.find(conn, tenant);
        self.conclude(tenant, due, found)
    }

    fn conclude(
        &self,
        tenant: &TenantId,
        due: Option<Instant>,
        found: Result<Option<Loaded>, TenantError>,
    ) -> Result<Arc<Vault>, TenantError> {
        match found {
            Ok(Some(known)) => self.remember(tenant, known).answer(),
            Ok(None) => Err(TenantError::Unknown),
            Err(error) => {
                // Nobody shall go on with what could not be confirmed.
                if let (Some(read_at), Some(known)) = (due, self.write().get_mut(tenant)) {
                    known.read_at = read_at;
                }
                Err(error)
            }
        }
    }

    fn fresh(&self, tenant: &TenantId) -> Option<Known> {
        let known = self.read();
        let known = known.get(tenant)?;
        (known.read_at.elapsed() < self.0.settings.cache).then(|| known.clone())
    }

    /// Lets everybody else go on with what is known, and returns since when it is.
    fn take_turn(&self, tenant: &TenantId) -> Option<Instant> {
        let mut known = self.write();
        let known = known.get_mut(tenant)?;
        Some(std::mem::replace(&mut known.read_at, Instant::now()))
    }

    /// Who holds the vault already gets to know the new keys.
    fn remember(&self, tenant: &TenantId, new: Loaded) -> Known {
        let mut known = self.write();
        if known.len() >= KNOWN_MAX {
            known.clear();
        }
        let (state, read_at) = (new.state, Instant::now());
        if let Some(old) = known.get_mut(tenant) {
            old.vault.replace(new.keys);
            (old.state, old.read_at) = (state, read_at);
            return old.clone();
        }
        let vault = Vault::new(tenant.clone(), Arc::clone(&self.0.masters), new.keys);
        let new = Known { state, vault: Arc::new(vault), read_at };
        known.insert(tenant.clone(), new.clone());
        new
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<TenantId, Known>> {
        self.0.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<TenantId, Known>> {
        self.0.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the database says.
struct Loaded {
    state: State,
    keys: Vec<vault::DataKey>,
}

impl Inner {
    fn find(&self, conn: &mut PgConnection, tenant: &TenantId) -> Result<Option<Loaded>, TenantError> {
        let Some(found) = store::find(conn, tenant)? else { return Ok(None) };
        let keys = store::unwrap(&self.masters, tenant, &found.keys)?;
        Ok(Some(Loaded { state: found.state, keys }))
    }

    fn create(&self, conn: &mut PgConnection, tenant: &TenantId) -> Result<Option<Loaded>, TenantError> {
        store::create(conn, &self.masters, tenant, clock::now())?;
        self.find(conn, tenant)
    }
}

/// The vault of a tenant whatever its state, for an operator's commands; `None` if
/// there is no such tenant.
pub fn open_vault(
    conn: &mut PgConnection,
    masters: &Arc<SecretKeys>,
    tenant: &TenantId,
) -> QueryResult<Option<Vault>> {
    let Some(found) = store::find(conn, tenant)? else { return Ok(None) };
    let keys = store::unwrap(masters, tenant, &found.keys)?;
    Ok(Some(Vault::new(tenant.clone(), Arc::clone(masters), keys)))
}

/// How long a process may go on with what it knows of a tenant, and a bit.
#[must_use]
pub fn longest_memory(settings: &Tenancy) -> Duration {
    settings.cache + Duration::from_secs(1)
}
