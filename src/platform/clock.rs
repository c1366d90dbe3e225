//! The only reader of the wall clock.

use crate::domain::timestamp::Timestamp;

/// The present moment, cut to a millisecond.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
pub fn now() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond()).unwrap_or(Timestamp::EPOCH)
}
