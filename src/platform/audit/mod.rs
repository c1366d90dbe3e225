//! The audit trail: who did what, to what, from where, in a chain of hashes for
//! each tenant.
//!
//! What changes something writes its entry in its own transaction, unchained, so
//! that it waits for nobody. A job takes what is ready in the order of the
//! transactions and gives each entry its place and its hash, about a second
//! later. What changes nothing is gathered in memory and goes into the chain
//! with the next round.

mod chain;
mod gathered;
mod operator;
mod retention;
mod route;
mod store;
mod verify;
mod who;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

pub use chain::{Head, line_of};
pub use operator::{OPERATOR, note_operator, reseal};
pub use route::{__path_export_audit, export_audit};
pub use store::{count_by_key, find, note, page, push_note, tenants};
pub use verify::{Damage, Verifier, Whole, verify_stored};
pub use who::Who;

use super::db::Db;
use super::secrets::SecretKeys;
use crate::config;
use crate::domain::audit::{AuditAction, Entry, Trace};
use crate::domain::ids::TenantId;
use crate::platform::{clock, metrics};
use gathered::Gathered;

/// The audit trail of one database.
#[derive(Clone)]
pub struct Audit {
    db: Db,
    keys: Arc<SecretKeys>,
    gathered: Arc<Gathered>,
    written: Arc<Notify>,
    /// One round at a time, so that the last one finds what an earlier one has put back.
    round: Arc<tokio::sync::Mutex<()>>,
    reads: bool,
    pause: Duration,
    retention: Duration,
}

impl Audit {
    /// The trail in `db`, whose marks and seals are made with `keys`.
    #[must_use]
    pub fn new(db: Db, keys: Arc<SecretKeys>, settings: config::Audit) -> Self {
        let config::Audit { reads, pause, retention } = settings;
        let (gathered, written, round) = (Arc::default(), Arc::default(), Arc::default());
        Self { db, keys, gathered, written, round, reads, pause, retention }
    }

    /// What is kept of a caller.
    #[must_use]
    pub fn trace(&self, tenant: &TenantId, who: &Who) -> Trace {
        self.written.notify_one();
        who.trace(&self.keys, tenant)
    }

    /// Notes that somebody read something. Written within about a second; lost if
    /// the process dies before.
    pub fn read(&self, tenant: &TenantId, who: &Who, action: AuditAction, target: impl std::fmt::Display) {
        if self.reads {
            self.gather(tenant, self.trace(tenant, who).did(action, target, clock::now()));
        }
    }

    /// Notes that a caller was refused for lack of rights; `route` is the route's
    /// template, such as `DELETE /api/documents/{id}`.
    pub fn refused(&self, tenant: &TenantId, who: &Who, route: &str) {
        let trace = self.trace(tenant, who);
        self.gather(tenant, trace.did(AuditAction::RequestRefused, route, clock::now()).refused());
    }

    /// Tells the metrics how many entries wait in memory.
    pub fn observe(&self) {
        metrics::protection().audit_waits(self.gathered.count());
    }

    fn gather(&self, tenant: &TenantId, entry: Entry) {
        self.gathered.add(tenant, entry);
        self.written.notify_one();
    }
}

impl std::fmt::Debug for Audit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Audit")
    }
}
