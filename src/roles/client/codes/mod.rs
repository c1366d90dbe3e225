//! Access codes and links: making them and checking them.
//!
//! The selector finds the row, the verifier is compared with a salted hash. Both
//! hashes are keyed, and the key is not in the database, so that a copy of the
//! database opens nothing. A link finds the row, too, and opens nothing either.

mod links;
mod sessions;
mod work_factor;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use uuid::Uuid;

use crate::config::{AccessCodes, CodeHash};
use crate::domain::access_code::{AccessCode, CodeLength};
use crate::domain::ids::TenantId;
use crate::platform::http::ApiError;
use crate::platform::random;
use crate::platform::secrets::{SecretKey, SecretKeys};
pub use links::{Link, link_hash};
pub use sessions::StoredOtp;
pub use work_factor::WorkFactor;

/// Draws until a code holds no word that offends; one draw in thirty fails.
const DRAWS: usize = 64;

/// What is stored of a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCode {
    /// Its id, which hashes and seals are bound to.
    pub id: Uuid,
    /// Which key made it.
    pub key_id: String,
    /// Finds the row.
    pub selector_hash: Vec<u8>,
    /// Random, 16 bytes.
    pub verifier_salt: Vec<u8>,
    /// Is compared.
    pub verifier_hash: Vec<u8>,
    /// What a comparison costs, see [`WorkFactor`].
    pub work_factor: String,
    /// The code, sealed, for repeated deliveries.
    pub sealed_code: Vec<u8>,
    /// SHA-256 of the link's token; `None` for codes that are older than links.
    pub link_hash: Option<Vec<u8>>,
    /// The link's token, sealed.
    pub sealed_link: Option<Vec<u8>>,
}

/// A new code, and what is to be stored of it.
#[derive(Debug, Clone)]
pub struct Issued {
    /// What the client types.
    pub code: AccessCode,
    /// Token of the link, 43 characters.
    pub token: String,
    /// What is stored.
    pub stored: StoredCode,
}

/// What makes and checks codes.
#[derive(Debug, Clone)]
pub struct Codes {
    keys: Arc<SecretKeys>,
    length: CodeLength,
    work_factor: WorkFactor,
    checks: Arc<AtomicU64>,
}

impl Codes {
    /// Codes under `ACCESS_CODE_KEY`, made as the settings say.
    #[must_use]
    pub fn new(keys: Arc<SecretKeys>, settings: &AccessCodes) -> Self {
        let work_factor = match settings.hash {
            CodeHash::Fast => WorkFactor::Fast,
            CodeHash::Strict => WorkFactor::STRICT,
        };
        Self { keys, length: settings.length, work_factor, checks: Arc::default() }
    }

    /// Makes a code of a tenant.
    pub fn issue(&self, tenant: &TenantId) -> Result<Issued, ApiError> {
        for _ in 0..DRAWS {
            let random = random::bytes().map_err(ApiError::internal)?;
            if let Some(code) = AccessCode::from_random(random, self.length) {
                return self.store(tenant, code);
            }
        }
        Err(ApiError::internal("every access code that was drawn holds a word"))
    }

    /// What is to be stored of a code, with a new link.
    pub fn store(&self, tenant: &TenantId, code: AccessCode) -> Result<Issued, ApiError> {
        let id = random::uuid();
        let link = Link::new(self.keys.first().map_err(ApiError::internal)?, (tenant, id), &code)?;
        self.store_with(tenant, id, code, link)
    }

    /// What is to be stored of a code that was handed out before and is not known here
    /// any more, with its link; `None` if they were not made here together for this tenant.
    pub fn take_over(
        &self,
        tenant: &TenantId,
        code: AccessCode,
        token: &str,
    ) -> Result<Option<Issued>, ApiError> {
        let id = random::uuid();
        let link = Link::known(&self.keys, (tenant, id), (&code, token))?;
        link.map(|link| self.store_with(tenant, id, code, link)).transpose()
    }

    fn store_with(
        &self,
        tenant: &TenantId,
        id: Uuid,
        code: AccessCode,
        link: Link,
    ) -> Result<Issued, ApiError> {
        let key = self.keys.first().map_err(ApiError::internal)?;
        let salt: [u8; 16] = random::bytes().map_err(ApiError::internal)?;
        let seal = |field, text: &str| {
            key.seal(&owner(field, tenant, id), text.as_bytes()).map_err(ApiError::internal)
        };
        let sealed_code = seal(CODE, &code.to_string())?;
        let verifier_hash = self.work_factor.hash(key, &salt, &owner(CODE, tenant, id), &code)?;
        let stored = StoredCode {
            id,
            key_id: key.id().to_owned(),
            selector_hash: selector_hash(key, &code),
            verifier_salt: salt.to_vec(),
            verifier_hash,
            work_factor: self.work_factor.to_string(),
            sealed_code,
            link_hash: Some(link.hash),
            sealed_link: Some(link.sealed),
        };
        Ok(Issued { code, token: link.token, stored })
    }

    /// The code itself, for a sender that asks once more.
    pub fn reveal(&self, tenant: &TenantId, stored: &StoredCode) -> Result<String, ApiError> {
        self.open(CODE, tenant, stored, &stored.sealed_code)
    }

    /// The token of its link; `None` for codes that are older than links.
    pub fn reveal_token(&self, tenant: &TenantId, stored: &StoredCode) -> Result<Option<String>, ApiError> {
        stored.sealed_link.as_ref().map(|sealed| self.open(LINK, tenant, stored, sealed)).transpose()
    }

    /// A link for a code that has none.
    pub fn new_link(&self, tenant: &TenantId, stored: &StoredCode) -> Result<Link, ApiError> {
        let code = AccessCode::parse(&self.reveal(tenant, stored)?);
        let code = code.map_err(|_| ApiError::internal("a sealed code that is none"))?;
        Link::new(self.key_of(stored)?, (tenant, stored.id), &code)
    }

    fn key_of(&self, stored: &StoredCode) -> Result<&SecretKey, ApiError> {
        let lost = || ApiError::internal("ACCESS_CODE_KEY lacks a key still in use");
        self.keys.by_id(&stored.key_id).ok_or_else(lost)
    }

    fn open(
        &self,
        field: &str,
        tenant: &TenantId,
        stored: &StoredCode,
        sealed: &[u8],
    ) -> Result<String, ApiError> {
        let opened = self.key_of(stored)?.open(&owner(field, tenant, stored.id), sealed);
        String::from_utf8(opened.map_err(ApiError::internal)?).map_err(ApiError::internal)
    }

    /// Under which hashes a code may be stored: one for each key.
    #[must_use]
    pub fn selector_hashes(&self, code: &AccessCode) -> Vec<Vec<u8>> {
        self.keys.all().map(|key| selector_hash(key, code)).collect()
    }

    /// Whether this is the code of that row. Takes as long as the row's work
    /// factor says, whatever is wrong with it.
    #[must_use]
    pub fn verify(&self, code: &AccessCode, tenant: &TenantId, stored: &StoredCode) -> bool {
        self.checks.fetch_add(1, Ordering::Relaxed);
        let Some(key) = self.keys.by_id(&stored.key_id) else { return false };
        let Some(factor) = WorkFactor::parse(&stored.work_factor) else { return false };
        let same_row = key.verify(&[SELECTOR, code.selector().as_bytes()], &stored.selector_hash);
        let owner = owner(CODE, tenant, stored.id);
        factor.verify(key, (&stored.verifier_salt, &owner), code, &stored.verifier_hash) && same_row
    }

    /// Whether a check of that row is so quick that a transaction may wait for it.
    #[must_use]
    pub fn is_quick(stored: &StoredCode) -> bool {
        WorkFactor::parse(&stored.work_factor).is_none_or(|factor| factor == WorkFactor::Fast)
    }

    /// Whether a check of new codes is so quick that a transaction may wait for it.
    #[must_use]
    pub fn are_quick(&self) -> bool {
        self.work_factor == WorkFactor::Fast
    }

    /// Does the work of a check of `factor` where there is nothing to check, so
    /// that the answer does not come earlier.
    pub fn pretend(&self, code: &AccessCode, quick: bool) {
        let factor = if quick { WorkFactor::Fast } else { self.work_factor };
        if let Ok(key) = self.keys.first() {
            let same_row = key.verify(&[SELECTOR, code.selector().as_bytes()], &[0; 32]);
            let checked = factor.verify(key, (&[0; 16], &owner_of_nothing()), code, &[0; 32]);
            std::hint::black_box(same_row && checked);
        }
    }

    /// How many codes were compared with a row in this process.
    #[must_use]
    pub fn checks(&self) -> u64 {
        self.checks.load(Ordering::Relaxed)
    }
}

const SELECTOR: &[u8] = b"selector";
const CODE: &str = "sealed_code";
const LINK: &str = "sealed_link";

fn selector_hash(key: &SecretKey, code: &AccessCode) -> Vec<u8> {
    key.hash(&[SELECTOR, code.selector().as_bytes()]).to_vec()
}

/// What hashes and seals are bound to.
fn owner(field: &str, tenant: &TenantId, id: Uuid) -> Vec<u8> {
    format!("access_codes|{field}|{tenant}|{id}").into_bytes()
}

fn owner_of_nothing() -> Vec<u8> {
    format!("access_codes|{CODE}|default|{}", Uuid::nil()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Keys;
    use std::time::Duration;

    fn codes(keys: &[u8], hash: CodeHash) -> Codes {
        let keys = Arc::new(SecretKeys::new(&Keys(keys.iter().map(|b| [*b; 32]).collect())).unwrap());
        let settings = AccessCodes {
            life: Duration::ZERO,
            length: CodeLength::Twelve,
            hash,
            attempts: 10,
            refusal_floor: Duration::ZERO,
        };
        Codes::new(keys, &settings)
    }

    fn tenant(name: &str) -> TenantId {
        TenantId::parse(name).unwrap()
    }

    #[test]
    fn a_code_belongs_to_its_tenant_and_its_row_and_survives_a_new_key() {
        for hash in [CodeHash::Fast, CodeHash::Strict] {
            let (old, both) = (codes(&[1], hash), codes(&[2, 1], CodeHash::Fast));
            let (tenant, other) = (tenant("a"), tenant("b"));
            let Issued { code, token, stored } = old.issue(&tenant).unwrap();
            for codes in [&old, &both] {
                assert!(codes.verify(&code, &tenant, &stored));
                assert!(codes.selector_hashes(&code).contains(&stored.selector_hash));
                assert_eq!(codes.reveal(&tenant, &stored).unwrap(), code.to_string());
                assert_eq!(codes.reveal_token(&tenant, &stored).unwrap(), Some(token.clone()));
            }
            assert_eq!(link_hash(&token), stored.link_hash);
            let moved = StoredCode { id: Uuid::from_u128(1), ..stored.clone() };
            assert!(!old.verify(&code, &other, &stored) && !old.verify(&code, &tenant, &moved));
            assert!(old.reveal(&other, &stored).is_err() && old.reveal_token(&other, &stored).is_err());
            assert!(!codes(&[3], hash).verify(&code, &tenant, &stored));
            assert_eq!(old.checks(), 3);
        }
    }

    #[test]
    fn a_code_with_another_selector_is_wrong_although_its_verifier_fits() {
        let (codes, tenant) = (codes(&[1], CodeHash::Fast), tenant("a"));
        let (one, two) = (codes.issue(&tenant).unwrap(), codes.issue(&tenant).unwrap());
        let mixed = StoredCode { selector_hash: two.stored.selector_hash, ..one.stored };
        assert!(!codes.verify(&one.code, &tenant, &mixed));
    }

    #[test]
    fn codes_are_made_by_chance_alone() {
        let codes = codes(&[1], CodeHash::Fast);
        let count = 20_000;
        let mut seen = std::collections::HashSet::new();
        let mut places = [[0_f64; 128]; 11];
        for _ in 0..count {
            let random = random::bytes().unwrap();
            let Some(code) = AccessCode::from_random(random, codes.length) else { continue };
            let text = code.selector() + &code.verifier();
            for (place, symbol) in places.iter_mut().zip(text.bytes()) {
                place[usize::from(symbol)] += 1.0;
            }
            assert!(seen.insert(text));
        }
        let expected = seen.len() as f64 / 32.0;
        for place in places {
            let symbols = place.iter().filter(|n| **n > 0.0);
            let chi_square: f64 = symbols.clone().map(|n| (n - expected).powi(2) / expected).sum();
            // 31 degrees of freedom; words take a little from some. Chance alone exceeds this once in 10^9 runs.
            assert!(symbols.count() == 32 && chi_square < 110.0, "{chi_square}");
        }
    }
}
