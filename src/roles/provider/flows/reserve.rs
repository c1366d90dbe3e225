//! The reserve of access codes: codes that are held ahead of time, so that a
//! sending has one while the client role is away.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use diesel::PgConnection;
use tokio::sync::Notify;

use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::ReservedCode;
use crate::platform::clock;
use crate::platform::db::Db;
use crate::platform::http::ApiError;
use crate::platform::random;
use crate::platform::tenants::{Field, Vault, VaultError};
use crate::roles::provider::store::reserve::{self as store, SealedCode};

/// Code and link.
const SEALED: Field = Field::new("code_reserve", "sealed");

/// How full the reserves are, as far as this process knows, and who rings when
/// they run low.
#[derive(Debug, Clone, Default)]
pub struct Level {
    known: Arc<Mutex<HashSet<TenantId>>>,
    taken: Arc<AtomicUsize>,
    low: Arc<Notify>,
    given_up: Arc<AtomicBool>,
}

impl Level {
    /// Makes sure that the tenant has an account; its first sending asks for a reserve.
    pub async fn open_account(&self, db: &Db, tenant: &TenantId) -> Result<(), ApiError> {
        if self.known.lock().unwrap_or_else(PoisonError::into_inner).contains(tenant) {
            return Ok(());
        }
        let own = tenant.clone();
        db.of(tenant)
            .run(move |conn| store::open_account(conn, &own, clock::now()).map_err(ApiError::from))
            .await?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).insert(tenant.clone());
        self.low.notify_one();
        Ok(())
    }

    /// Forgets tenants without an account: one that was deleted may begin anew.
    pub fn keep(&self, accounts: &[(TenantId, Option<String>)]) {
        let exists: HashSet<_> = accounts.iter().map(|(tenant, _)| tenant).collect();
        self.known.lock().unwrap_or_else(PoisonError::into_inner).retain(|tenant| exists.contains(tenant));
    }

    /// Notes that a code was taken; rings when a quarter of a reserve is gone.
    pub fn took_one(&self, size: usize) {
        if self.taken.fetch_add(1, Ordering::Relaxed) + 1 >= size.div_ceil(4) {
            self.low.notify_one();
        }
    }

    /// The client role's codes do not last as long as messages do.
    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// Whether this process holds no reserve.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        self.given_up.load(Ordering::Relaxed)
    }

    /// Begins to count anew.
    pub fn refilled(&self) {
        self.taken.store(0, Ordering::Relaxed);
    }

    /// Waits until a reserve runs low.
    pub async fn runs_low(&self) {
        self.low.notified().await;
    }
}

/// Takes a code out of the reserve, if there is one that lasts long enough. One that
/// can't be opened is thrown away: nobody could send anything any more.
pub fn take(
    conn: &mut PgConnection,
    vault: &Vault,
    lasts_until: Timestamp,
) -> Result<Option<ReservedCode>, ApiError> {
    while let Some(code) = store::take(conn, vault.tenant(), lasts_until)? {
        let open = || vault.open_json(SEALED, code.id, &code.sealed);
        let opened = match open() {
            Err(VaultError::UnknownKey) => {
                vault.refresh(conn)?;
                open()
            }
            opened => opened,
        };
        match opened {
            Ok(code) => return Ok(Some(code)),
            Err(error) => log::warn!("a code in the reserve of {} is thrown away: {error}", vault.tenant()),
        }
    }
    Ok(None)
}

/// Encrypts codes for the reserve.
pub fn seal(vault: &Vault, codes: &[ReservedCode]) -> Result<Vec<SealedCode>, ApiError> {
    let seal = |code: &ReservedCode| {
        let id = random::uuid();
        let sealed = vault.seal_json(SEALED, id, code).map_err(ApiError::internal)?;
        Ok(SealedCode { id, sealed })
    };
    codes.iter().map(seal).collect()
}
