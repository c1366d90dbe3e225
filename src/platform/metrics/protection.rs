//! What keeps the roles and their data safe: limits, tokens, the audit trail, jobs.

use std::sync::LazyLock;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::{Counters, Group, begin_at_zero};

/// Policies of limits that refuse requests.
pub const POLICIES: [&str; 4] = ["tenant", "address", "network", "guesses"];
/// Why tokens are refused.
pub const REFUSALS: [&str; 2] = ["bad", "no_keys"];
/// The metrics.
#[derive(Default)]
pub struct Protection {
    rate_limited: Counters<1>,
    store_failures: Counter,
    tokens_refused: Counters<1>,
    audit_waiting: Gauge,
    audit_lost: Counter,
    jobs: Counters<2>,
}

/// The metrics of protection.
pub fn protection() -> &'static Protection {
    static PROTECTION: LazyLock<Protection> = LazyLock::new(super::registered);
    &PROTECTION
}

impl Group for Protection {
    fn register(&self, registry: &mut Registry) {
        begin_at_zero(&self.rate_limited, POLICIES.map(|policy| [("policy", policy)]));
        registry.register(
            "oc_rate_limited",
            "Requests refused with 429, by policy",
            self.rate_limited.clone(),
        );
        registry.register(
            "oc_limits_store_failures",
            "Times that the shared store of limits was lost",
            self.store_failures.clone(),
        );
        begin_at_zero(&self.tokens_refused, REFUSALS.map(|reason| [("reason", reason)]));
        registry.register(
            "oc_tokens_refused",
            "Requests whose token was not accepted, or that had none",
            self.tokens_refused.clone(),
        );
        registry.register(
            "oc_audit_waiting_entries",
            "Audit entries in memory that are not in the chain yet",
            self.audit_waiting.clone(),
        );
        registry.register(
            "oc_audit_lost_entries",
            "Audit entries about reading that had no room",
            self.audit_lost.clone(),
        );
        registry.register(
            "oc_job_runs",
            "Rounds of what goes on by itself, by how they ended",
            self.jobs.clone(),
        );
    }
}

impl Protection {
    /// A request was refused because this budget was used up.
    pub fn rate_limited(&self, policy: &'static str) {
        self.rate_limited.get_or_create(&[("policy", policy)]).inc();
    }

    /// The shared store of limits was lost.
    pub fn store_lost(&self) {
        self.store_failures.inc();
    }

    /// A token was refused: it was bad, or there were no keys to check it with.
    pub fn token_refused(&self, for_lack_of_keys: bool) {
        let reason = if for_lack_of_keys { "no_keys" } else { "bad" };
        self.tokens_refused.get_or_create(&[("reason", reason)]).inc();
    }

    /// So many audit entries wait in memory.
    pub fn audit_waits(&self, entries: usize) {
        self.audit_waiting.set(i64::try_from(entries).unwrap_or(i64::MAX));
    }

    /// An audit entry about reading had no room.
    pub fn audit_lost(&self) {
        self.audit_lost.inc();
    }
}

/// Lets the rounds of these jobs be counted from zero.
pub fn begin_jobs(names: &[&'static str]) {
    let rounds = |name| ["done", "failed"].map(|how| [("task", name), ("outcome", how)]);
    begin_at_zero(&protection().jobs, names.iter().flat_map(|name| rounds(*name)));
}

/// Counts a round of a job and hands on how it ended.
pub fn job<T, E>(name: &'static str, outcome: Result<T, E>) -> Result<T, E> {
    let how = if outcome.is_ok() { "done" } else { "failed" };
    protection().jobs.get_or_create(&[("task", name), ("outcome", how)]).inc();
    outcome
}
