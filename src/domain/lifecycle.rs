//! Which step is allowed when in the life of a document.

use std::fmt;
use std::time::Duration;

use super::document::{DeliveryState, Document, Operation, Status};
use super::timestamp::Timestamp;

/// Why a document can't do what was asked of it (contract: `INVALID_DOCUMENT_STATE`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// `final` never becomes `draft` again.
    FinalStaysFinal,
    /// A draft can't be sent.
    DraftNotSent,
    /// This version is already with the client role.
    AlreadySent,
    /// Nothing was sent that could be revoked, re-issued or extended.
    NeverSent,
    /// Access has ended already.
    AccessEnded,
    /// The last sending failed.
    SendingFailed,
    /// It was promised, but the client role has given neither code nor link yet.
    NoCodeYet,
}

impl Refusal {
    /// What is wrong and what to do instead.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::FinalStaysFinal => {
                "A final document does not become a draft again; change its text and send it once more"
            }
            Self::DraftNotSent => "The document is a draft; set its status to final first",
            Self::AlreadySent => "The document was already sent and has not changed since",
            Self::NeverSent => "The document was never sent",
            Self::SendingFailed => "The last sending of this document failed; send it again first",
            Self::NoCodeYet => {
                "The document has no access code yet; it gets one as soon as the client role can be reached"
            }
            Self::AccessEnded => "Access to this document has ended; send it again to give access anew",
        }
    }
}

/// What somebody needs to open a document. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Opening {
    /// What is typed.
    pub code: String,
    /// Where it is typed.
    pub link: String,
    /// When access ends, where that is set.
    pub until: Option<Timestamp>,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Opening(***)")
    }
}

/// What a request to send a document means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendPlan {
    /// This version has not been promised yet: write a message.
    Start,
    /// It has been promised already: try the message that is there.
    Resume,
}

impl Document {
    /// What a request to send it means now.
    pub fn plan_send(&self) -> Result<SendPlan, Refusal> {
        let sent = self.sent_version == Some(self.version);
        let delivered = self.delivered_version == Some(self.version);
        let ended = self.operation == Some(Operation::Revoke);
        match (self.status, self.delivery.state) {
            (Status::Draft, _) => Err(Refusal::DraftNotSent),
            (_, DeliveryState::Failed | DeliveryState::Expired | DeliveryState::Revoked) => {
                Ok(SendPlan::Start)
            }
            (_, _) if ended => Ok(SendPlan::Start),
            (_, DeliveryState::Queued | DeliveryState::Delivering) if sent => Ok(SendPlan::Resume),
            (_, _) if sent && delivered => Err(Refusal::AlreadySent),
            (_, _) => Ok(SendPlan::Start),
        }
    }

    /// Whether its access can get another code or another end.
    pub fn check_accessible(&self) -> Result<(), Refusal> {
        match (self.operation, self.delivery.state) {
            (None, _) => Err(Refusal::NeverSent),
            (Some(Operation::Revoke), _) | (_, DeliveryState::Revoked | DeliveryState::Expired) => {
                Err(Refusal::AccessEnded)
            }
            // Another end would hide that the text has not arrived.
            (Some(Operation::Send), DeliveryState::Failed) => Err(Refusal::SendingFailed),
            _ => Ok(()),
        }
    }

    /// What opens it, or will as soon as it has arrived.
    pub fn opening(&self, now: Timestamp) -> Result<Opening, Refusal> {
        self.check_accessible()?;
        // The new code of a re-issue that failed opens nothing, the old one may.
        if self.delivery.state == DeliveryState::Failed && self.operation == Some(Operation::Reissue) {
            return Err(Refusal::SendingFailed);
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return Err(Refusal::AccessEnded);
        }
        let opening = self.access_code.clone().zip(self.link.clone());
        let (code, link) = opening.ok_or(Refusal::NoCodeYet)?;
        Ok(Opening { code, link, until: self.expires_at })
    }

    /// Whether there is access to end; `Ok(false)` if that is done or under way.
    pub fn check_revocable(&self) -> Result<bool, Refusal> {
        match (self.operation, self.delivery.state) {
            (None, _) => Err(Refusal::NeverSent),
            (Some(Operation::Revoke), state) => Ok(state == DeliveryState::Failed),
            _ => Ok(true),
        }
    }

    /// The generation of the access code after `operation`. A code that was
    /// revoked never opens anything again.
    #[must_use]
    pub fn generation_after(&self, operation: Operation) -> i32 {
        let ended = self.operation == Some(Operation::Revoke);
        match operation {
            Operation::Send if self.generation > 0 && !ended => self.generation,
            Operation::Send | Operation::Reissue => self.generation.saturating_add(1),
            Operation::Expiry | Operation::Revoke => self.generation,
        }
    }

    /// When the access ends if it is sent at `now`; it lasts for `life` where
    /// nobody said otherwise.
    #[must_use]
    pub fn expiry_from(&self, now: Timestamp, life: Duration) -> Timestamp {
        let asked_for = self.written.expires_in.map(|seconds| Duration::from_secs(seconds.unsigned_abs()));
        now.plus(asked_for.unwrap_or(life))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::document::Written;
    use crate::domain::ids::DocumentId;
    use serde_json::json;
    use uuid::Uuid;

    const NOON: i64 = 1_790_000_000_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn draft() -> Document {
        let written = Written::parse(json!({"title": "T", "content": "C"})).unwrap();
        Document::create(DocumentId(Uuid::from_u128(1)), written, at(NOON))
    }

    #[test]
    fn only_a_final_version_that_was_not_sent_can_be_sent() {
        let mut document = draft();
        assert_eq!(document.plan_send(), Err(Refusal::DraftNotSent));
        document.status = Status::Final;
        assert_eq!(document.plan_send(), Ok(SendPlan::Start));
        (document.sent_version, document.delivered_version) = (Some(1), Some(1));
        for (state, plan) in [
            (DeliveryState::Delivering, Ok(SendPlan::Resume)),
            (DeliveryState::Queued, Ok(SendPlan::Resume)),
            (DeliveryState::Failed, Ok(SendPlan::Start)),
            (DeliveryState::Delivered, Err(Refusal::AlreadySent)),
        ] {
            document.delivery.state = state;
            assert_eq!(document.plan_send(), plan);
        }
        document.version = 2;
        assert_eq!(document.plan_send(), Ok(SendPlan::Start));
    }

    #[test]
    fn what_was_revoked_is_sent_again_under_another_code_only() {
        let mut document = draft();
        document.status = Status::Final;
        assert_eq!(document.check_revocable(), Err(Refusal::NeverSent));
        assert_eq!(document.check_accessible(), Err(Refusal::NeverSent));
        (document.sent_version, document.sequence, document.generation) = (Some(1), 1, 1);
        document.operation = Some(Operation::Send);
        document.delivery.state = DeliveryState::Delivered;
        assert_eq!((document.check_revocable(), document.check_accessible()), (Ok(true), Ok(())));
        assert_eq!(document.generation_after(Operation::Send), 1);
        assert_eq!(document.generation_after(Operation::Reissue), 2);
        document.operation = Some(Operation::Revoke);
        for state in [DeliveryState::Queued, DeliveryState::Revoked] {
            document.delivery.state = state;
            assert_eq!(document.check_revocable(), Ok(false));
            assert_eq!(document.check_accessible(), Err(Refusal::AccessEnded));
            assert_eq!(document.plan_send(), Ok(SendPlan::Start));
            assert_eq!(document.generation_after(Operation::Send), 2);
        }
        document.delivery.state = DeliveryState::Failed;
        assert_eq!(document.check_revocable(), Ok(true));
    }

    #[test]
    fn there_is_nothing_to_print_without_a_code_that_opens_or_will_open() {
        let mut document = draft();
        assert_eq!(document.opening(at(NOON)), Err(Refusal::NeverSent));
        (document.operation, document.delivery.state) = (Some(Operation::Send), DeliveryState::Queued);
        assert_eq!(document.opening(at(NOON)), Err(Refusal::NoCodeYet));
        document.access_code = Some("K7QM-4T9X-WR5C".to_owned());
        assert_eq!(document.opening(at(NOON)), Err(Refusal::NoCodeYet));
        document.link = Some("https://c/d/x".to_owned());
        document.expires_at = Some(at(NOON + 1));
        for state in [DeliveryState::Queued, DeliveryState::Delivering, DeliveryState::Delivered] {
            document.delivery.state = state;
            let opening = document.opening(at(NOON)).unwrap();
            assert_eq!((opening.code.as_str(), opening.until), ("K7QM-4T9X-WR5C", Some(at(NOON + 1))));
            assert_eq!(format!("{opening:?}"), "Opening(***)");
            assert_eq!(document.opening(at(NOON + 1)), Err(Refusal::AccessEnded));
        }
        for (operation, state, refusal) in [
            (Operation::Send, DeliveryState::Failed, Refusal::SendingFailed),
            (Operation::Reissue, DeliveryState::Failed, Refusal::SendingFailed),
            (Operation::Send, DeliveryState::Expired, Refusal::AccessEnded),
            (Operation::Revoke, DeliveryState::Queued, Refusal::AccessEnded),
            (Operation::Revoke, DeliveryState::Revoked, Refusal::AccessEnded),
        ] {
            (document.operation, document.delivery.state) = (Some(operation), state);
            assert_eq!(document.opening(at(NOON)), Err(refusal), "{operation:?} {state:?}");
        }
    }

    #[test]
    fn access_lasts_as_long_as_usual_unless_said_otherwise() {
        let (mut document, month) = (draft(), Duration::from_secs(30 * 86_400));
        assert_eq!(document.expiry_from(at(NOON), month), at(NOON + 30 * 86_400_000));
        document.written.expires_in = Some(60);
        assert_eq!(document.expiry_from(at(NOON), month), at(NOON + 60_000));
    }
}
