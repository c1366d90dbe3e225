//! Judges what people type, round by round: which row a guess leads to, whether it
//! is right, and what it costs if not.
//!
//! Each code may be tried a limited number of times in its life, however many
//! try at once and in however many processes: within its round a guess has what it
//! tries to itself, it is only looked at while tries are left, and wrong ones are
//! counted before anybody is answered.

use std::collections::HashMap;
use std::sync::Arc;

use diesel::PgConnection;
use diesel::result::QueryResult;

use crate::domain::access_code::AccessCode;
use crate::domain::audit::{AuditAction, Trace};
use crate::domain::ids::TenantId;
use crate::domain::words::EventKind;
use crate::platform::audit::{self, Audit, Who};
use crate::platform::clock;
use crate::platform::db::Round;
use crate::roles::client::codes::Codes;
use crate::roles::client::metrics;
use crate::roles::client::store::access_codes::{self, Candidate};
use crate::roles::client::store::attempts::{self, Charge, Way};
use crate::roles::client::store::receipts;

/// Wrong codes that leave a receipt, for each code and each way to it.
const WRONG_TOLD: i32 = 10;

/// One try to open a document.
#[derive(Debug, Clone)]
pub struct Guess {
    /// What was typed.
    pub code: AccessCode,
    /// How its row is looked for.
    pub way: Way,
    /// Under which hashes: of the link, or of the selector, one for each key.
    pub hashes: Vec<Vec<u8>>,
    /// Who tries.
    pub by: Who,
}

/// What a guess leads to.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// The code is right.
    Right(Arc<Candidate>),
    /// It is wrong and was counted; so many tries of this tenant's code are left.
    Wrong(i32, TenantId),
    /// No tries are left of this tenant's code; nobody has looked at what was typed.
    Blocked(TenantId),
    /// There is no such row.
    Unknown,
    /// It was counted as if it were wrong, and takes long to check.
    Charged(Vec<Charged>),
}

/// A try that was paid for before it is known whether it is right.
#[derive(Debug, Clone)]
pub struct Charged {
    /// What it is to be checked against.
    pub candidate: Arc<Candidate>,
    /// Whose tries were charged.
    pub way: Way,
    /// How many tries of the code this makes.
    pub nth: i32,
    /// Who tried.
    pub by: Trace,
}

/// What judges one round, as a transaction. `most` wrong tries are allowed.
pub fn round(codes: Codes, most: i32, audit: Audit) -> Round<Guess, Verdict> {
    Arc::new(move |conn, guesses| {
        attempts::lock(conn, guesses.iter().flat_map(|guess| &guess.hashes))?;
        let rows = load(conn, guesses)?;
        let mut judge = Judge { codes: &codes, audit: &audit, most, rows, wrong: Vec::new() };
        let verdicts = guesses.iter().map(|guess| judge.judge(guess)).collect();
        judge.settle(conn)?;
        Ok(verdicts)
    })
}

/// A row, and how often it was tried without success.
struct Row {
    candidate: Arc<Candidate>,
    failed: i32,
}

type Rows = HashMap<Vec<u8>, Row>;

fn load(conn: &mut PgConnection, guesses: &[Guess]) -> QueryResult<Rows> {
    let hashes = |way: Way| -> Vec<Vec<u8>> {
        guesses.iter().filter(|guess| guess.way == way).flat_map(|guess| guess.hashes.clone()).collect()
    };
    let mut rows = Rows::new();
    for way in [Way::CodeAlone, Way::Link] {
        let hashes = hashes(way);
        if hashes.is_empty() {
            continue;
        }
        let found = match way {
            Way::CodeAlone => access_codes::by_selector(conn, &hashes)?,
            Way::Link => access_codes::by_link(conn, &hashes)?,
        };
        for (hash, candidate) in found {
            let failed = match way {
                Way::CodeAlone => candidate.failed_total,
                Way::Link => candidate.failed_link,
            };
            rows.insert(hash, Row { candidate: Arc::new(candidate), failed });
        }
    }
    Ok(rows)
}

struct Judge<'a> {
    codes: &'a Codes,
    audit: &'a Audit,
    most: i32,
    rows: Rows,
    /// Everything that was charged, in its order; whether it is known to be wrong.
    wrong: Vec<(Charged, bool)>,
}

impl Judge<'_> {
    fn judge(&mut self, guess: &Guess) -> Verdict {
        let known = guess.hashes.iter().find_map(|hash| self.rows.get(hash));
        let open: Vec<_> = guess
            .hashes
            .iter()
            .filter(|hash| self.rows.get(*hash).is_some_and(|r| r.failed < self.most))
            .collect();
        if open.is_empty() {
            self.codes.pretend(&guess.code, true);
            return known.map_or(Verdict::Unknown, |row| Verdict::Blocked(row.candidate.tenant.clone()));
        }
        // With several keys several rows may have this selector, each under another key.
        for row in open.iter().filter_map(|hash| self.rows.get(*hash)) {
            let Candidate { tenant, code, .. } = &*row.candidate;
            if Codes::is_quick(code) && self.codes.verify(&guess.code, tenant, code) {
                return Verdict::Right(Arc::clone(&row.candidate));
            }
        }
        self.charge(guess, &open)
    }

    fn charge(&mut self, guess: &Guess, hashes: &[&Vec<u8>]) -> Verdict {
        let (mut unsettled, mut left) = (Vec::new(), 0);
        for hash in hashes {
            let Some(row) = self.rows.get_mut(*hash) else { continue };
            row.failed += 1;
            left = left.max(self.most - row.failed);
            let by = self.audit.trace(&row.candidate.tenant, &guess.by);
            let candidate = Arc::clone(&row.candidate);
            let charged = Charged { candidate, way: guess.way, nth: row.failed, by };
            let quick = Codes::is_quick(&row.candidate.code);
            if !quick {
                unsettled.push(charged.clone());
            }
            self.wrong.push((charged, quick));
        }
        match self.wrong.last() {
            Some((charged, _)) if unsettled.is_empty() => {
                Verdict::Wrong(left, charged.candidate.tenant.clone())
            }
            _ => Verdict::Charged(unsettled),
        }
    }

    /// Writes what this round has cost. Most rounds cost nothing and write nothing.
    fn settle(self, conn: &mut PgConnection) -> QueryResult<()> {
        if self.wrong.is_empty() {
            return Ok(());
        }
        let mut charges: Vec<Charge> = Vec::new();
        for (charged, _) in &self.wrong {
            let Candidate { tenant, code, .. } = &*charged.candidate;
            let (alone, by_link) = match charged.way {
                Way::CodeAlone => (1, 0),
                Way::Link => (0, 1),
            };
            match charges.iter_mut().find(|charge| charge.code == code.id) {
                Some(charge) => {
                    charge.alone += alone;
                    charge.by_link += by_link;
                }
                None => charges.push(Charge { tenant: tenant.clone(), code: code.id, alone, by_link }),
            }
        }
        attempts::charge(conn, &charges)?;
        let known = self.wrong.iter().filter(|(_, known)| *known);
        known.map(|(charged, _)| charged).try_for_each(|charged| tell_wrong(conn, charged, self.most))
    }
}

/// Writes the receipts of a wrong code.
pub(super) fn tell_wrong(conn: &mut PgConnection, charged: &Charged, most: i32) -> QueryResult<()> {
    let Candidate { tenant, document, .. } = &*charged.candidate;
    let Some(document) = document else { return Ok(()) };
    let mut tell = |kind| {
        let now = clock::now();
        let entry = charged.by.clone().did(AuditAction::of_history(kind), document.id, now).refused();
        audit::note(conn, tenant, &entry)?;
        let about = (document.version, document.content_hash.as_deref());
        receipts::note(conn, tenant, document.id, (kind, about), now)
    };
    if charged.nth <= WRONG_TOLD {
        tell(EventKind::CodeWrong)?;
    }
    if charged.nth == most {
        metrics::opening().blocked();
        tell(EventKind::CodeBlocked)?;
    }
    Ok(())
}
