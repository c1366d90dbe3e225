//! What a page says about what was typed, independent of the language.

use std::time::Duration;

use super::texts;
use crate::domain::access_code::AccessCode;
use crate::domain::language::Text;
use crate::platform::http::{ApiError, ErrorCode};
use crate::platform::web::Page;

/// What there is to say. Its [`word`](Said::word) stands in the form, so that the page can be
/// shown in another language as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The field is empty.
    Empty,
    /// This can't be a code: a sign is missing or different.
    Typo,
    /// The code opens nothing.
    Refused,
    /// The link is right, the code is not; so many tries are left.
    Wrong(u32),
    /// Too many wrong codes with this link.
    Blocked,
    /// Too many tries; so many seconds to wait.
    Wait(u64),
    /// Access has ended.
    Expired,
    /// Access was withdrawn, or the code was replaced.
    Revoked,
    /// The document has not arrived yet.
    OnItsWay,
    /// The session is over.
    Ended,
    /// It does not work now.
    Busy,
    /// There is nothing at this address.
    NoPage,
    /// No number was typed.
    NumberEmpty,
    /// The number is wrong; so many tries are left.
    NumberWrong(u32),
    /// No number that was sent is good any more.
    NumberExpired,
    /// Too many wrong numbers.
    NumberBlocked,
    /// The number could not be sent.
    NumberNotSent,
    /// Nobody knows whether the number was sent.
    NumberPerhapsSent,
}

/// How a page looks that says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// It is said beside the field, where it can be mended.
    Field,
    /// Nothing is wrong, it takes time.
    Wait,
    /// It can't be mended here.
    Alert,
}

const PLAIN: &[(&str, Said)] = &[
    ("empty", Said::Empty),
    ("typo", Said::Typo),
    ("refused", Said::Refused),
    ("blocked", Said::Blocked),
    ("expired", Said::Expired),
    ("revoked", Said::Revoked),
    ("on-its-way", Said::OnItsWay),
    ("ended", Said::Ended),
    ("busy", Said::Busy),
    ("no-page", Said::NoPage),
    ("number-empty", Said::NumberEmpty),
    ("number-expired", Said::NumberExpired),
    ("number-blocked", Said::NumberBlocked),
    ("number-not-sent", Said::NumberNotSent),
    ("number-perhaps-sent", Said::NumberPerhapsSent),
];

impl Said {
    /// What is said about an error.
    pub fn of(error: &ApiError) -> Self {
        let left = || error.remaining_attempts.and_then(|left| u32::try_from(left).ok()).unwrap_or(0);
        match error.code {
            ErrorCode::NotFound => Self::Refused,
            ErrorCode::AccessCodeRequired | ErrorCode::MalformedRequest | ErrorCode::PayloadTooLarge => {
                Self::Empty
            }
            ErrorCode::AccessCodeWrong => Self::Wrong(left()),
            ErrorCode::AccessCodeBlocked => Self::Blocked,
            ErrorCode::RateLimited => Self::Wait(error.retry_after.map_or(60, |wait| wait.as_secs().max(1))),
            ErrorCode::AccessCodeExpired => Self::Expired,
            ErrorCode::AccessCodeRevoked => Self::Revoked,
            ErrorCode::DocumentOnItsWay => Self::OnItsWay,
            ErrorCode::SessionEnded => Self::Ended,
            ErrorCode::OtpWrong => Self::NumberWrong(left()),
            ErrorCode::OtpExpired => Self::NumberExpired,
            ErrorCode::OtpBlocked => Self::NumberBlocked,
            ErrorCode::OtpNotSent => Self::NumberNotSent,
            _ => Self::Busy,
        }
    }

    /// What is said about a code that was typed. That it can't be one is told: anybody can
    /// find that out without asking us.
    pub fn of_code(error: &ApiError, code: &str) -> Self {
        match Self::of(error) {
            Self::Refused | Self::Empty if code.trim().is_empty() => Self::Empty,
            Self::Refused if AccessCode::parse(code).is_err() => Self::Typo,
            said => said,
        }
    }

    /// What is said about a number that was typed, or was to be sent, where one may be
    /// typed or not.
    pub fn of_number(error: &ApiError, may_be_typed: bool) -> Self {
        match Self::of(error) {
            Self::Empty => Self::NumberEmpty,
            Self::NumberNotSent if may_be_typed => Self::NumberPerhapsSent,
            said => said,
        }
    }

    /// As it stands in the form: `typo`, `wrong-3`.
    pub fn word(self) -> String {
        match self {
            Self::Wrong(left) => format!("wrong-{left}"),
            Self::Wait(seconds) => format!("wait-{seconds}"),
            Self::NumberWrong(left) => format!("number-wrong-{left}"),
            plain => PLAIN.iter().find(|(_, said)| *said == plain).map_or("", |(word, _)| word).to_owned(),
        }
    }

    /// Reads what [`Said::word`] wrote.
    pub fn parse(word: &str) -> Option<Self> {
        if let Some((_, said)) = PLAIN.iter().find(|(known, _)| *known == word) {
            return Some(*said);
        }
        let (word, number) = word.rsplit_once('-')?;
        match word {
            "wrong" => number.parse().ok().map(Self::Wrong),
            "wait" => number.parse().ok().map(Self::Wait),
            "number-wrong" => number.parse().ok().map(Self::NumberWrong),
            _ => None,
        }
    }

    /// How the page looks.
    pub fn tone(self) -> Tone {
        match self {
            Self::Blocked | Self::Expired | Self::Revoked | Self::NoPage => Tone::Alert,
            Self::Wait(_) | Self::OnItsWay | Self::Ended | Self::Busy => Tone::Wait,
            _ => Tone::Field,
        }
    }

    /// The heading of a page that is about nothing else.
    pub fn title(self) -> Option<Text> {
        match self {
            Self::Blocked => Some(texts::BLOCKED_TITLE),
            Self::Wait(_) => Some(texts::WAIT_TITLE),
            Self::Expired => Some(texts::EXPIRED_TITLE),
            Self::Revoked => Some(texts::REVOKED_TITLE),
            Self::OnItsWay => Some(texts::ON_ITS_WAY_TITLE),
            Self::Ended => Some(texts::ENDED_TITLE),
            Self::Busy => Some(texts::BUSY_TITLE),
            Self::NoPage => Some(texts::NO_PAGE_TITLE),
            Self::NumberBlocked => Some(texts::NUMBER_BLOCKED_TITLE),
            _ => None,
        }
    }

    /// What is said, in the language of the page.
    pub fn text(self, page: &Page) -> String {
        let text = match self {
            Self::Wrong(left) if left > 1 => return texts::WRONG.with(page.language, &[&left]),
            Self::Wait(seconds) => {
                return texts::WAIT.with(page.language, &[&page.span(Duration::from_secs(seconds))]);
            }
            Self::Wrong(_) => texts::WRONG_ONCE,
            Self::Empty => texts::EMPTY,
            Self::Typo => texts::TYPO,
            Self::Refused => texts::REFUSED,
            Self::Blocked => texts::BLOCKED,
            Self::Expired => texts::EXPIRED,
            Self::Revoked => texts::REVOKED,
            Self::OnItsWay => texts::ON_ITS_WAY,
            Self::Ended => texts::ENDED,
            Self::Busy => texts::BUSY,
            Self::NoPage => texts::NO_PAGE,
            Self::NumberEmpty => texts::NUMBER_EMPTY,
            Self::NumberWrong(0) => texts::NUMBER_USED_UP,
            Self::NumberWrong(1) => texts::NUMBER_WRONG_ONCE,
            Self::NumberWrong(_) => texts::NUMBER_WRONG,
            Self::NumberExpired => texts::NUMBER_EXPIRED,
            Self::NumberBlocked => texts::NUMBER_BLOCKED,
            Self::NumberNotSent => texts::NUMBER_NOT_SENT,
            Self::NumberPerhapsSent => texts::NUMBER_PERHAPS_SENT,
        };
        page.t(text).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_survives_another_language() {
        let numbered = [Said::Wrong(9), Said::Wait(120), Said::NumberWrong(0)];
        for said in PLAIN.iter().map(|(_, said)| *said).chain(numbered) {
            assert_eq!(Said::parse(&said.word()), Some(said), "{}", said.word());
        }
        for other in ["", "x", "wait-", "wait--1", "wrong-x", "<script>"] {
            assert_eq!(Said::parse(other), None, "{other}");
        }
    }

    #[test]
    fn a_typo_is_told_from_a_code_that_opens_nothing() {
        let refused = ApiError::new(ErrorCode::NotFound, "");
        assert_eq!(Said::of_code(&refused, "0000-0000-0000"), Said::Refused);
        assert_eq!(Said::of_code(&refused, "0000-0000-0001"), Said::Typo);
        assert_eq!(Said::of_code(&refused, " "), Said::Empty);
        assert_eq!(Said::of_number(&ApiError::new(ErrorCode::MalformedRequest, ""), true), Said::NumberEmpty);
    }
}
