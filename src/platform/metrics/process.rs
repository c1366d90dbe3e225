//! This process: what it is, and what it takes of the machine. The names are those that
//! Prometheus' own libraries use. Where there is no `/proc`, only what it is is told.

use std::fmt;
use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;
use rustix::param::{clock_ticks_per_second, page_size};
use rustix::process::{Resource, getrlimit};

use super::Labels;
use crate::platform::version::{REVISION, VERSION};

pub(super) fn register(registry: &mut Registry, role: &'static str) {
    let build = Family::<Labels<3>, Gauge>::default();
    build
        .get_or_create(&[("version", VERSION), ("role", role), ("revision", REVISION.unwrap_or("unknown"))])
        .set(1);
    registry.register("oc_build_info", "What this process is; always 1", build);
    let started = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    registry.register_collector(Box::new(Process { started }));
}

/// Reads what the system says of this process, whenever somebody asks.
#[derive(Debug)]
struct Process {
    started: f64,
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), fmt::Error> {
        let mut tell = |name, help, value: &dyn Tell| {
            value.tell(encoder.encode_descriptor(name, help, None, value.kind())?)
        };
        tell(
            "process_start_time_seconds",
            "When the process started, in seconds since 1970",
            &ConstGauge::new(self.started),
        )?;
        if let Some(usage) = Usage::read() {
            tell(
                "process_cpu_seconds",
                "Processor time used, in seconds",
                &ConstCounter::new(usage.cpu_seconds),
            )?;
            tell("process_resident_memory_bytes", "Memory in use", &ConstGauge::new(usage.resident_bytes))?;
            tell("process_threads", "Threads", &ConstGauge::new(usage.threads))?;
        }
        if let Ok(open) = fs::read_dir("/proc/self/fd") {
            tell(
                "process_open_fds",
                "Open files and connections",
                &ConstGauge::new(i64::try_from(open.count()).unwrap_or(i64::MAX)),
            )?;
        }
        if let Some(most) = getrlimit(Resource::Nofile).current {
            tell(
                "process_max_fds",
                "Most open files and connections",
                &ConstGauge::new(i64::try_from(most).unwrap_or(i64::MAX)),
            )?;
        }
        Ok(())
    }
}

/// A value that can be told, whatever its kind.
trait Tell {
    fn kind(&self) -> prometheus_client::metrics::MetricType;
    fn tell(&self, encoder: prometheus_client::encoding::MetricEncoder<'_>) -> Result<(), fmt::Error>;
}

impl<M: EncodeMetric> Tell for M {
    fn kind(&self) -> prometheus_client::metrics::MetricType {
        self.metric_type()
    }

    fn tell(&self, encoder: prometheus_client::encoding::MetricEncoder<'_>) -> Result<(), fmt::Error> {
        self.encode(encoder)
    }
}

/// What `/proc/self/stat` tells: `proc_pid_stat(5)`.
struct Usage {
    cpu_seconds: f64,
    resident_bytes: i64,
    threads: i64,
}

impl Usage {
    fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/self/stat").ok()?)
    }

    /// The name of the program stands in parentheses and may hold anything; what
    /// follows it begins with field 3.
    fn parse(stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let field = |number: usize| fields.get(number - 3)?.parse::<u32>().ok();
        let ticks = f64::from(field(14)?) + f64::from(field(15)?);
        let per_second = f64::from(u32::try_from(clock_ticks_per_second()).ok()?);
        Some(Self {
            cpu_seconds: ticks / per_second,
            threads: field(20)?.into(),
            resident_bytes: i64::from(field(24)?).checked_mul(i64::try_from(page_size()).ok()?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_whose_name_holds_anything_is_read() {
        let stat =
            "4 (o) c) S 1 4 4 0 -1 4194560 9 0 0 0 250 50 0 0 20 0 7 0 123 9000 25 18446744073709551615 1 1";
        let usage = Usage::parse(stat).unwrap();
        let ticks = f64::from(u32::try_from(clock_ticks_per_second()).unwrap());
        assert!((usage.cpu_seconds - 300.0 / ticks).abs() < 1e-9);
        assert_eq!((usage.threads, usage.resident_bytes), (7, 25 * i64::try_from(page_size()).unwrap()));
        assert!(Usage::parse("4 (oc) S").is_none() && Usage::parse("").is_none());
    }
}
