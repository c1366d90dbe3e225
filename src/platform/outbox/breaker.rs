//! Leaves a destination alone that keeps failing: a circuit breaker without a
//! clock and without a call, so that every step of it can be driven by hand.
//!
//! CLOSED lets everything through. Enough failures in a row make it OPEN: nothing
//! goes through until the rest is over. Then it is HALF-OPEN: one message tries,
//! and decides (Nygard, *Release It!*, "Circuit Breaker").

use std::time::Duration;

use crate::config;

/// What may be done at a destination now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permit {
    /// As much as there is room for.
    Go,
    /// One attempt, which decides.
    Probe,
    /// Nothing for that long.
    Wait(Duration),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed { failures: u32 },
    Open { until: Duration },
    HalfOpen { since: Duration },
}

/// A breaker of one destination. Times are durations since any fixed moment, of
/// a clock that never jumps.
#[derive(Debug)]
pub struct Breaker {
    settings: config::Breaker,
    state: State,
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(settings: config::Breaker) -> Self {
        Self { settings, state: State::Closed { failures: 0 } }
    }

    /// What may be done at `now`. Whoever is told [`Permit::Probe`] must make an
    /// attempt and say how it ended; if nothing is heard of it for as long as a
    /// rest takes, another one may.
    pub fn permit(&mut self, now: Duration) -> Permit {
        let free_at = match self.state {
            State::Closed { .. } => return Permit::Go,
            State::Open { until } => until,
            State::HalfOpen { since } => since.saturating_add(self.settings.open),
        };
        if now < free_at {
            return Permit::Wait(free_at.saturating_sub(now));
        }
        self.state = State::HalfOpen { since: now };
        Permit::Probe
    }

    /// How long nothing may be done at `now`, without taking the probe's place.
    #[must_use]
    pub fn rest(&self, now: Duration) -> Option<Duration> {
        match self.state {
            State::Closed { .. } => None,
            State::Open { until } => Some(until.saturating_sub(now)),
            State::HalfOpen { since } => Some(since.saturating_add(self.settings.open).saturating_sub(now)),
        }
    }

    /// The probe was not needed: there was nothing to send. The next one may come at once.
    pub fn unused(&mut self, now: Duration) {
        if let State::HalfOpen { .. } = self.state {
            self.state = State::Open { until: now };
        }
    }

    /// The destination answered like one that works.
    pub fn succeeded(&mut self) {
        self.state = State::Closed { failures: 0 };
    }

    /// The destination did not answer, or said that it can't at the moment.
    pub fn failed(&mut self, now: Duration) {
        let open = State::Open { until: now.saturating_add(self.settings.open) };
        self.state = match self.state {
            State::Closed { failures } if failures.saturating_add(1) < self.settings.failures => {
                State::Closed { failures: failures.saturating_add(1) }
            }
            // An attempt that began before the rest says nothing new.
            State::Open { until } => State::Open { until },
            State::Closed { .. } | State::HalfOpen { .. } => open,
        };
    }

    /// CLOSED, OPEN or HALF-OPEN.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self.state {
            State::Closed { .. } => "CLOSED",
            State::Open { .. } => "OPEN",
            State::HalfOpen { .. } => "HALF-OPEN",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REST: Duration = Duration::from_secs(5);

    fn breaker() -> Breaker {
        Breaker::new(config::Breaker { failures: 3, open: REST })
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn opened_at(seconds: u64) -> Breaker {
        let mut breaker = breaker();
        (0..3).for_each(|_| breaker.failed(at(seconds)));
        breaker
    }

    #[test]
    fn only_failures_in_a_row_open_it() {
        let mut breaker = breaker();
        for _ in 0..10 {
            breaker.failed(at(1));
            breaker.failed(at(1));
            breaker.succeeded();
        }
        assert_eq!((breaker.permit(at(1)), breaker.name()), (Permit::Go, "CLOSED"));
        (0..3).for_each(|_| breaker.failed(at(1)));
        assert_eq!((breaker.permit(at(2)), breaker.name()), (Permit::Wait(at(4)), "OPEN"));
        assert_eq!(breaker.rest(at(2)), Some(at(4)));
    }

    #[test]
    fn after_the_rest_one_probe_goes_through_and_nobody_else() {
        let mut breaker = opened_at(0);
        assert_eq!(breaker.permit(at(5)), Permit::Probe);
        assert_eq!((breaker.permit(at(6)), breaker.name()), (Permit::Wait(at(4)), "HALF-OPEN"));
        breaker.succeeded();
        assert_eq!((breaker.permit(at(6)), breaker.name()), (Permit::Go, "CLOSED"));
        assert_eq!(breaker.rest(at(6)), None);
    }

    #[test]
    fn a_probe_that_fails_begins_another_rest() {
        let mut breaker = opened_at(0);
        assert_eq!(breaker.permit(at(7)), Permit::Probe);
        breaker.failed(at(8));
        assert_eq!(breaker.permit(at(9)), Permit::Wait(at(4)));
    }

    #[test]
    fn a_probe_that_nobody_needed_is_given_back() {
        let mut breaker = opened_at(0);
        assert_eq!(breaker.permit(at(5)), Permit::Probe);
        breaker.unused(at(5));
        assert_eq!((breaker.permit(at(5)), breaker.name()), (Permit::Probe, "HALF-OPEN"));
        breaker.succeeded();
        breaker.unused(at(6));
        assert_eq!(breaker.name(), "CLOSED");
    }

    #[test]
    fn late_failures_do_not_make_a_rest_longer() {
        let mut breaker = opened_at(0);
        breaker.failed(at(4));
        assert_eq!(breaker.permit(at(5)), Permit::Probe);
    }

    #[test]
    fn a_probe_that_was_never_heard_of_again_is_followed_by_another() {
        let mut breaker = opened_at(0);
        assert_eq!(breaker.permit(at(5)), Permit::Probe);
        assert_eq!(breaker.permit(at(10)), Permit::Probe);
    }

    proptest! {
        #[test]
        fn while_it_is_open_at_most_one_attempt_goes_out_in_the_time_of_a_rest(
            steps in proptest::collection::vec((0u64..3, 0u8..3), 1..200)
        ) {
            let (mut breaker, mut now, mut last_probe) = (opened_at(0), 0, None::<u64>);
            for (pause, action) in steps {
                now += pause;
                match action {
                    0 if breaker.name() != "CLOSED" => breaker.failed(at(now)),
                    1 => match breaker.permit(at(now)) {
                        Permit::Probe => {
                            prop_assert!(last_probe.is_none_or(|before| now - before >= REST.as_secs()));
                            last_probe = Some(now);
                        }
                        Permit::Wait(rest) => prop_assert!(rest <= REST),
                        Permit::Go => prop_assert!(false, "nothing has succeeded"),
                    },
                    _ => {}
                }
            }
        }
    }
}
