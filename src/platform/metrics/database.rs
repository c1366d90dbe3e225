//! The connections to the role's database.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{Counters, Gauges, Group, Labels, begin_at_zero};

/// Upper bounds in seconds; most work is taken at once.
const SECONDS: [f64; 9] = [0.0001, 0.0005, 0.001, 0.005, 0.025, 0.1, 0.5, 1.0, 5.0];

/// Which connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pool {
    /// Those that show the rows of one tenant.
    Tenants,
    /// Those that show the rows of all.
    Everybody,
}

impl Pool {
    const ALL: [Self; 2] = [Self::Tenants, Self::Everybody];

    fn labels(self) -> Labels<1> {
        match self {
            Self::Tenants => [("pool", "tenants")],
            Self::Everybody => [("pool", "everybody")],
        }
    }
}

/// How a set of connections stands.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Most connections.
    pub max: u32,
    /// Connections that somebody works on.
    pub in_use: u32,
    /// Pieces of work that no thread has taken yet.
    pub waiting: usize,
}

/// The metrics.
pub struct Database {
    max: Gauges<1>,
    in_use: Gauges<1>,
    waiting: Gauges<1>,
    waited: Family<Labels<1>, Histogram, fn() -> Histogram>,
    timeouts: Counters<1>,
    errors: Counters<1>,
    up: Gauge,
}

/// The metrics of the database.
pub fn database() -> &'static Database {
    static DATABASE: LazyLock<Database> = LazyLock::new(super::registered);
    &DATABASE
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

impl Default for Database {
    fn default() -> Self {
        Self {
            max: Family::default(),
            in_use: Family::default(),
            waiting: Family::default(),
            waited: Family::new_with_constructor(histogram as fn() -> Histogram),
            timeouts: Family::default(),
            errors: Family::default(),
            up: Gauge::default(),
        }
    }
}

impl Group for Database {
    fn register(&self, registry: &mut Registry) {
        for (name, help, gauges) in [
            ("oc_db_connections_max", "Most connections that the pool may open", &self.max),
            ("oc_db_connections_in_use", "Connections that somebody works on", &self.in_use),
            ("oc_db_jobs_waiting", "Pieces of work that wait for a connection", &self.waiting),
        ] {
            registry.register(name, help, gauges.clone());
        }
        registry.register(
            "oc_db_wait_seconds",
            "Time until a connection took a piece of work",
            self.waited.clone(),
        );
        let all = || Pool::ALL.map(Pool::labels);
        begin_at_zero(&self.timeouts, all());
        begin_at_zero(&self.errors, all());
        for labels in all() {
            drop(self.waited.get_or_create(&labels));
        }
        registry.register(
            "oc_db_timeouts",
            "Pieces of work refused because no connection was free in time",
            self.timeouts.clone(),
        );
        registry.register(
            "oc_db_errors",
            "Pieces of work that failed because the database could not be reached or broke",
            self.errors.clone(),
        );
        registry.register(
            "oc_db_up",
            "Whether the database answered when it was last looked at",
            self.up.clone(),
        );
    }
}

impl Database {
    /// A piece of work was taken after that time.
    pub fn taken(&self, pool: Pool, waited: Duration) {
        self.waited.get_or_create(&pool.labels()).observe(waited.as_secs_f64());
    }

    /// A piece of work was refused: no connection was free in time.
    pub fn timed_out(&self, pool: Pool) {
        self.timeouts.get_or_create(&pool.labels()).inc();
    }

    /// The database could not be reached, or broke.
    pub fn failed(&self, pool: Pool) {
        self.errors.get_or_create(&pool.labels()).inc();
    }

    /// How a set stands now.
    pub fn stands(&self, pool: Pool, standing: Standing) {
        let labels = pool.labels();
        self.max.get_or_create(&labels).set(standing.max.into());
        self.in_use.get_or_create(&labels).set(standing.in_use.into());
        self.waiting.get_or_create(&labels).set(i64::try_from(standing.waiting).unwrap_or(i64::MAX));
    }

    /// Whether the database answers.
    pub fn is_up(&self, up: bool) {
        self.up.set(up.into());
    }
}
