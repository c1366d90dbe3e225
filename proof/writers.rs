//! People at work: each writes a document, makes it final and sends it, and
//! asks again, with the same key, until there is a clear answer.

use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::{Answer, Connection, Request};
use crate::random::{Random, text};
use crate::run::Run;

/// Longest wait for one answer.
const ANSWER: Duration = Duration::from_secs(20);
/// How long a writer keeps asking for one thing.
pub const PATIENCE: Duration = Duration::from_secs(240);

/// A writer and its connections to all providers.
pub struct Writer<'a> {
    run: &'a Run<'a>,
    providers: Vec<Connection>,
    at: usize,
    random: Random,
}

/// How a request ended.
enum End {
    /// An answer; `true` if an earlier try may have been carried out as well.
    Clear(Answer, bool),
    /// The key is held by a run that has not ended.
    Busy,
    /// None came.
    Never,
}

impl<'a> Writer<'a> {
    /// Writer `number` starts with one of the providers.
    pub fn new(run: &'a Run<'a>, number: usize, providers: &[SocketAddr]) -> Self {
        let providers: Vec<_> = providers.iter().map(|address| Connection::new(*address, ANSWER)).collect();
        let at = number % providers.len();
        Self { run, providers, at, random: Random::of(run.plan.seed, &format!("writer {number}")) }
    }

    /// Takes document after document until there are no more to write.
    pub fn work(&mut self) {
        loop {
            let number = self.run.next.fetch_add(1, Ordering::Relaxed);
            if number >= self.run.plan.sends {
                return;
            }
            if let Err(what) = self.hand_over(number) {
                self.run.ledger.surprise(what);
            }
            std::thread::sleep(self.run.plan.pause);
        }
    }

    fn hand_over(&mut self, number: u64) -> Result<(), String> {
        let marker = marker(self.run.plan.seed, number);
        match self.prepare(&marker)? {
            Some(id) => self.send(&id, &marker),
            None => Ok(()),
        }
    }

    /// Writes a document and makes it final. `None` if nobody answered.
    pub fn prepare(&mut self, marker: &str) -> Result<Option<String>, String> {
        let body = json!({"title": marker, "content": text(self.run.plan.seed, marker)});
        let create = Request::with_body("POST", "/api/documents", &body);
        let created = match self.ask_once("create", &create, marker) {
            End::Clear(answer, _) if answer.status == 201 => answer.json(),
            End::Clear(answer, _) => return Err(format!("{marker} created: {}", answer.brief())),
            End::Busy | End::Never => return Ok(None),
        };
        let id = created["id"].as_str().ok_or("a document without an id")?.to_owned();
        let put = Request::with_body("PUT", format!("/api/documents/{id}"), &json!({"status": "final"}));
        match self.ask("finish", &put, PATIENCE) {
            End::Clear(answer, _) if answer.is_success() => Ok(Some(id)),
            End::Clear(answer, _) => Err(format!("{marker} made final: {}", answer.brief())),
            End::Busy | End::Never => Ok(None),
        }
    }

    /// Sends a final document, and enters the answer in the books.
    pub fn send(&mut self, id: &str, marker: &str) -> Result<(), String> {
        let ledger = &self.run.ledger;
        let send = Request::with_body("POST", "/api/send", &json!({"documentId": id}));
        match self.ask_once("send", &send, marker) {
            End::Clear(answer, _) if answer.is_success() => {
                let told: Value = answer.json();
                let code = told["accessCode"].as_str();
                let with = if code.is_some() { "with a code" } else { "without a code" };
                ledger.note_answer(&format!("{} {with}", answer.status));
                ledger.accept(id, marker, code);
            }
            // An earlier try got through, and its answer was lost.
            End::Clear(answer, true) if answer.error() == "INVALID_DOCUMENT_STATE" => {
                ledger.note_answer("400, sent by an earlier try");
                ledger.accept(id, marker, None);
            }
            End::Clear(answer, _) => return Err(format!("{marker} sent: {}", answer.brief())),
            End::Busy | End::Never => ledger.give_up(id, marker),
        }
        Ok(())
    }

    /// Asks under one key. A short proof can't wait until the key of a process
    /// that died is free again: it takes another one after a while.
    fn ask_once(&mut self, step: &'static str, request: &Request, marker: &str) -> End {
        let patience = self.run.plan.key_patience;
        let first = request.clone().header("Idempotency-Key", &format!("{step}-{marker}"));
        match self.ask(step, &first, patience) {
            End::Busy => {
                let second = request.clone().header("Idempotency-Key", &format!("{step}-{marker}-2"));
                match self.ask(step, &second, PATIENCE) {
                    End::Clear(answer, _) => End::Clear(answer, true),
                    other => other,
                }
            }
            other => other,
        }
    }

    /// Asks until there is a clear answer, and asks the next provider whenever
    /// there is none.
    fn ask(&mut self, step: &'static str, request: &Request, key_patience: Duration) -> End {
        let (started, mut tries) = (Instant::now(), 0);
        loop {
            match self.providers[self.at].call(request) {
                Ok(answer) if !is_passing(&answer) => return End::Clear(answer, tries > 0),
                Ok(answer) if answer.status == 409 && started.elapsed() > key_patience => return End::Busy,
                Ok(answer) if answer.status >= 500 => self.run.ledger.note_refusal(step),
                Ok(_) | Err(_) => {}
            }
            if started.elapsed() > PATIENCE {
                return End::Never;
            }
            tries += 1;
            self.at = (self.at + 1) % self.providers.len();
            let most = (50 * tries).min(1_000);
            std::thread::sleep(self.random.millis(most / 4, most));
        }
    }
}

/// Whether the same request may be answered otherwise later.
fn is_passing(answer: &Answer) -> bool {
    let busy = || ["IDEMPOTENCY_IN_PROGRESS", "CONFLICT"].contains(&answer.error().as_str());
    answer.status >= 500 || answer.status == 429 || (answer.status == 409 && busy())
}

/// The title of document `number`; it tells which content belongs to it.
pub fn marker(seed: u64, number: u64) -> String {
    format!("proof-{seed}-{number:07}")
}
