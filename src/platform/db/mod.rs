//! The database of one role: a bounded pool, one door for every query, and
//! honest answers when it is busy or gone.

mod commits;
mod gather;
mod manager;
pub mod migrations;
mod rounds;
mod threads;
mod together;
mod types;

use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::pg::PgConnection;
use diesel::r2d2::Pool;
use diesel::result::{DatabaseErrorKind, Error as QueryError};

use uuid::Uuid;

use crate::config::Database;
use commits::Commit;
use gather::{Gather, Lane};
pub use manager::address;
use manager::{Manager, RememberLastError};
pub use migrations::Owner;
pub use rounds::{Round, Rounds};
use threads::Threads;
pub use together::{Load, Together};
pub use types::PgTimestamp;

/// Threads that read, for each processor.
const READERS_PER_PROCESSOR: usize = 2;

/// Why no answer came from the database.
#[derive(Debug)]
pub enum DbError {
    /// Every connection stayed in use for the longest wait that is allowed.
    Busy,
    /// There is no connection to be had, or it broke; the text is for the log.
    Unavailable(String),
    /// A statement failed.
    Query(QueryError),
    /// A statement failed that other requests were waiting for too.
    Shared(String),
    /// The work on the connection panicked.
    Panicked,
}

impl fmt::Display for DbError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("every database connection is in use"),
            Self::Unavailable(why) => write!(f, "the database can't be reached: {why}"),
            Self::Query(error) => write!(f, "a statement failed: {error}"),
            Self::Shared(error) => write!(f, "a statement failed: {error}"),
            Self::Panicked => f.write_str("work on the database panicked"),
        }
    }
}

impl std::error::Error for DbError {}

impl From<QueryError> for DbError {
    fn from(error: QueryError) -> Self {
        let text = error.to_string();
        let gone = matches!(
            error,
            QueryError::DatabaseError(
                DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::UnableToSendCommand,
                _
            ) | QueryError::BrokenTransactionManager
        );
        // diesel gives no SQLSTATE; these are 57P01 to 57P03, 57014 and 55P03.
        let cut_off =
            ["terminating connection", "shutting down", "starting up", "server closed the connection"];
        let too_slow = ["due to statement timeout", "due to lock timeout"];
        if gone || cut_off.iter().any(|part| text.contains(part)) {
            Self::Unavailable(text)
        } else if too_slow.iter().any(|part| text.contains(part)) {
            Self::Busy
        } else {
            Self::Query(error)
        }
    }
}

/// A pool of connections and threads for them, behind an asynchronous queue: a
/// request waits without holding a thread, and never longer than the settings say.
///
/// Reading keeps a processor busy: more readers than the processors can serve
/// would only take turns. So few threads read; the others write, and what is
/// written at the same time is committed together.
#[derive(Clone)]
pub struct Db {
    pool: Pool<Manager>,
    readers: Arc<Threads>,
    writers: Arc<Threads>,
    commits: Arc<Gather<Commit>>,
    last_error: Arc<Mutex<Option<String>>>,
}

impl Db {
    /// Makes the pool; connects only when the first query comes. Every
    /// connection proves first that it leads to the database of `owner` with
    /// all its migrations.
    #[must_use]
    pub fn new(settings: &Database, owner: Owner) -> Self {
        let last_error = Arc::new(Mutex::new(None));
        let pool = Pool::builder()
            .max_size(settings.pool_size)
            .min_idle(Some(0))
            .test_on_check_out(true)
            .connection_timeout(settings.connect_timeout)
            .error_handler(Box::new(RememberLastError(Arc::clone(&last_error))))
            .build_unchecked(Manager::new(settings, owner, Arc::clone(&last_error)));
        let longest_run = settings.connect_timeout + settings.statement_timeout + Duration::from_millis(500);
        let threads = |count| Arc::new(Threads::new(count, settings.pool_wait, longest_run));
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let most_readers = settings.pool_size / 2;
        let readers =
            u32::try_from(processors * READERS_PER_PROCESSOR).unwrap_or(most_readers).min(most_readers);
        let writers = threads(settings.pool_size - readers);
        let readers = if readers == 0 { Arc::clone(&writers) } else { threads(readers) };
        let commits = Gather::new(Lane::Writing, commits::PARALLEL, commits::commit);
        Self { pool, readers, writers, commits, last_error }
    }

    /// Runs `work` that only reads.
    pub async fn read<T, E>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.run_on(&self.readers, work).await
    }

    /// Runs `work` that may write, each statement for itself.
    pub async fn run<T, E>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.run_on(&self.writers, work).await
    }

    async fn run_on<T, E>(
        &self,
        threads: &Threads,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (pool, last_error) = (self.pool.clone(), Arc::clone(&self.last_error));
        let job = move || {
            let mut connection = pool.get().map_err(|_| {
                let remembered = last_error.lock().ok().and_then(|text| text.clone());
                DbError::Unavailable(remembered.unwrap_or_else(|| "no connection in time".to_owned()))
            })?;
            work(connection.for_use())
        };
        threads.run(job).await.unwrap_or_else(|error| match error {
            DbError::Busy => Err(self.why_nobody_came().into()),
            other => Err(other.into()),
        })
    }

    /// Runs `work` in a transaction of its own, which shares its commit with nobody:
    /// for work with many statements.
    pub async fn run_alone<T, E>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + From<QueryError> + Send + 'static,
    {
        self.run(move |conn| diesel::Connection::transaction(conn, work)).await
    }

    /// Runs `work` in a transaction: all of it happens or nothing. Transactions
    /// that come at the same time may share one, so `work` may be run twice.
    /// `subject` is what it locks first, usually the document.
    pub async fn transaction<T, E>(
        &self,
        subject: Uuid,
        work: impl FnMut(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (commit, answered) = Commit::new(subject, work);
        self.commits.hand_in(self, commit, answered).await.unwrap_or_else(|error| Err(error.into()))
    }

    /// Why no thread took a piece of work in time.
    fn why_nobody_came(&self) -> DbError {
        match self.pool.state().connections {
            0 => DbError::Unavailable("there is no connection".to_owned()),
            _ => DbError::Busy,
        }
    }

    /// Longest time until a batch takes a part.
    fn longest_wait(&self) -> Duration {
        self.readers.longest_wait()
    }

    /// Longest time until work that a thread has taken is answered.
    fn longest_run(&self) -> Duration {
        self.readers.longest_run()
    }

    /// Whether a statement can be run now.
    pub async fn ping(&self) -> Result<(), DbError> {
        self.read(|conn| {
            use diesel::RunQueryDsl as _;
            diesel::sql_query("SELECT 1").execute(conn)?;
            Ok(())
        })
        .await
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Db")
    }
}
