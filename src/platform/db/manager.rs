//! How connections are made, checked and given up.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};
use diesel::pg::PgConnection;
use diesel::r2d2::{HandleError, ManageConnection};
use diesel::result::QueryResult;
use diesel::{Connection as _, RunQueryDsl as _};

use super::fence;
use super::migrations::Owner;
use crate::config::Database;
use crate::domain::ids::TenantId;

/// A connection that rested longer than this is tried out before it is used. A
/// busy pool pays nothing, and after an outage no dead connection is handed out.
const TRUSTED_FOR: Duration = Duration::from_millis(500);

/// Whom a connection serves, for as long as it lives. It never changes sides:
/// PostgreSQL would plan every prepared statement anew for another role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// One tenant at a time, behind the fence.
    Tenants,
    /// All tenants at once.
    Everybody,
}

/// A connection and what is known of it.
pub struct Connection {
    inner: PgConnection,
    /// When it was last handed out.
    last_used: Instant,
    /// Whose rows it shows; of a connection for everybody, nothing.
    tenant: Option<TenantId>,
    /// It could not be told whose rows to show, and must not be used again.
    doubtful: bool,
}

impl Connection {
    /// Somebody takes it out of the pool.
    pub(super) fn begin_use(&mut self) {
        self.last_used = Instant::now();
    }

    /// The connection as it is: for everybody all rows, for tenants those it showed last.
    pub(super) fn inner(&mut self) -> &mut PgConnection {
        &mut self.inner
    }

    /// Whether it shows the rows of `tenant`.
    pub(super) fn shows(&self, tenant: &TenantId) -> bool {
        self.tenant.as_ref() == Some(tenant)
    }

    /// Lets it show the rows of `tenant` and no others. That costs a round trip if it
    /// served another tenant before. Outside of a transaction.
    pub(super) fn show(&mut self, tenant: &TenantId) -> QueryResult<&mut PgConnection> {
        if !self.shows(tenant) {
            (self.tenant, self.doubtful) = (None, true);
            fence::set_tenant(&mut self.inner, tenant)?;
            (self.tenant, self.doubtful) = (Some(tenant.clone()), false);
        }
        Ok(&mut self.inner)
    }
}

/// How statements are planned. Each goes by the primary key or by one index, whatever
/// its parameters and however little its table held when it was planned; planning
/// anew for each `LIMIT $1` would cost more than running.
pub const PLANS: &str = "SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET jit = off";

/// Makes connections for the pool.
#[derive(Debug)]
pub struct Manager {
    url: String,
    session: String,
    owner: Owner,
    side: Side,
    last_error: Arc<Mutex<Option<String>>>,
}

impl Manager {
    pub(super) fn new(
        settings: &Database,
        owner: Owner,
        side: Side,
        last_error: Arc<Mutex<Option<String>>>,
    ) -> Self {
        let milliseconds = |d: Duration| d.as_millis();
        Self {
            url: address(settings),
            session: format!(
                "{PLANS}; SET statement_timeout = {}; \
                 SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}",
                milliseconds(settings.statement_timeout),
                milliseconds(settings.lock_timeout),
                milliseconds(settings.statement_timeout * 2),
            ),
            owner,
            side,
            last_error,
        }
    }
}

/// The database's URL with time limits for connecting and for a peer that fell
/// silent; what the URL says itself wins.
#[must_use]
pub fn address(settings: &Database) -> String {
    let mut url = settings.url.expose().to_owned();
    let seconds = settings.connect_timeout.as_secs();
    let limits = [
        ("connect_timeout", seconds),
        ("tcp_user_timeout", 10_000),
        ("keepalives_idle", 10),
        ("keepalives_interval", 5),
        ("keepalives_count", 3),
    ];
    for (name, value) in limits {
        if !url.contains(&format!("{name}=")) {
            let separator = if url.contains('?') { '&' } else { '?' };
            url.push_str(&format!("{separator}{name}={value}"));
        }
    }
    url
}

/// libpq quotes parts of an address that it can't read, its password among them.
pub(super) fn without_address(message: &str) -> String {
    let quotes = ["@", "URI", "percent-encoded", "connection option", "port number"];
    if quotes.iter().any(|part| message.contains(part)) {
        return "DATABASE_URL is no well-formed address: postgres://user:password@host:port/name".to_owned();
    }
    message.to_owned()
}

/// Why a connection can't be had.
#[derive(Debug)]
pub struct ConnectError(String);

impl std::fmt::Display for ConnectError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConnectError {}

impl ManageConnection for Manager {
    type Connection = Connection;
    type Error = ConnectError;

    fn connect(&self) -> Result<Connection, ConnectError> {
        // libpq explains itself over several lines.
        let failed = |error: &dyn std::fmt::Display| {
            ConnectError(error.to_string().replace("\n\t", " ").trim_end().replace('\n', "; "))
        };
        let mut inner =
            PgConnection::establish(&self.url).map_err(|e| ConnectError(without_address(&e.to_string())))?;
        inner.batch_execute(&self.session).map_err(|e| failed(&e))?;
        self.owner.check(&mut inner).map_err(|e| failed(&e))?;
        if self.side == Side::Tenants {
            fence::enter(&mut inner).map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
        }
        if let Ok(mut last) = self.last_error.lock() {
            *last = None;
        }
        Ok(Connection { inner, last_used: Instant::now(), tenant: None, doubtful: false })
    }

    fn is_valid(&self, connection: &mut Connection) -> Result<(), ConnectError> {
        // What the server said last, such as that it ends, and whether it has hung up, can be
        // read without asking it. Who uses a connection often would else never find out.
        for _ in 0..2 {
            if let Some(Err(gone)) = connection.inner.notifications_iter().next() {
                return Err(ConnectError(gone.to_string().replace('\n', " ")));
            }
        }
        if connection.last_used.elapsed() < TRUSTED_FOR {
            return Ok(());
        }
        let answer = diesel::sql_query("SELECT 1").execute(&mut connection.inner);
        answer.map(|_| ()).map_err(|e| ConnectError(e.to_string()))
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        connection.doubtful
            || std::thread::panicking()
            || AnsiTransactionManager::is_broken_transaction_manager(&mut connection.inner)
    }
}

/// Keeps the last failure to connect for the answer of `/api/ready`, and logs
/// it once for as long as it stays the same.
#[derive(Debug)]
pub(super) struct RememberLastError(pub Arc<Mutex<Option<String>>>);

impl HandleError<ConnectError> for RememberLastError {
    fn handle_error(&self, error: ConnectError) {
        let Ok(mut last) = self.0.lock() else { return };
        if last.as_ref() != Some(&error.0) {
            log::warn!("no database connection: {error}");
            *last = Some(error.0);
        }
    }
}
