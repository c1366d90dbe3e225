//! How a document stands, in words and signs for people: never by a colour alone.

use super::words::list;
use crate::domain::dates;
use crate::domain::document::{DeliveryState, Operation, Status};
use crate::domain::language::{Language, Text};
use crate::domain::timestamp::Timestamp;
use crate::roles::provider::store::summaries::Summary;

/// A state as a badge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Badge {
    /// Class: `plain`, `wait`, `good` or `error`.
    pub tone: &'static str,
    /// Sign in front of the words.
    pub sign: &'static str,
    /// The words.
    pub text: Text,
}

/// How a document stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The state.
    pub badge: Badge,
    /// Whether a newer version than the sent one was written.
    pub edited: bool,
    /// Why the last attempt failed, in words, and as it was reported.
    pub reason: Option<(Text, String)>,
    /// When the next attempt is made.
    pub next_try: Option<String>,
    /// What the button says that tries again; `None` where there is nothing to try.
    pub retry: Option<Text>,
    /// Whether the page should look again in a moment.
    pub moves: bool,
}

impl Standing {
    /// How a document stands, told in this language.
    pub fn of(document: &Summary, language: Language) -> Self {
        let waits = matches!(document.state, DeliveryState::Queued | DeliveryState::Delivering);
        let failed = document.state == DeliveryState::Failed;
        let told = document.last_error.as_ref().filter(|_| failed || waits);
        let next = |at: Timestamp| list::NEXT_TRY.with(language, &[&dates::time(at, language)]);
        Self {
            badge: badge(document),
            edited: document.edited && document.operation.is_some(),
            reason: told.map(|told| (reason(told), told.clone())),
            next_try: document.next_attempt_at.filter(|_| document.state == DeliveryState::Queued).map(next),
            retry: match document.state {
                DeliveryState::Failed => Some(list::RETRY),
                DeliveryState::Queued => Some(list::TRY_NOW),
                _ => None,
            },
            moves: waits || (document.state == DeliveryState::Delivered && document.opened_at.is_none()),
        }
    }
}

fn badge(document: &Summary) -> Badge {
    use DeliveryState as S;
    let (tone, sign, text) = match (document.state, document.operation) {
        (S::None, _) if document.status == Status::Draft => ("plain", "✎", list::IS_DRAFT),
        (S::None, _) => ("plain", "○", list::IS_READY),
        (S::Queued | S::Delivering, Some(Operation::Revoke)) => ("wait", "…", list::REVOKE_WAITS),
        (S::Queued | S::Delivering, Some(Operation::Reissue)) => ("wait", "…", list::CODE_WAITS),
        (S::Queued | S::Delivering, Some(Operation::Expiry)) => ("wait", "…", list::END_WAITS),
        (S::Queued, _) => ("wait", "…", list::IS_QUEUED),
        (S::Delivering, _) => ("wait", "→", list::IS_DELIVERING),
        (S::Failed, Some(Operation::Revoke)) => ("error", "!", list::REVOKE_FAILED),
        (S::Failed, Some(Operation::Reissue)) => ("error", "!", list::CODE_FAILED),
        (S::Failed, Some(Operation::Expiry)) => ("error", "!", list::END_FAILED),
        (S::Failed, _) => ("error", "!", list::IS_FAILED),
        (S::Delivered, _) if document.opened_at.is_some() => ("good", "✓✓", list::IS_OPENED),
        (S::Delivered, _) => ("good", "✓", list::IS_DELIVERED),
        (S::Revoked, _) => ("plain", "×", list::IS_REVOKED),
        (S::Expired, _) => ("plain", "×", list::IS_EXPIRED),
    };
    Badge { tone, sign, text }
}

/// What the outbox reports about an attempt, as far as it helps whoever sends.
fn reason(told: &str) -> Text {
    let status = told.split_once("status ").and_then(|(_, rest)| rest.get(..3)?.parse::<u16>().ok());
    match status {
        Some(400..=499) => list::WHY_REFUSED,
        Some(_) => list::WHY_BROKEN,
        None if told.contains("in time") => list::WHY_SLOW,
        None => list::WHY_UNREACHABLE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_in_words_of_whoever_sends() {
        for (told, text) in [
            ("The client role can't be reached (connection refused)", list::WHY_UNREACHABLE),
            ("The client role did not answer in time", list::WHY_SLOW),
            ("The client role answered with status 422", list::WHY_REFUSED),
            ("The client role answered with status 503", list::WHY_BROKEN),
        ] {
            assert_eq!(reason(told), text, "{told}");
        }
    }
}
