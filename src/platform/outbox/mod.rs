//! Messages that were promised to another service.
//!
//! A message is written in the transaction that makes the promise. An attempt
//! leases it, calls out with no transaction open, and settles it afterwards; if
//! the process dies in between, the lease runs out and another attempt follows.
//! So a message goes out at least once, and receivers recognise repetitions by
//! the subject and its sequence. Messages about one subject go out in their
//! order, each after the one before it was settled.

pub mod breaker;
mod courier;
mod dispatch;
mod gate;
pub mod housekeeping;
pub mod inspect;
mod observe;
pub mod retry;
mod settling;
mod statements;
mod store;
mod wake;

use std::sync::Arc;
use std::time::Duration;

use uuid::Uuid;

use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::platform::tenants::{Field, Vault, VaultError};

pub use courier::{Attempted, Called, Courier, Failure, Opened, Settled};
pub use dispatch::Dispatcher;
pub use gate::{Entry, Gate, Gates, Place as GatePlace};
pub use observe::Depths;
pub use store::{
    Place, Start, claim_due, enqueue, enqueue_once, has_backlog, lease_one, next_due, settle, supersede,
    supersede_failed, supersede_up_to, withdraw,
};
pub use wake::{Wake, listen, notify};

/// A message whose attempt is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// Whose message.
    pub tenant: TenantId,
    /// The message's id, the same through all attempts.
    pub id: Uuid,
    /// What kind.
    pub topic: String,
    /// Where it goes.
    pub destination: String,
    /// What it is about.
    pub subject: Uuid,
    /// Its place among the messages about the subject.
    pub sequence: i64,
    /// Which attempt this is, from 1.
    pub attempt: i32,
    /// When no further attempt is made.
    pub give_up_at: Timestamp,
    /// The message, sealed.
    pub payload: Vec<u8>,
    /// The span that promised it.
    pub trace_parent: Option<String>,
}

impl Leased {
    /// Opens the message.
    pub fn open(&self, vault: &Vault) -> Result<Vec<u8>, VaultError> {
        vault.open(PAYLOAD, self.id, &self.payload)
    }
}

/// What a message says.
const PAYLOAD: Field = Field::new("outbox", "payload");
/// The start of a refusal.
const ANSWER: Field = Field::new("outbox_attempts", "answer");

/// A message to write.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// Whose message, and what it is sealed with.
    pub vault: Arc<Vault>,
    /// What kind.
    pub topic: &'static str,
    /// Where it goes.
    pub destination: String,
    /// What it is about.
    pub subject: Uuid,
    /// Its place among the messages about the subject.
    pub sequence: i64,
    /// The message, JSON in UTF-8.
    pub payload: Vec<u8>,
    /// The span that promises it (W3C Trace Context), where there is one.
    pub trace_parent: Option<String>,
}

impl NewMessage {
    /// Its place in the order.
    #[must_use]
    pub fn place(&self) -> Place<'_> {
        let Self { vault, destination, subject, sequence, .. } = self;
        Place { tenant: vault.tenant(), destination, subject: *subject, sequence: *sequence }
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// The receiver confirmed it.
    Delivered,
    /// It may succeed later.
    Retry {
        /// When to try again.
        due_at: Timestamp,
        /// Why it failed, in words.
        error: String,
    },
    /// Nobody could be called, because of something on this side. It counts neither as
    /// an attempt nor as time that has passed.
    PutOff {
        /// For how long.
        pause: Duration,
        /// When to try again.
        due_at: Timestamp,
        /// Why, in words.
        error: String,
    },
    /// The receiver will never take it, or it took too long.
    Failed {
        /// Why, in words.
        error: String,
    },
}

/// How long an attempt may take before another one may follow: the call's own
/// limit and room for the settling.
#[must_use]
pub fn lease_time(call_timeout: Duration) -> Duration {
    call_timeout.saturating_mul(2) + Duration::from_secs(10)
}
