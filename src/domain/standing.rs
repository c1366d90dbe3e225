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
    /// When somebody wished last that access is withdrawn, if that is the last operation.
    pub closed_at: Option<Timestamp>,
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
    /// When its text arrived, or access was withdrawn.
    pub changed_at: Option<Timestamp>,
}

/// What mends the difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mending {
    /// There is none, or a message that waits removes it.
    Nothing,
    /// The client role knows more: take over what it says.
    TakeOver,
    /// The same, of an older text than the one that was to be sent from here: its author has
    /// to send that once more.
    TakeOverOlderText,
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
    let waits = matches!(known.state, DeliveryState::Queued | DeliveryState::Delivering);
    let unsettled = waits || known.state == DeliveryState::Failed;
    if let Some(there) = there {
        let knows_more = there.sequence > known.sequence;
        if unsettled && known.operation == Some(Operation::Revoke) && !there.revoked {
            return closing(known, there, waits && known.sequence > there.sequence);
        }
        if knows_more
            && unsettled
            && known.operation == Some(Operation::Send)
            && known.version > there.version
        {
            return Mending::TakeOverOlderText;
        }
        if knows_more {
            return Mending::TakeOver;
        }
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

/// A wish to close, of what goes on being shown. It holds, unless the text arrived there after
/// it: then it is one that the backup brought back, and what it closed was opened again.
fn closing(known: &Known, there: &There, arrives: bool) -> Mending {
    let opened_since = there.changed_at.zip(known.closed_at).is_some_and(|(opened, closed)| opened > closed);
    match (arrives, opened_since) {
        (true, _) => Mending::Nothing,
        (false, true) => Mending::TakeOver,
        (false, false) => Mending::RevokeAgain,
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
        closed_at: None,
    };
    const THERE: There = There { sequence: 3, version: 2, has_text: true, revoked: false, changed_at: None };

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
            let closes = if state == DeliveryState::Failed { Mending::RevokeAgain } else { Mending::Nothing };
            assert_eq!(mended(waits(Operation::Revoke), Some(older)), closes);
            assert_eq!(
                mended(waits(Operation::Revoke), Some(There { revoked: true, ..older })),
                Mending::Nothing
            );
            assert_eq!(mended(waits(Operation::Expiry), Some(older)), Mending::Nothing);
            assert_eq!(mended(waits(Operation::Expiry), None), Mending::SendAgain);
            let edited = Known { version: 9, ..waits(Operation::Reissue) };
            assert_eq!(mended(edited, None), Mending::AskAuthor);
        }
    }

    #[test]
    fn a_wish_to_close_wins_over_what_the_client_role_knows_more() {
        let newer = There { sequence: 5, ..THERE };
        for state in [DeliveryState::Queued, DeliveryState::Delivering, DeliveryState::Failed] {
            let closes = Known { state, operation: Some(Operation::Revoke), ..HERE };
            for there in [newer, THERE] {
                assert_eq!(mended(closes, Some(there)), Mending::RevokeAgain, "its number is used there");
            }
            assert_eq!(mended(closes, Some(There { revoked: true, ..newer })), Mending::TakeOver);
        }
        let overtaken = Known { state: DeliveryState::Failed, operation: Some(Operation::Revoke), ..HERE };
        assert_eq!(mended(overtaken, Some(THERE)), Mending::RevokeAgain, "under the number that holds there");
        let (before, after) = (Timestamp::from_millis(1), Timestamp::from_millis(2));
        let opened_since = Some(There { changed_at: after, ..newer });
        assert_eq!(mended(Known { closed_at: before, ..overtaken }, opened_since), Mending::TakeOver);
        assert_eq!(mended(Known { closed_at: after, ..overtaken }, opened_since), Mending::RevokeAgain);
        // It was closed before the backup, and opened again since.
        let closed = Known { state: DeliveryState::Revoked, operation: Some(Operation::Revoke), ..HERE };
        assert_eq!(mended(closed, Some(newer)), Mending::TakeOver);
    }

    #[test]
    fn a_newer_text_that_did_not_get_there_is_named() {
        let newer = There { sequence: 5, ..THERE };
        for state in [DeliveryState::Queued, DeliveryState::Failed] {
            let edited = Known { state, version: 3, ..HERE };
            assert_eq!(mended(edited, Some(newer)), Mending::TakeOverOlderText);
            assert_eq!(mended(Known { version: 2, ..edited }, Some(newer)), Mending::TakeOver);
        }
    }

    #[test]
    fn an_access_that_is_over_needs_nothing() {
        let over = Known { expires_at: Timestamp::from_millis(1_000), ..HERE };
        assert_eq!(mended(over, None), Mending::Nothing);
        assert_eq!(mended(Known { state: DeliveryState::Expired, ..HERE }, None), Mending::Nothing);
    }
}
