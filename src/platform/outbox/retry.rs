//! When to try again: exponential backoff with full jitter, unless the receiver
//! says when.

use std::time::Duration;

use crate::config::Retry;

/// Pause after the `attempt`th failed attempt (from 1). `random` picks a point
/// between nothing and the whole backoff ("full jitter", AWS Architecture Blog,
/// *Exponential Backoff And Jitter*), so that messages that failed together do
/// not come back together. What the receiver asked for (`Retry-After`, RFC 9110
/// section 10.2.3) is the least, up to a bound.
#[must_use]
pub fn pause(settings: Retry, attempt: i32, asked_for: Option<Duration>, random: u16) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0).min(30);
    let backoff = settings.first.saturating_mul(2u32.saturating_pow(doublings)).min(settings.longest);
    let jittered = backoff.mul_f64(f64::from(random) / f64::from(u16::MAX));
    let least = asked_for.unwrap_or_default().min(settings.longest_asked_for);
    jittered.max(least)
}

/// Pause after an attempt that called nobody: between half of the longest and all of it.
#[must_use]
pub fn pause_without_call(settings: Retry, random: u16) -> Duration {
    settings.longest.mul_f64(0.5 + f64::from(random) / f64::from(u16::MAX) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: Retry = Retry {
        first: Duration::from_secs(1),
        longest: Duration::from_secs(300),
        longest_asked_for: Duration::from_secs(600),
        max_age: Duration::from_secs(3_600),
    };

    #[test]
    fn pauses_double_up_to_a_cap_and_are_spread_over_all_of_it() {
        let longest: Vec<_> = (1..=4).map(|n| pause(SETTINGS, n, None, u16::MAX).as_secs()).collect();
        assert_eq!(longest, [1, 2, 4, 8]);
        assert_eq!(pause(SETTINGS, i32::MAX, None, u16::MAX), SETTINGS.longest);
        assert_eq!(pause(SETTINGS, 5, None, 0), Duration::ZERO);
        let mean: Duration =
            (0..=1_000u16).map(|n| pause(SETTINGS, 3, None, n * 65)).sum::<Duration>() / 1_001;
        assert!((Duration::from_millis(1_950)..Duration::from_millis(2_050)).contains(&mean), "{mean:?}");
    }

    #[test]
    fn what_the_receiver_asks_for_is_honoured_up_to_a_bound() {
        let asked = |seconds| pause(SETTINGS, 1, Some(Duration::from_secs(seconds)), u16::MAX).as_secs();
        assert_eq!([asked(0), asked(30), asked(86_400)], [1, 30, 600]);
    }
}
