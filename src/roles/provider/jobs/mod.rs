//! What the provider role does without being asked.

pub mod deliver;
pub mod housekeeping;
pub mod receipts;
pub mod refill;
pub mod webhooks;

use std::time::Duration;

use super::State;
use crate::platform::http::ApiError;

/// Pause between two rounds of housekeeping.
const HOUSEKEEPING: Duration = Duration::from_secs(60);
/// Longest pause between two looks for events that webhooks are to be told about.
const PASS_ON: Duration = Duration::from_secs(2);

/// Starts every job but the delivery, on this thread.
pub fn start(state: &State) {
    let own = state.clone();
    actix_web::rt::spawn(async move {
        loop {
            tell("the reserve of access codes can't be filled", refill::run(&own).await);
            drop(tokio::time::timeout(own.upkeep.refill, own.reserve.runs_low()).await);
        }
    });
    let own = state.clone();
    actix_web::rt::spawn(async move {
        loop {
            tell("receipts can't be fetched", receipts::run(&own).await);
            tokio::time::sleep(own.upkeep.receipts_poll).await;
        }
    });
    let own = state.clone();
    actix_web::rt::spawn(async move {
        loop {
            tell("events can't be passed on to webhooks", webhooks::pass_on(&own).await);
            tokio::time::sleep(own.outbox.poll.min(PASS_ON)).await;
        }
    });
    let own = state.clone();
    actix_web::rt::spawn(async move {
        let mut mended = false;
        loop {
            if !mended {
                mended = housekeeping::mend(&own).await.is_ok();
            }
            tell("the database can't be tidied", housekeeping::run(&own).await);
            tokio::time::sleep(HOUSEKEEPING).await;
        }
    });
}

/// The other role or the database may be away for a long time, and both say so themselves.
fn tell<T>(what: &str, outcome: Result<T, ApiError>) {
    if let Err(error) = outcome {
        log::debug!("{what}: {error}");
    }
}
