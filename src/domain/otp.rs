//! A number of six digits that is sent to the recipient and typed once, and how
//! often one may be sent and tried.
//!
//! Three tries at one in a million for each number; nine wrong ones in a day, thirty
//! in the life of an access code. A new number does not reset what was wrong, so
//! whoever guesses succeeds three times in 100,000 at most.

use std::fmt;
use std::time::Duration;

use super::timestamp::Timestamp;

/// Random bytes that a number is made of.
pub const RANDOM_BYTES: usize = 8;
/// How long a number is good for.
pub const LIFE: Duration = Duration::from_secs(5 * 60);
/// Tries of one number.
pub const TRIES: i32 = 3;
/// Wrong numbers in the life of an access code.
pub const WRONG_IN_LIFE: i32 = 30;

const DIGITS: usize = 6;
/// Shortest time between two numbers.
pub const PAUSE: Duration = Duration::from_secs(30);
const SENT_IN_HOUR: usize = 5;
const HOUR: Duration = Duration::from_secs(3_600);
const WRONG_IN_DAY: usize = 9;
const DAY: Duration = Duration::from_secs(86_400);

/// A number of six digits. Its `Debug` shows nothing of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Otp(u32);

impl Otp {
    /// Makes a number of random bytes. 2^64 is no multiple of a million, but so much
    /// larger that no number is likelier than another by more than one in 10^13.
    #[must_use]
    pub fn from_random(random: [u8; RANDOM_BYTES]) -> Self {
        Self(u32::try_from(u64::from_be_bytes(random) % 1_000_000).unwrap_or_default())
    }

    /// Reads what a person typed: spaces and hyphens do not matter.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (mut count, mut number) = (0, 0);
        for c in text.chars().filter(|c| !c.is_whitespace() && *c != '-').take(DIGITS + 1) {
            number = number * 10 + c.to_digit(10)?;
            count += 1;
        }
        (count == DIGITS).then_some(Self(number))
    }
}

impl fmt::Display for Otp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06}", self.0)
    }
}

impl fmt::Debug for Otp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Otp(***)")
    }
}

/// Why nothing may be sent or tried now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// For so long.
    Wait(Duration),
    /// Not any more with this access code.
    Blocked,
}

/// What was sent and tried for one access code, in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// When the last numbers were sent.
    pub sent: Vec<Timestamp>,
    /// When the last number could not be sent.
    pub refused: Option<Timestamp>,
    /// When the last wrong ones were typed.
    pub wrong: Vec<Timestamp>,
    /// How many wrong ones were typed in all.
    pub wrong_total: i32,
}

impl Tally {
    /// Whether a number may be sent now. None is sent that could not be tried.
    pub fn check_sending(&self, now: Timestamp) -> Result<(), Hold> {
        self.check_trying(now)?;
        let last = hold(&self.sent, 1, PAUSE, now).max(hold(self.refused.as_slice(), 1, PAUSE, now));
        last.max(hold(&self.sent, SENT_IN_HOUR, HOUR, now)).map_or(Ok(()), wait)
    }

    /// Whether a number may be tried now.
    pub fn check_trying(&self, now: Timestamp) -> Result<(), Hold> {
        if self.wrong_total >= WRONG_IN_LIFE {
            return Err(Hold::Blocked);
        }
        hold(&self.wrong, WRONG_IN_DAY, DAY, now).map_or(Ok(()), wait)
    }

    /// After a number was sent.
    #[must_use]
    pub fn after_sending(mut self, now: Timestamp) -> Self {
        remember(&mut self.sent, now, SENT_IN_HOUR);
        self
    }

    /// After the number of the moment `then` could not be sent: it takes no place of
    /// the hour, and the next one has to wait all the same.
    #[must_use]
    pub fn without_sending(mut self, then: Timestamp) -> Self {
        self.sent.retain(|moment| *moment != then);
        self.refused = self.refused.max(Some(then));
        self
    }

    /// After a wrong number was typed.
    #[must_use]
    pub fn after_wrong(mut self, now: Timestamp) -> Self {
        remember(&mut self.wrong, now, WRONG_IN_DAY);
        self.wrong_total = self.wrong_total.saturating_add(1);
        self
    }

    /// When the next number may be sent.
    #[must_use]
    pub fn next_sending(&self, now: Timestamp) -> Timestamp {
        match self.check_sending(now) {
            Err(Hold::Wait(wait)) => now.plus(wait),
            Ok(()) | Err(Hold::Blocked) => now,
        }
    }
}

fn wait(wait: Duration) -> Result<(), Hold> {
    Err(Hold::Wait(wait))
}

/// How long to wait until fewer than `most` moments lie within `window`. A moment
/// that lies ahead, because a clock was set back, counts as now.
fn hold(moments: &[Timestamp], most: usize, window: Duration, now: Timestamp) -> Option<Duration> {
    let oldest = (*moments.iter().rev().nth(most.checked_sub(1)?)?).min(now);
    let passed = now.since(oldest);
    (passed < window).then(|| window - passed)
}

fn remember(moments: &mut Vec<Timestamp>, now: Timestamp, most: usize) {
    moments.push(now);
    let surplus = moments.len().saturating_sub(most);
    moments.drain(..surplus);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000 + seconds * 1_000).unwrap()
    }

    fn waits(seconds: u64) -> Result<(), Hold> {
        Err(Hold::Wait(Duration::from_secs(seconds)))
    }

    #[test]
    fn a_number_has_six_digits_and_is_read_however_it_is_typed() {
        let otp = Otp::from_random(42_u64.to_be_bytes());
        assert_eq!(otp.to_string(), "000042");
        assert_eq!(format!("{otp:?}"), "Otp(***)");
        for typed in ["000042", " 000 042 ", "000-042", "0 0 0 0 4 2"] {
            assert_eq!(Otp::parse(typed), Some(otp), "{typed}");
        }
        for bad in ["", "42", "00042", "0000420", "00004x", "+00042", "０00042", "0000000000000000000042"] {
            assert_eq!(Otp::parse(bad), None, "{bad}");
        }
        assert_eq!(Otp::from_random([255; 8]).to_string().len(), 6);
    }

    #[test]
    fn numbers_are_sent_half_a_minute_apart_and_five_in_an_hour() {
        let mut tally = Tally::default();
        for n in 0..5 {
            assert_eq!(tally.check_sending(at(n * 30)), Ok(()), "{n}");
            tally = tally.after_sending(at(n * 30));
            if n < 4 {
                assert_eq!(tally.check_sending(at(n * 30 + 1)), waits(29));
            }
        }
        assert_eq!(tally.check_sending(at(150)), waits(3_450));
        assert_eq!(tally.next_sending(at(150)), at(3_600));
        assert_eq!(tally.check_sending(at(3_600)), Ok(()));
        let tally = tally.after_sending(at(3_600));
        assert_eq!((tally.sent.len(), tally.check_sending(at(3_630))), (5, Ok(())));
    }

    #[test]
    fn a_number_that_could_not_be_sent_takes_no_place_and_the_next_one_waits() {
        let mut tally = Tally::default();
        for n in 0..9 {
            tally = tally.after_sending(at(n * 40)).without_sending(at(n * 40));
            assert_eq!(tally.check_sending(at(n * 40 + 1)), waits(29));
        }
        assert_eq!((tally.check_sending(at(350)), tally.sent.len()), (Ok(()), 0));
    }

    #[test]
    fn nine_wrong_ones_end_the_day_and_thirty_end_everything() {
        let mut tally = Tally::default();
        for n in 0..9 {
            assert_eq!(tally.check_trying(at(n)), Ok(()));
            tally = tally.after_wrong(at(n));
        }
        assert_eq!(tally.check_trying(at(9)), waits(86_400 - 9));
        assert_eq!(tally.check_sending(at(9)), waits(86_400 - 9), "it could not be tried");
        assert_eq!(tally.check_trying(at(86_400)), Ok(()));
        for n in 9..30 {
            tally = tally.after_wrong(at(n * 86_400));
        }
        assert_eq!(tally.wrong.len(), 9);
        assert_eq!(tally.check_trying(at(99 * 86_400)), Err(Hold::Blocked));
        assert_eq!(tally.check_sending(at(99 * 86_400)), Err(Hold::Blocked));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_nobody_wait_longer_than_usual() {
        let tally = Tally::default().after_sending(at(1_000_000));
        assert_eq!(tally.check_sending(at(0)), waits(30));
    }
}
