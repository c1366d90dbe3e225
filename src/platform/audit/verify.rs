//! Looks whether a chain is whole: every entry as it was written, each at its
//! place, none missing, up to a head that is known from elsewhere.

use std::fmt;

use super::chain::{Head, line_of, read_line};
use super::store;
use super::worker::is_genuine;
use crate::domain::audit::Body;
use crate::domain::ids::TenantId;
use crate::platform::db::Db;
use crate::platform::http::ApiError;
use crate::platform::secrets::SecretKeys;

/// Entries that are read at once.
const PAGE: i64 = 5_000;

/// What is wrong with a chain, at the first place where something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Damage {
    /// A line is no entry.
    Unreadable {
        /// Number of the line, from 1.
        line: u64,
    },
    /// An entry is not the one that was written.
    Edited {
        /// Its place.
        seq: i64,
    },
    /// There is another entry, or none, where this place should be.
    Missing {
        /// The place.
        seq: i64,
    },
    /// An entry does not follow on the one before it.
    Unlinked {
        /// Its place.
        seq: i64,
    },
    /// An entry belongs to another tenant.
    OtherTenant {
        /// Its place.
        seq: i64,
    },
    /// Entries are missing at the end.
    CutOff {
        /// The first that is missing.
        seq: i64,
    },
    /// The entry of a known head has another hash: it and what leads to it were written anew.
    Rewritten {
        /// Its place.
        seq: i64,
    },
    /// Entries stand behind the end that was sealed.
    Added {
        /// The first of them.
        seq: i64,
    },
    /// There are entries, but nothing that says where their chain begins and ends.
    NoEnds,
    /// What the database says of the chain's ends was not written by a process that has the key.
    BrokenSeal,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { line } => write!(f, "line {line} is no entry of an audit trail"),
            Self::Edited { seq } => write!(f, "entry {seq} was changed"),
            Self::Missing { seq } => write!(f, "entry {seq} is missing or not at its place"),
            Self::Unlinked { seq } => write!(f, "entry {seq} does not follow on the one before it"),
            Self::OtherTenant { seq } => write!(f, "entry {seq} belongs to another tenant"),
            Self::CutOff { seq } => write!(f, "the end is missing, from entry {seq} on"),
            Self::Rewritten { seq } => {
                write!(f, "entry {seq} is not the one whose hash is known: the chain was written anew")
            }
            Self::Added { seq } => write!(f, "entry {seq} was put in behind the end"),
            Self::NoEnds => f.write_str("there are entries, but their chain's ends were removed"),
            Self::BrokenSeal => f.write_str(
                "the chain's ends are not sealed with a key that this command was given: they were changed, or the key is missing",
            ),
        }
    }
}

impl std::error::Error for Damage {}

/// Follows a chain entry by entry.
#[derive(Debug)]
pub struct Verifier {
    tenant: Option<String>,
    start: Option<Head>,
    last: Option<Head>,
    known: Vec<Head>,
    lines: u64,
}

impl Verifier {
    /// From `start` on, or from wherever the first entry is; `known` are heads that
    /// were noted earlier, and that must be found.
    #[must_use]
    pub fn new(start: Option<Head>, mut known: Vec<Head>) -> Self {
        known.sort_by_key(|head| head.seq);
        Self { tenant: None, last: start.clone(), start, known, lines: 0 }
    }

    /// Looks at the next line of an export.
    pub fn line(&mut self, line: &str) -> Result<(), Damage> {
        self.lines += 1;
        let (body, hash) = read_line(line).ok_or(Damage::Unreadable { line: self.lines })?;
        self.entry(&body, hash)
    }

    /// Looks at the next entry; `hash` is its hash, if that fits.
    fn entry(&mut self, body: &Body, hash: Option<String>) -> Result<(), Damage> {
        let seq = body.seq;
        if let Some(last) = &self.last {
            if seq != last.seq + 1 {
                return Err(Damage::Missing { seq: last.seq + 1 });
            }
            if body.prev != last.hash {
                // The one before was verified, so this one was changed or put in its place.
                return Err(if hash.is_some() { Damage::Unlinked { seq } } else { Damage::Edited { seq } });
            }
        } else {
            self.start = Some(Head { seq: seq - 1, hash: body.prev.clone() });
        }
        let hash = hash.ok_or(Damage::Edited { seq })?;
        if self.tenant.get_or_insert_with(|| body.tenant.clone()) != &body.tenant {
            return Err(Damage::OtherTenant { seq });
        }
        if self.known.iter().any(|head| head.seq == seq && head.hash != hash) {
            return Err(Damage::Rewritten { seq });
        }
        self.last = Some(Head { seq, hash });
        Ok(())
    }

    /// Ends it: where the chain began, where it ends, whether a known head was not reached.
    pub fn finish(self) -> Result<(Head, Head), Damage> {
        let start = self.start.unwrap_or_else(Head::genesis);
        let last = self.last.unwrap_or_else(Head::genesis);
        if self.known.iter().any(|head| head.seq == start.seq && head.hash != start.hash) {
            return Err(Damage::Rewritten { seq: start.seq });
        }
        match self.known.last() {
            Some(head) if head.seq > last.seq => Err(Damage::CutOff { seq: last.seq + 1 }),
            _ => Ok((start, last)),
        }
    }

    /// The tenant whose chain it is.
    #[must_use]
    pub fn tenant(&self) -> Option<&str> {
        self.tenant.as_deref()
    }
}

/// What a verified chain of a database looks like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whole {
    /// What the first entry goes on from.
    pub start: Head,
    /// The newest entry.
    pub head: Head,
    /// Entries that wait to be chained.
    pub pending: i64,
}

/// Verifies the chain of a tenant in a database; `progress` is told how many
/// entries are done.
pub async fn verify_stored(
    db: &Db,
    keys: &SecretKeys,
    tenant: &TenantId,
    mut known: Vec<Head>,
    progress: &mut dyn FnMut(u64),
) -> Result<Result<Whole, Damage>, ApiError> {
    let own = tenant.clone();
    let look = move |conn: &mut diesel::PgConnection| {
        Ok::<_, ApiError>((store::find(conn, &own)?, store::pending(conn, &own)?))
    };
    let (stored, pending) = db.of(tenant).read(look).await?;
    let mut verifier = match &stored {
        Some(stored) => {
            if !is_genuine(stored, keys, tenant) {
                return Ok(Err(Damage::BrokenSeal));
            }
            known.push(stored.ends.head());
            Verifier::new(Some(stored.ends.start()), known)
        }
        None => Verifier::new(Some(Head::genesis()), known),
    };
    let mut after = verifier.start.as_ref().map_or(0, |start| start.seq);
    let mut done = 0;
    loop {
        let own = tenant.clone();
        let read = move |conn: &mut diesel::PgConnection| store::page(conn, &own, after, PAGE);
        let page = db.of(tenant).read(move |conn| read(conn).map_err(ApiError::from)).await?;
        let Some((last, _)) = page.last() else { break };
        after = last.seq;
        for (body, hash) in &page {
            let line = line_of(body, hash).map_err(ApiError::internal)?;
            if let Err(damage) = verifier.line(&line) {
                return Ok(Err(damage));
            }
        }
        done += u64::try_from(page.len()).unwrap_or_default();
        progress(done);
    }
    if let Some(damage) = beyond_the_end(db, keys, tenant, verifier.last.clone()).await? {
        return Ok(Err(damage));
    }
    Ok(verifier.finish().map(|(start, head)| Whole { start, head, pending }))
}

/// Whether what was read last stands behind the end that is sealed. Entries and end are
/// written together, so an end that is read later is never an older one.
async fn beyond_the_end(
    db: &Db,
    keys: &SecretKeys,
    tenant: &TenantId,
    last: Option<Head>,
) -> Result<Option<Damage>, ApiError> {
    let own = tenant.clone();
    let look = move |conn: &mut diesel::PgConnection| store::find(conn, &own).map_err(ApiError::from);
    let (stored, last) = (db.of(tenant).read(look).await?, last.unwrap_or_else(Head::genesis));
    let Some(stored) = stored else { return Ok((last.seq > 0).then_some(Damage::NoEnds)) };
    let end = stored.ends.head();
    Ok(if !is_genuine(&stored, keys, tenant) {
        Some(Damage::BrokenSeal)
    } else if last.seq > end.seq {
        Some(Damage::Added { seq: end.seq + 1 })
    } else if last.seq == end.seq && last.hash != end.hash {
        Some(Damage::Rewritten { seq: end.seq })
    } else {
        None
    })
}
