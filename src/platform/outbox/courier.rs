//! What a role adds to the outbox: how a message is handed over, and what is
//! noted where it came from.

use std::sync::Arc;
use std::time::Duration;

use diesel::PgConnection;
use diesel::result::QueryResult;

use super::{Leased, Settlement};
use crate::domain::timestamp::Timestamp;
use crate::platform::http::ApiError;
use crate::platform::tenants::Vault;

/// Why a call did not hand the message over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In words for people.
    pub why: String,
    /// Whether the same message may be taken later.
    pub temporary: bool,
    /// Whether the destination as a whole seems to be in trouble.
    pub destination_in_trouble: bool,
    /// What the receiver asks to wait.
    pub retry_after: Option<Duration>,
}

/// What a message says, and what its tenant's values are sealed with.
#[derive(Debug)]
pub struct Opened {
    /// The tenant's vault.
    pub vault: Arc<Vault>,
    /// The message, JSON in UTF-8.
    pub payload: Vec<u8>,
}

impl Opened {
    /// Opens `message` on the connection that leased it: with the lease running,
    /// nobody is to wait for another one.
    pub fn read(conn: &mut PgConnection, vault: Arc<Vault>, message: &Leased) -> QueryResult<Self> {
        let payload = vault.reading(conn, |vault| message.open(vault))?;
        Ok(Self { vault, payload })
    }
}

/// How a call went.
#[derive(Debug, Clone)]
pub struct Called<R> {
    /// What the receiver gave for the message, or why it did not take it.
    pub outcome: Result<R, Failure>,
    /// Status of the answer.
    pub status: Option<u16>,
    /// The start of an answer that was a refusal.
    pub answer: Option<String>,
}

/// A message with the call that was made for it.
#[derive(Debug, Clone)]
pub struct Attempted<R> {
    /// The message.
    pub message: Leased,
    /// The call.
    pub call: Called<R>,
    /// Whether it was made.
    pub called: bool,
    /// The start of an answer that was a refusal, sealed for the log of attempts.
    pub answer: Option<Vec<u8>>,
    /// How long it took.
    pub took: Duration,
}

/// A message with what has become of it.
#[derive(Debug)]
pub struct Settled<'a, R> {
    /// The message.
    pub message: &'a Leased,
    /// What the receiver gave, if it took the message.
    pub receipt: Option<&'a R>,
    /// What has become of it.
    pub how: &'a Settlement,
}

/// Hands messages over. One for each kind of destination.
pub trait Courier: Clone + 'static {
    /// What a receiver gives for a message.
    type Receipt: Clone + Send + 'static;

    /// Every destination that may have messages now.
    fn destinations(&self) -> impl Future<Output = Result<Vec<String>, ApiError>>;

    /// Whether this version knows what to do with messages of this topic. Processes of two
    /// versions share a queue while one takes the other's place: the rest is put off.
    fn knows(&self, _topic: &str) -> bool {
        true
    }

    /// Calls the receiver. Bounded in time; no transaction is open.
    fn call(&self, message: &Leased, opened: &Opened) -> impl Future<Output = Called<Self::Receipt>>;

    /// Locks what the messages are about, in ascending order, so that two
    /// transactions never wait for each other.
    fn lock(conn: &mut PgConnection, messages: &[&Leased]) -> QueryResult<()>;

    /// Notes what has become of the messages, in the transaction that settles them.
    fn record(
        conn: &mut PgConnection,
        settled: &[Settled<'_, Self::Receipt>],
        now: Timestamp,
    ) -> QueryResult<()>;
}
