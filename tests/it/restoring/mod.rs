//! Databases that are lost and come back from a backup: nothing that was sent is lost.

mod client_role;
mod from_backups;
mod provider_role;
mod unnoticed;

use std::time::Instant;

use crate::delivery::{PATIENCE, Way};
use crate::support::KEY;
use crate::support::backup::Backup;
use crate::support::process::{Ended, run_with};

/// Puts the backup of the provider's database in its place. Its connections are gone; whoever
/// asks too early is told to try again.
async fn put_back(way: &Way, backup: &Backup) {
    backup.put_back(&way.provider.database);
    let begun = Instant::now();
    while way.provider.list("").await.status == 503 {
        assert!(begun.elapsed() < PATIENCE, "it does not find its database again");
    }
}

/// What `oc reconcile` says of this way.
fn reconcile(way: &Way, more: &[&str]) -> Ended {
    reconcile_at(way.provider.database.url(), &way.receiver.base_url(), more)
}

fn reconcile_at(database: &str, client: &str, more: &[&str]) -> Ended {
    let args = [&["reconcile", "--auth", "none"], more].concat();
    let variables = [
        ("DATABASE_URL", database),
        ("FIELD_ENCRYPTION_KEY", KEY),
        ("CLIENT_BASE_URL", client),
        ("DELIVERY_TIMEOUT_MS", "15000"),
        ("DATABASE_POOL_WAIT_MS", "15000"),
        ("DATABASE_CONNECT_TIMEOUT_SECONDS", "30"),
    ];
    run_with(&args, &variables)
}

/// What it told of a document; nothing if it agrees.
fn told<'a>(ended: &'a Ended, id: &str) -> &'a str {
    let line = ended.out.lines().find_map(|line| line.strip_prefix(&format!("default  {id}  ")));
    line.unwrap_or_default()
}
