//! Messages that were promised to another service.
//!
//! A message is written in the transaction that makes the promise. An attempt
//! leases it, calls out with no transaction open, and settles it afterwards; if
//! the process dies in between, the lease runs out and another attempt follows.
//! So a message goes out at least once, and receivers recognise repetitions by
//! the subject's id and version.

pub mod retry;
mod store;
pub mod worker;

use std::time::Duration;

use uuid::Uuid;

use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;

pub use store::{claim, claim_due, enqueue_leased, settle, supersede};

/// A message whose attempt is under way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leased {
    /// Whose message.
    pub tenant: TenantId,
    /// The message's id, the same through all attempts.
    pub id: Uuid,
    /// What it is about.
    pub subject: Uuid,
    /// Which version of the subject it carries.
    pub version: i32,
    /// Which attempt this is, from 1.
    pub attempt: i32,
    /// The message, JSON in UTF-8.
    pub payload: Vec<u8>,
}

/// A message to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Whose message.
    pub tenant: TenantId,
    /// What kind.
    pub topic: &'static str,
    /// What it is about.
    pub subject: Uuid,
    /// Which version of the subject it carries.
    pub version: i32,
    /// The message, JSON in UTF-8.
    pub payload: Vec<u8>,
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
    /// The receiver will never take it.
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
