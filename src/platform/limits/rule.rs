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
    /// Puts one back that was taken.
    GiveBack(Rule),
    /// Counts a miss, unless earlier ones make this key wait.
    Miss(Backoff),
    /// Takes a miss back, with the wait that it began.
    Forgive,
    /// Forgets all misses.
    Clear,
}

impl Step {
    /// What takes this one back, if it took anything.
    pub(super) fn undone(self) -> Option<Self> {
        match self {
            Self::Take(rule) => Some(Self::GiveBack(rule)),
            Self::Miss(_) => Some(Self::Forgive),
            Self::GiveBack(_) | Self::Forgive | Self::Clear => None,
        }
    }
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

impl Found {
    /// Whether the step was not done.
    #[must_use]
    pub fn has_to_wait(&self) -> bool {
        !self.wait.is_zero()
    }
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
        Step::Take(rule) => take(known, rule, now),
        Step::GiveBack(rule) => (known.and_then(|known| given_back(known, rule, now)), Found::default()),
        Step::Miss(backoff) => miss(known, backoff, now),
        Step::Forgive => (known.and_then(|known| forgiven(known, now)), Found::default()),
        Step::Clear => (None, Found::default()),
    }
}

/// The generic cell rate algorithm (ITU-T I.371): one moment says it all, that at
/// which the whole budget will be there again.
fn take(known: Option<Known>, rule: Rule, now: u64) -> (Option<Known>, Found) {
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
    } else {
        (Some(Known { until: next, misses: 0, forget: next }), found(0, next))
    }
}

fn given_back(known: Known, rule: Rule, now: u64) -> Option<Known> {
    let until = known.until.saturating_sub(rule.interval());
    (until > now).then_some(Known { until, misses: 0, forget: until })
}

fn miss(known: Option<Known>, backoff: Backoff, now: u64) -> (Option<Known>, Found) {
    if let Some(wait) = known.and_then(|known| known.until.checked_sub(now)).filter(|wait| *wait > 0) {
        return (known, Found { wait: Duration::from_micros(wait), ..Found::default() });
    }
    let misses = known.map_or(0, |known| known.misses).saturating_add(1);
    let beyond = misses.checked_sub(backoff.free);
    let wait = beyond.map_or(0, |doublings| {
        micros(backoff.first).saturating_mul(1 << doublings.min(30)).min(micros(backoff.longest))
    });
    let until = now + wait;
    (Some(Known { until, misses, forget: until + micros(backoff.memory) }), Found::default())
}

fn forgiven(known: Known, now: u64) -> Option<Known> {
    let misses = known.misses.saturating_sub(1);
    (misses > 0).then_some(Known { until: now, misses, ..known })
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
    fn what_is_given_back_is_there_again_and_never_more_than_the_whole() {
        let mut known = None;
        while take(&mut known, TEN, 0).wait.is_zero() {}
        known = step(known, Step::GiveBack(TEN), 0).0;
        assert!(take(&mut known, TEN, 0).wait.is_zero() && !take(&mut known, TEN, 0).wait.is_zero());
        for _ in 0..20 {
            known = step(known, Step::GiveBack(TEN), 0).0;
        }
        assert_eq!((0..20).filter(|_| take(&mut known, TEN, 0).wait.is_zero()).count(), 10);
    }

    #[test]
    fn waits_double_up_to_the_longest_and_misses_are_forgotten() {
        let seconds = Duration::from_secs;
        let backoff = Backoff { free: 5, first: seconds(30), longest: seconds(1_800), memory: seconds(600) };
        let (mut known, mut now, mut waits) = (None, 0, Vec::new());
        for _ in 0..13 {
            let (after, found) = step(known, Step::Miss(backoff), now);
            assert!(found.wait.is_zero(), "who has waited may try");
            let (same, found) = step(after, Step::Miss(backoff), now);
            if found.wait.is_zero() {
                assert_ne!(same, after);
            } else {
                assert_eq!(same, after, "who has to wait counts nothing");
            }
            (known, now) = (after, now + micros(found.wait));
            waits.push(found.wait.as_secs());
        }
        assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480, 960, 1_800, 1_800, 1_800]);
        assert_eq!(step(known, Step::Miss(backoff), now + 600 * SECOND).0.unwrap().misses, 1);
        assert_eq!(step(known, Step::Clear, now).0, None);
    }

    #[test]
    fn a_miss_that_is_taken_back_takes_its_wait_with_it() {
        let seconds = Duration::from_secs;
        let backoff = Backoff { free: 2, first: seconds(30), longest: seconds(60), memory: seconds(600) };
        let once = step(None, Step::Miss(backoff), 0).0;
        let twice = step(once, Step::Miss(backoff), 0).0;
        assert_eq!(step(twice, Step::Miss(backoff), 0).1.wait, seconds(30));
        let again = step(twice, Step::Forgive, 0).0;
        assert_eq!(again.map(|known| (known.misses, known.until)), Some((1, 0)));
        assert_eq!(step(once, Step::Forgive, 0).0, None);
    }
}
