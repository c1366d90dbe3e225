//! What is measured: each operation as HTTP requests and as SQL for pgbench.

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
}

impl Operation {
    pub const ALL: [Self; 6] = [Self::Read, Self::List, Self::Create, Self::Update, Self::Send, Self::Open];

    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::List => "list",
            Self::Create => "create",
            Self::Update => "update",
            Self::Send => "send",
            Self::Open => "open",
        }
    }

    /// The share of pgbench's rate that we want to reach at 32 connections, in percent.
    pub fn target(self) -> f64 {
        match self {
            Self::Read => 60.0,
            Self::List => 45.0,
            Self::Create | Self::Update => 65.0,
            Self::Send => 50.0,
            Self::Open => 55.0,
        }
    }

    /// The same statements for pgbench: database and script. An operation that
    /// works on two databases has two scripts.
    pub fn scripts(self, documents: u64) -> Vec<(&'static str, String)> {
        let pick = format!("\\set n random({}, {})\n", READ_IDS + 1, READ_IDS + documents);
        let pick_final =
            format!("\\set n random({}, {})\n", PGBENCH_SEND_IDS + 1, PGBENCH_SEND_IDS + PGBENCH_SENDABLE);
        let the_id = "('01900000-0000-7000-8000-' || :n)::uuid";
        let columns = "id, title, content, content_type, recipient, metadata, expires_in, status, version, sent_version, access_code, link, expires_at, delivery_state, delivery_attempts, next_attempt_at, last_error, delivered_at, opened_at, created_at, updated_at";
        let select =
            format!("SELECT {columns} FROM documents WHERE tenant_id = 'default' AND id = {the_id};\n");
        let content = content(1);
        match self {
            Self::Read => vec![("oc_provider", format!("{pick}{select}"))],
            Self::List => vec![(
                "oc_provider",
                format!(
                    "{pick}SELECT {columns} FROM documents WHERE tenant_id = 'default' AND id < {the_id} ORDER BY id DESC LIMIT 21;\n"
                ),
            )],
            Self::Create => vec![(
                "oc_provider",
                format!(
                    "INSERT INTO documents (tenant_id, id, delivery_state, created_at, title, content, content_type, status, version, updated_at) VALUES ('default', gen_random_uuid(), 'none', now(), 'A title of a common length', '{content}', 'text/markdown', 'draft', 1, now());\n"
                ),
            )],
            Self::Update => vec![(
                "oc_provider",
                format!(
                    "{pick}{select}UPDATE documents SET title = 'Title ' || random(), content = '{content}', content_type = 'text/markdown', recipient = NULL, metadata = NULL, expires_in = NULL, status = 'draft', version = version + 1, updated_at = now() WHERE tenant_id = 'default' AND id = {the_id} AND version > 0;\n"
                ),
            )],
            Self::Send => vec![
                (
                    "oc_provider",
                    format!(
                        "{pick_final}{select}BEGIN;\n\
                         UPDATE documents SET sent_version = version, expires_at = now(), delivery_state = 'delivering', delivery_attempts = 1, next_attempt_at = NULL, status = 'final' WHERE tenant_id = 'default' AND id = {the_id} AND version > 0;\n\
                         INSERT INTO outbox (tenant_id, id, topic, subject_id, version, payload, state, attempts, due_at, leased_until, created_at) VALUES ('default', {the_id}, 'document.deliver', {the_id}, 1, convert_to('{content}', 'UTF8'), 'leased', 1, now(), now(), now()) ON CONFLICT DO NOTHING;\n\
                         COMMIT;\nBEGIN;\n\
                         UPDATE outbox SET state = 'delivered', payload = NULL, leased_until = NULL, settled_at = now(), last_error = NULL WHERE tenant_id = 'default' AND id = {the_id};\n\
                         UPDATE documents SET delivery_attempts = 1, delivery_state = 'delivered', access_code = 'K7QM-4T9X-WR5C', link = 'https://client.on-track.ch/view/K7QM-4T9X-WR5C', next_attempt_at = NULL, last_error = NULL, delivered_at = now() WHERE tenant_id = 'default' AND id = {the_id} RETURNING {columns};\n\
                         COMMIT;\n"
                    ),
                ),
                (
                    "oc_client",
                    format!(
                        "\\set r random(300000000000, 999999999999)\nBEGIN;\n\
                         INSERT INTO documents (tenant_id, id, created_at, version, title, content, content_type, expires_at, updated_at) VALUES ('default', ('01900000-0000-7000-9000-' || :r)::uuid, now(), 1, 'A title of a common length', '{content}', 'text/markdown', now(), now()) ON CONFLICT DO NOTHING;\n\
                         INSERT INTO access_codes (tenant_id, document_id, key_id, selector_hash, verifier_salt, verifier_hash, sealed_code, created_at) VALUES ('default', ('01900000-0000-7000-9000-' || :r)::uuid, 'abcdef01', sha256(convert_to(:r::text, 'UTF8')), '\\x00112233445566778899aabbccddeeff', sha256(convert_to(:r::text, 'UTF8')), sha256(convert_to(:r::text, 'UTF8')), now()) ON CONFLICT (selector_hash) DO NOTHING;\n\
                         COMMIT;\n"
                    ),
                ),
            ],
            Self::Open => vec![(
                "oc_client",
                format!(
                    "{pick}SELECT c.key_id, c.selector_hash, c.verifier_salt, c.verifier_hash, c.sealed_code, d.tenant_id, d.id, d.version, d.title, d.content, d.content_type, d.expires_at, d.created_at, d.updated_at FROM access_codes c INNER JOIN documents d ON d.tenant_id = c.tenant_id AND d.id = c.document_id WHERE c.selector_hash = ANY (ARRAY[(SELECT hash FROM bench_selectors WHERE n = :n)]);\n"
                ),
            )],
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
    pub codes: Arc<Vec<String>>,
    pub to_send: Arc<AtomicU64>,
    pub sendable: u64,
    pub random: u64,
    pub buffer: Vec<u8>,
}

impl Requests {
    /// Where they go.
    pub fn address(&self) -> &str {
        if self.operation == Operation::Open { &self.client } else { &self.provider }
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
            Operation::Send => {
                let number = self.to_send.fetch_add(1, Ordering::Relaxed);
                if number > self.sendable {
                    return None;
                }
                ("POST /api/send".to_owned(), Some(serde_json::json!({"documentId": id(SEND_IDS + number)})))
            }
            Operation::Open => (format!("GET /api/public/{}", self.codes[picked as usize]), None),
        };
        self.buffer.clear();
        self.buffer.extend_from_slice(line.as_bytes());
        self.buffer.extend_from_slice(b" HTTP/1.1\r\nHost: bench\r\n");
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
