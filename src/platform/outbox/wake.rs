//! Wakes whoever looks after the outbox: at once within a process, by NOTIFY
//! between processes.

use std::sync::{Arc, Weak};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, PgConnection, RunQueryDsl as _};
use tokio::sync::Notify;

use crate::config::Database;
use crate::platform::db::address;

const CHANNEL: &str = "oc_outbox";
/// How often the socket of the listening connection is looked at. That asks
/// nothing of the database.
const LOOK: Duration = Duration::from_millis(50);
/// Pause before a listening connection that broke is opened again.
const REOPEN: Duration = Duration::from_secs(2);

/// Rings for the workers of this process.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// There is something to do. A ring that nobody waits for is remembered.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    /// Waits for a ring.
    pub async fn rung(&self) {
        self.0.notified().await;
    }
}

/// Rings in every process once the transaction commits.
pub fn notify(conn: &mut PgConnection) -> diesel::QueryResult<()> {
    diesel::sql_query(format!("NOTIFY {CHANNEL}")).execute(conn).map(|_| ())
}

/// Rings everybody in `wakes` whenever another process writes a message that is
/// due, on a connection and a thread of its own, as long as anybody is there.
pub fn listen(database: &Database, wakes: &[&Wake]) -> std::io::Result<()> {
    let url = address(database);
    let weak: Vec<_> = wakes.iter().map(|wake| Arc::downgrade(&wake.0)).collect();
    let watch = move || {
        while weak.iter().any(|wake| wake.strong_count() > 0) {
            if let Err(error) = watch_until_broken(&url, &weak) {
                log::debug!("no connection to listen on: {error}");
                std::thread::sleep(REOPEN);
            }
        }
    };
    std::thread::Builder::new().name("listener".to_owned()).spawn(watch).map(|_| ())
}

fn watch_until_broken(url: &str, weak: &[Weak<Notify>]) -> Result<(), String> {
    let mut conn = PgConnection::establish(url).map_err(|_| "it can't be opened".to_owned())?;
    conn.batch_execute(&format!("LISTEN {CHANNEL}")).map_err(|e| e.to_string())?;
    // Something may have been written while nobody listened.
    let mut heard = true;
    loop {
        let wakes: Vec<_> = weak.iter().filter_map(Weak::upgrade).collect();
        if wakes.is_empty() {
            return Ok(());
        }
        if heard {
            wakes.iter().for_each(|wake| wake.notify_one());
        }
        drop(wakes);
        std::thread::sleep(LOOK);
        heard = false;
        for notification in conn.notifications_iter() {
            notification.map_err(|e| e.to_string())?;
            heard = true;
        }
    }
}
