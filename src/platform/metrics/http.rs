//! Requests and answers.

use std::sync::LazyLock;
use std::time::Duration;

use actix_web::http::Method;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::Group;

/// Upper bounds in seconds, from a look-up by key to a request that is given up.
const SECONDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// What was asked and what was answered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answered {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Asked {
    method: &'static str,
    route: String,
}

/// The metrics.
pub struct Http {
    answered: Family<Answered, Counter>,
    took: Family<Asked, Histogram, fn() -> Histogram>,
    in_flight: Gauge,
}

/// The metrics of requests.
pub fn http() -> &'static Http {
    static HTTP: LazyLock<Http> = LazyLock::new(super::registered);
    &HTTP
}

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

impl Default for Http {
    fn default() -> Self {
        let took = Family::new_with_constructor(histogram as fn() -> Histogram);
        Self { answered: Family::default(), took, in_flight: Gauge::default() }
    }
}

impl Group for Http {
    fn register(&self, registry: &mut Registry) {
        registry.register(
            "oc_http_requests",
            "Requests answered, by method, route template and status",
            self.answered.clone(),
        );
        registry.register(
            "oc_http_request_duration_seconds",
            "Time from the head of a request to its answer",
            self.took.clone(),
        );
        registry.register(
            "oc_http_requests_in_flight",
            "Requests that are being answered",
            self.in_flight.clone(),
        );
    }
}

impl Http {
    /// A request came in; it counts as in flight until what is returned is dropped.
    #[must_use]
    pub fn arrived(&self) -> InFlight {
        self.in_flight.inc();
        InFlight(self.in_flight.clone())
    }

    /// A request was answered. `route` is a template, never a path.
    pub fn answered(&self, method: &Method, route: &str, status: u16, took: Duration) {
        let (method, route) = (known_method(method), route.to_owned());
        let asked = Asked { method, route };
        self.took.get_or_create(&asked).observe(took.as_secs_f64());
        let Asked { method, route } = asked;
        self.answered.get_or_create(&Answered { method, route, status }).inc();
    }
}

/// A request that is being answered.
pub struct InFlight(Gauge);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// Callers may make up methods; neither series nor names of spans may grow with them.
#[must_use]
pub fn known_method(method: &Method) -> &'static str {
    const KNOWN: [Method; 7] = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::PATCH,
        Method::OPTIONS,
    ];
    const NAMES: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"];
    let name = KNOWN.iter().zip(NAMES).find(|(known, _)| *known == method);
    name.map_or("OTHER", |(_, name)| name)
}
