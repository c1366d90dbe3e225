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
    /// Answers 202: accepted, to be delivered later.
    pub queued: usize,
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

/// Runs an operation over `connections` connections for `length`, or until there
/// is nothing left to send. Sendings count until the last one is delivered.
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
            let part = task.await.unwrap();
            sample.micros.extend(part.micros);
            sample.errors += part.errors;
            sample.queued += part.queued;
        }
    });
    if operation == Operation::Send {
        stage.wait_until_delivered();
    }
    sample.elapsed = started.elapsed();
    sample.ticks = between(&before, &stage.processor_time());
    sample.micros.sort_unstable();
    sample
}

/// Sends documents over `connections` connections and asks the client role for
/// each until it can be read; `each` documents on every connection. The time is
/// that from the beginning of the sending.
pub fn until_readable(stage: &Stage, connections: usize, each: usize) -> Sample {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let set = LocalSet::new();
    let mut sample = Sample::default();
    let started = Instant::now();
    set.block_on(&runtime, async {
        let tasks: Vec<_> = (0..connections)
            .map(|_| tokio::task::spawn_local(send_and_read(stage.requests(Operation::Send), each)))
            .collect();
        for task in tasks {
            let part = task.await.unwrap();
            sample.micros.extend(part.micros);
            sample.errors += part.errors;
            sample.queued += part.queued;
        }
    });
    sample.elapsed = started.elapsed();
    sample.micros.sort_unstable();
    sample
}

async fn one_connection(mut requests: Requests, until: Instant) -> Sample {
    let mut connection = Connection::open(requests.address()).await;
    let mut sample = Sample { micros: Vec::with_capacity(100_000), ..Sample::default() };
    while Instant::now() < until {
        let Some(request) = requests.next() else { break };
        let begun = Instant::now();
        let (status, _) = connection.ask(request).await;
        sample.count(status, begun);
    }
    sample
}

async fn send_and_read(mut requests: Requests, each: usize) -> Sample {
    let mut provider = Connection::open(&requests.provider).await;
    let mut client = Connection::open(&requests.client).await;
    let mut sample = Sample::default();
    for _ in 0..each {
        let Some(request) = requests.next() else { break };
        let begun = Instant::now();
        let (status, body) = provider.ask(request).await;
        let answer: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        let Some(code) = answer["accessCode"].as_str() else {
            sample.errors += 1;
            continue;
        };
        let open = format!("GET /api/public/{code} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        while client.ask(open.as_bytes()).await.0 != 200 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        sample.count(status, begun);
    }
    sample
}

impl Sample {
    fn count(&mut self, status: u16, begun: Instant) {
        if !(200..300).contains(&status) {
            self.errors += 1;
            return;
        }
        self.queued += usize::from(status == 202);
        self.micros.push(begun.elapsed().as_micros() as u32);
    }

    /// Share of the answers that were 202, in percent.
    pub fn queued_percent(&self) -> f64 {
        100.0 * self.queued as f64 / self.micros.len().max(1) as f64
    }
}

/// One connection, one request at a time.
pub struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    pub async fn open(address: &str) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: vec![0; 256 * 1024] }
    }

    /// Sends a request and reads the answer to its end: status and body.
    pub async fn ask(&mut self, request: &[u8]) -> (u16, &[u8]) {
        self.stream.write_all(request).await.unwrap();
        let (mut filled, mut body, mut wanted) = (0, 0, usize::MAX);
        while filled < wanted {
            let read = self.stream.read(&mut self.buffer[filled..]).await.unwrap();
            assert!(read > 0, "the server closed the connection");
            filled += read;
            if wanted == usize::MAX
                && let Some(end) = find(&self.buffer[..filled], b"\r\n\r\n")
            {
                body = end + 4;
                wanted = body + content_length(&self.buffer[..end]);
            }
        }
        let status = std::str::from_utf8(&self.buffer[9..12]).unwrap().parse().unwrap();
        (status, &self.buffer[body..wanted])
    }
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
