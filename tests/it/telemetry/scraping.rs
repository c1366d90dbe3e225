//! Who may scrape, and how what is told looks.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::SocketAddr;

use oc::roles::Role;
use serde_json::json;

use super::exposition::Samples;
use crate::support::database::TestDatabase;
use crate::support::http::{self, Call};
use crate::support::process::Served;
use crate::support::tokens::{JWT, token};
use crate::support::{for_each_role, writing_path};

/// A role whose metrics have a port of their own, and that port.
fn scraped(role: Role, database: &TestDatabase, given: &[(&'static str, &str)]) -> (Served, SocketAddr) {
    let mut served = Served::start(role, database, &[&[("METRICS_PORT", "0")], given].concat());
    let port = served.process.wait_for("where the metrics are", |said| {
        let rest = said.split_once("metrics at http://")?.1;
        rest.split_once("/metrics")?.0.parse().ok()
    });
    (served, port)
}

#[test]
fn metrics_are_for_administrators() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let served = Served::start(role, &database, JWT);
        served.call(&Call::get("/metrics")).refused(401, "UNAUTHENTICATED");
        let with = |scope| format!("Bearer {}", token(scope));
        let ask = |scope| served.call(&Call::get("/metrics").header("Authorization", &with(scope)));
        ask("documents:read audit:read").refused(403, "FORBIDDEN");
        assert_eq!(ask("admin").status, 200);
    });
}

#[test]
fn a_port_of_their_own_tells_metrics_and_probes_and_nothing_else_does() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let (served, port) = scraped(role, &database, JWT);
        let admin = format!("Bearer {}", token("admin"));
        served.call(&Call::get("/metrics").header("Authorization", &admin)).refused(404, "NOT_FOUND");
        let text = http::call(port, &Call::get("/metrics"));
        assert_eq!((text.status, text.header("Cache-Control")), (200, Some("no-store")));
        assert!(text.header("Content-Type").unwrap().starts_with("text/plain; version=0.0.4"));
        for probe in ["/livez", "/readyz"] {
            assert_eq!(http::call(port, &Call::get(probe)).status, 200, "{probe}");
        }
        for other in ["/", "/api/documents", "/v1/documents", "/docs", "/api/public/0000-0000-0000"] {
            http::call(port, &Call::get(other)).refused(404, "NOT_FOUND");
        }
    });
}

#[test]
fn without_authentication_pages_of_other_names_reach_no_metrics_either() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let (_served, port) = scraped(role, &database, &[]);
        let ask = |host| http::get_as(host, port, "/metrics");
        assert_eq!(ask("localhost").status, 200);
        ask("rebound.example.org").refused(421, "MISDIRECTED_REQUEST");
    });
}

#[test]
fn pages_of_no_origin_read_what_is_told_to_scrapers_and_every_name_may_be_asked_with_authentication() {
    const ORIGIN: &str = "https://app.example.org";
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let (served, port) = scraped(role, &database, &[JWT, &[("CORS_ORIGINS", ORIGIN)]].concat());
        let asking = Call::get("/metrics").header("Origin", ORIGIN);
        assert_eq!(http::call(port, &asking).header("Access-Control-Allow-Origin"), None);
        let elsewhere = served.call(&Call::get("/api/health").header("Origin", ORIGIN));
        assert_eq!(elsewhere.header("Access-Control-Allow-Origin"), Some(ORIGIN));
        assert_eq!(http::get_as("10.0.0.7:9090", port, "/metrics").status, 200);
    });
}

#[test]
fn a_database_that_does_not_answer_is_told_so_without_waiting_for_it() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        // A role looks at its database before it serves, for as long as it may take to connect.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("postgres://oc@{}/oc", silent.local_addr().unwrap());
        let (_served, port) =
            scraped(role, &database, &[("DATABASE_URL", &url), ("DATABASE_CONNECT_TIMEOUT_SECONDS", "8")]);
        let begun = std::time::Instant::now();
        assert_eq!(Samples::of(port).series("oc_db_up").len(), 1);
        assert_eq!(Samples::of(port).value("oc_db_up"), 0.0);
        assert!(begun.elapsed() < std::time::Duration::from_secs(7));
    });
}

#[test]
fn open_metrics_are_told_to_whoever_asks_for_them() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let (_served, port) = scraped(role, &database, &[]);
        let accept = "application/openmetrics-text;version=1.0.0,text/plain;q=0.5";
        let text = http::call(port, &Call::get("/metrics").header("Accept", accept));
        assert!(text.header("Content-Type").unwrap().starts_with("application/openmetrics-text"));
        assert!(text.text().ends_with("# EOF\n"));
    });
}

#[test]
fn names_follow_the_conventions_of_prometheus() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let (served, port) = scraped(role, &database, &[]);
        served.call(&Call::get("/nowhere")).refused(404, "NOT_FOUND");
        let text = http::call(port, &Call::get("/metrics")).text();
        let kinds: BTreeMap<&str, &str> =
            text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
        let helped: BTreeSet<&str> =
            text.lines().filter_map(|line| Some(line.strip_prefix("# HELP ")?.split_once(' ')?.0)).collect();
        assert!(kinds.len() > 20, "{text}");
        for (name, kind) in &kinds {
            assert!(helped.contains(name), "{name} has no help");
            assert_eq!(name.ends_with("_total"), *kind == "counter", "{name} is a {kind}");
            assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'), "{name}");
            assert!(name.starts_with("oc_") || name.starts_with("process_"), "{name}");
            for unit in ["milliseconds", "_ms", "_minutes", "_kb", "_percent"] {
                assert!(!name.ends_with(unit), "{name}");
            }
        }
        let role = role.name();
        let build = Samples::parse(&text).series("oc_build_info").join(" ");
        assert!(build.contains(&format!("role=\"{role}\"")) && build.contains("version=\"0."), "{build}");
    });
}

/// As many requests as tenants, over one connection, each for a tenant, a path, a query and a
/// method of its own.
fn ask_for_ten_thousand_tenants(served: &Served) {
    const BATCH: usize = 100;
    let mut stream = http::open(served.address).unwrap();
    for batch in 0..10_000 / BATCH {
        let requests: String = (0..BATCH)
            .map(|i| {
                let n = batch * BATCH + i;
                let method = if n.is_multiple_of(10) { format!("M{n}") } else { "GET".to_owned() };
                let path =
                    if n.is_multiple_of(2) { "/api/health".to_owned() } else { format!("/p{n}?q={n}") };
                format!("{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Tenant: tenant-{n}\r\n\r\n")
            })
            .collect();
        stream.write_all(requests.as_bytes()).unwrap();
        let (mut answers, mut text, mut buffer) = (0, String::new(), [0; 65_536]);
        while answers < BATCH {
            let read = stream.read(&mut buffer).unwrap();
            assert!(read > 0, "{answers} of {BATCH} answers came: {text}");
            text.push_str(&String::from_utf8_lossy(&buffer[..read]));
            answers = text.matches("HTTP/1.1 ").count();
        }
        // What follows the last head may not have come yet.
        while !text.ends_with('}') {
            let read = stream.read(&mut buffer).unwrap();
            text.push_str(&String::from_utf8_lossy(&buffer[..read]));
        }
    }
}

#[test]
fn ten_thousand_tenants_make_no_more_series_than_one() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let (served, port) =
            scraped(role, &database, &[("RATE_ADDRESS_PER_MINUTE", "0"), ("RATE_TENANT_PER_MINUTE", "0")]);
        for (method, path) in [("GET", "/api/health"), ("M1", "/api/health"), ("GET", "/p"), ("M1", "/p")] {
            served.call(&Call::new(method, path).tenant("tenant-1"));
        }
        // The first scraping is counted as well.
        let before = (Samples::of(port), Samples::of(port)).1.count();
        ask_for_ten_thousand_tenants(&served);
        let text = http::call(port, &Call::get("/metrics")).text();
        assert!(!text.contains("tenant-"), "a label holds a tenant");
        assert_eq!(Samples::parse(&text).count(), before);
        assert!(before < 1_000, "{before} series");
    });
}

#[test]
fn refused_tokens_and_used_up_budgets_are_counted() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let (served, port) = scraped(role, &database, &[JWT, &[("RATE_ADDRESS_PER_MINUTE", "2")]].concat());
        let call = Call::post(writing_path(role), &json!({}));
        for _ in 0..2 {
            served.call(&call).refused(401, "UNAUTHENTICATED");
        }
        served.call(&call).refused(429, "RATE_LIMITED");
        let told = Samples::of(port);
        assert_eq!(told.value("oc_tokens_refused_total{reason=\"bad\"}"), 2.0);
        assert_eq!(told.value("oc_rate_limited_total{policy=\"address\"}"), 1.0);
        assert_eq!(told.value("oc_rate_limited_total{policy=\"tenant\"}"), 0.0);
    });
}
