//! What the system allows this process.

use rustix::process::{Resource, getrlimit};

use super::Patient;
use super::findings::Tell;

/// Files beside connections: the program itself, log, sockets that listen.
const OTHERS: u64 = 64;

pub fn look(patient: &Patient, tell: &Tell) {
    let group = tell.group("machine");
    let config = &patient.config;
    let workers = u64::try_from(config.http.workers).unwrap_or(u64::MAX);
    let most = u64::try_from(config.web.max_connections).unwrap_or(u64::MAX).saturating_mul(workers);
    let wanted = most.saturating_add(u64::from(config.database.pool_size)).saturating_add(OTHERS);
    // `oc serve` raises its limit to what it may have.
    match getrlimit(Resource::Nofile).maximum {
        Some(limit) if limit < wanted => group.warning(
            "open files",
            format!("a process may have {limit} open files, and {wanted} are needed for MAX_CONNECTIONS on every thread"),
            format!("raise the hard limit (LimitNOFILE= of systemd, ulimit -Hn) to {wanted}, or lower MAX_CONNECTIONS"),
        ),
        Some(limit) => group.ok("open files", format!("{limit} are allowed, {wanted} are needed at most")),
        None => group.ok("open files", "there is no limit"),
    }
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    group.ok("processors", format!("{processors}, and {workers} threads that answer requests"));
}
