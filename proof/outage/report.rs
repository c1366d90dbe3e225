//! One table, one JSON file.

use std::fs;

use serde_json::{Value, json};

use super::Measure;
use super::catching_up::{CatchingUp, PROBES};
use super::load::Sample;
use super::requests::Operation;
use super::rounds::Round;

/// Working off should reach this share of the direct rate, in percent.
const DRAIN_GOAL: f64 = 70.0;
/// No operation should be slower by more than this factor.
const RATIO_GOAL: f64 = 1.10;
/// While a queue is worked off, whoever waits should not notice: p99 in microseconds.
const NOTICED: f64 = 100_000.0;

/// Everything that was measured.
#[derive(Default)]
pub struct Report {
    pub rounds: Vec<Round>,
    /// Documents per second of the direct load, each measurement.
    pub direct: Vec<f64>,
    pub catching_up: Option<CatchingUp>,
    /// Sends that were accepted and are not there.
    pub lost: u64,
}

/// Medians of one operation in two situations, in microseconds.
struct Row {
    name: &'static str,
    p50: [f64; 2],
    p99: [f64; 2],
    rate: [f64; 2],
    errors: [usize; 2],
}

impl Row {
    fn ratio(&self) -> f64 {
        self.p99[1] / self.p99[0].max(1.0)
    }

    /// A line of the table; `reached` tells whether the second situation is good enough.
    fn line(&self, reached: bool) -> String {
        let ms = |micros: f64| micros / 1_000.0;
        format!(
            "{:<8} {:>8.0} {:>8.2} {:>8.2} {:>8.0} {:>8.2} {:>8.2} {:>9.2} {:>9.2}  {}  errors {}",
            self.name,
            self.rate[0],
            ms(self.p50[0]),
            ms(self.p99[0]),
            self.rate[1],
            ms(self.p50[1]),
            ms(self.p99[1]),
            self.p50[1] / self.p50[0].max(1.0),
            self.ratio(),
            verdict(reached),
            self.errors[0] + self.errors[1]
        )
    }

    fn json(&self) -> Value {
        let side = |at: usize| json!({"requestsPerSecond": self.rate[at].round(), "p50Micros": self.p50[at], "p99Micros": self.p99[at], "errors": self.errors[at]});
        json!({"operation": self.name, "before": side(0), "after": side(1), "p99Ratio": hundredths(self.ratio())})
    }
}

impl Report {
    /// Prints the table and writes the file.
    pub fn publish(&self, measure: &Measure, out: Option<&str>) {
        let head = |before: &str, after: &str| {
            format!(
                "{:<8} {:>26} {:>26} {:>19}\n{:<8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>8} {:>9} {:>9}",
                "",
                before,
                after,
                "ratio",
                "",
                "/s",
                "p50 ms",
                "p99 ms",
                "/s",
                "p50 ms",
                "p99 ms",
                "p50",
                "p99"
            )
        };
        let (compared, probed) = (self.compared(), self.probed());
        println!("\n{}", head("client role on", "client role off"));
        compared.iter().for_each(|row| println!("{}", row.line(row.ratio() <= RATIO_GOAL)));
        println!("\n{}", head("nothing waits", "queue is worked off"));
        probed.iter().for_each(|row| println!("{}", row.line(row.p99[1] <= NOTICED)));
        let direct = median(self.direct.iter().copied());
        if let Some(up) = &self.catching_up {
            let percent = 100.0 * up.per_second / direct;
            println!(
                "\nqueue of {}, accepted at {:.0}/s while the client role was away",
                up.queue, up.accepted_per_second
            );
            println!(
                "first delivery {:.2} s after it was ready, last one {:.2} s after",
                up.first_after, up.last_after
            );
            println!(
                "worked off at {:.0} documents/s; direct load {direct:.0} documents/s: {percent:.0} %, goal {DRAIN_GOAL:.0} %: {}",
                up.per_second,
                verdict(percent >= DRAIN_GOAL)
            );
        }
        println!("lost {}", self.lost);
        if let Some(file) = out.map(str::to_owned).or_else(|| measure.shows.then(default_file)) {
            let text = serde_json::to_string_pretty(&self.json(measure, &compared, &probed)).unwrap();
            fs::write(&file, text + "\n").unwrap();
            println!("written to {file}");
        }
    }

    fn compared(&self) -> Vec<Row> {
        let rows = Operation::ALL.into_iter().enumerate().map(|(at, operation)| {
            let pick = |off: bool| {
                let pairs = self.rounds.iter().map(move |round| &round[at]);
                pairs.map(move |pair| if off { &pair.off } else { &pair.on }).collect::<Vec<_>>()
            };
            row(operation.name(), &[pick(false), pick(true)])
        });
        rows.collect()
    }

    fn probed(&self) -> Vec<Row> {
        let up = self.catching_up.iter();
        up.flat_map(|up| {
            PROBES
                .iter()
                .enumerate()
                .map(|(at, probe)| row(probe.name(), &[vec![&up.calm[at]], vec![&up.meanwhile[at]]]))
        })
        .collect()
    }

    fn json(&self, measure: &Measure, compared: &[Row], probed: &[Row]) -> Value {
        let direct = median(self.direct.iter().copied());
        let up = self.catching_up.as_ref().map(|up| {
            json!({
                "queue": up.queue,
                "acceptedPerSecond": up.accepted_per_second.round(),
                "firstAfterSeconds": hundredths(up.first_after),
                "lastAfterSeconds": hundredths(up.last_after),
                "documentsPerSecond": up.per_second.round(),
                "directPerSecond": direct.round(),
                "percentOfDirect": hundredths(100.0 * up.per_second / direct),
                "goalPercent": DRAIN_GOAL,
            })
        });
        json!({
            "processors": std::thread::available_parallelism().map_or(0, usize::from),
            "clientRoleIs": if measure.is_frozen { "frozen" } else { "stopped" },
            "rounds": measure.rounds,
            "connections": measure.connections,
            "probesPerSecond": measure.probe_rate,
            "p99RatioGoal": RATIO_GOAL,
            "onAndOff": compared.iter().map(Row::json).collect::<Vec<_>>(),
            "calmAndCatchingUp": probed.iter().map(Row::json).collect::<Vec<_>>(),
            "directMeasurements": self.direct.iter().map(|rate| rate.round()).collect::<Vec<_>>(),
            "catchingUp": up,
            "lost": self.lost,
        })
    }
}

fn row(name: &'static str, sides: &[Vec<&Sample>; 2]) -> Row {
    let of =
        |pick: fn(&Sample) -> f64| sides.each_ref().map(|samples| median(samples.iter().map(|s| pick(s))));
    Row {
        name,
        p50: of(|sample| sample.quantile(0.5)),
        p99: of(|sample| sample.quantile(0.99)),
        rate: of(Sample::rate),
        errors: sides.each_ref().map(|samples| samples.iter().map(|sample| sample.errors).sum()),
    }
}

fn verdict(reached: bool) -> &'static str {
    if reached { "reached" } else { "MISSED" }
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    let (below, above) = (values.len().saturating_sub(1) / 2, values.len() / 2);
    values.get(below).zip(values.get(above)).map_or(0.0, |(one, other)| (one + other) / 2.0)
}

fn default_file() -> String {
    format!("{}/bench/outage.json", env!("CARGO_MANIFEST_DIR"))
}
