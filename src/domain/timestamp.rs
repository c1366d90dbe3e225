//! A moment on the wire: RFC 3339, UTC, milliseconds.

use std::fmt;
use std::time::Duration;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Serialize, Serializer};

/// A moment in time with a resolution of one millisecond.
///
/// Shown as RFC 3339 in UTC with exactly three decimals,
/// `2026-11-20T17:57:06.120Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// The moment `millis` milliseconds after 1970-01-01T00:00:00Z, `None` outside the years -9999 to 9999.
    #[must_use]
    pub fn from_millis(millis: i64) -> Option<Self> {
        jiff::Timestamp::from_millisecond(millis).ok().map(Self)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn as_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Reads RFC 3339; what is finer than a millisecond is cut off.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        // RFC 3339 knows the years 0000 to 9999.
        let parsed: jiff::Timestamp =
            text.parse().ok().filter(|_| text.starts_with(|c: char| c.is_ascii_digit()))?;
        Self::from_millis(parsed.as_millisecond())
    }

    /// Reads the time of an HTTP header, `Sun, 06 Nov 1994 08:49:37 GMT`.
    #[must_use]
    pub fn parse_http(text: &str) -> Option<Self> {
        let parsed = jiff::fmt::rfc2822::parse(text).ok()?;
        Self::from_millis(parsed.timestamp().as_millisecond())
    }

    /// This moment moved into the future; the latest possible moment where that goes too far.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        self.0.checked_add(duration).map_or(Self(jiff::Timestamp::MAX), Self)
    }

    /// This moment moved into the past; the earliest possible moment where that goes too far.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        self.0.checked_sub(duration).map_or(Self(jiff::Timestamp::MIN), Self)
    }

    /// How long after `earlier` this is; nothing if it is before.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::try_from(self.0.duration_since(earlier.0)).unwrap_or_default()
    }
}

/// What calendar and clock show in Switzerland.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SwissTime {
    /// The year.
    pub year: i16,
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
    /// 0 to 23.
    pub hour: i8,
    /// 0 to 59.
    pub minute: i8,
}

/// The time of Switzerland. The rule for summer time is that of 1996, so nothing of the
/// machine has to know it.
fn swiss_zone() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC)
}

impl Timestamp {
    /// This moment as people in Switzerland read it.
    #[must_use]
    pub fn in_switzerland(self) -> SwissTime {
        let local = swiss_zone().to_datetime(self.0);
        SwissTime {
            year: local.year(),
            month: local.month(),
            day: local.day(),
            hour: local.hour(),
            minute: local.minute(),
        }
    }
}

impl Timestamp {
    /// The last second of a day in Switzerland, `2026-11-20`; `None` if it is no day.
    #[must_use]
    pub fn end_of_swiss_day(day: &str) -> Option<Self> {
        let day: Date = day.trim().parse().ok().filter(|_| day.trim().len() == 10)?;
        let end = swiss_zone().to_timestamp(day.at(23, 59, 59, 0)).ok()?;
        Self::from_millis(end.as_millisecond())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_shown_in_utc_with_three_decimals() {
        let moment = Timestamp::parse("2026-11-20T18:57:06.1204+01:00").unwrap();
        assert_eq!(moment.to_string(), "2026-11-20T17:57:06.120Z");
        assert_eq!(Timestamp::from_millis(0).unwrap().to_string(), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn a_moment_is_read_in_switzerland_in_winter_and_in_summer() {
        let read = |text: &str| {
            let SwissTime { year, month, day, hour, minute } =
                Timestamp::parse(text).unwrap().in_switzerland();
            format!("{year}-{month}-{day} {hour}:{minute}")
        };
        assert_eq!(read("2026-12-31T23:05:00Z"), "2027-1-1 0:5");
        assert_eq!(read("2026-07-01T22:00:00Z"), "2026-7-2 0:0");
        assert_eq!(read("2026-03-29T00:59:00Z"), "2026-3-29 1:59");
        assert_eq!(read("2026-03-29T01:00:00Z"), "2026-3-29 3:0");
        assert_eq!(read("2026-10-25T01:00:00Z"), "2026-10-25 2:0");
    }

    #[test]
    fn a_day_ends_when_it_ends_in_switzerland() {
        let end = |day: &str| Timestamp::end_of_swiss_day(day).map(|end| end.to_string());
        assert_eq!(end("2026-12-24").as_deref(), Some("2026-12-24T22:59:59.000Z"));
        assert_eq!(end("2026-07-01").as_deref(), Some("2026-07-01T21:59:59.000Z"));
        assert_eq!(end("2026-03-29").as_deref(), Some("2026-03-29T21:59:59.000Z"));
        for bad in ["", "2026-13-01", "2026-02-29", "2026-07-01T00:00:00Z", "24.12.2026", "20261224"] {
            assert_eq!(end(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for bad in ["", "2026-11-20", "yesterday", "2026-13-01T00:00:00Z"] {
            assert_eq!(Timestamp::parse(bad), None, "{bad}");
        }
    }
}
