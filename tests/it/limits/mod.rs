//! How much anybody may ask for, and how often anybody may guess.

mod answers;
mod guesses;
mod shared;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use oc::config;
use oc::platform::clock::Monotonic;
use oc::platform::limits::Limits;
use oc::platform::secrets::SecretKeys;

use crate::support::KEY;

/// A clock that a test drives by hand.
#[derive(Clone, Default)]
struct Hand(Arc<AtomicU64>);

impl Hand {
    fn forward(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }

    fn clock(&self) -> Monotonic {
        let seconds = Arc::clone(&self.0);
        Monotonic::of(move || Duration::from_secs(seconds.load(Ordering::Relaxed)))
    }
}

/// The limits of one process.
fn limits(settings: &config::Limits, clock: Monotonic) -> Limits {
    use base64::Engine as _;
    let key = base64::engine::general_purpose::STANDARD.decode(KEY).unwrap().try_into().unwrap();
    let keys = SecretKeys::new(&config::Keys(vec![key])).unwrap();
    Limits::new(settings, Arc::new(keys), clock).unwrap()
}
