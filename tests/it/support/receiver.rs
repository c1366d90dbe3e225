//! A server in place of the client role that behaves as the test says, and
//! remembers what came.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use oc::domain::wire::OVERTAKEN_HEADER;
use serde_json::{Value, json};

use super::http::{Call, try_call};

/// What it does with a request.
#[derive(Clone)]
pub enum Behaviour {
    /// Answers this status and body.
    Answer(u16, String),
    /// Answers this status, with this header, and no body.
    AnswerWith(u16, &'static str, String),
    /// Never answers.
    Hang,
    /// Closes the connection without an answer.
    Close,
    /// Answers what is no HTTP.
    Garbage,
    /// Passes the request on and the answer back.
    Forward(SocketAddr),
    /// Passes the request on and loses the answer.
    ForwardAndClose(SocketAddr),
    /// Passes the request on once the gate is open.
    ForwardThrough(Arc<Gate>, SocketAddr),
}

impl Behaviour {
    /// Refuses like a role does.
    pub fn refuse(status: u16) -> Self {
        let body = json!({"statusCode": status, "error": "VALIDATION_FAILED", "message": "no"});
        Self::Answer(status, body.to_string())
    }
}

/// Closed at first; whoever wants to pass waits until it is opened.
#[derive(Default)]
pub struct Gate {
    is_open: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    /// Lets everybody pass from now on.
    pub fn open(&self) {
        *self.is_open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    fn pass(&self) {
        drop(self.opened.wait_while(self.is_open.lock().unwrap(), |is_open| !*is_open).unwrap());
    }
}

/// The server; gone with the test.
pub struct Receiver {
    address: SocketAddr,
    behaviour: Arc<Mutex<Behaviour>>,
    calls: Arc<Mutex<Vec<Call>>>,
    present: Arc<Present>,
}

/// How many callers wait for an answer.
#[derive(Default)]
struct Present {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Present {
    fn come(&self) -> Visit<'_> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        Visit(self)
    }
}

/// Somebody waits as long as this lives.
struct Visit<'a>(&'a Present);

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        self.0.now.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Receiver {
    /// Starts it.
    pub fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (behaviour, calls) = (Arc::new(Mutex::new(behaviour)), Arc::new(Mutex::new(Vec::new())));
        let (now, seen) = (Arc::clone(&behaviour), Arc::clone(&calls));
        let present = Arc::new(Present::default());
        let counted = Arc::clone(&present);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (now, seen, counted) = (Arc::clone(&now), Arc::clone(&seen), Arc::clone(&counted));
                std::thread::spawn(move || {
                    if let Err(error) = attend(stream, &now, &seen, &counted) {
                        eprintln!("the receiver lost a connection: {error}");
                    }
                });
            }
        });
        Self { address, behaviour, calls, present }
    }

    /// How many callers wait for their answer now.
    pub fn callers(&self) -> usize {
        self.present.now.load(Ordering::SeqCst)
    }

    /// The most callers that ever waited at the same time.
    pub fn most_callers(&self) -> usize {
        self.present.most.load(Ordering::SeqCst)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What `CLIENT_BASE_URL` says.
    pub fn base_url(&self) -> String {
        format!("http://{}/api/", self.address)
    }

    /// Behaves differently from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    /// What came about documents so far.
    pub fn calls(&self) -> Vec<Call> {
        self.every_call().into_iter().filter(|call| call.path.contains("/v1/documents")).collect()
    }

    /// What came so far, questions for codes and receipts included.
    pub fn every_call(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The bodies that came so far.
    pub fn bodies(&self) -> Vec<Value> {
        self.calls().iter().map(|call| serde_json::from_slice(&call.body).unwrap()).collect()
    }
}

fn attend(
    mut stream: TcpStream,
    now: &Mutex<Behaviour>,
    seen: &Mutex<Vec<Call>>,
    present: &Present,
) -> io::Result<()> {
    let Some(call) = read_call(&stream)? else { return Ok(()) };
    let behaviour = now.lock().unwrap().clone();
    seen.lock().unwrap().push(call.clone());
    // Only now: whoever waits for a caller may change the behaviour for the next one.
    let _visit = present.come();
    match behaviour {
        Behaviour::Answer(status, body) => reply(&mut stream, status, "", body.as_bytes()),
        Behaviour::AnswerWith(status, name, value) => {
            reply(&mut stream, status, &format!("{name}: {value}\r\n"), b"")
        }
        Behaviour::Hang => {
            // Until the caller gives up.
            stream.set_read_timeout(Some(Duration::from_secs(60)))?;
            stream.read(&mut [0]).map(drop)
        }
        Behaviour::Close => Ok(()),
        Behaviour::Garbage => stream.write_all(b"\x00\xff\xfe no http at all\r\n\r\n"),
        Behaviour::Forward(to) => forward(&mut stream, to, &call),
        Behaviour::ForwardAndClose(to) => try_call(to, &call).map(drop),
        Behaviour::ForwardThrough(gate, to) => {
            gate.pass();
            forward(&mut stream, to, &call)
        }
    }
}

fn forward(stream: &mut TcpStream, to: SocketAddr, call: &Call) -> io::Result<()> {
    let answer = try_call(to, call)?;
    let overtaken = answer.header(OVERTAKEN_HEADER).map(|by| format!("{OVERTAKEN_HEADER}: {by}\r\n"));
    reply(stream, answer.status, &overtaken.unwrap_or_default(), &answer.body)
}

fn reply(stream: &mut TcpStream, status: u16, header: &str, body: &[u8]) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} Told\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{header}Connection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body].concat())
}

fn read_call(stream: &TcpStream) -> io::Result<Option<Call>> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split_whitespace();
    let (Some(method), Some(path)) = (words.next(), words.next()) else { return Ok(None) };
    let mut call = Call::new(method, path);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse().unwrap_or(0),
            "connection" | "host" => {}
            _ => call = call.header(name, value),
        }
    }
    call.body = vec![0; length];
    reader.read_exact(&mut call.body)?;
    Ok(Some(call))
}
