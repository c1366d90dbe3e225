//! Reads rows together that are asked for at the same time: one statement, one
//! round trip and one plan for many requests that each look one row up.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use tokio::sync::oneshot;

use super::gather::{Gather, Lane, Part};
use super::{Db, DbError};

/// Statements that may run at the same time.
const PARALLEL: usize = 2;

/// Looks up the rows of these keys; keys without a row are left out.
pub type Load<K, V> = fn(&mut PgConnection, &[K]) -> QueryResult<Vec<(K, V)>>;

/// A look-up that many requests share.
pub struct Together<K, V> {
    db: Db,
    load: Load<K, V>,
    gather: Arc<Gather<LookUp<K, V>>>,
}

impl<K, V> Clone for Together<K, V> {
    fn clone(&self) -> Self {
        Self { db: self.db.clone(), load: self.load, gather: Arc::clone(&self.gather) }
    }
}

struct LookUp<K, V> {
    key: K,
    load: Load<K, V>,
    answer: oneshot::Sender<Result<Option<V>, DbError>>,
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
    /// A look-up on `db` by `load`.
    #[must_use]
    pub fn new(db: Db, load: Load<K, V>) -> Self {
        Self { db, load, gather: Gather::new(Lane::Reading, PARALLEL, look_up) }
    }

    /// The row of `key`.
    pub async fn find(&self, key: K) -> Result<Option<V>, DbError> {
        let (answer, answered) = oneshot::channel();
        let part = LookUp { key, load: self.load, answer };
        self.gather.hand_in(&self.db, part, answered).await?
    }
}

fn look_up<K, V>(conn: &mut PgConnection, batch: Vec<LookUp<K, V>>) -> bool
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    let keys: Vec<K> = batch.iter().map(|part| part.key.clone()).collect();
    let Some(load) = batch.first().map(|part| part.load) else { return true };
    match load(conn, &keys).map_err(DbError::from) {
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
