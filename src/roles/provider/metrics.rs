//! Numbers about sending documents.

use std::sync::LazyLock;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use uuid::Uuid;

use crate::domain::document::DeliveryState;
use crate::platform::clock;
use crate::platform::metrics::{self, Counters, Group, begin_at_zero};

/// Upper bounds in seconds, from a delivery at once to one that waits for a day.
const SECONDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0, 60.0, 300.0, 1_800.0, 21_600.0, 86_400.0];

/// What goes on by itself.
const JOBS: [&str; 8] = [
    "refill",
    "receipts",
    "webhook_events",
    "mending",
    "hurry",
    "housekeeping",
    "audit_chain",
    "audit_retention",
];

/// The metrics.
pub struct Sending {
    sent: Counters<1>,
    delivery: Histogram,
    reserve: Counters<1>,
    receipts: Counter,
    last_pull: Gauge,
}

/// The metrics of sending.
pub fn sending() -> &'static Sending {
    static SENDING: LazyLock<Sending> = LazyLock::new(metrics::registered);
    &SENDING
}

/// Registers what this role has.
pub fn start() {
    sending();
    metrics::outbox();
    metrics::begin_jobs(&JOBS);
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            sent: Counters::default(),
            delivery: Histogram::new(SECONDS),
            reserve: Counters::default(),
            receipts: Counter::default(),
            last_pull: Gauge::default(),
        }
    }
}

impl Group for Sending {
    fn register(&self, registry: &mut Registry) {
        begin_at_zero(&self.sent, ["delivered", "queued", "refused"].map(|how| [("outcome", how)]));
        registry.register(
            "oc_documents_sent",
            "Sendings that were answered, by what was answered",
            self.sent.clone(),
        );
        registry.register(
            "oc_document_delivery_seconds",
            "Time from the promise of a document until the client role has it",
            self.delivery.clone(),
        );
        begin_at_zero(&self.reserve, ["taken", "empty"].map(|how| [("outcome", how)]));
        registry.register(
            "oc_code_reserve_taken",
            "Codes asked of the reserve, by whether there was one",
            self.reserve.clone(),
        );
        registry.register(
            "oc_receipts_pulled",
            "Receipts taken over from the client role",
            self.receipts.clone(),
        );
        registry.register(
            "oc_receipts_last_pull_timestamp_seconds",
            "When receipts of every tenant were last fetched, in seconds since 1970; 0 if never",
            self.last_pull.clone(),
        );
    }
}

impl Sending {
    /// A sending was answered: how the document stands then.
    pub fn answered(&self, state: DeliveryState) {
        let how = match state {
            DeliveryState::Delivered => "delivered",
            DeliveryState::Failed => "refused",
            _ => "queued",
        };
        self.sent.get_or_create(&[("outcome", how)]).inc();
    }

    /// The client role has taken a document whose message has this id, which tells when
    /// it was promised (UUID v7).
    pub fn delivered(&self, message: Uuid) {
        let promised = message.get_timestamp().map(|at| at.to_unix());
        let Some((seconds, nanos)) = promised else { return };
        let promised = std::time::Duration::new(seconds, nanos);
        self.delivery.observe(clock::since_1970().saturating_sub(promised).as_secs_f64());
    }

    /// The reserve was asked for a code.
    pub fn reserve_asked(&self, had_one: bool) {
        let how = if had_one { "taken" } else { "empty" };
        self.reserve.get_or_create(&[("outcome", how)]).inc();
    }

    /// So many receipts were taken over.
    pub fn receipts_taken(&self, count: usize) {
        self.receipts.inc_by(u64::try_from(count).unwrap_or(u64::MAX));
    }

    /// Every tenant's receipts were fetched.
    pub fn receipts_fetched(&self) {
        self.last_pull.set(i64::try_from(clock::since_1970().as_secs()).unwrap_or(i64::MAX));
    }
}
