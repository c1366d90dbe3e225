//! Settings of everything that goes on by itself: attempts, pauses, retention.

use std::time::Duration;

use super::values::{Problems, Values};

const DAY: u64 = 86_400;

/// How messages go out, and when they are given up.
#[derive(Debug, Clone)]
pub struct Outbox {
    /// `DELIVERY_TIMEOUT_MS`.
    pub call_timeout: Duration,
    /// `DELIVERY_CONCURRENCY`.
    pub concurrency: usize,
    /// `OUTBOX_POLL_MS`.
    pub poll: Duration,
    /// `OUTBOX_RETENTION_SECONDS`.
    pub retention: Duration,
    /// When to try again.
    pub retry: Retry,
    /// When to leave a destination alone.
    pub breaker: Breaker,
}

/// When a failed attempt is followed by the next.
#[derive(Debug, Clone, Copy)]
pub struct Retry {
    /// `RETRY_FIRST_MS`.
    pub first: Duration,
    /// `RETRY_MAX_MS`.
    pub longest: Duration,
    /// `RETRY_AFTER_MAX_MS`.
    pub longest_asked_for: Duration,
    /// `OUTBOX_MAX_AGE_SECONDS`.
    pub max_age: Duration,
}

/// When a destination gets a rest.
#[derive(Debug, Clone, Copy)]
pub struct Breaker {
    /// `BREAKER_FAILURES`.
    pub failures: u32,
    /// `BREAKER_OPEN_MS`.
    pub open: Duration,
}

/// What the provider role does for each tenant without being asked.
#[derive(Debug, Clone)]
pub struct Upkeep {
    /// `CODE_RESERVE_SIZE`.
    pub reserve_size: usize,
    /// `CODE_RESERVE_REFILL_MS`.
    pub refill: Duration,
    /// `EVENTS_POLL_MS`.
    pub events_poll: Duration,
    /// `RECEIPTS_POLL_MS`.
    pub receipts_poll: Duration,
    /// `DOCUMENT_RETENTION_SECONDS`.
    pub document_retention: Duration,
}

/// How long the client role keeps what.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// `CODE_RESERVATION_SECONDS`.
    pub reservation: Duration,
    /// `CONTENT_GRACE_SECONDS`.
    pub content_grace: Duration,
    /// `RECEIPT_RETENTION_SECONDS`.
    pub receipts: Duration,
}

struct Reader<'a> {
    values: &'a Values,
    problems: &'a mut Problems,
}

impl Reader<'_> {
    fn millis(&mut self, name: &str, least: u64, most: u64) -> Duration {
        Duration::from_millis(self.values.number(name, least..=most, self.problems))
    }

    fn seconds(&mut self, name: &str, least: u64, most: u64) -> Duration {
        Duration::from_secs(self.values.number(name, least..=most, self.problems))
    }
}

pub(super) fn outbox(values: &Values, problems: &mut Problems) -> Outbox {
    let concurrency = values.number("DELIVERY_CONCURRENCY", 1..=1_024, problems);
    let failures = values.number("BREAKER_FAILURES", 1..=1_000, problems);
    let mut read = Reader { values, problems };
    Outbox {
        call_timeout: read.millis("DELIVERY_TIMEOUT_MS", 50, 120_000),
        concurrency,
        poll: read.millis("OUTBOX_POLL_MS", 100, 60_000),
        retention: read.seconds("OUTBOX_RETENTION_SECONDS", 0, 3_650 * DAY),
        retry: Retry {
            first: read.millis("RETRY_FIRST_MS", 10, 600_000),
            longest: read.millis("RETRY_MAX_MS", 10, 86_400_000),
            longest_asked_for: read.millis("RETRY_AFTER_MAX_MS", 0, 86_400_000),
            max_age: read.seconds("OUTBOX_MAX_AGE_SECONDS", 1, 90 * DAY),
        },
        breaker: Breaker { failures, open: read.millis("BREAKER_OPEN_MS", 10, 600_000) },
    }
}

pub(super) fn upkeep(values: &Values, problems: &mut Problems) -> Upkeep {
    let reserve_size = values.number("CODE_RESERVE_SIZE", 0..=100_000, problems);
    let mut read = Reader { values, problems };
    Upkeep {
        reserve_size,
        refill: read.millis("CODE_RESERVE_REFILL_MS", 100, 3_600_000),
        events_poll: read.millis("EVENTS_POLL_MS", 100, 3_600_000),
        receipts_poll: read.millis("RECEIPTS_POLL_MS", 100, 3_600_000),
        document_retention: read.seconds("DOCUMENT_RETENTION_SECONDS", 0, 36_500 * DAY),
    }
}

pub(super) fn retention(values: &Values, problems: &mut Problems) -> Retention {
    let mut read = Reader { values, problems };
    Retention {
        reservation: read.seconds("CODE_RESERVATION_SECONDS", 60, 90 * DAY),
        content_grace: read.seconds("CONTENT_GRACE_SECONDS", 0, 365 * DAY),
        receipts: read.seconds("RECEIPT_RETENTION_SECONDS", DAY, 36_500 * DAY),
    }
}
