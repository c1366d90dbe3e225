//! Messages that were promised.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{Counters, Gauges, Group, Labels, begin_at_zero};

/// Upper bounds in seconds of one attempt.
const SECONDS: [f64; 10] = [0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// Where messages go; the many of one kind count as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The client role.
    Client,
    /// Systems of the provider.
    Webhooks,
}

impl Way {
    /// Every one.
    pub const ALL: [Self; 2] = [Self::Client, Self::Webhooks];

    /// The way to a destination of the outbox.
    #[must_use]
    pub fn to(destination: &str) -> Self {
        if destination.starts_with("webhook:") { Self::Webhooks } else { Self::Client }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Webhooks => "webhooks",
        }
    }

    fn and(self, label: &'static str, value: &'static str) -> Labels<2> {
        [("destination", self.as_str()), (label, value)]
    }
}

/// What waits and what was given up, of one way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Messages that are to be delivered.
    pub waiting: i64,
    /// Age of the oldest of them.
    pub oldest: Duration,
    /// Messages that were given up.
    pub failed: i64,
}

/// The metrics.
pub struct Outbox {
    messages: Gauges<2>,
    oldest: Gauges<1>,
    attempts: Counters<2>,
    took: Family<Labels<1>, Histogram, fn() -> Histogram>,
    breakers: Gauges<2>,
    lookups_failed: Counter,
}

/// The metrics of the outbox.
pub fn outbox() -> &'static Outbox {
    static OUTBOX: LazyLock<Outbox> = LazyLock::new(super::registered);
    &OUTBOX
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

impl Default for Outbox {
    fn default() -> Self {
        Self {
            messages: Family::default(),
            oldest: Family::default(),
            attempts: Family::default(),
            took: Family::new_with_constructor(histogram as fn() -> Histogram),
            breakers: Family::default(),
            lookups_failed: Counter::default(),
        }
    }
}

/// How an attempt may end.
const OUTCOMES: [&str; 5] = ["delivered", "refused", "error", "unreachable", "not_sent"];
/// How a circuit breaker may stand.
const BREAKERS: [&str; 3] = ["closed", "open", "half_open"];

impl Group for Outbox {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "oc_outbox_messages",
            "Messages that wait, and that were given up",
            self.messages.clone(),
        );
        registry.register(
            "oc_outbox_oldest_seconds",
            "Age of the oldest message that waits; 0 if none does",
            self.oldest.clone(),
        );
        let ways = Way::ALL;
        begin_at_zero(
            &self.attempts,
            ways.iter().flat_map(|way| OUTCOMES.map(|how| way.and("outcome", how))),
        );
        for way in ways {
            drop(self.took.get_or_create(&[("destination", way.as_str())]));
        }
        registry.register(
            "oc_outbox_attempts",
            "Attempts to deliver a message, by how they ended",
            self.attempts.clone(),
        );
        registry.register(
            "oc_outbox_attempt_duration_seconds",
            "Time that an attempt took",
            self.took.clone(),
        );
        registry.register(
            "oc_outbox_breakers",
            "Destinations by the state of their circuit breaker",
            self.breakers.clone(),
        );
        registry.register(
            "oc_outbox_lookups_failed",
            "Looks at the outbox that failed",
            self.lookups_failed.clone(),
        );
    }
}

impl Outbox {
    /// An attempt ended: with this status, without an answer, or unsent.
    pub fn attempted(&self, destination: &str, delivered: bool, status: Option<u16>, took: Option<Duration>) {
        let way = Way::to(destination);
        let outcome = match (delivered, took, status) {
            (true, ..) => "delivered",
            (_, None, _) => "not_sent",
            (.., None) => "unreachable",
            (.., Some(400..=499)) => "refused",
            _ => "error",
        };
        self.attempts.get_or_create(&way.and("outcome", outcome)).inc();
        if let Some(took) = took {
            self.took.get_or_create(&[("destination", way.as_str())]).observe(took.as_secs_f64());
        }
    }

    /// What is there now.
    pub fn stands(&self, way: Way, depth: Depth) {
        self.messages.get_or_create(&way.and("state", "waiting")).set(depth.waiting);
        self.messages.get_or_create(&way.and("state", "failed")).set(depth.failed);
        let oldest = i64::try_from(depth.oldest.as_secs()).unwrap_or(i64::MAX);
        self.oldest.get_or_create(&[("destination", way.as_str())]).set(oldest);
    }

    /// How the circuit breakers stand: every destination with its state.
    pub fn breakers<'a>(&self, states: impl IntoIterator<Item = (&'a str, &'static str)>) {
        let mut counts = [[0_i64; 3]; 2];
        for (destination, state) in states {
            let way = usize::from(Way::to(destination) == Way::Webhooks);
            let state = state.to_ascii_lowercase().replace('-', "_");
            let state = BREAKERS.iter().position(|known| *known == state).unwrap_or(0);
            if let Some(count) = counts.get_mut(way).and_then(|of_way| of_way.get_mut(state)) {
                *count += 1;
            }
        }
        for (way, of_way) in Way::ALL.into_iter().zip(counts) {
            for (state, count) in BREAKERS.into_iter().zip(of_way) {
                self.breakers.get_or_create(&way.and("state", state)).set(count);
            }
        }
    }

    /// The outbox could not be read.
    pub fn lookup_failed(&self) {
        self.lookups_failed.inc();
    }
}
