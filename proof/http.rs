//! HTTP/1.1 as the proofs need it: one request at a time over a connection that
//! is kept open, and a look at the raw bytes.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest time to connect to a process of this machine.
const CONNECT: Duration = Duration::from_secs(5);
/// A connection that rested longer is not used again: servers close those.
const REST: Duration = Duration::from_secs(2);

/// A request, complete but for the host.
#[derive(Debug, Clone)]
pub struct Request {
    method: &'static str,
    path: String,
    headers: String,
    body: Vec<u8>,
}

impl Request {
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: "GET", path: path.into(), headers: String::new(), body: Vec::new() }
    }

    /// A request with a JSON body.
    pub fn with_body(method: &'static str, path: impl Into<String>, body: &Value) -> Self {
        let headers = "Content-Type: application/json\r\n".to_owned();
        Self { method, path: path.into(), headers, body: body.to_string().into_bytes() }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push_str(&format!("{name}: {value}\r\n"));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let head = format!(
            "{} {} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n\r\n",
            self.method,
            self.path,
            self.headers,
            self.body.len()
        );
        [head.as_bytes(), &self.body].concat()
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Every byte of it, head and body.
    pub raw: Vec<u8>,
    body_at: usize,
}

impl Answer {
    /// The body as JSON; null if it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.raw[self.body_at..]).unwrap_or(Value::Null)
    }

    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The error code of a refusal, such as `NOT_FOUND`.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// Status and error, for messages; never the body.
    pub fn brief(&self) -> String {
        format!("{} {}", self.status, self.error())
    }
}

/// A connection to one address, opened when it is needed.
#[derive(Debug)]
pub struct Connection {
    /// Where it leads.
    pub address: SocketAddr,
    timeout: Duration,
    stream: Option<TcpStream>,
    used: Instant,
}

impl Connection {
    pub fn new(address: SocketAddr, timeout: Duration) -> Self {
        Self { address, timeout, stream: None, used: Instant::now() }
    }

    /// Sends a request and reads its answer. After an error nobody knows whether
    /// the request was carried out.
    pub fn call(&mut self, request: &Request) -> io::Result<Answer> {
        self.call_raw(&request.bytes())
    }

    /// The same with a request in bytes.
    pub fn call_raw(&mut self, request: &[u8]) -> io::Result<Answer> {
        let mut stream = match self.stream.take() {
            Some(stream) if self.used.elapsed() < REST => stream,
            _ => connect(self.address, self.timeout)?,
        };
        stream.write_all(request)?;
        let (answer, stays) = read_answer(&mut stream)?;
        self.used = Instant::now();
        self.stream = stays.then_some(stream);
        Ok(answer)
    }

    /// Opens it, unless it is open.
    pub fn open(&mut self) -> io::Result<()> {
        if self.stream.is_none() || self.used.elapsed() >= REST {
            self.stream = Some(connect(self.address, self.timeout)?);
            self.used = Instant::now();
        }
        Ok(())
    }
}

fn connect(address: SocketAddr, timeout: Duration) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, CONNECT)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(timeout))?;
    stream.set_write_timeout(Some(timeout))?;
    Ok(stream)
}

/// Reads one answer; also tells whether the connection stays open.
fn read_answer(stream: &mut TcpStream) -> io::Result<(Answer, bool)> {
    let (mut raw, mut chunk, mut wanted) = (Vec::new(), [0; 16_384], None);
    loop {
        if wanted.is_none() {
            wanted = length(&raw);
        }
        if let Some((body_at, end)) = wanted
            && raw.len() >= end
        {
            let status = std::str::from_utf8(&raw[9..12]).ok().and_then(|digits| digits.parse().ok());
            let status = status.ok_or_else(|| io::Error::other("not an HTTP answer"))?;
            let stays = !head(&raw, body_at).contains("connection: close");
            return Ok((Answer { status, raw, body_at }, stays));
        }
        let read = stream.read(&mut chunk)?;
        if read == 0 {
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the answer ended early"));
        }
        raw.extend_from_slice(&chunk[..read]);
    }
}

/// Where the body of a message starts and ends, once its head is there.
pub fn length(bytes: &[u8]) -> Option<(usize, usize)> {
    let body_at = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = head(bytes, body_at);
    let after = head.split("content-length:").nth(1);
    let digits = after.and_then(|text| text.lines().next()?.trim().parse::<usize>().ok());
    Some((body_at, body_at + digits.unwrap_or(0)))
}

fn head(bytes: &[u8], body_at: usize) -> String {
    String::from_utf8_lossy(&bytes[..body_at]).to_ascii_lowercase()
}
