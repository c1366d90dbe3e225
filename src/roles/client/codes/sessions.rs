//! Tokens of sessions, and hashes of the numbers that are typed within them.
//!
//! A token says everything itself and is signed with `ACCESS_CODE_KEY`, so that
//! opening a document without a second factor writes and reads no row for it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::Codes;
use crate::domain::ids::TenantId;
use crate::domain::otp::Otp;
use crate::domain::session::{Factor, Session};
use crate::domain::words::SecondFactor;
use crate::platform::http::ApiError;
use crate::platform::secrets::HASH_LEN;

/// What keeps these hashes apart from all others of the same key.
const SESSION: &[u8] = b"session 2";
const OTP: &[u8] = b"otp";
const ADDRESS: &[u8] = b"address";

/// A number as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOtp {
    /// Which key the hash was made with.
    pub key_id: String,
    /// Keyed hash of the number, the session and the address that it was sent to.
    pub hash: Vec<u8>,
}

impl Codes {
    /// The token of a session: what it says, and a keyed hash over that.
    pub fn session_token(&self, session: &Session) -> Result<String, ApiError> {
        let key = self.keys.first().map_err(ApiError::internal)?;
        let mut bytes = session.to_bytes();
        let hash = key.hash(&[SESSION, &bytes]);
        bytes.extend_from_slice(&hash);
        Ok(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The session of a token, which may be over; `None` if nobody here made it.
    #[must_use]
    pub fn read_session(&self, token: &str) -> Option<Session> {
        let bytes = URL_SAFE_NO_PAD.decode(token.trim()).ok()?;
        let (said, hash) = bytes.split_at_checked(bytes.len().checked_sub(HASH_LEN)?)?;
        let genuine = self.keys.all().any(|key| key.verify(&[SESSION, said], hash));
        genuine.then(|| Session::from_bytes(said)).flatten()
    }

    /// The second factor whose number goes to `to`, as sessions of this tenant name it: under
    /// the first key, then under each older one.
    #[must_use]
    pub fn factors(&self, tenant: &TenantId, channel: SecondFactor, to: &str) -> Vec<Factor> {
        let parts: [&[u8]; 3] = [ADDRESS, tenant.as_str().as_bytes(), to.as_bytes()];
        self.keys.all().map(|key| Factor { channel, to: key.hash(&parts) }).collect()
    }

    /// What is stored of a number that goes to `to`.
    pub fn hash_otp(&self, otp: Otp, session: &Session, to: &str) -> Result<StoredOtp, ApiError> {
        let key = self.keys.first().map_err(ApiError::internal)?;
        let hash = key.hash(&parts(&otp.to_string(), &place(session), to));
        Ok(StoredOtp { key_id: key.id().to_owned(), hash: hash.to_vec() })
    }

    /// Whether it is the number that was sent in this session to that address. Takes the
    /// same time either way.
    #[must_use]
    pub fn verify_otp(&self, otp: Otp, session: &Session, to: &str, stored: &StoredOtp) -> bool {
        let Some(key) = self.keys.by_id(&stored.key_id) else { return false };
        key.verify(&parts(&otp.to_string(), &place(session), to), &stored.hash)
    }
}

fn place(session: &Session) -> String {
    format!("{}|{}|{}", session.tenant, session.code, session.id)
}

fn parts<'a>(otp: &'a str, place: &'a str, to: &'a str) -> [&'a [u8]; 4] {
    [OTP, place.as_bytes(), to.as_bytes(), otp.as_bytes()]
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;
    use crate::config::{AccessCodes, CodeHash, Keys};
    use crate::domain::access_code::CodeLength;
    use crate::domain::timestamp::Timestamp;
    use crate::platform::secrets::SecretKeys;

    fn codes(keys: &[u8]) -> Codes {
        let keys = Keys(keys.iter().map(|byte| [*byte; 32]).collect());
        let settings = AccessCodes {
            life: Duration::ZERO,
            length: CodeLength::Twelve,
            hash: CodeHash::Fast,
            attempts: 10,
            refusal_floor: Duration::ZERO,
        };
        Codes::new(Arc::new(SecretKeys::new(&keys).unwrap()), &settings)
    }

    fn session(tenant: &str, id: u128) -> Session {
        let tenant = TenantId::parse(tenant).unwrap();
        Session::begin(tenant, Uuid::from_u128(7), Uuid::from_u128(id), Timestamp::EPOCH)
    }

    #[test]
    fn a_token_is_read_back_also_after_a_new_key_and_no_other_is_read() {
        let (old, both, other) = (codes(&[1]), codes(&[2, 1]), codes(&[2]));
        let session = session("praxis", 1);
        let factors = |codes: &Codes| codes.factors(&session.tenant, SecondFactor::Sms, "+41791234567");
        let (known, after) = (factors(&old), factors(&both));
        let session = session.clone().raised(known[0]);
        assert!(session.opens(&known) && session.opens(&after), "a new key asks for no new number");
        let token = old.session_token(&session).unwrap();
        assert_eq!(both.read_session(&token), Some(session.clone()));
        assert_eq!(other.read_session(&token), None);
        let bytes = URL_SAFE_NO_PAD.decode(&token).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert_eq!(old.read_session(&URL_SAFE_NO_PAD.encode(&changed)), None, "{at}");
        }
        for bad in ["", "x", "ä", &token[1..], &format!("{token}=")] {
            assert_eq!(old.read_session(bad), None, "{bad}");
        }
        assert_ne!(old.session_token(&super::tests::session("praxis", 2)).unwrap(), token);
    }

    #[test]
    fn an_address_is_told_apart_from_every_other() {
        let (codes, one, other) = (codes(&[1]), session("praxis", 1).tenant, session("other", 1).tenant);
        let factor = |tenant, to| codes.factors(tenant, SecondFactor::Sms, to);
        assert_eq!(factor(&one, "+41791234567"), factor(&one, "+41791234567"));
        assert_ne!(factor(&one, "+41791234567"), factor(&one, "+41791234568"));
        assert_ne!(factor(&one, "+41791234567"), factor(&other, "+41791234567"));
    }

    #[test]
    fn a_number_belongs_to_its_session_and_its_address() {
        let (codes, one) = (codes(&[1]), session("praxis", 1));
        let otp = Otp::parse("123456").unwrap();
        let stored = codes.hash_otp(otp, &one, "+41791234567").unwrap();
        assert!(codes.verify_otp(otp, &one, "+41791234567", &stored));
        assert!(!codes.verify_otp(Otp::parse("123457").unwrap(), &one, "+41791234567", &stored));
        assert!(!codes.verify_otp(otp, &session("praxis", 2), "+41791234567", &stored));
        assert!(!codes.verify_otp(otp, &session("other", 1), "+41791234567", &stored));
        assert!(!codes.verify_otp(otp, &one, "+41791234568", &stored));
    }
}
