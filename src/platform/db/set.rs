//! A set of connections and the threads that use them.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::r2d2::Pool;

use super::DbError;
use super::gather::Lane;
use super::manager::{Connection, Manager, RememberLastError, Side};
use super::migrations::Owner;
use super::threads::Threads;
use crate::config::Database;
use crate::platform::metrics::{self, Pool as Measured};

/// Threads that read, for each processor.
const READERS_PER_PROCESSOR: usize = 2;

/// A pool of connections and threads for them, behind an asynchronous queue: a
/// request waits without holding a thread, and never longer than the settings say.
///
/// Reading keeps a processor busy: more readers than the processors can serve
/// would only take turns. So few threads read; the others write, and what is
/// written at the same time is committed together.
#[derive(Clone)]
pub struct Set {
    pool: Pool<Manager>,
    readers: Arc<Threads>,
    writers: Arc<Threads>,
    last_error: Arc<Mutex<Option<String>>>,
    in_use: Arc<AtomicU32>,
    measured: Measured,
}

impl Set {
    /// At most `size` connections for one side.
    pub(super) fn new(settings: &Database, owner: Owner, side: Side, size: u32) -> Self {
        let last_error = Arc::new(Mutex::new(None));
        let pool = Pool::builder()
            .max_size(size)
            .min_idle(Some(0))
            .test_on_check_out(true)
            .connection_timeout(settings.connect_timeout)
            .error_handler(Box::new(RememberLastError(Arc::clone(&last_error))))
            .build_unchecked(Manager::new(settings, owner, side, Arc::clone(&last_error)));
        let longest_run = settings.connect_timeout + settings.statement_timeout + Duration::from_millis(500);
        let threads = |count| Arc::new(Threads::new(count, settings.pool_wait, longest_run));
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        // Who serves everybody has few threads: a job that takes its time must not be in
        // the way of a look-up, whichever of the two reads.
        let most_readers = if side == Side::Everybody { 0 } else { size / 2 };
        let readers =
            u32::try_from(processors * READERS_PER_PROCESSOR).unwrap_or(most_readers).min(most_readers);
        let writers = threads(size - readers);
        let readers = if readers == 0 { Arc::clone(&writers) } else { threads(readers) };
        let measured = match side {
            Side::Tenants => Measured::Tenants,
            Side::Everybody => Measured::Everybody,
        };
        Self { pool, readers, writers, last_error, in_use: Arc::default(), measured }
    }

    /// Runs `work` on a connection, as it comes out of the pool.
    pub(super) async fn run<T, E>(
        &self,
        lane: Lane,
        work: impl FnOnce(&mut Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (pool, last_error) = (self.pool.clone(), Arc::clone(&self.last_error));
        let (asked, measured, in_use) = (Instant::now(), self.measured, Arc::clone(&self.in_use));
        let job = move || {
            let _in_use = InUse::begin(in_use);
            metrics::database().taken(measured, asked.elapsed());
            let mut connection = pool.get().map_err(|_| {
                metrics::database().failed(measured);
                let remembered = last_error.lock().ok().and_then(|text| text.clone());
                DbError::Unavailable(remembered.unwrap_or_else(|| "no connection in time".to_owned()))
            })?;
            connection.begin_use();
            work(&mut connection)
        };
        let threads = match lane {
            Lane::Reading => &self.readers,
            Lane::Writing => &self.writers,
        };
        threads.run(job).await.unwrap_or_else(|error| match error {
            DbError::Busy => Err(self.why_nobody_came().into()),
            other => Err(other.into()),
        })
    }

    /// Why no thread took a piece of work in time.
    pub(super) fn why_nobody_came(&self) -> DbError {
        if self.pool.state().connections == 0 {
            metrics::database().failed(self.measured);
            return DbError::Unavailable("there is no connection".to_owned());
        }
        metrics::database().timed_out(self.measured);
        DbError::Busy
    }

    /// Tells the metrics how it stands.
    pub(super) fn observe(&self) {
        let in_use = self.in_use.load(Ordering::Relaxed);
        let held = self.writers.held() + if self.are_one() { 0 } else { self.readers.held() };
        let waiting = held.saturating_sub(usize::try_from(in_use).unwrap_or(usize::MAX));
        let standing = metrics::PoolStanding { max: self.pool.max_size(), in_use, waiting };
        metrics::database().stands(self.measured, standing);
    }

    /// Whether the same threads read and write.
    fn are_one(&self) -> bool {
        Arc::ptr_eq(&self.readers, &self.writers)
    }

    /// Longest time until a batch takes a part.
    pub(super) fn longest_wait(&self) -> Duration {
        self.readers.longest_wait()
    }

    /// Longest time until work that a thread has taken is answered.
    pub(super) fn longest_run(&self) -> Duration {
        self.readers.longest_run()
    }
}

/// A connection that somebody works on.
struct InUse(Arc<AtomicU32>);

impl InUse {
    fn begin(count: Arc<AtomicU32>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for InUse {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
