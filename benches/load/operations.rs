//! What is measured: each operation as HTTP requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use oc::domain::cursor::Cursor;

/// First number of the ids of preloaded documents; decimal, so that pgbench can write them.
pub const READ_IDS: u64 = 100_000_000_000;
/// First number of the ids of documents that wait to be sent.
pub const SEND_IDS: u64 = 200_000_000_000;

/// First number of the ids of documents that pgbench sends.
pub const PGBENCH_SEND_IDS: u64 = 400_000_000_000;
/// Documents that pgbench sends, again and again.
pub const PGBENCH_SENDABLE: u64 = 50_000;

/// The id of preloaded document number `n`.
pub fn id(n: u64) -> String {
    format!("01900000-0000-7000-8000-{n}")
}

/// One operation of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Read,
    List,
    Create,
    Update,
    Send,
    Open,
    /// A sending while the client role is away.
    Accept,
    /// A document handed to the client role without the provider role.
    Arrive,
    /// A search that finds nothing, and so opens title and recipient of every document.
    Search,
}

impl Operation {
    /// Those that are measured beside pgbench.
    pub const ALL: [Self; 6] = [Self::Read, Self::List, Self::Create, Self::Update, Self::Send, Self::Open];

    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Create => "create",
            Self::Update => "update",
            Self::Send => "send",
            Self::Open => "open",
            Self::Accept => "accept",
            Self::Arrive => "arrive",
            Self::Search => "search",
        }
    }

    /// The share of pgbench's rate that we want to reach at 32 connections, in percent.
    pub fn target(self) -> f64 {
        match self {
            Self::Read => 60.0,
            Self::List => 45.0,
            Self::Create | Self::Update => 65.0,
            Self::Send | Self::Accept | Self::Arrive | Self::Search => 50.0,
            Self::Open => 55.0,
        }
    }
}

/// About 1 kB of text that does not compress away.
pub fn content(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = String::from("# Findings\n\n");
    while text.len() < 1_000 {
        text.push_str(&format!("{:016x} ", next(&mut state)));
    }
    text
}

fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// The requests of one connection.
pub struct Requests {
    pub operation: Operation,
    pub provider: String,
    pub client: String,
    pub documents: u64,
    pub tenants: u64,
    pub codes: Arc<Vec<String>>,
    pub to_send: Arc<AtomicU64>,
    /// Number of the last document that may be sent.
    pub last_to_send: u64,
    pub random: u64,
    pub buffer: Vec<u8>,
}

impl Requests {
    /// Where they go.
    pub fn address(&self) -> &str {
        if matches!(self.operation, Operation::Open | Operation::Arrive) {
            &self.client
        } else {
            &self.provider
        }
    }

    /// The next request; `None` when there is nothing left to send.
    pub fn next(&mut self) -> Option<&[u8]> {
        let n = next(&mut self.random);
        let picked = n % self.documents;
        let (line, body) = match self.operation {
            Operation::Read => (format!("GET /api/documents/{}", id(READ_IDS + 1 + picked)), None),
            Operation::List => {
                let after = id(READ_IDS + 1 + picked.max(30)).parse().unwrap();
                (format!("GET /api/documents?limit=20&cursor={}", Cursor(after).encode()), None)
            }
            Operation::Create => {
                let body = serde_json::json!({"title": "A title of a common length", "content": content(n)});
                ("POST /api/documents".to_owned(), Some(body))
            }
            Operation::Update => {
                let body = serde_json::json!({"title": format!("Title {n}"), "content": content(n)});
                (format!("PUT /api/documents/{}", id(READ_IDS + 1 + picked)), Some(body))
            }
            Operation::Send | Operation::Accept => {
                let number = self.to_send.fetch_add(1, Ordering::Relaxed);
                if number > self.last_to_send {
                    return None;
                }
                ("POST /api/send".to_owned(), Some(serde_json::json!({"documentId": id(SEND_IDS + number)})))
            }
            Operation::Arrive => {
                let body = serde_json::json!({"title": "A title of a common length", "content": content(n)});
                ("POST /api/v1/documents".to_owned(), Some(body))
            }
            Operation::Search => (format!("GET /api/documents?q=nowhere-{n}"), None),
            Operation::Open => (format!("GET /api/public/{}", self.codes[picked as usize]), None),
        };
        self.buffer.clear();
        self.buffer.extend_from_slice(line.as_bytes());
        self.buffer.extend_from_slice(b" HTTP/1.1\r\nHost: localhost\r\n");
        if self.tenants > 1 {
            self.buffer.extend_from_slice(format!("X-Tenant: t{}\r\n", n % self.tenants).as_bytes());
        }
        if let Some(body) = body {
            let body = body.to_string();
            let head = format!("Content-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
            self.buffer.extend_from_slice(head.as_bytes());
            self.buffer.extend_from_slice(body.as_bytes());
        } else {
            self.buffer.extend_from_slice(b"\r\n");
        }
        Some(&self.buffer)
    }
}
