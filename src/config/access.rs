//! Settings of access codes.

use std::time::Duration;

use super::values::{Problems, Values};
use crate::domain::access_code::CodeLength;

/// How documents are opened.
#[derive(Debug, Clone, Copy)]
pub struct AccessCodes {
    /// `ACCESS_CODE_DAYS`.
    pub life: Duration,
    /// `ACCESS_CODE_LENGTH`.
    pub length: CodeLength,
    /// `ACCESS_CODE_HASH`.
    pub hash: CodeHash,
    /// `ACCESS_CODE_ATTEMPTS`.
    pub attempts: i32,
    /// `REFUSAL_FLOOR_MS`.
    pub refusal_floor: Duration,
}

/// `ACCESS_CODE_HASH`: how new codes are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeHash {
    /// A salted, keyed hash.
    Fast,
    /// The same, and Argon2id over it.
    Strict,
}

pub(super) fn access_codes(values: &Values, problems: &mut Problems) -> AccessCodes {
    let days: u64 = values.number("ACCESS_CODE_DAYS", 1..=90, problems);
    let symbols = values.get("ACCESS_CODE_LENGTH").and_then(|text| text.trim().parse().ok());
    let length = symbols.and_then(CodeLength::of);
    if length.is_none() {
        problems.add("ACCESS_CODE_LENGTH", "must be 12 or 14; a shorter code would be guessed");
    }
    let hash = match values.get("ACCESS_CODE_HASH") {
        Some("strict") => CodeHash::Strict,
        Some("fast") => CodeHash::Fast,
        _ => {
            problems.add("ACCESS_CODE_HASH", "must be fast or strict");
            CodeHash::Fast
        }
    };
    AccessCodes {
        life: Duration::from_secs(days * 86_400),
        length: length.unwrap_or(CodeLength::Twelve),
        hash,
        attempts: values.number("ACCESS_CODE_ATTEMPTS", 5..=20, problems),
        refusal_floor: Duration::from_millis(values.number("REFUSAL_FLOOR_MS", 0..=5_000, problems)),
    }
}
