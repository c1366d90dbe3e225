//! Where a page of a newest-first list ended.
//!
//! A list is ordered by document id, and ids are UUID v7, so the last id that
//! was shown is all that a cursor has to hold: rows that arrive later sort
//! before it and never shift what comes after it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::ids::DocumentId;

/// First byte of an encoded cursor, so that another layout can follow one day.
const LAYOUT: u8 = 1;

/// Position in a list: the id of the last document that was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub DocumentId);

impl Cursor {
    /// The opaque text that stands on the wire: 23 characters of base64url.
    #[must_use]
    pub fn encode(self) -> String {
        let mut bytes = [LAYOUT; 17];
        for (to, from) in bytes.iter_mut().skip(1).zip(self.0.0.as_bytes()) {
            *to = *from;
        }
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Reads what [`Cursor::encode`] wrote; `None` for anything else.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (layout, id) = bytes.split_first()?;
        let id = Uuid::from_slice(id).ok()?;
        (*layout == LAYOUT).then_some(Self(DocumentId(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_cursor_survives_the_wire(bits: u128) {
            let cursor = Cursor(DocumentId(Uuid::from_u128(bits)));
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn any_text_is_either_refused_or_the_one_spelling_of_a_cursor(text in "\\PC{0,40}") {
            if let Some(cursor) = Cursor::decode(&text) {
                prop_assert_eq!(cursor.encode(), text);
            }
        }
    }

    #[test]
    fn a_damaged_cursor_is_refused() {
        let good = Cursor(DocumentId(Uuid::from_u128(7))).encode();
        for bad in ["", "x", &good[1..], &format!("{good}A"), &good.replace("AQ", "Ag")] {
            assert_eq!(Cursor::decode(bad), None, "{bad}");
        }
    }
}
