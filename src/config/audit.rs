//! Settings of the audit trail.

use std::time::Duration;

use super::values::{Problems, Values};

/// What goes into the audit trail, and how long it is kept.
#[derive(Debug, Clone, Copy)]
pub struct Audit {
    /// `AUDIT_READS`.
    pub reads: bool,
    /// `AUDIT_CHAIN_MS`.
    pub pause: Duration,
    /// `AUDIT_RETENTION_DAYS`.
    pub retention: Duration,
}

impl Audit {
    pub(super) fn load(values: &Values, problems: &mut Problems) -> Self {
        let days: u64 = values.number("AUDIT_RETENTION_DAYS", 1..=36_500, problems);
        Self {
            reads: values.parsed("AUDIT_READS", "true or false", problems).unwrap_or(true),
            pause: Duration::from_millis(values.number("AUDIT_CHAIN_MS", 10..=60_000, problems)),
            retention: Duration::from_secs(days * 86_400),
        }
    }
}
