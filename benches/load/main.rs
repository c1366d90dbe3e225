//! `make bench`: both roles in release mode, 100,000 documents, real HTTP, and
//! beside each operation pgbench with the same SQL on the same server.
//!
//! Settings in the environment: `BENCH_SECONDS` (length of one measurement, 3),
//! `BENCH_ROUNDS` (interleaved repetitions, 5), `BENCH_DOCUMENTS` (100000),
//! `BENCH_MESSAGES` (documents sent during an outage, 5000), `BENCH_ONLY` (one
//! operation, `delivery`, `noisy`, `search`, `pages` in a browser, or `fence`: what it costs to keep tenants apart).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark stops at the first surprise and prints what it measured"
)]

mod chromium;
mod client;
mod delivery;
mod delivery_report;
mod fence;
mod noisy;
mod operations;
mod pages;
mod preload;
mod processor;
mod report;
mod scripts;
mod search;
mod stage;

use std::time::Duration;

use client::Sample;
use operations::Operation;
use report::Row;
use stage::Stage;

/// Connections at which each operation is measured.
const CONNECTIONS: [usize; 3] = [1, 32, 128];

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

fn main() {
    if std::env::args().any(|a| a == "--list") {
        return;
    }
    let seconds = Duration::from_secs(number("BENCH_SECONDS", 3));
    let rounds = number("BENCH_ROUNDS", 5);
    let only = std::env::var("BENCH_ONLY").ok();
    let mut stage = Stage::set_up(number("BENCH_DOCUMENTS", 100_000));
    if only.as_deref() == Some("noisy") {
        return noisy::measure(&mut stage, rounds, seconds);
    }
    if only.as_deref() == Some("search") {
        return search::measure(&stage, seconds * 5);
    }
    if only.as_deref() == Some("pages") {
        return pages::measure(&stage);
    }
    if only.as_deref() == Some("fence") {
        return fence::measure(&mut stage, rounds, seconds);
    }
    let operations: Vec<Operation> =
        Operation::ALL.into_iter().filter(|o| only.as_deref().is_none_or(|name| name == o.name())).collect();
    let mut pg: Vec<Vec<f64>> = vec![Vec::new(); operations.len()];
    let mut oc: Vec<[Vec<Sample>; 3]> = operations.iter().map(|_| Default::default()).collect();
    for round in 1..=rounds {
        for (i, operation) in operations.iter().enumerate() {
            pg[i].push(stage.pgbench(*operation, seconds));
            for (c, connections) in CONNECTIONS.into_iter().enumerate() {
                oc[i][c].push(client::run(&stage, *operation, connections, seconds));
            }
            let at_32 = oc[i][1].last().unwrap();
            eprintln_progress(round, rounds, operation.name(), *pg[i].last().unwrap(), at_32);
        }
    }
    let rows: Vec<Row> = operations.iter().zip(pg).zip(oc).map(|((o, pg), oc)| Row::of(*o, pg, oc)).collect();
    let processes = stage.measure_processes();
    let delivery = only
        .is_none_or(|name| name == "delivery")
        .then(|| delivery::measure(&mut stage, number("BENCH_MESSAGES", 5_000), rounds.min(3), seconds));
    report::publish(&rows, delivery.as_ref(), &processes, &stage);
}

fn eprintln_progress(round: u64, rounds: u64, name: &str, pg: f64, oc: &Sample) {
    let rate = oc.rate();
    println!(
        "round {round}/{rounds}  {name:<7} pgbench {pg:>7.0}/s  oc {rate:>7.0}/s  {:>3.0} %  p50 {:>6} us  p99 {:>6} us  errors {}  queued {:.0} %",
        100.0 * rate / pg,
        oc.quantile(0.5),
        oc.quantile(0.99),
        oc.errors,
        oc.queued_percent()
    );
}
