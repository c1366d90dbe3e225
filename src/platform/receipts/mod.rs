//! Signed receipts: what the client role says of a document, so that others can
//! verify it without asking anybody, also when the document is gone.
//!
//! A receipt is a compact JWS (RFC 7515) signed with Ed25519 (RFC 8037).

mod keys;
mod verify;

use ring::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

pub use keys::SigningKeys;
pub use verify::{NotGenuine, PublicKeys};

/// `typ` of the header.
pub const TYPE: &str = "oc-receipt+jws";
/// `alg` of the header: the only one there is.
pub const ALGORITHM: &str = "EdDSA";
/// Longest receipt that is kept, in bytes.
pub const LENGTH_MAX: usize = 2_048;

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Claims {
    /// Who says so: `CLIENT_PUBLIC_URL`.
    pub iss: String,
    /// Whose document.
    pub tenant: String,
    /// The document, by the sender's id.
    pub document_id: String,
    /// Version of its text.
    pub version: Option<i32>,
    /// [`content_hash`] of that version, base64url; `null` where no text had arrived.
    pub content_hash: Option<String>,
    /// What happened, such as `delivered` or `opened`.
    pub outcome: String,
    /// When, RFC 3339.
    pub at: String,
    /// The receipt's name for ever.
    pub receipt_id: String,
}

/// The header of every receipt.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
}

/// SHA-256 over `oc-document-v1`, an end of line, and title, content type and content,
/// each as its length in bytes, a colon, its bytes in UTF-8 and an end of line.
#[must_use]
pub fn content_hash(title: &str, content_type: &str, content: &str) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    context.update(b"oc-document-v1\n");
    for part in [title, content_type, content] {
        context.update(format!("{}:", part.len()).as_bytes());
        context.update(part.as_bytes());
        context.update(b"\n");
    }
    let mut hash = [0; 32];
    hash.iter_mut().zip(context.finish().as_ref()).for_each(|(to, from)| *to = *from);
    hash
}

/// Whether a text has the form of a compact JWS: three parts of base64url.
#[must_use]
pub fn looks_like_one(text: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
    };
    text.len() <= LENGTH_MAX && text.split('.').count() == 3 && text.split('.').all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_tells_where_each_part_ends() {
        let hash = content_hash("ab", "text/plain", "c");
        assert_eq!(hash, content_hash("ab", "text/plain", "c"));
        for other in [
            content_hash("a", "text/plain", "bc"),
            content_hash("ab", "text/markdown", "c"),
            content_hash("ab", "text/plain", "c\n"),
        ] {
            assert_ne!(hash, other);
        }
    }

    #[test]
    fn only_three_parts_of_base64url_look_like_a_receipt() {
        assert!(looks_like_one("aA-_.b.c9"));
        for bad in
            ["", "a.b", "a.b.c.d", "a..c", "a.b.c=", "a.b.<c>", &format!("a.b.{}", "c".repeat(LENGTH_MAX))]
        {
            assert!(!looks_like_one(bad), "{bad}");
        }
    }
}
