//! Keyed hashes and sealed values. Keys come from the settings and never touch
//! the database; what is stored names the key it was made with, so that a list
//! of keys can be rotated.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest;
use ring::hkdf::{self, HKDF_SHA256};
use ring::hmac;

use super::random;
use crate::config::Keys;

/// Length of a keyed hash in bytes.
pub const HASH_LEN: usize = 32;

/// A list of keys of one purpose: the first makes, all check.
#[derive(Debug)]
pub struct SecretKeys(Vec<SecretKey>);

/// One key, of which a hash key and a sealing key are derived (RFC 5869).
pub struct SecretKey {
    id: String,
    mac: hmac::Key,
    seal: LessSafeKey,
}

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SecretKey({})", self.id)
    }
}

/// A key list without a key, or a value that was not sealed by any of the keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretError(&'static str);

impl SecretError {
    /// What was sealed is not what was expected, or its key is gone.
    pub const UNREADABLE: Self = Self("a sealed value can't be read with any of the keys");
    /// A data key was wrapped with a key that is not in the list any more.
    pub const MASTER_LOST: Self =
        Self("FIELD_ENCRYPTION_KEY lacks a key that data keys are still wrapped with");
}

impl std::fmt::Display for SecretError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for SecretError {}

impl SecretKeys {
    /// Derives what is needed from the keys of the settings.
    pub fn new(keys: &Keys) -> Result<Self, SecretError> {
        let keys = keys.0.iter().map(SecretKey::derive).collect::<Result<Vec<_>, _>>()?;
        if keys.is_empty() { Err(SecretError("there is no key")) } else { Ok(Self(keys)) }
    }

    /// The key that makes new values.
    pub fn first(&self) -> Result<&SecretKey, SecretError> {
        self.0.first().ok_or(SecretError("there is no key"))
    }

    /// Every key.
    pub fn all(&self) -> impl Iterator<Item = &SecretKey> {
        self.0.iter()
    }

    /// The key with this id.
    pub fn by_id(&self, id: &str) -> Option<&SecretKey> {
        self.0.iter().find(|key| key.id == id)
    }
}

impl SecretKey {
    fn derive(key: &[u8; 32]) -> Result<Self, SecretError> {
        let fingerprint = digest::digest(&digest::SHA256, key);
        let id = fingerprint.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        let root = hkdf::Salt::new(HKDF_SHA256, b"oc").extract(key);
        let failed = |_| SecretError("a key can't be derived");
        let mac = root.expand(&[b"mac"], hmac::HMAC_SHA256).map_err(failed)?;
        let seal = root.expand(&[b"seal"], &AES_256_GCM).map_err(failed)?;
        Ok(Self { id, mac: mac.into(), seal: LessSafeKey::new(UnboundKey::from(seal)) })
    }

    /// Name of the key, eight hexadecimal digits: the start of its SHA-256.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// HMAC-SHA-256 (RFC 2104) over the parts, each with its length in front so
    /// that no two lists of parts run into each other.
    #[must_use]
    pub fn hash(&self, parts: &[&[u8]]) -> [u8; HASH_LEN] {
        let mut hash = [0; HASH_LEN];
        let tag = hmac::sign(&self.mac, &framed(parts));
        for (to, from) in hash.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        hash
    }

    /// Whether `hash` is the keyed hash of the parts; takes the same time either way.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], hash: &[u8]) -> bool {
        let signed: Vec<u8> = framed(parts);
        hmac::verify(&self.mac, &signed, hash).is_ok()
    }

    /// Encrypts with AES-256-GCM under a random nonce; `context` must be given again to open it.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<Vec<u8>, SecretError> {
        let failed = SecretError("a value can't be sealed");
        let nonce: [u8; NONCE_LEN] = random::bytes().map_err(|_| failed)?;
        let mut sealed = plain.to_vec();
        self.seal
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(context), &mut sealed)
            .map_err(|_| failed)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts what [`SecretKey::seal`] made of the same context.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Vec<u8>, SecretError> {
        let failed = SecretError("a sealed value can't be opened");
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(failed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| failed)?;
        let mut body = body.to_vec();
        let plain = self.seal.open_in_place(nonce, Aad::from(context), &mut body).map_err(|_| failed)?;
        Ok(plain.to_vec())
    }
}

fn framed(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    for part in parts {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(seeds: &[u8]) -> SecretKeys {
        SecretKeys::new(&Keys(seeds.iter().map(|seed| [*seed; 32]).collect())).unwrap()
    }

    #[test]
    fn a_hash_depends_on_the_key_and_on_where_the_parts_end() {
        let keys = keys(&[1, 2]);
        let (one, two) = (keys.first().unwrap(), keys.all().nth(1).unwrap());
        assert_eq!(one.hash(&[b"ab", b"c"]), one.hash(&[b"ab", b"c"]));
        assert_ne!(one.hash(&[b"ab", b"c"]), one.hash(&[b"a", b"bc"]));
        assert_ne!(one.hash(&[b"ab"]), two.hash(&[b"ab"]));
        assert!(one.verify(&[b"x"], &one.hash(&[b"x"])));
        assert!(!one.verify(&[b"x"], &one.hash(&[b"y"])));
        assert!(!one.verify(&[b"x"], b""));
    }

    #[test]
    fn a_sealed_value_opens_only_with_its_key_and_its_context() {
        let keys = keys(&[1, 2]);
        let (one, two) = (keys.first().unwrap(), keys.all().nth(1).unwrap());
        let sealed = one.seal(b"tenant|document", b"K7QM").unwrap();
        assert_eq!(one.open(b"tenant|document", &sealed).unwrap(), b"K7QM");
        assert_ne!(sealed, one.seal(b"tenant|document", b"K7QM").unwrap());
        assert!(one.open(b"tenant|other", &sealed).is_err());
        assert!(two.open(b"tenant|document", &sealed).is_err());
        assert!(one.open(b"tenant|document", &sealed[..5]).is_err());
    }

    #[test]
    fn keys_are_found_by_their_id() {
        let keys = keys(&[1, 2]);
        let second = keys.all().nth(1).unwrap().id().to_owned();
        assert_eq!(keys.by_id(&second).unwrap().id(), second);
        assert!(keys.by_id("00000000").is_none());
        assert!(SecretKeys::new(&Keys(vec![])).is_err());
    }
}
