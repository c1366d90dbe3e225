//! Links: 32 bytes that find a code's row, 16 of them random and 16 a keyed hash of these, the
//! code and its tenant. Too long to be guessed, so a plain hash of them is stored. A link alone
//! opens nothing; together with its code it shows that both were made here, for this tenant.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use uuid::Uuid;

use crate::domain::access_code::AccessCode;
use crate::domain::ids::TenantId;
use crate::platform::http::ApiError;
use crate::platform::random;
use crate::platform::secrets::{SecretKey, SecretKeys};

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
    pub(super) fn new(
        key: &SecretKey,
        (tenant, id): (&TenantId, Uuid),
        code: &AccessCode,
    ) -> Result<Self, ApiError> {
        let random: [u8; HALF] = random::bytes().map_err(ApiError::internal)?;
        let mark = mark(key, tenant, code, &random);
        Self::of(key, tenant, id, &[random, mark].concat())
    }

    /// A link that was made here before, for this code and tenant; `None` if the text is no
    /// token of one.
    pub(super) fn known(
        keys: &SecretKeys,
        (tenant, id): (&TenantId, Uuid),
        (code, token): (&AccessCode, &str),
    ) -> Result<Option<Self>, ApiError> {
        let Some(bytes) = token_bytes(token) else { return Ok(None) };
        let (random, given) = bytes.split_at(HALF);
        let differ =
            |key| mark(key, tenant, code, random).iter().zip(given).fold(0, |all, (a, b)| all | (a ^ b));
        if !keys.all().any(|key| differ(key) == 0) {
            return Ok(None);
        }
        Self::of(keys.first().map_err(ApiError::internal)?, tenant, id, &bytes).map(Some)
    }

    fn of(key: &SecretKey, tenant: &TenantId, id: Uuid, bytes: &[u8]) -> Result<Self, ApiError> {
        let token = URL_SAFE_NO_PAD.encode(bytes);
        let owner = super::owner(super::LINK, tenant, id);
        let sealed = key.seal(&owner, token.as_bytes()).map_err(ApiError::internal)?;
        Ok(Self { token, hash: digest(&SHA256, bytes).as_ref().to_vec(), sealed })
    }
}

/// Bytes of a token that are random, and of a keyed hash.
const HALF: usize = 16;

/// The second half of a token.
fn mark(key: &SecretKey, tenant: &TenantId, code: &AccessCode, random: &[u8]) -> [u8; HALF] {
    let hash = key.hash(&[b"link", tenant.as_str().as_bytes(), code.to_string().as_bytes(), random]);
    let mut half = [0; HALF];
    half.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    half
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
