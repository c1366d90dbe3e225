//! Access codes: making them and checking them.
//!
//! The selector finds the row, the verifier is compared with a salted hash. Both
//! hashes are keyed, and the key is not in the database, so that a copy of the
//! database opens nothing.

use uuid::Uuid;

use crate::domain::access_code::AccessCode;
use crate::domain::ids::TenantId;
use crate::platform::http::ApiError;
use crate::platform::random;
use crate::platform::secrets::{SecretKey, SecretKeys};

/// What is stored of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCode {
    /// Its id, which hashes and seal are bound to.
    pub id: Uuid,
    /// Which key made it.
    pub key_id: String,
    /// Finds the row.
    pub selector_hash: Vec<u8>,
    /// Random, 16 bytes.
    pub verifier_salt: Vec<u8>,
    /// Is compared.
    pub verifier_hash: Vec<u8>,
    /// The code, sealed, for repeated deliveries.
    pub sealed_code: Vec<u8>,
}

/// Makes a code of a tenant, and what is to be stored of it.
pub fn issue(keys: &SecretKeys, tenant: &TenantId) -> Result<(AccessCode, StoredCode), ApiError> {
    let id = random::uuid();
    let key = keys.first().map_err(ApiError::internal)?;
    let code = AccessCode::from_random(random::bytes().map_err(ApiError::internal)?);
    let salt: [u8; 16] = random::bytes().map_err(ApiError::internal)?;
    let owner = context(tenant, id);
    let sealed = key.seal(&owner, code.to_string().as_bytes()).map_err(ApiError::internal)?;
    let stored = StoredCode {
        id,
        key_id: key.id().to_owned(),
        selector_hash: selector_hash(key, &code),
        verifier_salt: salt.to_vec(),
        verifier_hash: key.hash(&verifier_hash_parts(&salt, &owner, code.verifier().as_bytes())).to_vec(),
        sealed_code: sealed,
    };
    Ok((code, stored))
}

/// The code itself, for a sender that asks once more.
pub fn reveal(keys: &SecretKeys, tenant: &TenantId, stored: &StoredCode) -> Result<String, ApiError> {
    let key = keys
        .by_id(&stored.key_id)
        .ok_or_else(|| ApiError::internal("ACCESS_CODE_KEY lacks a key still in use"))?;
    let code = key.open(&context(tenant, stored.id), &stored.sealed_code).map_err(ApiError::internal)?;
    String::from_utf8(code).map_err(ApiError::internal)
}

/// Under which hashes a code may be stored: one for each key.
#[must_use]
pub fn selector_hashes(keys: &SecretKeys, code: &AccessCode) -> Vec<Vec<u8>> {
    keys.all().map(|key| selector_hash(key, code)).collect()
}

/// Whether this is the code of that row.
#[must_use]
pub fn verify(keys: &SecretKeys, code: &AccessCode, tenant: &TenantId, stored: &StoredCode) -> bool {
    let verifier = code.verifier();
    let owner = context(tenant, stored.id);
    let parts = verifier_hash_parts(&stored.verifier_salt, &owner, verifier.as_bytes());
    keys.by_id(&stored.key_id).is_some_and(|key| key.verify(&parts, &stored.verifier_hash))
}

fn selector_hash(key: &SecretKey, code: &AccessCode) -> Vec<u8> {
    key.hash(&[b"selector", code.selector().as_bytes()]).to_vec()
}

fn verifier_hash_parts<'a>(salt: &'a [u8], owner: &'a [u8], verifier: &'a [u8]) -> [&'a [u8]; 4] {
    [b"verifier", salt, owner, verifier]
}

fn context(tenant: &TenantId, id: Uuid) -> Vec<u8> {
    format!("access_codes|sealed_code|{tenant}|{id}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Keys;

    #[test]
    fn a_code_belongs_to_its_tenant_and_its_row_and_survives_a_new_key() {
        let old = SecretKeys::new(&Keys(vec![[1; 32]])).unwrap();
        let both = SecretKeys::new(&Keys(vec![[2; 32], [1; 32]])).unwrap();
        let (tenant, other) = (TenantId::parse("a").unwrap(), TenantId::parse("b").unwrap());
        let (code, stored) = issue(&old, &tenant).unwrap();
        for keys in [&old, &both] {
            assert!(verify(keys, &code, &tenant, &stored));
            assert!(selector_hashes(keys, &code).contains(&stored.selector_hash));
            assert_eq!(reveal(keys, &tenant, &stored).unwrap(), code.to_string());
        }
        let moved = StoredCode { id: Uuid::from_u128(1), ..stored.clone() };
        assert!(!verify(&old, &code, &other, &stored));
        assert!(!verify(&old, &code, &tenant, &moved));
        assert!(reveal(&old, &other, &stored).is_err());
        let stranger = SecretKeys::new(&Keys(vec![[3; 32]])).unwrap();
        assert!(!verify(&stranger, &code, &tenant, &stored));
    }
}
