//! Brings due messages to their destinations: claims, calls, settles, and sleeps
//! until there is something to do.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use futures_util::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use super::gate::Place;
use super::{
    ANSWER, Attempted, Called, Courier, Entry, Failure, Gate, Gates, Leased, Opened, Settled, Settlement,
    Wake, lease_time, retry, store,
};
use crate::config;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::Db;
use crate::platform::http::{ApiError, ErrorCode};
use crate::platform::tenants::tables::attempt_id;
use crate::platform::tenants::{Tenants, VaultError};
use crate::platform::{clock, random};

/// Shortest pause between two looks, for messages whose time comes one by one.
const LEAST_PAUSE: Duration = Duration::from_millis(10);

/// So many attempts are settled together at most, unless more end at the same time.
const MANY: usize = 8;
/// How long an attempt that has ended waits for others to be settled with, while
/// there is more to do.
const COMPANY: Duration = Duration::from_millis(4);

/// A message with what it says, or why that can't be told.
type Claimed = (Leased, Result<Opened, ApiError>);

/// Looks after the messages of one kind of destination. Belongs to one thread,
/// like the calls that it makes.
#[derive(Clone)]
pub struct Dispatcher<C> {
    db: Db,
    tenants: Tenants,
    courier: C,
    gates: Gates,
    wake: Wake,
    settings: config::Outbox,
}

impl<C: Courier> Dispatcher<C> {
    /// A dispatcher of the messages in `db`, which are sealed by `tenants`, that is
    /// rung by `wake`.
    pub fn new(
        (db, tenants): (Db, Tenants),
        courier: C,
        gates: Gates,
        wake: Wake,
        settings: config::Outbox,
    ) -> Self {
        Self { db, tenants, courier, gates, wake, settings }
    }

    /// How long an attempt holds its message.
    #[must_use]
    pub fn lease(&self) -> Duration {
        lease_time(self.settings.call_timeout)
    }

    /// Attends to whatever is due, for ever. Each destination is attended to for
    /// itself, so that a slow one holds up no other.
    pub async fn run(self) {
        let busy: Rc<RefCell<HashSet<String>>> = Rc::default();
        loop {
            let pause = match self.begin(&busy).await {
                Ok(()) => self.until_next(&busy).await.unwrap_or(self.settings.poll),
                Err(error) => {
                    log::debug!("the outbox can't be read: {error}");
                    self.settings.poll
                }
            };
            let pause = pause.clamp(LEAST_PAUSE, self.settings.poll);
            drop(tokio::time::timeout(pause, self.wake.rung()).await);
        }
    }

    /// Begins to attend to every destination that nobody attends to.
    async fn begin(&self, busy: &Rc<RefCell<HashSet<String>>>) -> Result<(), ApiError> {
        for destination in self.courier.destinations().await? {
            if !busy.borrow_mut().insert(destination.clone()) {
                continue;
            }
            let (own, busy) = (self.clone(), Rc::clone(busy));
            actix_web::rt::spawn(async move {
                let pumped = own.pump(&destination).await;
                busy.borrow_mut().remove(&destination);
                match pumped {
                    // Something may have become due while the last ones ended.
                    Ok(made) if made > 0 => own.wake.ring(),
                    Ok(_) => {}
                    Err(error) => log::debug!("the outbox can't be read: {error}"),
                }
            });
        }
        Ok(())
    }

    /// Attempts every message that is due now, each for itself, and tells how
    /// many attempts were made.
    pub async fn run_due(&self) -> Result<usize, ApiError> {
        let destinations = self.courier.destinations().await?;
        let pumps = destinations.iter().map(|destination| self.pump(destination));
        let counts = futures_util::future::join_all(pumps).await;
        counts.into_iter().sum()
    }

    /// Keeps as many attempts at one destination under way as there is room for,
    /// until nothing is due there any more. Settles what has ended while it
    /// claims what comes next.
    async fn pump(&self, destination: &str) -> Result<usize, ApiError> {
        let gate = self.gates.of(destination);
        let mut under_way = FuturesUnordered::new();
        let (mut made, mut more, mut failed) = (0usize, true, None);
        let mut done: Vec<Attempted<C::Receipt>> = Vec::new();
        loop {
            let claim = async { if more { self.claim(destination, &gate).await } else { Ok(Vec::new()) } };
            let (claimed, ()) = tokio::join!(claim, self.settle(std::mem::take(&mut done)));
            // What is under way is brought to its end all the same.
            let claimed = claimed.unwrap_or_else(|error| {
                failed = Some(error);
                Vec::new()
            });
            made += claimed.len();
            let nothing_waits = claimed.is_empty();
            for ((message, opened), place) in claimed {
                let (own, gate) = (self.clone(), gate.clone());
                under_way.push(actix_web::rt::spawn(async move {
                    let attempted = own.attempt(message, opened, &gate).await;
                    drop(place);
                    attempted
                }));
            }
            let Some(first) = under_way.next().await else {
                return failed.map_or(Ok(made), Err);
            };
            for ended in with_company(first, &mut under_way, nothing_waits).await {
                // An attempt that broke down holds its message until the lease ends.
                match ended {
                    Ok(attempted) => done.push(attempted),
                    Err(error) => log::error!("an attempt broke down: {error}"),
                }
            }
            more = failed.is_none();
        }
    }

    /// Leases messages that are due, each with a place; none if nothing is due,
    /// nothing may go out, or others have every place.
    async fn claim(&self, destination: &str, gate: &Gate) -> Result<Vec<(Claimed, Place)>, ApiError> {
        // Some places are left to those who wait for an answer.
        let wanted = self.settings.concurrency.saturating_mul(3).div_ceil(4);
        let Entry::Come(places) = gate.enter(wanted) else { return Ok(Vec::new()) };
        let (destination, lease) = (destination.to_owned(), self.lease());
        let limit = i64::try_from(places.len()).unwrap_or(1);
        let tenants = self.tenants.clone();
        let claim = move |conn: &mut PgConnection| -> Result<Vec<Claimed>, ApiError> {
            let leased = store::claim_due(conn, &destination, limit, clock::now(), lease)?;
            leased.into_iter().map(|message| open(conn, &tenants, message)).collect()
        };
        let claimed = self.db.of_everybody().run(claim).await;
        if claimed.as_ref().map_or(true, Vec::is_empty) {
            gate.unused();
        }
        Ok(claimed?.into_iter().zip(places).collect())
    }

    /// Makes the call for a leased message and tells the gate how it went. One that
    /// can't be opened is not sent.
    pub async fn attempt(
        &self,
        message: Leased,
        opened: Result<Opened, ApiError>,
        gate: &Gate,
    ) -> Attempted<C::Receipt> {
        let begun = Instant::now();
        let (call, answer) = match opened {
            Ok(opened) => {
                let call = self.courier.call(&message, &opened).await;
                gate.tell(matches!(&call.outcome, Err(Failure { destination_in_trouble: true, .. })));
                let sealed = call.answer.as_deref().map(|answer| seal_answer(&opened, &message, answer));
                (call, sealed.and_then(Result::ok))
            }
            Err(error) => {
                gate.unused();
                (not_called(&error), None)
            }
        };
        if let Err(failure) = &call.outcome {
            let (id, subject) = (message.id.to_string(), message.subject.to_string());
            log::warn!(request_id = id.as_str(), subject = subject.as_str(), attempt = message.attempt; "{}", failure.why);
        }
        Attempted { message, call, answer, took: begun.elapsed() }
    }

    /// Settles attempts together, with what their role notes about them; if that
    /// fails, each for itself, so that none spoils another. What can't be settled
    /// is attempted once more when its lease ends.
    async fn settle(&self, attempted: Vec<Attempted<C::Receipt>>) {
        if attempted.is_empty() || self.settle_together(attempted.clone()).await.is_ok() {
            return;
        }
        for attempt in attempted {
            if let Err(error) = self.settle_together(vec![attempt]).await {
                log::warn!("a delivery attempt can't be recorded: {error}");
            }
        }
    }

    async fn settle_together(&self, attempted: Vec<Attempted<C::Receipt>>) -> Result<(), ApiError> {
        let decided = self.decide(&attempted)?;
        let record = move |conn: &mut PgConnection| {
            conn.transaction(|conn| Self::record(conn, &attempted, &decided)).map_err(ApiError::from)
        };
        self.db.of_everybody().run(record).await
    }

    /// What is to become of these messages.
    pub fn decide(&self, attempted: &[Attempted<C::Receipt>]) -> Result<Vec<Settlement>, ApiError> {
        let now = clock::now();
        attempted.iter().map(|attempt| self.settlement(attempt, now)).collect()
    }

    fn settlement(&self, attempted: &Attempted<C::Receipt>, now: Timestamp) -> Result<Settlement, ApiError> {
        let Err(failure) = &attempted.call.outcome else { return Ok(Settlement::Delivered) };
        let random = u16::from_ne_bytes(random::bytes().map_err(ApiError::internal)?);
        let pause = retry::pause(self.settings.retry, attempted.message.attempt, failure.retry_after, random);
        let due_at = now.plus(pause);
        let error = failure.why.clone();
        if !failure.temporary || due_at > attempted.message.give_up_at {
            return Ok(Settlement::Failed { error });
        }
        Ok(Settlement::Retry { due_at, error })
    }

    /// Writes down how attempts ended. Within a transaction.
    pub fn record(
        conn: &mut PgConnection,
        attempted: &[Attempted<C::Receipt>],
        decided: &[Settlement],
    ) -> QueryResult<()> {
        let now = clock::now();
        let messages: Vec<_> = attempted.iter().map(|attempt| &attempt.message).collect();
        // What they are about first, as everybody else does, so that nobody waits crosswise.
        C::lock(conn, &messages)?;
        let pairs: Vec<_> = attempted.iter().zip(decided).collect();
        let held: HashSet<_> = store::settle(conn, &pairs, now)?;
        let settled: Vec<_> = pairs
            .iter()
            .filter(|(attempt, _)| held.contains(&attempt.message.id))
            .map(|(attempt, how)| Settled {
                message: &attempt.message,
                receipt: attempt.call.outcome.as_ref().ok(),
                how,
            })
            .collect();
        C::record(conn, &settled, now)
    }

    /// How long until a message is due that waits for no other, or until the rest
    /// of its destination is over.
    async fn until_next(&self, busy: &RefCell<HashSet<String>>) -> Option<Duration> {
        let mut destinations = self.courier.destinations().await.ok()?;
        // Whoever attends to a destination looks for more by himself.
        destinations.retain(|destination| !busy.borrow().contains(destination));
        let rest = |destination: &String| self.gates.of(destination).rest().unwrap_or_default();
        let rests: Vec<_> = destinations.iter().map(rest).collect();
        let now = clock::now();
        let next = move |conn: &mut PgConnection| store::next_due(conn, destinations);
        let next = self.db.of_everybody().read(move |conn| next(conn).map_err(ApiError::from)).await.ok()?;
        let waits = next.iter().zip(rests).filter_map(|(due, rest)| Some(due.as_ref()?.since(now).max(rest)));
        waits.min()
    }
}

/// What has ended: `first`, what ends at the same time, and, as long as there is
/// more to do, what ends soon after. A commit costs as much for many as for one.
async fn with_company<F: Future + Unpin>(
    first: F::Output,
    under_way: &mut FuturesUnordered<F>,
    nothing_waits: bool,
) -> Vec<F::Output> {
    let mut ended = vec![first];
    let gather = async {
        while let Some(next) = under_way.next().await {
            ended.push(next);
            if ended.len() >= MANY {
                break;
            }
        }
    };
    if !nothing_waits {
        drop(tokio::time::timeout(COMPANY, gather).await);
    }
    ended.extend(std::iter::from_fn(|| under_way.next().now_or_never().flatten()));
    ended
}

/// Opens a claimed message, unless its tenant is suspended: then it waits. An error
/// only if the database is gone; then nothing is sent until the leases end.
fn open(conn: &mut PgConnection, tenants: &Tenants, message: Leased) -> Result<Claimed, ApiError> {
    let opened = tenants
        .vault_on(conn, &message.tenant)
        .map_err(ApiError::from)
        .and_then(|vault| Opened::read(conn, vault, &message).map_err(ApiError::from));
    match opened {
        Err(error) if matches!(error.code, ErrorCode::Overloaded | ErrorCode::DatabaseUnavailable) => {
            Err(error)
        }
        opened => Ok((message, opened)),
    }
}

fn seal_answer(opened: &Opened, message: &Leased, answer: &str) -> Result<Vec<u8>, VaultError> {
    let id = attempt_id(message.id, message.attempt);
    opened.vault.seal_text(ANSWER, &id, &store::start_of(answer))
}

/// A message that could not be opened, or not now. The destination has nothing to do with it.
fn not_called<R>(error: &ApiError) -> Called<R> {
    let why = format!("The message was not sent: {error}");
    let failure = Failure { why, temporary: true, destination_in_trouble: false, retry_after: None };
    Called { outcome: Err(failure), status: None, answer: None }
}
