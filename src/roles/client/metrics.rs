//! Numbers about receiving and opening documents.

use std::sync::LazyLock;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::registry::Registry;

use super::flows::opening::Opened;
use crate::domain::words::SecondFactor;
use crate::platform::http::{ApiError, ErrorCode};
use crate::platform::metrics::{self, Counters, Group, begin_at_zero};

/// The metrics.
#[derive(Default)]
pub struct Opening {
    received: Counters<1>,
    tried: Counters<1>,
    blocked: Counter,
    numbers: Counters<2>,
}

/// The metrics of opening.
pub fn opening() -> &'static Opening {
    static OPENING: LazyLock<Opening> = LazyLock::new(metrics::registered);
    &OPENING
}

/// Registers what this role has.
pub fn start() {
    opening();
    metrics::begin_jobs(&JOBS);
}

/// What goes on by itself.
const JOBS: [&str; 4] = ["mending", "housekeeping", "audit_chain", "audit_retention"];
const RECEIVED: [&str; 2] = ["accepted", "refused"];
const TRIED: [&str; 6] = ["opened", "second_factor", "refused", "ended", "limited", "failed"];
const NUMBERS: [&str; 5] = ["sent", "not_sent", "right", "wrong", "limited"];
const CHANNELS: [&str; 2] = ["sms", "email"];

impl Group for Opening {
    fn register(&self, registry: &mut Registry) {
        begin_at_zero(&self.received, RECEIVED.map(|how| [("outcome", how)]));
        registry.register("oc_deliveries_received", "Deliveries that were answered", self.received.clone());
        begin_at_zero(&self.tried, TRIED.map(|how| [("outcome", how)]));
        registry.register(
            "oc_access_attempts",
            "Codes that somebody typed, by what came of it",
            self.tried.clone(),
        );
        registry.register(
            "oc_codes_blocked",
            "Codes that may not be tried any more after too many wrong tries",
            self.blocked.clone(),
        );
        let series = |channel| NUMBERS.map(|how| [("channel", channel), ("outcome", how)]);
        begin_at_zero(&self.numbers, CHANNELS.into_iter().flat_map(series));
        registry.register(
            "oc_otp",
            "Numbers of the second factor, by what came of them",
            self.numbers.clone(),
        );
    }
}

impl Opening {
    /// A delivery was answered.
    pub fn received<T>(&self, outcome: Result<T, ApiError>) -> Result<T, ApiError> {
        let how = if outcome.is_ok() { "accepted" } else { "refused" };
        self.received.get_or_create(&[("outcome", how)]).inc();
        outcome
    }

    /// Somebody typed a code.
    pub fn tried(&self, outcome: &Result<Opened, ApiError>) {
        let how = match outcome {
            Ok(Opened::Document(..)) => "opened",
            Ok(Opened::Asked(_)) => "second_factor",
            Err(error) => match error.code {
                ErrorCode::AccessCodeExpired | ErrorCode::AccessCodeRevoked | ErrorCode::DocumentOnItsWay => {
                    "ended"
                }
                ErrorCode::RateLimited => "limited",
                code if code.status().is_server_error() => "failed",
                _ => "refused",
            },
        };
        self.tried.get_or_create(&[("outcome", how)]).inc();
    }

    /// A code may not be tried any more.
    pub fn blocked(&self) {
        self.blocked.inc();
    }

    /// Something came of a number of the second factor.
    pub fn number(&self, channel: SecondFactor, how: &'static str) {
        self.numbers.get_or_create(&[("channel", channel.as_str()), ("outcome", how)]).inc();
    }
}
