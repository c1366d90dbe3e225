//! The database of one role: bounded pools, one door for every query, which asks
//! whose rows it is about, and honest answers when it is busy or gone.

mod alive;
mod commits;
pub mod fence;
mod gather;
pub mod inspect;
mod manager;
pub mod migrations;
mod rounds;
mod set;
mod threads;
mod together;
mod types;
mod whose;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use diesel::result::{DatabaseErrorKind, Error as QueryError};

use crate::config::Database;
use crate::domain::ids::TenantId;
use crate::platform::metrics;
use alive::Alive;
use commits::Commit;
use gather::{Gather, Lane};
use manager::Side;
pub use manager::{PLANS, address};
pub use migrations::{MigrateError, Owner};
pub use rounds::{Round, Rounds};
use set::Set;
pub use together::{Load, TenantOf, Together};
pub use types::PgTimestamp;
pub use whose::{Everybody, Rows};

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

/// Two sets of connections and the threads that use them: for tenants, whom
/// PostgreSQL shows their own rows only, and for what concerns all of them. Nobody
/// asks anything without saying whose rows it is about.
#[derive(Clone)]
pub struct Db {
    tenants: Set,
    everybody: Set,
    commits: Arc<Gather<Commit>>,
    alive: Alive,
}

impl Db {
    /// Makes the sets, of `DATABASE_POOL_SIZE` connections together: a quarter, but two
    /// where there are four, for everybody, the others for tenants. Connects only when the first
    /// query comes. Every connection proves first that it leads to the database of
    /// `owner` with all its migrations.
    #[must_use]
    pub fn new(settings: &Database, owner: Owner) -> Self {
        let all = settings.pool_size.max(2);
        let everybody = (all / 4).max(2).min(all / 2);
        Self {
            tenants: Set::new(settings, owner, Side::Tenants, all - everybody),
            everybody: Set::new(settings, owner, Side::Everybody, everybody),
            alive: Alive::default(),
            commits: Gather::new(Side::Tenants, Lane::Writing, commits::PARALLEL, commits::commit),
        }
    }

    /// The rows of `tenant`. Those of others are not there, even for a statement that
    /// does not ask whose they are.
    #[must_use]
    pub fn of(&self, tenant: &TenantId) -> Rows<'_, TenantId> {
        Rows { db: self, whose: tenant.clone() }
    }

    /// The rows of all tenants: for jobs that look after them together, and for whoever
    /// can't know yet whose row it is. A test lists who asks for them.
    #[must_use]
    pub fn of_everybody(&self) -> Rows<'_, Everybody> {
        Rows { db: self, whose: Everybody }
    }

    fn set(&self, side: Side) -> &Set {
        match side {
            Side::Tenants => &self.tenants,
            Side::Everybody => &self.everybody,
        }
    }

    /// Whether a statement can be run now, or could be half a second ago: however many
    /// ask, the database is asked no more often than that.
    pub async fn is_alive(&self) -> bool {
        let db = self.clone();
        self.alive.or_ask(async move { db.ping().await.is_ok() }).await
    }

    /// Tells the metrics how the connections stand, and whether the database answers within
    /// that time: who asks whether it is there must not wait until it is.
    pub async fn observe(&self, patience: Duration) {
        self.tenants.observe();
        self.everybody.observe();
        let alive = tokio::time::timeout(patience, self.is_alive()).await;
        metrics::database().is_up(alive.unwrap_or(false));
    }

    async fn ping(&self) -> Result<(), DbError> {
        let ask = |conn: &mut manager::Connection| {
            use diesel::RunQueryDsl as _;
            diesel::sql_query("SELECT 1").execute(conn.inner())?;
            Ok(())
        };
        self.tenants.run(Lane::Reading, ask).await
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Db")
    }
}
