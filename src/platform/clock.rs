//! The only reader of the wall clock, and a clock that never goes back.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::domain::timestamp::Timestamp;

/// The present moment, cut to a millisecond.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where the clock is read")]
pub fn now() -> Timestamp {
    Timestamp::from_millis(jiff::Timestamp::now().as_millisecond()).unwrap_or(Timestamp::EPOCH)
}

/// Time since 1970.
#[must_use]
pub fn since_1970() -> Duration {
    now().since(Timestamp::EPOCH)
}

/// A clock that never goes back, for spans of time. A test hands in one of its own.
#[derive(Clone)]
pub struct Monotonic(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Monotonic {
    /// A clock that tells what `time` tells.
    pub fn of(time: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(time))
    }

    /// Time since the clock was made.
    #[must_use]
    pub fn now(&self) -> Duration {
        (self.0)()
    }
}

impl Default for Monotonic {
    fn default() -> Self {
        let started = Instant::now();
        Self::of(move || started.elapsed())
    }
}

impl std::fmt::Debug for Monotonic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Monotonic")
    }
}
