//! What it costs to check a code. A code carries 55 random bits, its key is not
//! in the database, and few tries are allowed: one keyed hash is enough. Who wants
//! more has Argon2id over it. It stands with each row, so both live side by side.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};

use crate::domain::access_code::AccessCode;
use crate::platform::http::ApiError;
use crate::platform::secrets::{HASH_LEN, SecretKey};

/// Cost of one check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkFactor {
    /// HMAC-SHA-256, microseconds.
    Fast,
    /// The same, then Argon2id.
    Argon2id {
        /// Memory in KiB.
        memory: u32,
        /// Passes over it.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
}

impl WorkFactor {
    /// What OWASP advises at least: 19 MiB, two passes, one lane; about 30 ms.
    pub const STRICT: Self = Self::Argon2id { memory: 19_456, passes: 2, lanes: 1 };

    /// Reads what [`fmt::Display`] writes.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "fast" {
            return Some(Self::Fast);
        }
        let mut numbers = text.strip_prefix("argon2id,m=")?.splitn(3, [',', '=']);
        let memory = numbers.next()?.parse().ok()?;
        let ("t", rest) = (numbers.next()?, numbers.next()?) else { return None };
        let (passes, lanes) = rest.split_once(",p=")?;
        Some(Self::Argon2id { memory, passes: passes.parse().ok()?, lanes: lanes.parse().ok()? })
    }

    /// The hash that is stored of a code's verifier.
    pub(super) fn hash(
        self,
        key: &SecretKey,
        salt: &[u8],
        owner: &[u8],
        code: &AccessCode,
    ) -> Result<Vec<u8>, ApiError> {
        let keyed = key.hash(&parts(salt, owner, code.verifier().as_bytes()));
        match self {
            Self::Fast => Ok(keyed.to_vec()),
            Self::Argon2id { .. } => {
                let unusable = || ApiError::internal("the parameters of Argon2id are not usable");
                let stretched = self.stretch(&keyed, salt).ok_or_else(unusable)?;
                Ok(key.hash(&[STRETCHED, &stretched]).to_vec())
            }
        }
    }

    /// Compares in constant time.
    pub(super) fn verify(
        self,
        key: &SecretKey,
        (salt, owner): (&[u8], &[u8]),
        code: &AccessCode,
        expected: &[u8],
    ) -> bool {
        let verifier = code.verifier();
        let parts = parts(salt, owner, verifier.as_bytes());
        match self {
            Self::Fast => key.verify(&parts, expected),
            Self::Argon2id { .. } => {
                let stretched = self.stretch(&key.hash(&parts), salt);
                stretched.is_some_and(|stretched| key.verify(&[STRETCHED, &stretched], expected))
            }
        }
    }

    fn stretch(self, keyed: &[u8], salt: &[u8]) -> Option<[u8; HASH_LEN]> {
        let Self::Argon2id { memory, passes, lanes } = self else { return None };
        let parameters = Params::new(memory, passes, lanes, Some(HASH_LEN)).ok()?;
        let mut out = [0; HASH_LEN];
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters);
        argon2.hash_password_into(keyed, salt, &mut out).ok().map(|()| out)
    }
}

const STRETCHED: &[u8] = b"stretched verifier";

fn parts<'a>(salt: &'a [u8], owner: &'a [u8], verifier: &'a [u8]) -> [&'a [u8]; 4] {
    [b"verifier", salt, owner, verifier]
}

impl fmt::Display for WorkFactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fast => f.write_str("fast"),
            Self::Argon2id { memory, passes, lanes } => {
                write!(f, "argon2id,m={memory},t={passes},p={lanes}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_work_factor_is_read_back_and_nothing_else_is_read() {
        for factor in [WorkFactor::Fast, WorkFactor::STRICT] {
            assert_eq!(WorkFactor::parse(&factor.to_string()), Some(factor));
        }
        assert_eq!(WorkFactor::STRICT.to_string(), "argon2id,m=19456,t=2,p=1");
        for bad in ["", "FAST", "argon2id", "argon2id,m=1", "argon2id,m=1,p=2,t=1", "argon2id,m=x,t=2,p=1"] {
            assert_eq!(WorkFactor::parse(bad), None, "{bad}");
        }
    }
}
