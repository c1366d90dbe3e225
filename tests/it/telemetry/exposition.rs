//! Reading what `/metrics` tells.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::support::http::{self, Call};

/// The samples of a text: name with labels, as written, and value.
pub struct Samples(BTreeMap<String, f64>);

impl Samples {
    /// Scrapes this address.
    pub fn of(address: SocketAddr) -> Self {
        let answer = http::call(address, &Call::get("/metrics"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        Self::parse(&answer.text())
    }

    pub fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
        let sample = |line: &str| {
            let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("{line}"));
            (series.to_owned(), value.parse().unwrap_or_else(|_| panic!("{line}")))
        };
        Self(lines.map(sample).collect())
    }

    /// The value of a series; 0 where there is none.
    pub fn value(&self, series: &str) -> f64 {
        self.0.get(series).copied().unwrap_or_default()
    }

    /// Every series of a metric.
    pub fn series(&self, name: &str) -> Vec<&str> {
        let of_metric = |series: &&str| series.split('{').next() == Some(name);
        self.0.keys().map(String::as_str).filter(of_metric).collect()
    }

    /// How many series there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }
}
