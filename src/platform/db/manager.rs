//! How connections are made, checked and given up.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager as _};
use diesel::pg::PgConnection;
use diesel::r2d2::{HandleError, ManageConnection};
use diesel::{Connection as _, RunQueryDsl as _};

use super::migrations::Owner;
use crate::config::Database;

/// A connection that rested longer than this is tried out before it is used. A
/// busy pool pays nothing, and after an outage no dead connection is handed out.
const TRUSTED_FOR: Duration = Duration::from_millis(500);

/// A connection and when it was last handed out.
pub struct Connection {
    inner: PgConnection,
    last_used: Instant,
}

impl Connection {
    pub(super) fn for_use(&mut self) -> &mut PgConnection {
        self.last_used = Instant::now();
        &mut self.inner
    }
}

/// Makes connections for the pool.
#[derive(Debug)]
pub struct Manager {
    url: String,
    session: String,
    owner: Owner,
    last_error: Arc<Mutex<Option<String>>>,
}

impl Manager {
    pub(super) fn new(settings: &Database, owner: Owner, last_error: Arc<Mutex<Option<String>>>) -> Self {
        let milliseconds = |d: Duration| d.as_millis();
        // Every statement goes by the primary key or by one index, whatever its
        // parameters; planning anew for each `LIMIT $1` would cost more than running.
        Self {
            url: address(settings),
            session: format!(
                "SET plan_cache_mode = force_generic_plan; SET statement_timeout = {}; \
                 SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}",
                milliseconds(settings.statement_timeout),
                milliseconds(settings.lock_timeout),
                milliseconds(settings.statement_timeout * 2),
            ),
            owner,
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
        if let Ok(mut last) = self.last_error.lock() {
            *last = None;
        }
        Ok(Connection { inner, last_used: Instant::now() })
    }

    fn is_valid(&self, connection: &mut Connection) -> Result<(), ConnectError> {
        if connection.last_used.elapsed() < TRUSTED_FOR {
            return Ok(());
        }
        let answer = diesel::sql_query("SELECT 1").execute(&mut connection.inner);
        answer.map(|_| ()).map_err(|e| ConnectError(e.to_string()))
    }

    fn has_broken(&self, connection: &mut Connection) -> bool {
        std::thread::panicking()
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
