//! Settings of signed receipts.

use super::values::{Keys, Problems, Values};

/// `RECEIPT_SIGNING_KEY`: seeds of Ed25519 keys; empty for every role but the
/// client role, and where receipts are not signed.
pub(super) fn signing_keys(role: &str, values: &Values, problems: &mut Problems) -> Keys {
    match (role, values.get("RECEIPT_SIGNING_KEY")) {
        ("client", Some(_)) => values.keys("RECEIPT_SIGNING_KEY", problems),
        _ => Keys::default(),
    }
}
