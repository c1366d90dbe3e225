//! Numbers about this process, for Prometheus.
//!
//! One registry for the process. Each part of the program has a group of metrics,
//! registered when it is first used; a role names its groups at its start, so that
//! each series is there from the beginning. No label holds a tenant, a document, an
//! address or a person: what stands in a label comes from a closed list, or is the
//! template of a route. `docs/METRICS.md` is the manual.

mod database;
mod http;
mod outbox;
mod process;
mod protection;
pub mod route;

use std::fmt;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

pub use database::{Pool, Standing as PoolStanding, database};
pub use http::{InFlight, http, known_method};
pub use outbox::{Depth, Way, outbox};
pub use protection::{begin_jobs, job, protection};
pub use route::Observer;

/// What a label says and which label it is, for each label of a series.
pub type Labels<const N: usize> = [(&'static str, &'static str); N];

/// A counter with labels from closed lists.
pub type Counters<const N: usize> = Family<Labels<N>, Counter>;
/// A gauge with labels from closed lists.
pub type Gauges<const N: usize> = Family<Labels<N>, Gauge>;

/// Metrics that belong together.
pub trait Group: Default {
    /// Names them, and makes the series that are there from the beginning.
    fn register(&self, registry: &mut Registry);
}

/// A new group, registered.
#[must_use]
pub fn registered<G: Group>() -> G {
    let group = G::default();
    group.register(&mut registry());
    group
}

fn registry() -> MutexGuard<'static, Registry> {
    static REGISTRY: OnceLock<Mutex<Registry>> = OnceLock::new();
    REGISTRY.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Registers what every role has. Once is enough; more often does no harm.
pub fn start(role: &'static str) {
    static STARTED: OnceLock<()> = OnceLock::new();
    STARTED.get_or_init(|| process::register(&mut registry(), role));
    http();
    database();
    protection();
}

/// How the metrics are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// The Prometheus text format, version 0.0.4.
    Prometheus,
    /// `OpenMetrics` 1.0.
    OpenMetrics,
}

impl Format {
    /// What a scraper accepts; `OpenMetrics` only if it asks for it.
    #[must_use]
    pub fn accepted(accept: Option<&str>) -> Self {
        let asked = accept.is_some_and(|kinds| kinds.contains("application/openmetrics-text"));
        if asked { Self::OpenMetrics } else { Self::Prometheus }
    }

    /// Its content type.
    #[must_use]
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// All metrics as text.
pub fn exposition(format: Format) -> Result<String, fmt::Error> {
    let mut written = String::with_capacity(32_768);
    let registry = registry();
    match format {
        Format::Prometheus => prometheus_text::encode(&mut written, &registry)?,
        Format::OpenMetrics => text::encode(&mut written, &registry)?,
    }
    Ok(written)
}

/// Makes series that nobody has counted for yet, so that they begin at zero.
pub(crate) fn begin_at_zero<const N: usize>(
    counters: &Counters<N>,
    series: impl IntoIterator<Item = Labels<N>>,
) {
    for labels in series {
        drop(counters.get_or_create(&labels));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_metrics_is_written_for_whoever_asks_for_it() {
        assert_eq!(Format::accepted(None), Format::Prometheus);
        assert_eq!(Format::accepted(Some("text/plain;version=0.0.4, */*")), Format::Prometheus);
        let asked = "application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.5";
        assert_eq!(Format::accepted(Some(asked)), Format::OpenMetrics);
    }
}
