//! How entries hang together: each hash covers its entry and the hash before it.
//!
//! A line of the chain, as it is exported, is the entry as JSON without white
//! space with its hash at the end: `{…,"prev":"…","hash":"…"}`. The hash is SHA-256
//! over exactly the bytes before `,"hash":` and a closing brace.

use std::fmt;
use std::str::FromStr;

use ring::digest::{SHA256, digest};

use crate::domain::audit::Body;
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::platform::secrets::{SecretError, SecretKey, SecretKeys};

/// Bytes of a hash.
pub const HASH_LEN: usize = 32;
/// What stands before the first entry.
pub const GENESIS: [u8; HASH_LEN] = [0; HASH_LEN];
/// What stands between an entry and its hash.
const BETWEEN: &str = ",\"hash\":\"";

/// A hash as it is shown.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of a text that [`hex`] made; `None` for any other.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    text.as_bytes().chunks(2).map(byte).collect()
}

/// A place in a chain and the hash that stands there: `17:9f86d0…`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The place; 0 before the first entry.
    pub seq: i64,
    /// 64 hexadecimal digits in lower case.
    pub hash: String,
}

impl Head {
    /// Before the first entry.
    #[must_use]
    pub fn genesis() -> Self {
        Self { seq: 0, hash: hex(&GENESIS) }
    }
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.seq, self.hash)
    }
}

impl FromStr for Head {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "must be a place and a hash, such as 17:9f86d081884c7d65…".to_owned();
        let (seq, hash) = text.split_once(':').ok_or_else(wrong)?;
        let seq = seq.parse().ok().filter(|seq: &i64| *seq >= 0).ok_or_else(wrong)?;
        let digits = hash.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if !digits || hash.len() != 2 * HASH_LEN {
            return Err(wrong());
        }
        Ok(Self { seq, hash: hash.to_owned() })
    }
}

/// An entry with its place and its hashes.
#[derive(Debug, Clone)]
pub struct Link {
    /// The entry.
    pub body: Body,
    /// When it happened, as in the body.
    pub at: Timestamp,
    /// Hash of the one before it.
    pub prev: [u8; HASH_LEN],
    /// Its own.
    pub hash: [u8; HASH_LEN],
}

/// Where a chain begins and ends, as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ends {
    /// Place of the last entry that was removed.
    pub start_seq: i64,
    /// Its hash.
    pub start_hash: Vec<u8>,
    /// Place of the newest entry.
    pub head_seq: i64,
    /// Its hash.
    pub head_hash: Vec<u8>,
}

impl Ends {
    /// An empty chain.
    pub fn genesis() -> Self {
        Self { start_seq: 0, start_hash: GENESIS.to_vec(), head_seq: 0, head_hash: GENESIS.to_vec() }
    }

    /// The newest entry.
    pub fn head(&self) -> Head {
        Head { seq: self.head_seq, hash: hex(&self.head_hash) }
    }

    /// What the first entry that is left goes on from.
    pub fn start(&self) -> Head {
        Head { seq: self.start_seq, hash: hex(&self.start_hash) }
    }

    /// The seal, and the id of the key that made it.
    pub fn seal(&self, keys: &SecretKeys, tenant: &TenantId) -> Result<(String, Vec<u8>), SecretError> {
        let key = keys.first()?;
        Ok((key.id().to_owned(), self.sealed_by(tenant, |parts| key.hash(parts).to_vec())))
    }

    /// Whether a seal was made by this key for this chain.
    pub fn is_sealed_by(&self, key: &SecretKey, tenant: &TenantId, seal: &[u8]) -> bool {
        self.sealed_by(tenant, |parts| key.verify(parts, seal))
    }

    fn sealed_by<T>(&self, tenant: &TenantId, make: impl FnOnce(&[&[u8]]) -> T) -> T {
        make(&[
            b"audit|chain",
            tenant.as_str().as_bytes(),
            &self.start_seq.to_be_bytes(),
            &self.start_hash,
            &self.head_seq.to_be_bytes(),
            &self.head_hash,
        ])
    }
}

/// Gives entries their places and hashes, going on from the head, which moves on.
pub fn link(ends: &mut Ends, entries: Vec<(Timestamp, Body)>) -> Result<Vec<Link>, serde_json::Error> {
    let mut links = Vec::with_capacity(entries.len());
    let mut prev = GENESIS;
    prev.iter_mut().zip(&ends.head_hash).for_each(|(to, from)| *to = *from);
    for (at, body) in entries {
        let body = Body { seq: ends.head_seq + 1, prev: hex(&prev), ..body };
        let hash = sha256(&serde_json::to_vec(&body)?);
        ends.head_seq = body.seq;
        links.push(Link { body, at, prev, hash });
        prev = hash;
    }
    ends.head_hash = prev.to_vec();
    Ok(links)
}

fn sha256(bytes: &[u8]) -> [u8; HASH_LEN] {
    let mut hash = [0; HASH_LEN];
    hash.iter_mut().zip(digest(&SHA256, bytes).as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

/// The line of an entry, without an end of line.
pub fn line_of(body: &Body, hash: &str) -> Result<String, serde_json::Error> {
    let mut line = serde_json::to_string(body)?;
    line.pop();
    line.push_str(BETWEEN);
    line.push_str(hash);
    line.push_str("\"}");
    Ok(line)
}

/// The entry of a line, and its hash if it fits; `None` if this is no line of a chain.
pub fn read_line(line: &str) -> Option<(Body, Option<String>)> {
    let (body, rest) = line.rsplit_once(BETWEEN)?;
    let hash = rest.strip_suffix("\"}")?;
    let body = format!("{body}}}");
    let fits = hex(&sha256(body.as_bytes())) == hash;
    Some((serde_json::from_str(&body).ok()?, fits.then(|| hash.to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::{AuditAction, Entry, Trace};

    fn entry(tenant: &str, entry: Entry) -> (Timestamp, Body) {
        (entry.at, Body::of(&TenantId::parse(tenant).unwrap(), entry))
    }

    #[test]
    fn a_line_is_read_back_and_a_changed_one_does_not_fit() {
        let sent = Trace::of("änna \"quoted\"").did(AuditAction::DocumentSent, "7", Timestamp::EPOCH);
        let sent = entry("praxis", sent);
        let mut ends = Ends::genesis();
        let links = link(&mut ends, vec![sent.clone(), sent]).unwrap();
        assert_eq!((links[1].prev, ends.head().seq), (links[0].hash, 2));
        let line = line_of(&links[0].body, &hex(&links[0].hash)).unwrap();
        assert_eq!(read_line(&line), Some((links[0].body.clone(), Some(hex(&links[0].hash)))));
        for (from, to) in [("sent", "read"), ("1970", "1971"), ("\"seq\":1", "\"seq\":2"), ("null", "\"x\"")]
        {
            assert_eq!(read_line(&line.replacen(from, to, 1)).unwrap().1, None, "{from}");
        }
        assert_eq!(read_line(&line.replacen('{', "{\"note\":1,", 1)), None);
        assert_eq!(read_line("{}"), None);
    }

    #[test]
    fn the_documented_form_is_the_one_that_is_hashed() {
        let line = r#"{"tenant":"t","seq":1,"at":"1970-01-01T00:00:00.000Z","who":"-","action":"document.read","target":"-","outcome":"done","times":1,"address":null,"agent":null,"mark":null,"prev":"0000000000000000000000000000000000000000000000000000000000000000"}"#;
        let listed = Trace::nobody().did(AuditAction::DocumentRead, "-", Timestamp::EPOCH);
        let links = link(&mut Ends::genesis(), vec![entry("t", listed)]).unwrap();
        assert_eq!(links[0].hash, sha256(line.as_bytes()));
    }

    #[test]
    fn a_head_is_read_back_and_nothing_else_is() {
        let head = Head { seq: 17, hash: "0f".repeat(32) };
        assert_eq!(head.to_string().parse(), Ok(head));
        for bad in
            ["", "1", "1:", "-1:00", &format!("1:{}", "0F".repeat(32)), &format!("x:{}", "0f".repeat(32))]
        {
            assert!(bad.parse::<Head>().is_err(), "{bad}");
        }
    }
}
