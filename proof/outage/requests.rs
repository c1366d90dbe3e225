//! What is asked: the operations of the provider role, and deliveries that go to
//! the client role directly.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use crate::http::Request;
use crate::random::{Random, text};
use crate::sql;
use crate::stage::Stage;

/// Number of the first document that is read.
const READ_FROM: u64 = 100_000_000_000;
/// Number of the first document that is sent.
const SEND_FROM: u64 = 200_000_000_000;
/// Number of the first document that is delivered directly.
const DIRECT_FROM: u64 = 300_000_000_000;

/// An operation of the provider role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    Create,
    Read,
    List,
    Send,
}

impl Operation {
    pub const ALL: [Self; 4] = [Self::Create, Self::Read, Self::List, Self::Send];

    pub fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Read => "read",
            Self::List => "list",
            Self::Send => "send",
        }
    }
}

/// Documents to read and to send.
pub struct Supply {
    documents: u64,
    sendable: u64,
    next_to_send: AtomicU64,
    next_direct: AtomicU64,
    accepted: AtomicU64,
}

impl Supply {
    /// Writes the documents into the provider's database.
    pub fn load(stage: &Stage, documents: u64, sendable: u64) -> Self {
        let mut conn = sql::connect(&stage.provider_url).unwrap();
        sql::preload(&mut conn, "draft", READ_FROM, documents).unwrap();
        sql::preload(&mut conn, "final", SEND_FROM, sendable).unwrap();
        sql::settle(&mut conn).unwrap();
        let none = || AtomicU64::new(0);
        Self { documents, sendable, next_to_send: none(), next_direct: none(), accepted: none() }
    }

    /// The next request of an operation; `None` if there is nothing left to send.
    pub fn request(&self, operation: Operation, random: &mut Random) -> Option<Request> {
        Some(match operation {
            Operation::Create => {
                let body = json!({"title": "A title of a common length", "content": some_text(random)});
                Request::with_body("POST", "/api/documents", &body)
            }
            Operation::Read => {
                Request::get(format!("/api/documents/{}", id(READ_FROM + random.below(self.documents))))
            }
            Operation::List => Request::get("/api/documents?limit=20"),
            Operation::Send => {
                let number = self.next_to_send.fetch_add(1, Ordering::Relaxed);
                if number >= self.sendable {
                    return None;
                }
                Request::with_body("POST", "/api/send", &json!({"documentId": id(SEND_FROM + number)}))
            }
        })
    }

    /// A delivery as the provider role makes it.
    pub fn delivery(&self, random: &mut Random) -> Request {
        let number = DIRECT_FROM + self.next_direct.fetch_add(1, Ordering::Relaxed);
        let body = json!({
            "id": id(number),
            "version": 1,
            "title": format!("Document number {number}"),
            "content": some_text(random),
            "contentType": "text/markdown",
            "expiresIn": 30 * 86_400,
        });
        let request = Request::with_body("POST", "/api/v1/documents", &body);
        request.header("X-Tenant", "default").header("Idempotency-Key", &id(number))
    }

    /// A send was accepted.
    pub fn accept(&self) {
        self.accepted.fetch_add(1, Ordering::Relaxed);
    }

    /// Sends accepted so far.
    pub fn accepted(&self) -> u64 {
        self.accepted.load(Ordering::Relaxed)
    }
}

fn some_text(random: &mut Random) -> String {
    text(random.next(), "a patient")
}

fn id(number: u64) -> String {
    format!("{}{number}", sql::ID_PREFIX)
}
