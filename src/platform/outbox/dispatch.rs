//! Brings due messages to their destinations: claims, calls, settles, and sleeps
//! until there is something to do.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use futures_util::FutureExt as _;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::{Notify, Semaphore};

use super::gate::Place;
use super::{
    ANSWER, Attempted, Called, Courier, Entry, Failure, Gate, Gates, Leased, Opened, Wake, lease_time, store,
};
use crate::config;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::Db;
use crate::platform::http::{ApiError, ErrorCode};
use crate::platform::telemetry::trace::{self, Span, SpanKind};
use crate::platform::telemetry::{Context, within};
use crate::platform::tenants::tables::attempt_id;
use crate::platform::tenants::{Tenants, VaultError};
use crate::platform::{clock, metrics};

/// Shortest pause between two looks, for messages whose time comes one by one.
const LEAST_PAUSE: Duration = Duration::from_millis(10);

/// So many attempts are settled together at most, unless more end at the same time.
const MANY: usize = 8;
/// How long an attempt that has ended waits for others to be settled with, while
/// there is more to do.
const COMPANY: Duration = Duration::from_millis(4);

/// After that long a call takes its time, and others may be due meanwhile.
const SLOW: Duration = Duration::from_millis(100);
/// So many destinations claim and settle at the same time: there may be hundreds of
/// them, and the database takes only so much at once.
const TURNS: usize = 16;

/// The destinations that somebody attends to, and how he is told to look for more.
type Busy = Rc<RefCell<HashMap<String, Rc<Notify>>>>;

/// A message with what it says, or why that can't be told.
type Claimed = (Leased, Result<Opened, ApiError>);

/// Looks after the messages of one kind of destination. Belongs to one thread,
/// like the calls that it makes.
#[derive(Clone)]
pub struct Dispatcher<C> {
    pub(super) db: Db,
    tenants: Tenants,
    courier: C,
    gates: Gates,
    wake: Wake,
    pub(super) settings: config::Outbox,
    turns: Rc<Semaphore>,
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
        Self { db, tenants, courier, gates, wake, settings, turns: Rc::new(Semaphore::new(TURNS)) }
    }

    /// How long an attempt holds its message.
    #[must_use]
    pub fn lease(&self) -> Duration {
        lease_time(self.settings.call_timeout)
    }

    /// Attends to whatever is due, for ever. Each destination is attended to for
    /// itself, so that a slow one holds up no other.
    pub async fn run(self) {
        let busy = Busy::default();
        loop {
            let pause = match self.look(&busy).await {
                Ok(next) => next.unwrap_or(self.settings.poll),
                Err(error) => {
                    metrics::outbox().lookup_failed();
                    log::debug!("the outbox can't be read: {error}");
                    self.settings.poll
                }
            };
            let pause = pause.clamp(LEAST_PAUSE, self.settings.poll);
            drop(tokio::time::timeout(pause, self.wake.rung()).await);
        }
    }

    /// One look at all destinations: begins to attend to those where something is
    /// due, and tells how long until something is due at another one. Whoever attends
    /// to a destination already is told to look for more.
    async fn look(&self, busy: &Busy) -> Result<Option<Duration>, ApiError> {
        let (attended, idle): (Vec<_>, Vec<_>) =
            self.courier.destinations().await?.into_iter().partition(|name| busy.borrow().contains_key(name));
        for name in attended {
            if let Some(more) = busy.borrow().get(&name) {
                more.notify_one();
            }
        }
        let mut next: Option<Duration> = None;
        for (name, wait) in self.waits(idle).await? {
            if wait.is_zero() {
                self.attend(name, busy);
            } else {
                next = Some(next.map_or(wait, |least| least.min(wait)));
            }
        }
        Ok(next)
    }

    /// Attends to a destination until nothing is due there any more.
    fn attend(&self, destination: String, busy: &Busy) {
        let more = Rc::new(Notify::new());
        busy.borrow_mut().insert(destination.clone(), Rc::clone(&more));
        let (own, busy) = (self.clone(), Rc::clone(busy));
        actix_web::rt::spawn(async move {
            let pumped = own.pump(&destination, &more).await;
            let gate = own.gates.of(&destination);
            // Others have every place: whoever leaves one lets somebody look again.
            let was_full = gate.is_full() && gate.place_within(own.settings.poll).await.is_some();
            busy.borrow_mut().remove(&destination);
            // Something may have become due, or somebody may have rung, while the last ones ended.
            let told = more.notified().now_or_never().is_some();
            match pumped {
                Ok(made) if made > 0 || told || was_full => own.wake.ring(),
                Ok(_) => {}
                Err(error) => {
                    metrics::outbox().lookup_failed();
                    log::debug!("the outbox can't be read: {error}");
                }
            }
        });
    }

    /// How long until a message is due that waits for no other, and until the rest
    /// of its destination is over; without those where no message waits.
    async fn waits(&self, destinations: Vec<String>) -> Result<Vec<(String, Duration)>, ApiError> {
        if destinations.is_empty() {
            return Ok(Vec::new());
        }
        let (now, names) = (clock::now(), destinations.clone());
        let next = move |conn: &mut PgConnection| store::next_due(conn, names).map_err(ApiError::from);
        let due = self.db.of_everybody().read(next).await?;
        let wait = |(name, due): (String, Option<Timestamp>)| {
            let rest = self.gates.of(&name).rest().unwrap_or_default();
            Some((name, due?.since(now).max(rest)))
        };
        Ok(destinations.into_iter().zip(due).filter_map(wait).collect())
    }

    /// Attempts every message that is due now, each for itself, and tells how
    /// many attempts were made.
    pub async fn run_due(&self) -> Result<usize, ApiError> {
        let destinations = self.courier.destinations().await?;
        let more = Notify::new();
        let pumps = destinations.iter().map(|destination| self.pump(destination, &more));
        let counts = futures_util::future::join_all(pumps).await;
        counts.into_iter().sum()
    }

    /// Keeps as many attempts at one destination under way as there is room for,
    /// until nothing is due there any more. Settles what has ended while it
    /// claims what comes next, and claims what becomes due while calls take their time.
    async fn pump(&self, destination: &str, more: &Notify) -> Result<usize, ApiError> {
        let gate = self.gates.of(destination);
        let mut under_way = FuturesUnordered::new();
        let (mut made, mut failed) = (0usize, None);
        let mut done: Vec<Attempted<C::Receipt>> = Vec::new();
        loop {
            let (claimed, ()) = {
                let turn = self.turns.acquire().await;
                let claim = async {
                    // What is under way is brought to its end all the same.
                    if failed.is_some() {
                        Ok(Vec::new())
                    } else {
                        self.claim(destination, &gate, under_way.len()).await
                    }
                };
                let both = tokio::join!(claim, self.settle(std::mem::take(&mut done)));
                drop(turn);
                both
            };
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
            // As long as every place is taken, a look would find nothing to do.
            let may_claim = failed.is_none() && under_way.len() < self.most() && !gate.is_full();
            let first = tokio::select! {
                biased;
                first = under_way.next() => first,
                () = self.something_due(destination, more), if may_claim => continue,
            };
            let Some(first) = first else { return failed.map_or(Ok(made), Err) };
            for ended in with_company(first, &mut under_way, nothing_waits).await {
                // An attempt that broke down holds its message until the lease ends.
                match ended {
                    Ok(attempted) => done.push(attempted),
                    Err(error) => log::error!("an attempt broke down: {error}"),
                }
            }
        }
    }

    /// Waits until there may be something to claim, while calls are under way: for a
    /// ring, or, once they take their time, for what is due next.
    async fn something_due(&self, destination: &str, more: &Notify) {
        let by_time = async {
            tokio::time::sleep(SLOW).await;
            let waits = self.waits(vec![destination.to_owned()]).await.unwrap_or_default();
            let next = waits.first().map_or(self.settings.poll, |(_, wait)| *wait);
            tokio::time::sleep(next.min(self.settings.poll)).await;
        };
        tokio::select! {
            () = more.notified() => {}
            () = by_time => {}
        }
    }

    /// Most attempts at one destination at once: some places are left to those who wait
    /// for an answer.
    fn most(&self) -> usize {
        self.settings.concurrency.saturating_mul(3).div_ceil(4)
    }

    /// Leases messages that are due, each with a place; none if nothing is due,
    /// nothing may go out, or others have every place.
    async fn claim(
        &self,
        destination: &str,
        gate: &Gate,
        under_way: usize,
    ) -> Result<Vec<(Claimed, Place)>, ApiError> {
        let wanted = self.most().saturating_sub(under_way);
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
        let promised = message.trace_parent.as_deref().and_then(trace::read);
        let mut span = Span::begin("deliver", SpanKind::Producer, promised.as_ref());
        span.tell("tenant_id", message.tenant.as_str().to_owned());
        span.tell("messaging.message.id", message.id.to_string());
        span.tell("attempt", i64::from(message.attempt));
        let work = Context::new(message.id.to_string(), span.context());
        work.belongs_to(&message.tenant);
        let attempted = within(work, self.call(message, opened, gate)).await;
        let Attempted { message, call, called, took, .. } = &attempted;
        let took = called.then_some(*took);
        metrics::outbox().attempted(&message.destination, call.outcome.is_ok(), call.status, took);
        if call.outcome.is_err() {
            span.fail("not delivered");
        }
        attempted
    }

    async fn call(
        &self,
        mut message: Leased,
        opened: Result<Opened, ApiError>,
        gate: &Gate,
    ) -> Attempted<C::Receipt> {
        let begun = Instant::now();
        let opened = match opened {
            Ok(_) if !self.courier.knows(&message.topic) => {
                Err("this version of oc does not know messages of this kind, a newer one delivers them"
                    .to_owned())
            }
            opened => opened.map_err(|error| error.to_string()),
        };
        let called = opened.is_ok();
        let (call, answer) = match opened {
            Ok(opened) => {
                let call = self.courier.call(&message, &opened).await;
                gate.tell(matches!(&call.outcome, Err(Failure { destination_in_trouble: true, .. })));
                let sealed = call.answer.as_deref().map(|answer| seal_answer(&opened, &message, answer));
                (call, sealed.and_then(Result::ok))
            }
            Err(why) => {
                gate.unused();
                (not_called(&why), None)
            }
        };
        if let Err(failure) = &call.outcome {
            let (id, subject) = (message.id.to_string(), message.subject.to_string());
            log::warn!(request_id = id.as_str(), subject = subject.as_str(), attempt = message.attempt; "{}", failure.why);
        }
        // What it says is not needed any more.
        message.payload = Vec::new();
        Attempted { message, call, called, answer, took: begun.elapsed() }
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

/// Opens a claimed message, unless its tenant is suspended: then it is put off. An error
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

/// A message that can't be opened or is not known, or not now. The destination has nothing to do with it.
fn not_called<R>(why: &str) -> Called<R> {
    let why = format!("The message was not sent: {why}");
    let failure = Failure { why, temporary: true, destination_in_trouble: false, retry_after: None };
    Called { outcome: Err(failure), status: None, answer: None }
}
