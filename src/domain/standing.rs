//! What to do where the two roles know different things about a document, because the
//! database of one of them was restored from a backup.
//!
//! Operations on a document are numbered, and whoever has the higher number knows more.

use super::document::{DeliveryState, Operation};
use super::ids::{DocumentId, TenantId};
use super::timestamp::Timestamp;

/// What the provider role knows of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Number of the last operation; 0 before the first.
    pub sequence: i64,
    /// The last operation.
    pub operation: Option<Operation>,
    /// How far it has come.
    pub state: DeliveryState,
    /// Version of its text.
    pub version: i32,
    /// Version that the client role confirmed last.
    pub delivered_version: Option<i32>,
    /// When access ends.
    pub expires_at: Option<Timestamp>,
}

/// What the client role has of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct There {
    /// The newest operation that was applied.
    pub sequence: i64,
    /// Version of its text.
    pub version: i32,
    /// Whether its text is there.
    pub has_text: bool,
    /// Whether access was withdrawn.
    pub revoked: bool,
}

/// What mends the difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mending {
    /// There is none, or a message that waits removes it.
    Nothing,
    /// The client role knows more: take over what it says.
    TakeOver,
    /// The client role has lost the text: send it again, under the same code.
    SendAgain,
    /// The client role has lost the last code or the last end of access, not the text.
    ChangeAgain,
    /// The client role has lost the revocation: what should be closed can be read.
    RevokeAgain,
    /// The client role has lost the text, and it was changed here since: nobody but its
    /// author can tell whether the newer one may be sent.
    AskAuthor,
    /// The client role has a document that is not known here: it was sent after the backup,
    /// or by another sender.
    OnlyThere,
}

/// What somebody who compares is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// So many documents were compared so far.
    Compared(usize),
    /// The roles differ in a document.
    Differs(TenantId, DocumentId, Mending),
    /// It was changed at the same moment and is left as it is: compare once more.
    Moved(TenantId, DocumentId),
    /// A tenant that can't be compared, and why.
    Skipped(TenantId, String),
}

/// Compares a document.
#[must_use]
pub fn compare(known: &Known, there: Option<&There>, now: Timestamp) -> Mending {
    if there.is_some_and(|there| there.sequence > known.sequence) {
        return Mending::TakeOver;
    }
    match known.state {
        DeliveryState::Revoked if there.is_some_and(|there| !there.revoked) => Mending::RevokeAgain,
        DeliveryState::None | DeliveryState::Revoked | DeliveryState::Expired => Mending::Nothing,
        _ if known.expires_at.is_some_and(|end| end <= now) => Mending::Nothing,
        DeliveryState::Delivered => delivered(known, there),
        // A text that is on its way arrives; another code or end needs a text that is there.
        DeliveryState::Queued | DeliveryState::Delivering | DeliveryState::Failed => match known.operation {
            Some(Operation::Reissue | Operation::Expiry) if lacks_text(known, there) => text_again(known),
            _ => Mending::Nothing,
        },
    }
}

fn delivered(known: &Known, there: Option<&There>) -> Mending {
    match there {
        Some(there) if there.sequence == known.sequence => Mending::Nothing,
        _ if known.delivered_version == Some(known.version) => Mending::SendAgain,
        _ if lacks_text(known, there) => text_again(known),
        _ => Mending::ChangeAgain,
    }
}

fn lacks_text(known: &Known, there: Option<&There>) -> bool {
    !there.is_some_and(|there| {
        there.has_text && !there.revoked && Some(there.version) == known.delivered_version
    })
}

fn text_again(known: &Known) -> Mending {
    if known.delivered_version == Some(known.version) { Mending::SendAgain } else { Mending::AskAuthor }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Known = Known {
        sequence: 3,
        operation: Some(Operation::Send),
        state: DeliveryState::Delivered,
        version: 2,
        delivered_version: Some(2),
        expires_at: None,
    };
    const THERE: There = There { sequence: 3, version: 2, has_text: true, revoked: false };

    fn mended(known: Known, there: Option<There>) -> Mending {
        compare(&known, there.as_ref(), Timestamp::from_millis(1_000).unwrap())
    }

    #[test]
    fn whoever_knows_more_is_believed() {
        assert_eq!(mended(HERE, Some(THERE)), Mending::Nothing);
        for there in [THERE, There { revoked: true, has_text: false, ..THERE }] {
            assert_eq!(mended(HERE, Some(There { sequence: 4, ..there })), Mending::TakeOver);
        }
        let draft = Known {
            sequence: 0,
            operation: None,
            state: DeliveryState::None,
            delivered_version: None,
            ..HERE
        };
        assert_eq!(mended(draft, Some(There { sequence: 1, ..THERE })), Mending::TakeOver);
        assert_eq!(mended(draft, None), Mending::Nothing);
    }

    #[test]
    fn what_the_client_role_lost_is_sent_again() {
        let older = There { sequence: 2, ..THERE };
        for there in [None, Some(older), Some(There { version: 1, ..older })] {
            assert_eq!(mended(HERE, there), Mending::SendAgain);
        }
        let gone = Some(There { has_text: false, ..THERE });
        assert_eq!(mended(HERE, gone), Mending::Nothing, "it has ended there since");
    }

    #[test]
    fn a_text_that_was_changed_since_is_not_sent_without_its_author() {
        let edited = Known { version: 5, ..HERE };
        let lost = Some(There { sequence: 2, version: 1, ..THERE });
        assert_eq!((mended(edited, None), mended(edited, lost)), (Mending::AskAuthor, Mending::AskAuthor));
        let has_it = Some(There { sequence: 2, ..THERE });
        assert_eq!(mended(edited, has_it), Mending::ChangeAgain, "only its code or its end is old");
    }

    #[test]
    fn a_revocation_that_was_lost_comes_first() {
        let revoked = Known { operation: Some(Operation::Revoke), state: DeliveryState::Revoked, ..HERE };
        for there in [THERE, There { sequence: 2, ..THERE }, There { has_text: false, ..THERE }] {
            assert_eq!(mended(revoked, Some(there)), Mending::RevokeAgain);
        }
        assert_eq!(mended(revoked, None), Mending::Nothing);
        assert_eq!(mended(revoked, Some(There { revoked: true, ..THERE })), Mending::Nothing);
    }

    #[test]
    fn what_is_on_its_way_is_left_alone_unless_its_text_is_missing() {
        for state in [DeliveryState::Queued, DeliveryState::Delivering, DeliveryState::Failed] {
            let waits = |operation| Known { state, operation: Some(operation), ..HERE };
            let older = There { sequence: 2, ..THERE };
            assert_eq!(mended(waits(Operation::Send), None), Mending::Nothing);
            assert_eq!(mended(waits(Operation::Revoke), Some(older)), Mending::Nothing);
            assert_eq!(mended(waits(Operation::Expiry), Some(older)), Mending::Nothing);
            assert_eq!(mended(waits(Operation::Expiry), None), Mending::SendAgain);
            let edited = Known { version: 9, ..waits(Operation::Reissue) };
            assert_eq!(mended(edited, None), Mending::AskAuthor);
        }
    }

    #[test]
    fn an_access_that_is_over_needs_nothing() {
        let over = Known { expires_at: Timestamp::from_millis(1_000), ..HERE };
        assert_eq!(mended(over, None), Mending::Nothing);
        assert_eq!(mended(Known { state: DeliveryState::Expired, ..HERE }, None), Mending::Nothing);
    }
}
