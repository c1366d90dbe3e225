//! The comparison of the books with what is stored, from outside: SQL on both
//! databases, and the API as a reader uses it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Mutex;
use std::time::Duration;

use crate::http::{Connection, Request};
use crate::ledger::Accepted;
use crate::random::text;
use crate::run::Run;
use crate::sql::{self, Stored};

/// Threads that read back.
const READERS: usize = 8;

/// What can be wrong, in the order of the summary.
pub const FAULTS: [&str; 11] = [
    "lost",
    "duplicates",
    "without a code",
    "other code than promised",
    "codes that do not open",
    "wrong content",
    "more or less than one live code",
    "never accepted, yet there",
    "not delivered according to the provider",
    "messages left open or failed",
    "unexpected answers",
];

/// What was found wrong: how often, and the first few cases.
#[derive(Default)]
pub struct Findings(Mutex<BTreeMap<&'static str, Vec<String>>>);

impl Findings {
    fn add(&self, fault: &'static str, what: impl Into<String>) {
        debug_assert!(FAULTS.contains(&fault));
        self.0.lock().unwrap().entry(fault).or_default().push(what.into());
    }

    /// How often a fault was found.
    pub fn count(&self, fault: &str) -> usize {
        self.0.lock().unwrap().get(fault).map_or(0, Vec::len)
    }

    /// The faults that were found, each with its first cases.
    pub fn examples(&self) -> Vec<String> {
        let found = self.0.lock().unwrap();
        found
            .iter()
            .map(|(fault, cases)| format!("{fault}: {}", cases[..cases.len().min(5)].join(", ")))
            .collect()
    }
}

/// Compares everything.
pub fn verify(run: &Run<'_>) -> Result<Findings, String> {
    let findings = Findings::default();
    run.ledger.surprises().into_iter().for_each(|what| findings.add("unexpected answers", what));
    for role in run.stage.roles().filter(|role| role.has_ended_by_itself()) {
        findings.add("unexpected answers", format!("{} ended by itself", role.name));
    }
    let accepted = run.ledger.accepted();
    let mut client = sql::connect(&run.stage.client_url)?;
    let stored = sql::stored(&mut client)?;
    compare_documents(run, &accepted, &stored, &findings);
    let codes: HashMap<String, u64> = sql::live_codes(&mut client)?.into_iter().collect();
    for document in &stored {
        let count = codes.get(&document.id).copied().unwrap_or(0);
        if count != 1 {
            findings.add("more or less than one live code", format!("{}: {count}", document.title));
        }
    }
    let mut provider = sql::connect(&run.stage.provider_url)?;
    let (waiting, failed) = (sql::waiting(&mut provider)?, sql::failed(&mut provider)?);
    (0..waiting).for_each(|_| findings.add("messages left open or failed", "open"));
    (0..failed).for_each(|_| findings.add("messages left open or failed", "failed"));
    read_back(run, &accepted, &findings);
    Ok(findings)
}

fn compare_documents(
    run: &Run<'_>,
    accepted: &HashMap<String, Accepted>,
    stored: &[Stored],
    findings: &Findings,
) {
    let by_id: HashMap<&str, &Stored> =
        stored.iter().map(|document| (document.id.as_str(), document)).collect();
    for (id, send) in accepted {
        match by_id.get(id.as_str()) {
            None => findings.add("lost", format!("{} ({id})", send.marker)),
            Some(document) => {
                let right =
                    document.title == send.marker && document.content == text(run.plan.seed, &send.marker);
                if !right {
                    findings.add("wrong content", send.marker.clone());
                }
            }
        }
    }
    let (unsure, mut titles) = (run.ledger.unsure(), HashSet::new());
    for document in stored {
        if !titles.insert(document.title.as_str()) {
            findings.add("duplicates", document.title.clone());
        }
        if !accepted.contains_key(&document.id) && !unsure.contains_key(&document.id) {
            findings.add("never accepted, yet there", format!("{} ({})", document.title, document.id));
        }
    }
}

/// Reads every accepted document at a provider and, with its code, at a client.
fn read_back(run: &Run<'_>, accepted: &HashMap<String, Accepted>, findings: &Findings) {
    let all: Vec<_> = accepted.iter().collect();
    std::thread::scope(|scope| {
        for part in all.chunks(all.len().div_ceil(READERS).max(1)) {
            scope.spawn(move || {
                let timeout = Duration::from_secs(30);
                let mut provider = Connection::new(run.stage.providers[0].address, timeout);
                let mut client = Connection::new(run.stage.clients[0].address, timeout);
                for (id, send) in part {
                    check(&mut provider, &mut client, (id, send), findings);
                }
            });
        }
    });
}

fn check(
    provider: &mut Connection,
    client: &mut Connection,
    (id, send): (&str, &Accepted),
    findings: &Findings,
) {
    let shown = match provider.call(&Request::get(format!("/api/documents/{id}"))) {
        Ok(answer) if answer.status == 200 => answer.json(),
        Ok(answer) => return findings.add("unexpected answers", format!("read: {}", answer.brief())),
        Err(error) => return findings.add("unexpected answers", format!("read: {error}")),
    };
    if shown["delivery"]["state"] != "delivered" {
        findings.add("not delivered according to the provider", send.marker.clone());
    }
    let Some(code) = shown["accessCode"].as_str() else {
        return findings.add("without a code", send.marker.clone());
    };
    if send.codes.iter().any(|promised| promised != code) {
        findings.add("other code than promised", send.marker.clone());
    }
    let opens = match client.call(&Request::get(format!("/api/public/{code}"))) {
        Ok(answer) if answer.status == 200 => {
            let opened = answer.json();
            opened["id"] == id && opened["title"] == send.marker.as_str()
        }
        _ => false,
    };
    if !opens {
        findings.add("codes that do not open", send.marker.clone());
    }
}
