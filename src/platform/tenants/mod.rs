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
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use diesel::pg::PgConnection;
use diesel::result::{Error as QueryError, QueryResult};

use store::Loaded;
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
/// What was not confirmed for so long is forgotten: nobody has asked for it, and the
/// keys of a deleted tenant must not stay in memory. Longer than any `TENANT_CACHE_MS`.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(90);

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
    known: RwLock<Memory>,
}

/// What is remembered, and when it was last looked through.
struct Memory {
    tenants: HashMap<TenantId, Known>,
    tidied_at: Instant,
}

/// What is remembered of a tenant.
#[derive(Clone)]
struct Known {
    state: State,
    vault: Arc<Vault>,
    read_at: Instant,
    /// Somebody is asking the database; until the answer comes, the others go on.
    asking: bool,
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
        let known = RwLock::new(Memory { tenants: HashMap::new(), tidied_at: Instant::now() });
        Self(Arc::new(Inner { db, masters, settings, known }))
    }

    /// The vault of a tenant that may act. One that does not exist is made, unless
    /// tenants are made by hand. What is known is taken for true for
    /// `TENANT_CACHE_MS`; then one caller asks the database, and the others go on.
    pub async fn vault(&self, tenant: &TenantId) -> Result<Arc<Vault>, TenantError> {
        if let Some(vault) = self.existing(tenant).await? {
            return Ok(vault);
        }
        let _turn = self.take_turn(tenant);
        let (inner, own) = (Arc::clone(&self.0), tenant.clone());
        let made = self.0.db.of_everybody().run_alone(move |conn| inner.create(conn, &own)).await;
        self.conclude(tenant, made)
    }

    /// Like [`Tenants::vault`], for whoever only reads: makes no tenant, and is `None` where
    /// one would be made.
    pub async fn existing(&self, tenant: &TenantId) -> Result<Option<Arc<Vault>>, TenantError> {
        if let Some(known) = self.fresh(tenant) {
            return known.answer().map(Some);
        }
        let _turn = self.take_turn(tenant);
        let (inner, own) = (Arc::clone(&self.0), tenant.clone());
        let find = move |conn: &mut PgConnection| Ok(store::load(conn, &inner.masters, &own)?);
        let found = self.0.db.of(tenant).read(find).await;
        if matches!(found, Ok(None)) && self.0.settings.provisioning == Provisioning::Auto {
            return Ok(None);
        }
        self.conclude(tenant, found).map(Some)
    }

    /// Like [`Tenants::vault`], for a job that goes from tenant to tenant: `None` if this
    /// one may not act now, or if its keys can't be opened, which is logged. An error
    /// only if it is the same for all.
    pub async fn active(&self, tenant: &TenantId) -> Result<Option<Arc<Vault>>, DbError> {
        match self.vault(tenant).await {
            Ok(vault) => Ok(Some(vault)),
            Err(TenantError::Unknown | TenantError::Suspended) => Ok(None),
            Err(TenantError::Db(error @ (DbError::Busy | DbError::Unavailable(_)))) => Err(error),
            Err(TenantError::Db(error)) => {
                log::warn!("nothing can be done for the tenant {tenant}: {error}");
                Ok(None)
            }
        }
    }

    /// Like [`Tenants::vault`], on a connection that is at hand: waits for no other
    /// one, and makes no tenant.
    pub fn vault_on(&self, conn: &mut PgConnection, tenant: &TenantId) -> Result<Arc<Vault>, TenantError> {
        if let Some(known) = self.fresh(tenant) {
            return known.answer();
        }
        let _turn = self.take_turn(tenant);
        let found = store::load(conn, &self.0.masters, tenant).map_err(TenantError::from);
        self.conclude(tenant, found)
    }

    fn conclude(
        &self,
        tenant: &TenantId,
        found: Result<Option<Loaded>, TenantError>,
    ) -> Result<Arc<Vault>, TenantError> {
        match found? {
            Some(known) => self.remember(tenant, known).answer(),
            None => {
                self.write().tenants.remove(tenant);
                Err(TenantError::Unknown)
            }
        }
    }

    fn fresh(&self, tenant: &TenantId) -> Option<Known> {
        let memory = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let known = memory.tenants.get(tenant)?;
        let cache = self.0.settings.cache;
        let fresh = !cache.is_zero() && (known.asking || known.read_at.elapsed() < cache);
        fresh.then(|| known.clone())
    }

    /// Lets everybody else go on with what is known, until the turn is over.
    fn take_turn(&self, tenant: &TenantId) -> Turn<'_> {
        if let Some(known) = self.write().tenants.get_mut(tenant) {
            known.asking = true;
        }
        Turn { tenants: self, tenant: tenant.clone() }
    }

    /// Who holds the vault already gets to know the new keys.
    fn remember(&self, tenant: &TenantId, new: Loaded) -> Known {
        let mut memory = self.write();
        memory.tidy();
        let (state, read_at) = (new.state, Instant::now());
        if let Some(old) = memory.tenants.get_mut(tenant) {
            old.vault.replace(new.keys);
            (old.state, old.read_at) = (state, read_at);
            return old.clone();
        }
        let vault = Vault::new(tenant.clone(), Arc::clone(&self.0.masters), new.keys);
        let new = Known { state, vault: Arc::new(vault), read_at, asking: false };
        memory.tenants.insert(tenant.clone(), new.clone());
        new
    }

    fn write(&self) -> RwLockWriteGuard<'_, Memory> {
        self.0.known.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Memory {
    fn tidy(&mut self) {
        if self.tenants.len() >= KNOWN_MAX {
            self.tenants.clear();
        }
        if self.tidied_at.elapsed() >= FORGOTTEN_AFTER {
            self.tidied_at = Instant::now();
            self.tenants.retain(|_, known| known.read_at.elapsed() < FORGOTTEN_AFTER);
        }
    }
}

/// Somebody's turn to ask the database. However it ends, also if whoever asks goes
/// away, what could not be confirmed counts as old again.
struct Turn<'a> {
    tenants: &'a Tenants,
    tenant: TenantId,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(known) = self.tenants.write().tenants.get_mut(&self.tenant) {
            known.asking = false;
        }
    }
}

impl Inner {
    fn create(&self, conn: &mut PgConnection, tenant: &TenantId) -> Result<Option<Loaded>, TenantError> {
        store::create(conn, &self.masters, tenant, clock::now())?;
        Ok(store::load(conn, &self.masters, tenant)?)
    }
}

/// The vault of a tenant whatever its state, for an operator's commands; `None` if
/// there is no such tenant.
pub fn open_vault(
    conn: &mut PgConnection,
    masters: &Arc<SecretKeys>,
    tenant: &TenantId,
) -> QueryResult<Option<Vault>> {
    let loaded = store::load(conn, masters, tenant)?;
    Ok(loaded.map(|loaded| Vault::new(tenant.clone(), Arc::clone(masters), loaded.keys)))
}

/// How long nobody may begin anew after a deletion: longer than any process that did not
/// get to know of it may go on, whatever its `TENANT_CACHE_MS`, and finish what it had begun.
pub const REST_AFTER_DELETION: Duration = Duration::from_secs(180);

/// How long a process may go on with what it knows of a tenant, and a bit.
#[must_use]
pub fn longest_memory(settings: &Tenancy) -> Duration {
    settings.cache + Duration::from_secs(1)
}
