//! Reads rows together that are asked for at the same time: one statement, one
//! round trip and one plan for many requests that each look one row up.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use tokio::sync::oneshot;

use super::gather::{Gather, Lane, Part};
use super::manager::{Connection, Side};
use super::{Db, DbError};
use crate::domain::ids::TenantId;

/// Statements that may run at the same time.
const PARALLEL: usize = 2;

/// Looks up the rows of these keys; keys without a row are left out.
pub type Load<K, V> = fn(&mut PgConnection, &[K]) -> QueryResult<Vec<(K, V)>>;

/// Whose row a key names.
pub type TenantOf<K> = fn(&K) -> &TenantId;

/// A look-up that many requests share.
pub struct Together<K, V> {
    db: Db,
    load: Load<K, V>,
    tenant_of: Option<TenantOf<K>>,
    gather: Arc<Gather<LookUp<K, V>>>,
}

impl<K, V> Clone for Together<K, V> {
    fn clone(&self) -> Self {
        let gather = Arc::clone(&self.gather);
        Self { db: self.db.clone(), load: self.load, tenant_of: self.tenant_of, gather }
    }
}

struct LookUp<K, V> {
    key: K,
    load: Load<K, V>,
    tenant_of: Option<TenantOf<K>>,
    answer: oneshot::Sender<Result<Option<V>, DbError>>,
}

impl<K, V> LookUp<K, V> {
    fn tenant(&self) -> Option<&TenantId> {
        self.tenant_of.map(|tenant_of| tenant_of(&self.key))
    }
}

impl<K: Send + 'static, V: Send + 'static> Part for LookUp<K, V> {
    fn refuse(self, error: DbError) {
        // A requester that went away needs no answer.
        drop(self.answer.send(Err(error)));
    }
}

impl<K, V> Together<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// A look-up on `db` by `load`, which is given keys of one tenant at a time and
    /// sees that tenant's rows only.
    #[must_use]
    pub fn of_tenants(db: Db, tenant_of: TenantOf<K>, load: Load<K, V>) -> Self {
        let gather = Gather::new(Side::Tenants, Lane::Reading, PARALLEL, look_up);
        Self { db, load, tenant_of: Some(tenant_of), gather }
    }

    /// A look-up on `db` by `load` in the rows of all tenants.
    #[must_use]
    pub fn of_everybody(db: Db, load: Load<K, V>) -> Self {
        let gather = Gather::new(Side::Everybody, Lane::Reading, PARALLEL, look_up);
        Self { db, load, tenant_of: None, gather }
    }

    /// The row of `key`.
    pub async fn find(&self, key: K) -> Result<Option<V>, DbError> {
        let (answer, answered) = oneshot::channel();
        let part = LookUp { key, load: self.load, tenant_of: self.tenant_of, answer };
        self.gather.hand_in(&self.db, part, answered).await?
    }
}

/// Looks everything up, the keys of each tenant together.
fn look_up<K, V>(conn: &mut Connection, mut batch: Vec<LookUp<K, V>>) -> bool
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    let mut usable = true;
    // Whoever is shown already comes first.
    let shown = batch.iter().position(|part| part.tenant().is_some_and(|tenant| conn.shows(tenant)));
    if let Some(shown) = shown {
        batch.swap(0, shown);
    }
    while let Some(tenant) = batch.first().map(|part| part.tenant().cloned()) {
        let of_one = batch.extract_if(.., |part| part.tenant() == tenant.as_ref()).collect();
        usable &= look_up_of(conn, tenant.as_ref(), of_one);
    }
    usable
}

fn look_up_of<K, V>(conn: &mut Connection, tenant: Option<&TenantId>, batch: Vec<LookUp<K, V>>) -> bool
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    let keys: Vec<K> = batch.iter().map(|part| part.key.clone()).collect();
    let Some(load) = batch.first().map(|part| part.load) else { return true };
    let conn = match tenant {
        Some(tenant) => conn.show(tenant),
        None => Ok(conn.inner()),
    };
    match conn.and_then(|conn| load(conn, &keys)).map_err(DbError::from) {
        Ok(rows) => {
            let rows: HashMap<K, V> = rows.into_iter().collect();
            for part in batch {
                drop(part.answer.send(Ok(rows.get(&part.key).cloned())));
            }
            true
        }
        Err(error) => {
            for part in batch {
                part.refuse(error.for_another());
            }
            !matches!(error, DbError::Unavailable(_))
        }
    }
}
