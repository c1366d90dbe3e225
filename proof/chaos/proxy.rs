//! The network between providers and clients: takes requests, does to them what
//! their fate is, and spreads them over the clients as a load balancer does.

use std::io::{self, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::faults::{Fate, Faults};
use crate::http::{Answer, Connection, length};

/// Longest wait for a client's answer.
const ANSWER: Duration = Duration::from_secs(20);
/// Largest request that is passed on.
const REQUEST_MAX: usize = 256 * 1024;

/// The proxy; it lives as long as the program.
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    faults: Faults,
    clients: Vec<SocketAddr>,
    in_hand: AtomicU64,
}

impl Proxy {
    /// Starts it in front of these clients.
    pub fn start(clients: &[SocketAddr], faults: Faults) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let inner = Arc::new(Inner { faults, clients: clients.to_vec(), in_hand: AtomicU64::new(0) });
        let own = Arc::clone(&inner);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = Arc::clone(&own);
                // Whatever breaks here is a broken network, which is the purpose.
                std::thread::spawn(move || drop(own.attend(&stream)));
            }
        });
        Self { address, inner }
    }

    /// Ends all disturbance, and waits until nothing delayed is under way.
    pub fn calm_down(&self) {
        self.inner.faults.calm_down();
        while self.inner.in_hand.load(Ordering::Relaxed) > 0 {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// How often each fate was met.
    pub fn counts(&self) -> Vec<(String, u64)> {
        self.inner.faults.counts()
    }

    /// How many requests something happened to.
    pub fn faults(&self) -> u64 {
        self.counts().iter().filter(|(name, _)| name != Fate::Pass.name()).map(|(_, count)| count).sum()
    }
}

/// Counts a disturbed request for as long as it is in hand.
struct InHand<'a>(&'a AtomicU64);

impl<'a> InHand<'a> {
    fn new(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Inner {
    /// Serves a connection until it ends or is to end.
    fn attend(&self, stream: &TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut clients: Vec<_> =
            self.clients.iter().map(|address| Connection::new(*address, ANSWER)).collect();
        while let Some(request) = peek_request(stream)? {
            if !self.meet_fate(stream, &request, &mut clients)? {
                break;
            }
        }
        Ok(())
    }

    /// Does to one request what its fate is. `false` ends the connection: what
    /// has not been taken off it by then makes the system reset it.
    fn meet_fate(&self, stream: &TcpStream, request: &[u8], clients: &mut [Connection]) -> io::Result<bool> {
        let (fate, first) = self.faults.decide(request);
        let _in_hand = (fate != Fate::Pass).then(|| InHand::new(&self.in_hand));
        if !matches!(fate, Fate::ResetBefore | Fate::ResetAfter) {
            take_off(stream, request.len())?;
        }
        match fate {
            Fate::DropBefore | Fate::ResetBefore => return Ok(false),
            Fate::DelayRequest(time) => std::thread::sleep(time),
            Fate::Answer(status) => return reply(stream, status).map(|()| true),
            _ => {}
        }
        let answer = self.forward(request, clients, first);
        match (fate, answer) {
            (Fate::DropAfter | Fate::ResetAfter, _) => return Ok(false),
            // A client died over it: a load balancer would say so.
            (_, Err(_)) => reply(stream, 502)?,
            (Fate::HalfAnswer, Ok(answer)) => {
                write(stream, &answer.raw[..answer.raw.len() / 2])?;
                stream.shutdown(Shutdown::Both)?;
                return Ok(false);
            }
            (Fate::DelayAnswer(time), Ok(answer)) => {
                std::thread::sleep(time);
                write(stream, &answer.raw)?;
            }
            (_, Ok(answer)) => write(stream, &answer.raw)?,
        }
        Ok(true)
    }

    /// Passes a request on to a client that can be reached.
    fn forward(&self, request: &[u8], clients: &mut [Connection], first: u64) -> io::Result<Answer> {
        let count = clients.len() as u64;
        for turn in 0..count {
            let client = &mut clients[((first + turn) % count) as usize];
            if client.open().is_ok() {
                let answer = client.call_raw(request);
                if answer.is_err() {
                    self.faults.note("a client did not answer");
                }
                return answer;
            }
        }
        self.faults.note("no client was there");
        Err(io::ErrorKind::ConnectionRefused.into())
    }
}

/// A whole request, which stays on the connection; `None` at its end.
fn peek_request(stream: &TcpStream) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = vec![0; REQUEST_MAX];
    let mut seen = 0;
    loop {
        let there = stream.peek(&mut bytes)?;
        if there == 0 || there == REQUEST_MAX {
            return Ok(None);
        }
        if let Some((_, end)) = length(&bytes[..there])
            && there >= end
        {
            bytes.truncate(end);
            return Ok(Some(bytes));
        }
        if there == seen {
            std::thread::sleep(Duration::from_millis(1));
        }
        seen = there;
    }
}

fn take_off(mut stream: &TcpStream, count: usize) -> io::Result<()> {
    io::Read::read_exact(&mut stream, &mut vec![0; count])
}

fn write(mut stream: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    stream.write_all(bytes)
}

fn reply(stream: &TcpStream, status: u16) -> io::Result<()> {
    let body =
        format!("{{\"statusCode\":{status},\"error\":\"DISTURBED\",\"message\":\"Something in between\"}}");
    let wait = if status == 429 { "Retry-After: 1\r\n" } else { "" };
    let head = format!(
        "HTTP/1.1 {status} Disturbed\r\nContent-Type: application/json\r\n{wait}Content-Length: {}\r\n\r\n",
        body.len()
    );
    write(stream, format!("{head}{body}").as_bytes())
}
