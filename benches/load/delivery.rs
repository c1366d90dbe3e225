//! What delivering costs: while the client role is away, once it is back, and
//! while there is nothing to do.

use std::time::{Duration, Instant};

use crate::client::{self, Sample};
use crate::operations::Operation;
use crate::report::median;
use crate::stage::Stage;

/// Connections at which it is measured.
const CONNECTIONS: usize = 32;
/// More senders than attempts that may be under way: they wait in line.
const MANY: usize = 128;

/// Figures of the delivery, medians of several rounds.
pub struct Delivery {
    /// Messages of one outage.
    pub messages: u64,
    /// Sendings that were accepted per second while the client role was away.
    pub accepted: f64,
    /// Transactions per second of pgbench with the statements of such a sending.
    pub accepted_pgbench: f64,
    /// Sendings that were refused meanwhile, in all rounds.
    pub refused: usize,
    /// Percentage of the accepted sendings that were answered with a code.
    pub with_code: f64,
    /// Seconds from the return of the client role to the first deliveries.
    pub first_after: f64,
    /// Messages that were worked off per second.
    pub drained: f64,
    /// Documents per second that the client role takes in from the load generator.
    pub direct: f64,
    /// Time from the sending until the document can be read, one sender and many.
    pub readable: [(usize, Sample); 2],
    /// What each role does while nobody asks for anything.
    pub idle: Vec<Idle>,
}

/// A minute without requests.
pub struct Idle {
    /// Which role.
    pub role: &'static str,
    /// Queries in its database.
    pub queries: f64,
    /// Processor time of its process, in milliseconds.
    pub processor_millis: f64,
}

struct Outage {
    accepted: f64,
    accepted_pgbench: f64,
    refused: usize,
    with_code: f64,
    first_after: f64,
    drained: f64,
    direct: f64,
}

/// Measures all of it; `messages` wait in each outage.
pub fn measure(stage: &mut Stage, messages: u64, rounds: u64, length: Duration) -> Delivery {
    let reserve = (messages + 1_000).to_string();
    stage.renew_provider(&[("CODE_RESERVE_SIZE", &reserve), ("CODE_RESERVE_REFILL_MS", "500")]);
    stage.let_send(1);
    client::run(stage, Operation::Send, 1, Duration::from_secs(10));
    let outages: Vec<_> = (1..=rounds)
        .map(|round| {
            let outage = one_outage(stage, messages, length);
            println!(
                "outage {round}/{rounds}  accepted {:.0}/s, {} refused  drained {:.0}/s after {:.1} s  direct {:.0}/s",
                outage.accepted, outage.refused, outage.drained, outage.first_after, outage.direct
            );
            outage
        })
        .collect();
    let of = |value: fn(&Outage) -> f64| median(outages.iter().map(value));
    stage.let_send(100_000);
    wait_for_reserve(stage, messages);
    let one = client::until_readable(stage, 1, 300);
    let many = client::until_readable(stage, MANY, 25);
    println!("readable after {} us, {} us in a crowd", one.quantile(0.5), many.quantile(0.5));
    stage.renew_provider(&[]);
    Delivery {
        messages,
        accepted: of(|o| o.accepted),
        accepted_pgbench: of(|o| o.accepted_pgbench),
        refused: outages.iter().map(|o| o.refused).sum(),
        with_code: of(|o| o.with_code),
        first_after: of(|o| o.first_after),
        drained: of(|o| o.drained),
        direct: of(|o| o.direct),
        readable: [(1, one), (MANY, many)],
        idle: idle(stage, length * 20),
    }
}

fn one_outage(stage: &mut Stage, messages: u64, length: Duration) -> Outage {
    let accepted_pgbench = stage.pgbench(Operation::Accept, length);
    let direct = client::run(stage, Operation::Arrive, CONNECTIONS, length).rate();
    stage.wait_until_delivered();
    wait_for_reserve(stage, messages);
    stage.kill_client();
    // Some find out that nobody is there.
    stage.let_send(10);
    client::run(stage, Operation::Accept, 1, Duration::from_secs(60));
    stage.let_send(messages);
    let accepted = client::run(stage, Operation::Accept, CONNECTIONS, Duration::from_secs(60));
    let codes = "SELECT count(*) AS n FROM documents WHERE delivery_state IN ('queued', 'delivering') AND access_code IS NOT NULL AND id >= '01900000-0000-7000-8000-200000000000' AND id < '01900000-0000-7000-8000-400000000000'";
    let with_code = stage.number("oc_provider", codes) as f64 / (messages + 10) as f64;
    stage.revive_client();
    let (back, all) = (Instant::now(), i64::try_from(messages).unwrap());
    stage.watch_queue(all * 99 / 100);
    let first_after = back.elapsed();
    stage.watch_queue(all / 100);
    let drained = (all * 98 / 100) as f64 / (back.elapsed() - first_after).as_secs_f64();
    stage.wait_until_delivered();
    Outage {
        accepted: accepted.rate(),
        accepted_pgbench,
        refused: accepted.errors,
        with_code: 100.0 * with_code,
        first_after: first_after.as_secs_f64(),
        drained,
        direct,
    }
}

fn wait_for_reserve(stage: &Stage, messages: u64) {
    let wanted = i64::try_from(messages).unwrap() + 100;
    let sql = "SELECT count(*) AS n FROM code_reserve WHERE tenant_id = 'default'";
    stage.wait("oc_provider", sql, |held| held >= wanted);
}

/// Watches both roles do nothing.
fn idle(stage: &Stage, length: Duration) -> Vec<Idle> {
    println!("watching the roles at rest for {} s ...", length.as_secs());
    // The server's own work is not to be counted, nor what was left to do.
    stage.execute("postgres", "ALTER SYSTEM SET autovacuum = off");
    stage.execute("postgres", "SELECT pg_reload_conf()");
    stage.execute("oc_provider", "DELETE FROM code_reserve WHERE tenant_id = 'pgbench'");
    std::thread::sleep(Duration::from_secs(15));
    let queries = |role: &str| {
        let sql = format!("SELECT xact_commit AS n FROM pg_stat_database WHERE datname = 'oc_{role}'");
        stage.number("postgres", &sql)
    };
    let before = stage.role_processor_millis().map(|(role, millis)| (role, millis, queries(role)));
    std::thread::sleep(length);
    let per_minute = 60.0 / length.as_secs_f64();
    let after = stage.role_processor_millis();
    let roles = before.into_iter().zip(after);
    roles
        .map(|((role, millis, count), (_, millis_after))| Idle {
            role,
            queries: (queries(role) - count) as f64 * per_minute,
            processor_millis: (millis_after - millis) * per_minute,
        })
        .collect()
}
