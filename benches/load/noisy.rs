//! What a tenant that asks for far more than its share costs another one:
//! `BENCH_ONLY=noisy`. Both keep to a pace, so that the load is the same whatever
//! the answers are; rounds without and with noise take turns.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::LocalSet;

use crate::client::Connection;
use crate::operations::Operation;
use crate::report::{self, median};
use crate::stage::Stage;

/// Requests per second of the tenant that is measured: half of its share.
const QUIET: u32 = 50;
/// Requests per second that the noisy tenant asks for: five and fifty times its share.
const NOISY: [u32; 2] = [500, 5_000];
/// The share of a tenant, in a minute, as it is by default.
const SHARE: &str = "6000";
/// Connections of each of the two.
const CONNECTIONS: u32 = 8;

const NOISE: &[u8] = b"GET /api/documents?limit=20 HTTP/1.1\r\nHost: localhost\r\nX-Tenant: noisy\r\n\r\n";

#[derive(Default)]
struct Round {
    quiet: Vec<u32>,
    noise: u64,
    refused: u64,
}

/// Measures and prints the quiet tenant alone and beside a noisy one, with limits and
/// without: medians of rounds in which both are measured one after the other.
pub fn measure(stage: &mut Stage, rounds: u64, length: Duration) {
    let mut found = Vec::new();
    for share in [SHARE, "0"] {
        stage.renew_provider(&[("RATE_TENANT_PER_MINUTE", share)]);
        run(stage, Duration::from_secs(1), 0);
        for noise in NOISY {
            let (mut alone, mut beside) = (Vec::new(), Vec::new());
            for round in 0..rounds {
                // What one leaves behind is not always the other's.
                for noisy in [round % 2 == 0, round % 2 == 1] {
                    if noisy && share != "0" {
                        spend(stage);
                    }
                    let measured = run(stage, length, if noisy { noise } else { 0 });
                    if noisy { &mut beside } else { &mut alone }.push(measured);
                }
            }
            found.push(tell(share != "0", noise, &alone, &beside, length));
        }
    }
    let found =
        json!({"quietPerSecond": QUIET, "rounds": rounds, "secondsEach": length.as_secs(), "rows": found});
    report::write("noisy", &found);
}

fn tell(limits: bool, wanted: u32, alone: &[Round], beside: &[Round], length: Duration) -> Value {
    let of = |rounds: &[Round], q| median(rounds.iter().map(|round| f64::from(round.quantile(q))));
    let pairs = alone.iter().zip(beside);
    let change = median(pairs.map(|(alone, beside)| {
        100.0 * (f64::from(beside.quantile(0.99)) / f64::from(alone.quantile(0.99)) - 1.0)
    }));
    let (noise, refused) =
        beside.iter().fold((0, 0), |(noise, refused), round| (noise + round.noise, refused + round.refused));
    // Where answers are slow, fewer are asked for than wanted.
    let asked = noise as f64 / (beside.len() as f64 * length.as_secs_f64());
    let refused = 100.0 * refused as f64 / noise as f64;
    println!(
        "{:<14} p99 alone {:>5.0} us, beside {asked:>4.0} requests a second {:>5.0} us ({change:+.1} %), {refused:.0} % of the noise refused",
        if limits { "with limits" } else { "without limits" },
        of(alone, 0.99),
        of(beside, 0.99),
    );
    json!({"limits": limits, "noiseWantedPerSecond": wanted, "noiseAskedPerSecond": asked.round(), "noiseRefusedPercent": refused.round(),
           "aloneMicros": {"p50": of(alone, 0.5), "p99": of(alone, 0.99)}, "besideMicros": {"p50": of(beside, 0.5), "p99": of(beside, 0.99)},
           "p99ChangePercent": (change * 10.0).round() / 10.0})
}

impl Round {
    fn add(&mut self, other: Self) {
        self.quiet.extend(other.quiet);
        self.quiet.sort_unstable();
        self.noise += other.noise;
        self.refused += other.refused;
    }

    fn quantile(&self, q: f64) -> u32 {
        let last = self.quiet.len().saturating_sub(1);
        self.quiet.get((last as f64 * q) as usize).copied().unwrap_or(0)
    }
}

/// Lets the noisy tenant spend what it has saved: a whole minute's share may be asked
/// for at once, and what is measured comes after that.
fn spend(stage: &Stage) {
    let address = stage.requests(Operation::Read).address().to_owned();
    block_on(&mut |set| {
        let task = |_| {
            let address = address.clone();
            set.spawn_local(async move {
                let mut connection = Connection::open(&address).await;
                while connection.ask(NOISE).await.0 != 429 {}
                Round::default()
            })
        };
        (0..CONNECTIONS).map(task).collect()
    });
}

/// The noise comes from a thread of its own, so that it does not hold up the
/// measurement itself.
fn run(stage: &Stage, length: Duration, noise: u32) -> Round {
    let until = Instant::now() + length;
    let address = stage.requests(Operation::Read).address().to_owned();
    std::thread::scope(|scope| {
        let make = || block_on(&mut |set| make_noise(set, &address, noise, until));
        let noise = (noise > 0).then(|| scope.spawn(make));
        let mut round = block_on(&mut |set| ask_quietly(set, stage, until));
        if let Some(noise) = noise {
            round.add(noise.join().unwrap());
        }
        round
    })
}

type Tasks = Vec<tokio::task::JoinHandle<Round>>;

fn block_on(start: &mut dyn FnMut(&LocalSet) -> Tasks) -> Round {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let set = LocalSet::new();
    let tasks = start(&set);
    set.block_on(&runtime, async {
        let mut sum = Round::default();
        for task in tasks {
            sum.add(task.await.unwrap());
        }
        sum
    })
}

fn pace(per_second: u32) -> Duration {
    Duration::from_secs(1) * CONNECTIONS / per_second
}

fn make_noise(set: &LocalSet, address: &str, noise: u32, until: Instant) -> Tasks {
    let task = |_| {
        let address = address.to_owned();
        set.spawn_local(async move {
            let (mut connection, mut round) = (Connection::open(&address).await, Round::default());
            let mut next = Instant::now();
            while next < until {
                tokio::time::sleep_until(next.into()).await;
                next += pace(noise);
                round.noise += 1;
                round.refused += u64::from(connection.ask(NOISE).await.0 == 429);
            }
            round
        })
    };
    (0..CONNECTIONS).map(task).collect()
}

fn ask_quietly(set: &LocalSet, stage: &Stage, until: Instant) -> Tasks {
    let task = |_| {
        let mut requests = stage.requests(Operation::Read);
        set.spawn_local(async move {
            let mut connection = Connection::open(requests.address()).await;
            let (mut round, mut next) = (Round::default(), Instant::now());
            while next < until {
                tokio::time::sleep_until(next.into()).await;
                next += pace(QUIET);
                let begun = Instant::now();
                let (status, _) = connection.ask(requests.next().unwrap()).await;
                assert_eq!(status, 200, "the quiet tenant is served whatever the other one does");
                round.quiet.push(begun.elapsed().as_micros() as u32);
            }
            round
        })
    };
    (0..CONNECTIONS).map(task).collect()
}
