//! What the provider role does without being asked.

pub mod deliver;
pub mod housekeeping;
pub mod receipts;
pub mod refill;
mod refusals;
pub mod webhooks;

use std::time::{Duration, Instant};

use super::State;
use crate::platform::clock;
use crate::platform::http::ApiError;
use crate::platform::metrics::job;

/// How far a clock may be set back without anybody noticing.
const JUMP: Duration = Duration::from_secs(10);

/// Starts every job but the deliveries, on this thread; `pause` is between two
/// rounds of housekeeping.
pub fn start(state: &State, pause: Duration) {
    let own = state.clone();
    actix_web::rt::spawn(async move {
        loop {
            tell("the reserve of access codes can't be filled", job("refill", refill::run(&own).await));
            drop(tokio::time::timeout(own.upkeep.refill, own.reserve.runs_low()).await);
        }
    });
    let own = state.clone();
    actix_web::rt::spawn(async move {
        loop {
            tell("receipts can't be fetched", job("receipts", receipts::run(&own).await));
            tokio::time::sleep(own.upkeep.receipts_poll).await;
        }
    });
    let own = state.clone();
    actix_web::rt::spawn(async move {
        loop {
            tell(
                "events can't be passed on to webhooks",
                job("webhook_events", webhooks::pass_on(&own).await),
            );
            tokio::time::sleep(own.upkeep.events_poll).await;
        }
    });
    actix_web::rt::spawn(state.audit.clone().run());
    let own = state.clone();
    actix_web::rt::spawn(async move {
        let mut mended = false;
        let (mut since, mut before) = (Instant::now(), clock::now());
        loop {
            if !mended {
                mended = job("mending", housekeeping::mend(&own).await).is_ok();
            }
            if before.plus(since.elapsed()) > clock::now().plus(JUMP) {
                log::warn!("the clock was set back; what waits is due now");
                tell("the outbox can't be mended", job("hurry", housekeeping::hurry(&own).await));
            }
            (since, before) = (Instant::now(), clock::now());
            tell("the database can't be tidied", job("housekeeping", housekeeping::run(&own).await));
            tell("the audit trail can't be tidied", job("audit_retention", own.audit.forget_old().await));
            tokio::time::sleep(pause).await;
        }
    });
}

/// The other role or the database may be away for a long time, and both say so themselves.
fn tell<T>(what: &str, outcome: Result<T, ApiError>) {
    if let Err(error) = outcome {
        log::debug!("{what}: {error}");
    }
}
