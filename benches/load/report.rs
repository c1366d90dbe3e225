//! One table, one JSON file, one chart.

use std::fmt::Write as _;
use std::fs;

use serde_json::json;

use crate::CONNECTIONS;
use crate::client::Sample;
use crate::delivery::Delivery;
use crate::operations::Operation;
use crate::stage::{Processes, Stage};

/// Medians of one operation.
pub struct Row {
    operation: Operation,
    pgbench: f64,
    measured: [Measured; 3],
}

struct Measured {
    rate: f64,
    p50: f64,
    p99: f64,
    errors: usize,
    /// Answers 202, in percent.
    queued: f64,
    /// Ratio to pgbench of the same round, in percent.
    ratio: f64,
    /// Processor time of one answer in microseconds, by part.
    processor: [f64; 4],
}

/// The parts whose processor time is counted.
const PARTS: [&str; 4] = ["http", "database threads", "PostgreSQL", "load"];

impl Row {
    pub fn of(operation: Operation, pgbench: Vec<f64>, samples: [Vec<Sample>; 3]) -> Self {
        let measured = samples.map(|samples| Measured {
            rate: median(samples.iter().map(Sample::rate)),
            p50: median(samples.iter().map(|s| f64::from(s.quantile(0.5)))),
            p99: median(samples.iter().map(|s| f64::from(s.quantile(0.99)))),
            errors: samples.iter().map(|s| s.errors).sum(),
            queued: median(samples.iter().map(Sample::queued_percent)),
            processor: PARTS.map(|part| median(samples.iter().map(|s| s.processor_micros(part)))),
            ratio: median(samples.iter().zip(&pgbench).map(|(s, pg)| 100.0 * s.rate() / pg)),
        });
        Self { operation, pgbench: median(pgbench.into_iter()), measured }
    }
}

/// The value in the middle.
pub fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Prints the table and, if everything was measured, writes `bench/results.json`
/// and `docs/bench.svg`.
pub fn publish(rows: &[Row], delivery: Option<&Delivery>, processes: &Processes, stage: &Stage) {
    let mut text = table(rows);
    text.push_str(&delivery.map_or(String::new(), Delivery::table));
    text.push_str(&table_of_processes(processes));
    println!("\n{text}");
    let (Some(delivery), true) = (delivery, rows.len() == Operation::ALL.len()) else { return };
    write("results", &results(rows, delivery, processes, stage));
    fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/bench.svg"), chart(rows, delivery)).unwrap();
}

/// Writes `bench/{name}.json`.
pub fn write(name: &str, found: &serde_json::Value) {
    let json = serde_json::to_string_pretty(found).unwrap();
    fs::write(format!("{}/bench/{name}.json", env!("CARGO_MANIFEST_DIR")), json + "\n").unwrap();
}

fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "operation  conns  requests/s  p50 ms  p99 ms  errors  queued  pgbench/s  ratio  target\n",
    );
    for row in rows {
        for (connections, m) in CONNECTIONS.iter().zip(&row.measured) {
            let target =
                if *connections == 32 { format!("{:>4.0} %", row.operation.target()) } else { String::new() };
            writeln!(
                text,
                "{:<9} {connections:>6} {:>11.0} {:>7.2} {:>7.2} {:>7} {:>5.0} % {:>10.0} {:>4.0} %  {target}",
                row.operation.name(),
                m.rate,
                m.p50 / 1_000.0,
                m.p99 / 1_000.0,
                m.errors,
                m.queued,
                row.pgbench,
                m.ratio
            )
            .unwrap();
        }
    }
    text.push_str("\nprocessor time per answer at 32 connections, in microseconds\noperation    http  database threads  PostgreSQL    load\n");
    for row in rows {
        let [http, threads, server, load] = row.measured[1].processor;
        writeln!(text, "{:<9} {http:>7.0} {threads:>17.0} {server:>11.0} {load:>7.0}", row.operation.name())
            .unwrap();
    }
    text + "\n"
}

fn table_of_processes(processes: &Processes) -> String {
    let mut text = String::from("\n");
    for (role, kb) in &processes.idle_kb {
        writeln!(text, "{role}: {:.1} MB resident at rest", *kb as f64 / 1_024.0).unwrap();
    }
    for (role, kb) in &processes.loaded_kb {
        writeln!(text, "{role}: {:.1} MB resident after the load", *kb as f64 / 1_024.0).unwrap();
    }
    for (role, ms) in &processes.start_ms {
        writeln!(text, "{role}: {ms:.0} ms from start to ready").unwrap();
    }
    text
}

fn results(rows: &[Row], delivery: &Delivery, processes: &Processes, stage: &Stage) -> serde_json::Value {
    let operations: Vec<_> = rows
        .iter()
        .map(|row| {
            let measured: Vec<_> = CONNECTIONS
                .iter()
                .zip(&row.measured)
                .map(|(connections, m)| {
                    json!({"connections": connections, "requestsPerSecond": m.rate.round(), "p50Micros": m.p50,
                           "p99Micros": m.p99, "errors": m.errors, "queuedPercent": m.queued.round(), "processorMicros": PARTS.into_iter().zip(m.processor.map(f64::round)).collect::<std::collections::BTreeMap<_, _>>(), "percentOfPgbench": (m.ratio * 10.0).round() / 10.0})
                })
                .collect();
            json!({"operation": row.operation.name(), "pgbenchPerSecond": row.pgbench.round(),
                   "targetPercent": row.operation.target(), "measured": measured})
        })
        .collect();
    json!({
        "documents": stage.documents,
        "processors": std::thread::available_parallelism().map_or(0, usize::from),
        "operations": operations,
        "delivery": delivery.json(),
        "idleMemoryKb": processes.idle_kb.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "loadedMemoryKb": processes.loaded_kb.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "startMillis": processes.start_ms.iter().cloned().collect::<std::collections::BTreeMap<_, _>>(),
    })
}

/// Bars: share of pgbench's rate at 32 connections, a mark where the target is.
fn chart(rows: &[Row], delivery: &Delivery) -> String {
    let bars = rows.iter().map(|row| (row.operation, row.measured[1].ratio, row.measured[1].rate));
    let accept = (Operation::Accept, delivery.accepted_ratio(), delivery.accepted);
    let bars: Vec<_> = bars.chain([accept]).collect();
    let (left, scale, step) = (90.0, 5.2, 44.0);
    let height = 74.0 + step * bars.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 790 {height}\" font-family=\"system-ui, sans-serif\" font-size=\"15\" role=\"img\" aria-label=\"Requests per second at 32 connections as a share of pgbench with the same SQL\">\n<rect width=\"790\" height=\"{height}\" rx=\"10\" fill=\"#ffffff\"/>\n<text x=\"24\" y=\"32\" font-weight=\"600\" fill=\"#17211f\">Requests per second at 32 connections, as a share of pgbench running the same SQL</text>\n"
    );
    for (i, (operation, ratio, rate)) in bars.into_iter().enumerate() {
        let y = 56.0 + step * i as f64;
        let (bar, target) = (ratio.min(110.0) * scale, left + operation.target() * scale);
        writeln!(
            svg,
            "<text x=\"24\" y=\"{:.0}\" fill=\"#17211f\">{}</text>\n<rect x=\"{left}\" y=\"{y:.0}\" width=\"{bar:.0}\" height=\"26\" rx=\"4\" fill=\"#0f5e5a\"/>\n<line x1=\"{target:.0}\" x2=\"{target:.0}\" y1=\"{:.0}\" y2=\"{:.0}\" stroke=\"#d97706\" stroke-width=\"3\"/>\n<text x=\"{:.0}\" y=\"{:.0}\" fill=\"#17211f\">{:.0} % <tspan fill=\"#53615e\">{:.0}/s</tspan></text>",
            y + 18.0, operation.name(), y - 4.0, y + 30.0,
            (left + bar).max(target) + 10.0, y + 18.0, ratio, rate
        )
        .unwrap();
    }
    svg + "</svg>\n"
}
