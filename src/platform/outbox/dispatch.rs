//! Brings due messages to their destinations: claims, calls, settles, and sleeps
//! until there is something to do.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use diesel::prelude::*;
use diesel::sql_types::{Array, Nullable, Text, Timestamptz};
use tokio::sync::mpsc;

use super::{
    Attempted, Courier, Entry, Failure, Gate, Gates, Leased, Settled, Settlement, Wake, lease_time, retry,
    store,
};
use crate::config;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::{Db, PgTimestamp};
use crate::platform::http::ApiError;
use crate::platform::{clock, random};

/// Shortest pause between two looks, for messages whose time comes one by one.
const LEAST_PAUSE: Duration = Duration::from_millis(10);

/// Looks after the messages of one kind of destination. Belongs to one thread,
/// like the calls that it makes.
#[derive(Clone)]
pub struct Dispatcher<C> {
    db: Db,
    courier: C,
    gates: Gates,
    wake: Wake,
    settings: config::Outbox,
}

impl<C: Courier> Dispatcher<C> {
    /// A dispatcher that is rung by `wake`.
    pub fn new(db: Db, courier: C, gates: Gates, wake: Wake, settings: config::Outbox) -> Self {
        Self { db, courier, gates, wake, settings }
    }

    /// How long an attempt holds its message.
    #[must_use]
    pub fn lease(&self) -> Duration {
        lease_time(self.settings.call_timeout)
    }

    /// Attends to whatever is due, for ever.
    pub async fn run(self) {
        loop {
            let pause = match self.run_due().await {
                Ok(_) => self.until_next().await.unwrap_or(self.settings.poll),
                Err(error) => {
                    log::debug!("the outbox can't be read: {error}");
                    self.settings.poll
                }
            };
            let pause = pause.clamp(LEAST_PAUSE, self.settings.poll);
            drop(tokio::time::timeout(pause, self.wake.rung()).await);
        }
    }

    /// Attempts every message that is due now, each for itself, and tells how
    /// many attempts were made.
    pub async fn run_due(&self) -> Result<usize, ApiError> {
        let destinations = self.courier.destinations().await?;
        let pumps = destinations.iter().map(|destination| self.pump(destination));
        let counts = futures_util::future::try_join_all(pumps).await?;
        Ok(counts.into_iter().sum())
    }

    /// Keeps as many attempts at one destination under way as there is room for,
    /// until nothing is due there any more. Settles what has ended while it
    /// claims what comes next.
    async fn pump(&self, destination: &str) -> Result<usize, ApiError> {
        let gate = self.gates.of(destination);
        let (ended, mut attempts) = mpsc::unbounded_channel();
        let (mut under_way, mut made, mut more, mut failed) = (0usize, 0usize, true, None);
        let mut done: Vec<Attempted<C::Receipt>> = Vec::new();
        loop {
            let claim =
                async { if more { self.claim(destination, &gate).await } else { Ok(Claimed::Nothing) } };
            let (claimed, settled) = tokio::join!(claim, self.settle(std::mem::take(&mut done)));
            if let Err(error) = settled {
                // Their leases run out, and they are attempted once more.
                log::warn!("delivery attempts can't be recorded: {error}");
            }
            match claimed {
                // What is under way is brought to its end all the same.
                Err(error) => (more, failed) = (false, Some(error)),
                Ok(Claimed::Nothing) => more = false,
                Ok(Claimed::Full) => {}
                Ok(Claimed::Some(messages)) => {
                    under_way += messages.len();
                    made += messages.len();
                    for (message, place) in messages {
                        let (own, gate, ended) = (self.clone(), gate.clone(), ended.clone());
                        actix_web::rt::spawn(async move {
                            let attempted = own.attempt(message, &gate).await;
                            drop(place);
                            drop(ended.send(attempted));
                        });
                    }
                }
            }
            if under_way == 0 {
                return failed.map_or(Ok(made), Err);
            }
            done.extend(attempts.recv().await);
            while let Ok(attempted) = attempts.try_recv() {
                done.push(attempted);
            }
            under_way = under_way.saturating_sub(done.len());
        }
    }

    async fn claim(&self, destination: &str, gate: &Gate) -> Result<Claimed, ApiError> {
        let places = match gate.enter(self.settings.concurrency) {
            Entry::Come(places) => places,
            Entry::Full => return Ok(Claimed::Full),
            Entry::Closed(_) => return Ok(Claimed::Nothing),
        };
        let (destination, lease) = (destination.to_owned(), self.lease());
        let limit = i64::try_from(places.len()).unwrap_or(1);
        let claim = move |conn: &mut PgConnection| {
            store::claim_due(conn, &destination, limit, clock::now(), lease).map_err(ApiError::from)
        };
        let messages = self.db.run(claim).await?;
        match messages.is_empty() {
            true => Ok(Claimed::Nothing),
            false => Ok(Claimed::Some(messages.into_iter().zip(places).collect())),
        }
    }

    /// Makes the call for a leased message and tells the gate how it went.
    pub async fn attempt(&self, message: Leased, gate: &Gate) -> Attempted<C::Receipt> {
        let begun = Instant::now();
        let call = self.courier.call(&message).await;
        let in_trouble = matches!(&call.outcome, Err(Failure { destination_in_trouble: true, .. }));
        gate.tell(in_trouble);
        if let Err(failure) = &call.outcome {
            let (id, subject) = (message.id.to_string(), message.subject.to_string());
            log::warn!(request_id = id.as_str(), subject = subject.as_str(), attempt = message.attempt; "{}", failure.why);
        }
        Attempted { message, call, took: begun.elapsed() }
    }

    /// Settles attempts in one transaction, with what their role notes about them.
    pub async fn settle(&self, attempted: Vec<Attempted<C::Receipt>>) -> Result<(), ApiError> {
        if attempted.is_empty() {
            return Ok(());
        }
        let decided = self.decide(&attempted)?;
        let record = move |conn: &mut PgConnection| {
            conn.transaction(|conn| Self::record(conn, &attempted, &decided)).map_err(ApiError::from)
        };
        self.db.run(record).await
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

    /// How long until the next message is due, or until the rest of a destination is over.
    async fn until_next(&self) -> Option<Duration> {
        let destinations = self.courier.destinations().await.ok()?;
        let rest = |destination: &String| self.gates.of(destination).rest().unwrap_or_default();
        let rests: Vec<_> = destinations.iter().map(rest).collect();
        let now = clock::now();
        let next: Vec<Due> = self
            .db
            .read(move |conn| {
                diesel::sql_query(
                    "SELECT (SELECT min(o.due_at) FROM outbox o WHERE o.destination = d.name \
                     AND o.state IN ('pending', 'leased')) AS due_at \
                     FROM unnest($1) WITH ORDINALITY AS d (name, place) ORDER BY d.place",
                )
                .bind::<Array<Text>, _>(destinations)
                .load(conn)
                .map_err(ApiError::from)
            })
            .await
            .ok()?;
        let waits = next.iter().zip(rests).filter_map(|(due, rest)| {
            let wait = due.due_at?.0.since(now);
            Some(wait.max(rest))
        });
        waits.min()
    }
}

/// What a look for due messages brought.
enum Claimed {
    /// Nothing is due, or nothing may go out.
    Nothing,
    /// Others have every place.
    Full,
    /// Messages, each with a place.
    Some(Vec<(Leased, super::gate::Place)>),
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = Nullable<Timestamptz>)]
    due_at: Option<PgTimestamp>,
}
