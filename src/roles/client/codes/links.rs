//! Links: 32 random bytes that find a code's row. Too long to be guessed, so a
//! plain hash of them is stored. A link alone opens nothing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use uuid::Uuid;

use crate::domain::ids::TenantId;
use crate::platform::http::ApiError;
use crate::platform::random;
use crate::platform::secrets::SecretKey;

/// A new link.
#[derive(Debug, Clone)]
pub struct Link {
    /// 32 bytes in base64 of URLs, 43 characters.
    pub token: String,
    /// Finds the row.
    pub hash: Vec<u8>,
    /// The token, sealed, for repeated deliveries.
    pub sealed: Vec<u8>,
}

impl Link {
    pub(super) fn new(key: &SecretKey, tenant: &TenantId, id: Uuid) -> Result<Self, ApiError> {
        let bytes: [u8; 32] = random::bytes().map_err(ApiError::internal)?;
        Self::of(key, tenant, id, &bytes)
    }

    /// A link that was handed out before; `None` if the text can't be its token.
    pub(super) fn known(
        key: &SecretKey,
        tenant: &TenantId,
        id: Uuid,
        token: &str,
    ) -> Result<Option<Self>, ApiError> {
        token_bytes(token).map(|bytes| Self::of(key, tenant, id, &bytes)).transpose()
    }

    fn of(key: &SecretKey, tenant: &TenantId, id: Uuid, bytes: &[u8]) -> Result<Self, ApiError> {
        let token = URL_SAFE_NO_PAD.encode(bytes);
        let owner = super::owner(super::LINK, tenant, id);
        let sealed = key.seal(&owner, token.as_bytes()).map_err(ApiError::internal)?;
        Ok(Self { token, hash: digest(&SHA256, bytes).as_ref().to_vec(), sealed })
    }
}

fn token_bytes(token: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(token).ok().filter(|bytes| bytes.len() == 32)
}

/// Under which hash a link is stored; `None` if the text can't be a token.
#[must_use]
pub fn link_hash(token: &str) -> Option<Vec<u8>> {
    Some(digest(&SHA256, &token_bytes(token)?).as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tokens_have_a_hash_and_each_has_one_spelling() {
        let token = URL_SAFE_NO_PAD.encode([7; 32]);
        assert_eq!(token.len(), 43);
        assert_eq!(link_hash(&token).unwrap(), digest(&SHA256, &[7; 32]).as_ref());
        // The last character carries two bits that no byte needs.
        let other = format!("{}d", &token[..42]);
        for bad in ["", "x", &token[..42], &format!("{token}="), &format!("{token}A"), &other, "ä"] {
            assert_eq!(link_hash(bad), None, "{bad}");
        }
    }
}
