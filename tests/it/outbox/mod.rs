//! The outbox by itself, without a role: the clock is what a test says it is.

mod leases;
mod order;
mod plans;
mod upkeep;
mod waking;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use diesel::PgConnection;
use oc::domain::timestamp::Timestamp;
use oc::platform::outbox::{self, Attempted, Called, Failure, Leased, NewMessage, Place, Settlement, Start};
use oc::platform::tenants::Vault;
use uuid::Uuid;

use crate::support::any_role;
use crate::support::database::TestDatabase;

const DESTINATION: &str = "elsewhere";
const TOPIC: &str = "thing.happened";
const LEASE: Duration = Duration::from_secs(30);
const MAX_AGE: Duration = Duration::from_secs(3_600);

/// An outbox and one connection to it.
struct Outbox {
    database: TestDatabase,
    conn: PgConnection,
    vault: Arc<Vault>,
}

/// So many seconds after a fixed moment.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_790_000_000_000 + seconds * 1_000).unwrap()
}

fn subject(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

impl Outbox {
    fn new() -> Self {
        let database = TestDatabase::of(any_role().name());
        let conn = database.connect();
        let vault = crate::support::vault::vault(&database, "default");
        Self { database, conn, vault }
    }

    fn message(&self, subject: Uuid, sequence: i64) -> NewMessage {
        NewMessage {
            vault: Arc::clone(&self.vault),
            topic: TOPIC,
            destination: DESTINATION.to_owned(),
            subject,
            sequence,
            payload: b"{}".to_vec(),
            trace_parent: None,
        }
    }

    /// Writes a message that is due at once.
    fn promise(&mut self, subject: Uuid, sequence: i64) {
        let message = self.message(subject, sequence);
        let begun = outbox::enqueue(&mut self.conn, &message, Start::At(at(0)), at(0), MAX_AGE).unwrap();
        assert_eq!(begun, None);
    }

    fn claim(&mut self, now: Timestamp) -> Vec<Leased> {
        claim(&mut self.conn, now)
    }

    /// The places of the messages that are leased now.
    fn claimed(&mut self, now: Timestamp) -> Vec<i64> {
        self.claim(now).iter().map(|message| message.sequence).collect()
    }

    fn lease_one(&mut self, subject: Uuid, sequence: i64, now: Timestamp) -> Option<Leased> {
        let place = Place { tenant: self.vault.tenant(), destination: DESTINATION, subject, sequence };
        outbox::lease_one(&mut self.conn, place, now, LEASE).unwrap()
    }

    fn settle(&mut self, message: &Leased, how: &Settlement) -> HashSet<(Uuid, i32)> {
        let attempted = ended(message, how);
        outbox::settle(&mut self.conn, &[(&attempted, how)], at(1)).unwrap()
    }

    /// State and attempts of every message, in their order.
    fn rows(&self) -> Vec<String> {
        self.database.texts(
            "SELECT concat_ws(' ', sequence, state, attempts) AS text FROM outbox ORDER BY subject_id, sequence",
        )
    }
}

fn claim(conn: &mut PgConnection, now: Timestamp) -> Vec<Leased> {
    outbox::claim_due(conn, DESTINATION, 100, now, LEASE).unwrap()
}

fn retry(seconds: i64) -> Settlement {
    Settlement::Retry { due_at: at(seconds), error: "it was busy".to_owned() }
}

fn failed() -> Settlement {
    Settlement::Failed { error: "it said no".to_owned() }
}

/// An attempt that ended like that.
fn ended(message: &Leased, how: &Settlement) -> Attempted<()> {
    let why = |why: &str| Failure {
        why: why.to_owned(),
        temporary: true,
        destination_in_trouble: true,
        retry_after: None,
    };
    let (outcome, status, answer) = match how {
        Settlement::Delivered => (Ok(()), 201, None),
        Settlement::Retry { error, .. } => (Err(why(error)), 503, Some("busy".to_owned())),
        Settlement::PutOff { error, .. } => (Err(why(error)), 0, None),
        Settlement::Failed { error } => (Err(why(error)), 400, Some("no".to_owned())),
    };
    let call = Called { outcome, status: Some(status), answer };
    let answer = call.answer.as_ref().map(|answer| answer.clone().into_bytes());
    let called = !matches!(how, Settlement::PutOff { .. });
    Attempted { message: message.clone(), call, called, answer, took: Duration::from_millis(12) }
}
