//! A small HTTP/1.1 load generator: one thread, keep-alive connections, one
//! request at a time on each.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::operations::{Operation, Requests};
use crate::processor::{TICK_MICROS, Ticks, between};
use crate::stage::Stage;

/// One measurement.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    /// Latency of each answer in microseconds, sorted.
    micros: Vec<u32>,
    /// Answers of a status other than success.
    pub errors: usize,
    /// How long it took in all.
    elapsed: Duration,
    /// Processor time by part.
    ticks: Ticks,
}

impl Sample {
    /// Successful answers per second.
    pub fn rate(&self) -> f64 {
        self.micros.len() as f64 / self.elapsed.as_secs_f64()
    }

    /// Processor time of one answer in a part, in microseconds.
    pub fn processor_micros(&self, part: &str) -> f64 {
        let ticks = self.ticks.get(part).copied().unwrap_or(0);
        ticks as f64 * TICK_MICROS / self.micros.len().max(1) as f64
    }

    /// Latency that a share `q` of the answers stayed below, in microseconds.
    pub fn quantile(&self, q: f64) -> u32 {
        let last = self.micros.len().saturating_sub(1);
        self.micros.get((last as f64 * q) as usize).copied().unwrap_or(0)
    }
}

/// Runs an operation over `connections` connections for `length`.
pub fn run(stage: &Stage, operation: Operation, connections: usize, length: Duration) -> Sample {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let set = LocalSet::new();
    let mut sample = Sample::default();
    let before = stage.processor_time();
    let started = Instant::now();
    set.block_on(&runtime, async {
        let tasks: Vec<_> = (0..connections)
            .map(|_| tokio::task::spawn_local(one_connection(stage.requests(operation), started + length)))
            .collect();
        for task in tasks {
            let (micros, errors) = task.await.unwrap();
            sample.micros.extend(micros);
            sample.errors += errors;
        }
    });
    sample.elapsed = started.elapsed();
    sample.ticks = between(&before, &stage.processor_time());
    sample.micros.sort_unstable();
    sample
}

async fn one_connection(mut requests: Requests, until: Instant) -> (Vec<u32>, usize) {
    let mut stream = TcpStream::connect(requests.address()).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (mut micros, mut errors) = (Vec::with_capacity(100_000), 0);
    let mut buffer = vec![0; 256 * 1024];
    while Instant::now() < until {
        let Some(request) = requests.next() else { break };
        let begun = Instant::now();
        stream.write_all(request).await.unwrap();
        let status = read_answer(&mut stream, &mut buffer).await;
        if (200..300).contains(&status) && status != 202 {
            micros.push(begun.elapsed().as_micros() as u32);
        } else {
            errors += 1;
        }
    }
    (micros, errors)
}

/// Reads one answer to its end and returns its status.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> u16 {
    let (mut filled, mut wanted) = (0, usize::MAX);
    while filled < wanted {
        let read = stream.read(&mut buffer[filled..]).await.unwrap();
        assert!(read > 0, "the server closed the connection");
        filled += read;
        if wanted == usize::MAX
            && let Some(end) = find(&buffer[..filled], b"\r\n\r\n")
        {
            wanted = end + 4 + content_length(&buffer[..end]);
        }
    }
    std::str::from_utf8(&buffer[9..12]).unwrap().parse().unwrap()
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}

fn content_length(head: &[u8]) -> usize {
    let name = b"content-length: ";
    let at = find(head, name).map(|at| at + name.len());
    let digits = at.map(|at| head[at..].iter().take_while(|b| b.is_ascii_digit()));
    digits.map_or(0, |digits| digits.fold(0, |n, b| n * 10 + usize::from(b - b'0')))
}
