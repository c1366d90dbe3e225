//! A request and an answer, the same with and without a socket, and a client
//! that sends exactly what it is told to.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// A request.
#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Call {
    pub fn new(method: &str, path: impl Into<String>) -> Self {
        Self { method: method.to_owned(), path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    pub fn get(path: impl Into<String>) -> Self {
        Self::new("GET", path)
    }

    pub fn post(path: impl Into<String>, body: &Value) -> Self {
        Self::new("POST", path).json(body)
    }

    pub fn put(path: impl Into<String>, body: &Value) -> Self {
        Self::new("PUT", path).json(body)
    }

    pub fn delete(path: impl Into<String>) -> Self {
        Self::new("DELETE", path)
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn tenant(self, tenant: &str) -> Self {
        self.header("X-Tenant", tenant)
    }

    pub fn json(self, body: &Value) -> Self {
        self.raw(body.to_string()).header("Content-Type", "application/json")
    }

    pub fn form(self, body: &str) -> Self {
        self.raw(body).header("Content-Type", "application/x-www-form-urlencoded")
    }

    pub fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("no JSON ({e}): {}", self.text()))
    }

    /// The JSON of an answer that must have this status.
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// The common error body, which must be complete and consistent.
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["error"], code, "{body}");
        assert_eq!(body["statusCode"], status, "{body}");
        assert!(body["message"].as_str().is_some_and(|text| !text.is_empty()), "{body}");
        assert_timestamp(&body["timestamp"]);
        assert_eq!(body["requestId"].as_str(), self.header("X-Request-Id"), "{body}");
        assert!(body["requestId"].as_str().is_some_and(|id| !id.is_empty()), "{body}");
        let known = ["statusCode", "error", "message", "details", "timestamp", "requestId"];
        assert!(body.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{body}");
        assert!(self.header("Content-Type").unwrap().starts_with("application/json"));
        body
    }

    /// A validation error that names exactly these fields.
    pub fn names_fields(&self, fields: &[&str]) -> Value {
        let body = self.refused(400, "VALIDATION_FAILED");
        let mut named: Vec<_> = body["details"]["fields"]
            .as_array()
            .unwrap()
            .iter()
            .map(|f| f["field"].as_str().unwrap())
            .collect();
        let mut expected = fields.to_vec();
        named.sort_unstable();
        expected.sort_unstable();
        assert_eq!(named, expected, "{body}");
        for field in body["details"]["fields"].as_array().unwrap() {
            assert!(field["rule"].is_string() && field["message"].is_string(), "{body}");
        }
        body
    }
}

/// `2026-11-20T17:57:06.120Z`: UTC, three decimals.
pub fn assert_timestamp(value: &Value) {
    let text = value.as_str().unwrap_or_else(|| panic!("{value} is no time"));
    let parsed: jiff::Timestamp = text.parse().unwrap_or_else(|_| panic!("{text} is no time"));
    assert_eq!(format!("{parsed:.3}"), text);
}

/// The codes of an error answer's `details.fields`, for messages.
pub fn call(address: SocketAddr, call: &Call) -> Answer {
    try_call(address, call).unwrap_or_else(|e| panic!("{} {}: {e}", call.method, call.path))
}

/// Sends a request over a connection of its own and reads the whole answer.
pub fn try_call(address: SocketAddr, call: &Call) -> io::Result<Answer> {
    let mut stream = open(address)?;
    let mut head = head_of(call, address);
    head.push_str(&format!("Content-Length: {}\r\n\r\n", call.body.len()));
    stream.write_all(head.as_bytes())?;
    stream.write_all(&call.body)?;
    read_answer(&mut stream)
}

/// Like [`call`], with the body in chunks of 64 kB.
pub fn call_in_chunks(address: SocketAddr, call: &Call) -> Answer {
    let send = || -> io::Result<Answer> {
        let mut stream = open(address)?;
        stream.write_all(head_of(call, address).as_bytes())?;
        stream.write_all(b"Transfer-Encoding: chunked\r\n\r\n")?;
        for chunk in call.body.chunks(65_536) {
            stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes())?;
            stream.write_all(chunk)?;
            stream.write_all(b"\r\n")?;
        }
        stream.write_all(b"0\r\n\r\n")?;
        read_answer(&mut stream)
    };
    send().unwrap_or_else(|e| panic!("{} {}: {e}", call.method, call.path))
}

/// Asks for a path under a name that the address may not have.
pub fn get_as(host: &str, address: SocketAddr, path: &str) -> Answer {
    let head = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    let mut stream = open(address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    read_answer(&mut stream).unwrap()
}

/// A connection that gives up after ten seconds of silence.
pub fn open(address: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5))?;
    stream.set_read_timeout(Some(Duration::from_secs(15)))?;
    stream.set_write_timeout(Some(Duration::from_secs(15)))?;
    Ok(stream)
}

fn head_of(call: &Call, address: SocketAddr) -> String {
    let mut head =
        format!("{} {} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n", call.method, call.path);
    for (name, value) in &call.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head
}

/// Reads an answer up to the end of its connection.
pub fn read_answer(stream: &mut TcpStream) -> io::Result<Answer> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    parse(&bytes)
        .ok_or_else(|| io::Error::other(format!("not an HTTP answer: {:?}", String::from_utf8_lossy(&bytes))))
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let header = |line: &str| line.split_once(':').map(|(n, v)| (n.to_owned(), v.trim().to_owned()));
    let headers = lines.filter_map(header).collect();
    Some(Answer { status, headers, body: bytes[end + 4..].to_vec() })
}
