//! The arithmetic of limits, without a clock and without a store: what was known
//! of a key, what is asked, and what is known afterwards.

use std::time::Duration;

/// A moment on a clock that never goes back, as the time since some beginning.
pub type Moment = Duration;

/// So many at once, and so many in each span of that length in the long run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// How many; at least 1.
    pub burst: u32,
    /// In which span.
    pub per: Duration,
}

/// Misses in a row, and how long to wait after too many of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The miss that is followed by the first wait; at least 1.
    pub free: u32,
    /// The first wait, doubled by each further miss.
    pub first: Duration,
    /// The longest wait.
    pub longest: Duration,
    /// How long after the last wait misses are remembered.
    pub memory: Duration,
}

/// What is done with the budget of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Takes one out of the budget, if one is left.
    Take(Rule),
    /// Looks whether one is left.
    Look(Rule),
    /// Takes one, whether or not it is left.
    Charge(Rule),
    /// Counts a miss.
    Miss(Backoff),
    /// Looks whether misses make this key wait.
    LookBack,
    /// Forgets all misses.
    Clear,
}

/// What a step found. The default is a key without a limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Found {
    /// How long to wait until one is left; zero if one was.
    pub wait: Duration,
    /// How many are left after this step.
    pub left: u32,
    /// How long until the whole budget is there again.
    pub reset: Duration,
}

/// What is known of a key, in microseconds of its clock. A key that is not known
/// has its whole budget.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Of a budget: when all of it is there again. Of misses: the end of the wait.
    until: u64,
    /// Misses in a row.
    misses: u32,
    /// From when on nothing needs to be known any more.
    pub(super) forget: u64,
}

impl Rule {
    /// Microseconds in which one comes back.
    pub(super) fn interval(self) -> u64 {
        (micros(self.per) / u64::from(self.burst.max(1))).max(1)
    }
}

/// A span in microseconds.
pub(super) fn micros(span: Duration) -> u64 {
    u64::try_from(span.as_micros()).unwrap_or(u64::MAX)
}

/// Does a step at a moment in microseconds.
pub(super) fn step(known: Option<Known>, step: Step, now: u64) -> (Option<Known>, Found) {
    let known = known.filter(|known| known.forget > now);
    match step {
        Step::Take(rule) => budget(known, rule, now, true),
        Step::Look(rule) => (known, budget(known, rule, now, false).1),
        Step::Charge(rule) => (Some(charged(known, rule, now)), Found::default()),
        Step::Miss(backoff) => missed(known, backoff, now),
        Step::LookBack => {
            let wait = known.map_or(0, |known| known.until.saturating_sub(now));
            (known, Found { wait: Duration::from_micros(wait), ..Found::default() })
        }
        Step::Clear => (None, Found::default()),
    }
}

/// The generic cell rate algorithm (ITU-T I.371): one moment says it all, that at
/// which the whole budget will be there again.
fn budget(known: Option<Known>, rule: Rule, now: u64, take: bool) -> (Option<Known>, Found) {
    let (interval, whole) = (rule.interval(), rule.interval() * u64::from(rule.burst.max(1)));
    let full_at = known.map_or(now, |known| known.until.max(now));
    let next = full_at + interval;
    let found = |wait: u64, full_at: u64| Found {
        wait: Duration::from_micros(wait),
        left: u32::try_from(whole.saturating_sub(full_at - now) / interval).unwrap_or(u32::MAX),
        reset: Duration::from_micros(full_at - now),
    };
    if next - now > whole {
        (known, found(next - now - whole, full_at))
    } else if take {
        (Some(Known { until: next, misses: 0, forget: next }), found(0, next))
    } else {
        (known, found(0, full_at))
    }
}

/// Never more in debt than one whole budget: nobody waits longer than `per`.
fn charged(known: Option<Known>, rule: Rule, now: u64) -> Known {
    let whole = rule.interval() * u64::from(rule.burst.max(1));
    let full_at = known.map_or(now, |known| known.until.max(now)) + rule.interval();
    let until = full_at.min(now + whole);
    Known { until, misses: 0, forget: until }
}

fn missed(known: Option<Known>, backoff: Backoff, now: u64) -> (Option<Known>, Found) {
    let misses = known.map_or(0, |known| known.misses).saturating_add(1);
    let beyond = misses.checked_sub(backoff.free);
    let wait = beyond.map_or(0, |doublings| {
        micros(backoff.first).saturating_mul(1 << doublings.min(30)).min(micros(backoff.longest))
    });
    let until = now + wait;
    let known = Known { until, misses, forget: until + micros(backoff.memory) };
    (Some(known), Found { wait: Duration::from_micros(wait), ..Found::default() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;
    const TEN: Rule = Rule { burst: 10, per: Duration::from_secs(60) };

    fn take(known: &mut Option<Known>, rule: Rule, now: u64) -> Found {
        let (after, found) = step(*known, Step::Take(rule), now);
        *known = after;
        found
    }

    #[test]
    fn exactly_the_burst_passes_at_once_and_then_one_in_each_interval() {
        let mut known = None;
        for left in (0..10).rev() {
            assert_eq!(take(&mut known, TEN, 0).left, left);
        }
        assert_eq!(take(&mut known, TEN, 0).wait, Duration::from_secs(6));
        assert_eq!(take(&mut known, TEN, 6 * SECOND - 1).wait, Duration::from_micros(1));
        assert_eq!(take(&mut known, TEN, 6 * SECOND).wait, Duration::ZERO);
        assert_eq!(take(&mut known, TEN, 6 * SECOND).wait, Duration::from_secs(6));
    }

    #[test]
    fn who_waits_has_the_whole_budget_again_and_never_more() {
        let mut known = None;
        let passed = |known: &mut Option<Known>, now| {
            (0..100).filter(|_| take(known, TEN, now).wait.is_zero()).count()
        };
        assert_eq!(passed(&mut known, 0), 10);
        assert_eq!(passed(&mut known, 3_600 * SECOND), 10);
        assert_eq!(passed(&mut known, 3_630 * SECOND), 5);
    }

    #[test]
    fn over_a_long_time_exactly_the_rate_passes() {
        let mut known = None;
        let hour = (0..3_600_000).filter(|ms| take(&mut known, TEN, ms * 1_000).wait.is_zero()).count();
        assert_eq!(hour, 10 + 599);
    }

    #[test]
    fn looking_takes_nothing_and_a_charge_never_makes_wait_longer_than_the_span() {
        let mut known = None;
        for _ in 0..10 {
            assert!(step(known, Step::Look(TEN), 0).1.wait.is_zero());
            known = step(known, Step::Charge(TEN), 0).0;
        }
        for _ in 0..500 {
            known = step(known, Step::Charge(TEN), 0).0;
        }
        assert_eq!(step(known, Step::Look(TEN), 0).1.wait, Duration::from_secs(6));
        assert!(step(known, Step::Look(TEN), 60 * SECOND).1.left == 10);
    }

    #[test]
    fn waits_double_up_to_the_longest_and_misses_are_forgotten() {
        let seconds = Duration::from_secs;
        let backoff = Backoff { free: 5, first: seconds(30), longest: seconds(1_800), memory: seconds(600) };
        let (mut known, mut now, mut waits) = (None, 0, Vec::new());
        for _ in 0..13 {
            let (after, found) = step(known, Step::Miss(backoff), now);
            assert_eq!(step(after, Step::LookBack, now).1.wait, found.wait);
            (known, now) = (after, now + micros(found.wait));
            waits.push(found.wait.as_secs());
        }
        assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1_800, 1_800, 1_800]);
        assert!(step(known, Step::LookBack, now).1.wait.is_zero());
        assert_eq!(step(known, Step::Miss(backoff), now + 600 * SECOND).1.wait, Duration::ZERO);
        assert_eq!(step(known, Step::Clear, now).0, None);
    }
}
