//! Whose turn it is to search: looking through documents opens every one of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::ids::TenantId;
use crate::platform::db::DbError;
use crate::platform::http::ApiError;

/// Searches that run at the same time, each of another tenant.
const PARALLEL: usize = 2;

/// The searches of one process.
#[derive(Clone)]
pub struct Searches {
    all: Arc<Semaphore>,
    tenants: Arc<Mutex<HashMap<TenantId, Weak<Semaphore>>>>,
    patience: Duration,
}

/// A turn, until it is dropped.
pub struct Turn {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

impl Searches {
    /// Nobody waits for a turn longer than `patience`.
    #[must_use]
    pub fn new(patience: Duration) -> Self {
        Self { all: Arc::new(Semaphore::new(PARALLEL)), tenants: Arc::default(), patience }
    }

    /// Waits for a turn: one search of a tenant at a time, so that whoever has the
    /// most documents does not take all turns. Busy if it does not come in time.
    pub async fn turn(&self, tenant: &TenantId) -> Result<Turn, ApiError> {
        let (own, all) = (self.of(tenant), Arc::clone(&self.all));
        let wait = async {
            let own = own.acquire_owned().await.map_err(ApiError::internal)?;
            Ok(Turn { _own: own, _all: all.acquire_owned().await.map_err(ApiError::internal)? })
        };
        tokio::time::timeout(self.patience, wait).await.unwrap_or_else(|_| Err(DbError::Busy.into()))
    }

    fn of(&self, tenant: &TenantId) -> Arc<Semaphore> {
        let mut tenants = self.tenants.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = tenants.get(tenant).and_then(Weak::upgrade) {
            return own;
        }
        tenants.retain(|_, own| own.strong_count() > 0);
        let own = Arc::new(Semaphore::new(1));
        tenants.insert(tenant.clone(), Arc::downgrade(&own));
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::http::ErrorCode;

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    #[tokio::test]
    async fn a_tenant_that_searches_twice_waits_for_itself_and_not_for_ever() {
        let searches = Searches::new(Duration::from_millis(5));
        let first = searches.turn(&tenant("north")).await.unwrap();
        let refused = searches.turn(&tenant("north")).await.err().unwrap();
        assert_eq!(refused.code, ErrorCode::Overloaded);
        let other = searches.turn(&tenant("south")).await.unwrap();
        assert!(searches.turn(&tenant("west")).await.is_err(), "two at a time");
        drop((first, other));
        assert!(searches.turn(&tenant("north")).await.is_ok());
    }

    #[tokio::test]
    async fn whoever_has_searched_is_not_remembered() {
        let searches = Searches::new(Duration::from_secs(1));
        for name in ["a", "b", "c"] {
            drop(searches.turn(&tenant(name)).await.unwrap());
        }
        let _turn = searches.turn(&tenant("d")).await.unwrap();
        assert_eq!(searches.tenants.lock().unwrap().len(), 1);
    }
}
