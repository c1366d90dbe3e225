//! Where the processor time of a measurement went, read from `/proc` (Linux;
//! elsewhere nothing is counted).

use std::collections::BTreeMap;
use std::fs;

/// Processor time in clock ticks by part: `http`, `database threads`, `PostgreSQL`, `load`.
pub type Ticks = BTreeMap<&'static str, u64>;

/// Microseconds of a clock tick; 100 per second on every Linux we know.
pub const TICK_MICROS: f64 = 10_000.0;

/// What the roles' threads, the database server's processes and this process have used so far.
pub fn used(roles: &[u32], postmaster: u32) -> Ticks {
    let mut ticks = Ticks::new();
    for role in roles {
        for task in entries(&format!("/proc/{role}/task")) {
            let Some(stat) = Stat::read(&format!("/proc/{role}/task/{task}/stat")) else { continue };
            let part = if stat.name.starts_with("database") { "database threads" } else { "http" };
            *ticks.entry(part).or_default() += stat.ticks;
        }
    }
    for process in entries("/proc") {
        let Some(stat) = Stat::read(&format!("/proc/{process}/stat")) else { continue };
        if stat.parent == postmaster {
            *ticks.entry("PostgreSQL").or_default() += stat.ticks;
        }
    }
    if let Some(own) = Stat::read("/proc/self/stat") {
        ticks.insert("load", own.ticks);
    }
    ticks
}

/// What a process has used so far, in milliseconds.
pub fn of_process(process: u32) -> f64 {
    let stat = Stat::read(&format!("/proc/{process}/stat"));
    stat.map_or(0.0, |stat| stat.ticks as f64 * TICK_MICROS / 1_000.0)
}

/// What was used between two readings.
pub fn between(before: &Ticks, after: &Ticks) -> Ticks {
    after
        .iter()
        .map(|(part, ticks)| (*part, ticks.saturating_sub(before.get(part).copied().unwrap_or(0))))
        .collect()
}

struct Stat {
    name: String,
    parent: u32,
    ticks: u64,
}

impl Stat {
    /// Reads a `stat` file (proc(5)): the name stands in parentheses and may hold anything.
    fn read(path: &str) -> Option<Self> {
        let text = fs::read_to_string(path).ok()?;
        let (head, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let ticks = |field: usize| fields.get(field)?.parse::<u64>().ok();
        Some(Self {
            name: head.split_once('(')?.1.to_owned(),
            parent: fields.get(1)?.parse().ok()?,
            ticks: ticks(11)? + ticks(12)?,
        })
    }
}

/// The numeric entries of a folder: processes or threads.
fn entries(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.bytes().all(|b| b.is_ascii_digit())).collect()
}
