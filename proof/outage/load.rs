//! A load generator: a thread per connection, one request at a time on each.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use crate::http::{Answer, Connection, Request};
use crate::random::Random;

/// Longest wait for an answer.
const ANSWER: Duration = Duration::from_secs(30);

/// When the next request goes out.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// When the answer to the last one is there.
    Closed,
    /// At a fixed rate per second, over all connections. Latency counts from
    /// the moment at which a request was to go out.
    Open(f64),
}

/// How much is asked.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    pub address: SocketAddr,
    pub connections: usize,
    pub pace: Pace,
}

/// What a measurement gave.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Latency of each success in microseconds, sorted.
    micros: Vec<u64>,
    /// Answers other than success, and none.
    pub errors: usize,
    elapsed: Duration,
}

impl Sample {
    /// Successes per second.
    pub fn rate(&self) -> f64 {
        self.micros.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// Latency that a share `q` of the successes stayed below, in microseconds.
    pub fn quantile(&self, q: f64) -> f64 {
        let last = self.micros.len().saturating_sub(1);
        self.micros.get((last as f64 * q) as usize).map_or(0.0, |micros| *micros as f64)
    }

    /// Both together.
    pub fn and(mut self, other: Self) -> Self {
        self.micros.extend(other.micros);
        self.micros.sort_unstable();
        self.errors += other.errors;
        self.elapsed += other.elapsed;
        self
    }
}

impl Load {
    /// Asks for as long as `goes_on` says and there is something to ask;
    /// `look` sees each success.
    pub fn run(
        self,
        goes_on: &(impl Fn() -> bool + Sync),
        next: &(impl Fn(&mut Random) -> Option<Request> + Sync),
        look: &(impl Fn(&Answer) + Sync),
    ) -> Sample {
        let started = Instant::now();
        let mut sample = std::thread::scope(|scope| {
            let connections: Vec<_> = (0..self.connections)
                .map(|number| scope.spawn(move || self.one(number, started, goes_on, (next, look))))
                .collect();
            connections.into_iter().map(|thread| thread.join().unwrap()).fold(Sample::default(), Sample::and)
        });
        sample.elapsed = started.elapsed();
        sample
    }

    fn one(
        self,
        number: usize,
        started: Instant,
        goes_on: &impl Fn() -> bool,
        (next, look): (&impl Fn(&mut Random) -> Option<Request>, &impl Fn(&Answer)),
    ) -> Sample {
        let mut connection = Connection::new(self.address, ANSWER);
        let mut random = Random::of(number as u64, &format!("{started:?}"));
        let (mut sample, mut turn) = (Sample::default(), number);
        while goes_on() {
            let Some(request) = next(&mut random) else { break };
            let begun = match self.pace {
                Pace::Closed => Instant::now(),
                Pace::Open(rate) => {
                    let due = started + Duration::from_secs_f64(turn as f64 / rate);
                    std::thread::sleep(due.saturating_duration_since(Instant::now()));
                    due
                }
            };
            turn += self.connections;
            match connection.call(&request) {
                Ok(answer) if answer.is_success() => {
                    sample.micros.push(begun.elapsed().as_micros() as u64);
                    look(&answer);
                }
                Ok(_) | Err(_) => sample.errors += 1,
            }
        }
        sample
    }
}
