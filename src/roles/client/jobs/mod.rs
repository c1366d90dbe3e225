//! What the client role does without being asked.

pub mod housekeeping;

use std::time::Duration;

use super::State;
use crate::platform::metrics::job;

/// Starts every job, on this thread; `pause` is between two rounds of housekeeping.
pub fn start(state: &State, pause: Duration) {
    actix_web::rt::spawn(state.audit.clone().run());
    let own = state.clone();
    actix_web::rt::spawn(async move {
        let mut mended = false;
        loop {
            if !mended {
                mended = job("mending", housekeeping::mend(&own).await).is_ok();
            }
            if let Err(error) = job("housekeeping", housekeeping::run(&own).await) {
                log::debug!("the database can't be tidied: {error}");
            }
            if let Err(error) = job("audit_retention", own.audit.forget_old().await) {
                log::debug!("the audit trail can't be tidied: {error}");
            }
            tokio::time::sleep(pause).await;
        }
    });
}
