//! What is kept of `/metrics` in the repository, for the tests of alerts, dashboards and of
//! `docs/METRICS.md`, is what the roles tell.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::exposition::Samples;
use crate::support::database::TestDatabase;
use crate::support::for_each_role;
use crate::support::http::Call;
use crate::support::process::PATIENCE;
use crate::support::process::Served;
use crate::support::waiting::until;

/// A text without what differs from one process to the next: values.
fn without_values(text: &str) -> String {
    let line = |line: &str| match line.rsplit_once(' ') {
        Some((series, _)) if !line.starts_with('#') => format!("{series} 0\n"),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}

#[test]
fn the_metrics_that_alerts_and_dashboards_are_tested_with_are_those_of_the_roles() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let served = Served::start(role, &database, &[]);
        served.call(&Call::get("/api/health"));
        let text = until("every series", PATIENCE, || {
            let text = served.call(&Call::get("/metrics")).text();
            (Samples::parse(&text).series("oc_http_request_duration_seconds_sum").len() == 2).then_some(text)
        });
        let told = without_values(&text);
        let kept = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join(format!("charts/tests/metrics/{}.prom", role.name()));
        if std::env::var_os("OC_UPDATE_METRICS").is_some() {
            std::fs::write(&kept, &told).unwrap();
        }
        let lines = |text: &str| -> BTreeSet<String> {
            text.lines().filter(|line| !line.starts_with("oc_build_info")).map(str::to_owned).collect()
        };
        let kept = std::fs::read_to_string(kept).unwrap();
        let (told, kept) = (lines(&told), lines(&kept));
        let differs: Vec<_> = told.symmetric_difference(&kept).collect();
        assert!(differs.is_empty(), "OC_UPDATE_METRICS=1 cargo test telemetry writes them: {differs:#?}");
    });
}
