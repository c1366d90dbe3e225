//! Reads rows together that are asked for at the same time.
//!
//! Under load many requests look one row up by its key. While a look-up runs,
//! further keys gather, and the next statement fetches all of them at once: one
//! round trip and one plan for up to [`BATCH`] requests. A key that comes alone
//! is looked up at once, so nobody ever waits for company.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use tokio::sync::oneshot;

use super::{Db, DbError};

/// Most keys of one statement.
const BATCH: usize = 32;
/// Statements that may run at the same time.
const PARALLEL: usize = 2;
/// Statements that one visit to a connection runs before it lets others have it.
const VISIT: usize = 16;

/// Looks up the rows of these keys; keys without a row are left out.
pub type Load<K, V> = fn(&mut PgConnection, &[K]) -> QueryResult<Vec<(K, V)>>;

/// A look-up that many requests share.
pub struct Together<K, V> {
    db: Db,
    load: Load<K, V>,
    queue: Arc<Mutex<Queue<K, V>>>,
}

impl<K, V> Clone for Together<K, V> {
    fn clone(&self) -> Self {
        Self { db: self.db.clone(), load: self.load, queue: Arc::clone(&self.queue) }
    }
}

struct Queue<K, V> {
    waiting: Vec<Waiting<K, V>>,
    running: usize,
    tickets: u64,
}

struct Waiting<K, V> {
    ticket: u64,
    key: K,
    answer: oneshot::Sender<Result<Option<V>, DbError>>,
}

impl<K, V> Together<K, V>
where
    K: Clone + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// A look-up on `db` by `load`.
    #[must_use]
    pub fn new(db: Db, load: Load<K, V>) -> Self {
        let queue = Queue { waiting: Vec::new(), running: 0, tickets: 0 };
        Self { db, load, queue: Arc::new(Mutex::new(queue)) }
    }

    /// The row of `key`.
    pub async fn find(&self, key: K) -> Result<Option<V>, DbError> {
        let (answer, mut answered) = oneshot::channel();
        let (ticket, start) = {
            let mut queue = lock(&self.queue);
            queue.tickets += 1;
            let ticket = queue.tickets;
            queue.waiting.push(Waiting { ticket, key, answer });
            let start = queue.running < PARALLEL;
            queue.running += usize::from(start);
            (ticket, start)
        };
        if start {
            actix_web::rt::spawn(self.clone().visit());
        }
        let gone = |_| DbError::Unavailable("the look-up was given up".to_owned());
        match tokio::time::timeout(self.db.longest_wait(), &mut answered).await {
            Ok(answer) => answer.map_err(gone)?,
            Err(_) if self.withdraw(ticket) => Err(DbError::Busy),
            Err(_) => answered.await.map_err(gone)?,
        }
    }

    /// Takes a key back that no statement has taken yet.
    fn withdraw(&self, ticket: u64) -> bool {
        let mut queue = lock(&self.queue);
        let before = queue.waiting.len();
        queue.waiting.retain(|waiting| waiting.ticket != ticket);
        queue.waiting.len() < before
    }

    /// Visits a connection as long as there are keys.
    async fn visit(self) {
        loop {
            let (load, queue) = (self.load, Arc::clone(&self.queue));
            let visit = self.db.read(move |conn| Ok::<_, DbError>(look_up(conn, load, &queue))).await;
            match visit {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => return self.give_up(&error),
            }
        }
    }

    /// No connection can be had: everybody who waits is told.
    fn give_up(&self, error: &DbError) {
        let mut queue = lock(&self.queue);
        queue.running = queue.running.saturating_sub(1);
        for waiting in queue.waiting.drain(..) {
            // A requester that went away needs no answer.
            drop(waiting.answer.send(Err(error.for_another())));
        }
    }
}

/// Runs statements until no key is left (`false`) or the visit is over (`true`).
fn look_up<K, V>(conn: &mut PgConnection, load: Load<K, V>, queue: &Mutex<Queue<K, V>>) -> bool
where
    K: Clone + Eq + Hash,
    V: Clone,
{
    for _ in 0..VISIT {
        let batch: Vec<_> = {
            let mut queue = lock(queue);
            if queue.waiting.is_empty() {
                queue.running = queue.running.saturating_sub(1);
                return false;
            }
            let count = queue.waiting.len().min(BATCH);
            queue.waiting.drain(..count).collect()
        };
        let keys: Vec<K> = batch.iter().map(|waiting| waiting.key.clone()).collect();
        let found = load(conn, &keys).map_err(DbError::from);
        let gone = matches!(found, Err(DbError::Unavailable(_)));
        hand_out(batch, found);
        if gone {
            // This connection is of no use any more; the next visit gets another.
            return true;
        }
    }
    true
}

fn hand_out<K: Eq + Hash, V: Clone>(batch: Vec<Waiting<K, V>>, found: Result<Vec<(K, V)>, DbError>) {
    let found: Result<HashMap<K, V>, DbError> = found.map(|rows| rows.into_iter().collect());
    for waiting in batch {
        let answer = match &found {
            Ok(rows) => Ok(rows.get(&waiting.key).cloned()),
            Err(error) => Err(error.for_another()),
        };
        // A requester that went away needs no answer.
        drop(waiting.answer.send(answer));
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // The queue is consistent between any two statements, so a panic elsewhere does not spoil it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Longest a requester may wait for a statement to take its key.
impl Db {
    fn longest_wait(&self) -> Duration {
        self.readers.longest_wait()
    }
}

impl DbError {
    /// The same error once more, for everybody whom it concerns.
    fn for_another(&self) -> Self {
        match self {
            Self::Busy => Self::Busy,
            Self::Unavailable(why) => Self::Unavailable(why.clone()),
            Self::Query(error) => Self::Shared(error.to_string()),
            Self::Shared(why) => Self::Shared(why.clone()),
            Self::Panicked => Self::Panicked,
        }
    }
}
