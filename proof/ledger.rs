//! The books: what the writers were promised, to be compared with what is stored.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// A send that a provider has accepted.
#[derive(Debug, Clone)]
pub struct Accepted {
    /// The document's title; no other document has it.
    pub marker: String,
    /// Every code that an answer named; all must be the same.
    pub codes: Vec<String>,
}

/// What has happened so far; writers of all threads write into it.
#[derive(Debug, Default)]
pub struct Ledger {
    accepted: Mutex<HashMap<String, Accepted>>,
    unsure: Mutex<HashMap<String, String>>,
    surprises: Mutex<Vec<String>>,
    answers: Mutex<BTreeMap<String, u64>>,
    refused: Mutex<BTreeMap<&'static str, u64>>,
    count: AtomicU64,
}

impl Ledger {
    /// A send was accepted.
    pub fn accept(&self, id: &str, marker: &str, code: Option<&str>) {
        let mut accepted = self.accepted.lock().unwrap();
        let entry = accepted.entry(id.to_owned()).or_insert_with(|| {
            self.count.fetch_add(1, Ordering::Relaxed);
            Accepted { marker: marker.to_owned(), codes: Vec::new() }
        });
        entry.codes.extend(code.map(str::to_owned));
    }

    /// A send whose fate its writer never learnt: it may arrive or not.
    pub fn give_up(&self, id: &str, marker: &str) {
        self.unsure.lock().unwrap().insert(id.to_owned(), marker.to_owned());
    }

    /// Something that must not happen.
    pub fn surprise(&self, what: String) {
        self.surprises.lock().unwrap().push(what);
    }

    /// An answer to a send, or what came instead.
    pub fn note_answer(&self, what: &str) {
        *self.answers.lock().unwrap().entry(what.to_owned()).or_default() += 1;
    }

    /// A provider answered 5xx to a step: what was asked is not promised.
    pub fn note_refusal(&self, step: &'static str) {
        *self.refused.lock().unwrap().entry(step).or_default() += 1;
    }

    /// How often each step was answered 5xx.
    pub fn refusals(&self) -> Vec<(String, u64)> {
        self.refused.lock().unwrap().iter().map(|(step, count)| ((*step).to_owned(), *count)).collect()
    }

    /// Accepted sends so far.
    pub fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    /// Every accepted send by the document's id.
    pub fn accepted(&self) -> HashMap<String, Accepted> {
        self.accepted.lock().unwrap().clone()
    }

    /// Ids of the sends that may arrive or not.
    pub fn unsure(&self) -> HashMap<String, String> {
        self.unsure.lock().unwrap().clone()
    }

    /// What must not have happened and did.
    pub fn surprises(&self) -> Vec<String> {
        self.surprises.lock().unwrap().clone()
    }

    /// How sends were answered.
    pub fn answers(&self) -> Vec<(String, u64)> {
        self.answers.lock().unwrap().clone().into_iter().collect()
    }
}
