//! When to try again: exponential backoff with full jitter.

use std::time::Duration;

/// First pause.
const BASE: Duration = Duration::from_secs(1);
/// Longest pause.
const CAP: Duration = Duration::from_secs(300);

/// Pause after the `attempt`th failed attempt (from 1). `random` picks a point
/// between a tenth of the backoff and all of it, so that messages that failed
/// together do not come back together.
#[must_use]
pub fn pause(attempt: i32, random: u16) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0).min(16);
    let backoff = BASE.saturating_mul(2u32.saturating_pow(doublings)).min(CAP);
    let share = 0.1 + 0.9 * f64::from(random) / f64::from(u16::MAX);
    backoff.mul_f64(share)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_cap_and_are_spread() {
        let longest: Vec<_> = (1..=4).map(|n| pause(n, u16::MAX).as_secs()).collect();
        assert_eq!(longest, [1, 2, 4, 8]);
        assert_eq!(pause(1_000, u16::MAX), CAP);
        assert_eq!(pause(1, 0), BASE / 10);
        assert!(pause(5, 100) < pause(5, 60_000));
    }
}
