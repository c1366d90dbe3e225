//! The figures of the delivery as a table and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::delivery::Delivery;

impl Delivery {
    /// Accepted sendings as a percentage of pgbench's transactions.
    pub fn accepted_ratio(&self) -> f64 {
        100.0 * self.accepted / self.accepted_pgbench
    }

    fn drained_ratio(&self) -> f64 {
        100.0 * self.drained / self.direct
    }

    /// Some lines for people.
    pub fn table(&self) -> String {
        let mut text = format!(
            "delivery, {} documents sent while the client role is away\n\
             accepted      {:>7.0}/s  {:>4.0} % of pgbench ({:.0}/s), {:.0} % of them with a code, {} refused\n\
             drained       {:>7.0}/s  {:>4.0} % of the direct load on the client role ({:.0}/s), begins {:.1} s after its return\n",
            self.messages,
            self.accepted,
            self.accepted_ratio(),
            self.accepted_pgbench,
            self.with_code,
            self.refused,
            self.drained,
            self.drained_ratio(),
            self.direct,
            self.first_after
        );
        for (senders, sample) in &self.readable {
            writeln!(
                text,
                "readable      {:>7.1} ms p50, {:.1} ms p99 after the sending; {senders} senders, {:.0} % through the queue",
                f64::from(sample.quantile(0.5)) / 1_000.0,
                f64::from(sample.quantile(0.99)) / 1_000.0,
                sample.queued_percent()
            )
            .unwrap();
        }
        for idle in &self.idle {
            writeln!(
                text,
                "{:<8} idle {:>7.0} queries and {:.0} ms of processor time per minute",
                idle.role, idle.queries, idle.processor_millis
            )
            .unwrap();
        }
        text
    }

    /// The same for programs.
    pub fn json(&self) -> Value {
        let tenth = |value: f64| (value * 10.0).round() / 10.0;
        let readable: Vec<_> = self
            .readable
            .iter()
            .map(|(senders, sample)| {
                json!({"senders": senders, "p50Micros": sample.quantile(0.5), "p99Micros": sample.quantile(0.99),
                       "percentThroughQueue": tenth(sample.queued_percent()), "errors": sample.errors})
            })
            .collect();
        let idle: Vec<_> = self
            .idle
            .iter()
            .map(|idle| {
                json!({"role": idle.role, "queriesPerMinute": idle.queries.round(),
                       "processorMillisPerMinute": idle.processor_millis.round()})
            })
            .collect();
        json!({
            "messages": self.messages,
            "acceptedPerSecond": self.accepted.round(),
            "acceptedPgbenchPerSecond": self.accepted_pgbench.round(),
            "acceptedPercentOfPgbench": tenth(self.accepted_ratio()),
            "refused": self.refused,
            "acceptedWithCodePercent": tenth(self.with_code),
            "drainedPerSecond": self.drained.round(),
            "drainedPercentOfDirect": tenth(self.drained_ratio()),
            "directPerSecond": self.direct.round(),
            "secondsUntilDraining": tenth(self.first_after),
            "readable": readable,
            "idle": idle,
        })
    }
}
