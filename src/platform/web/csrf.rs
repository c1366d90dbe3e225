//! A token in every form of somebody who is signed in, which pages of others can't know.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::platform::http::{ApiError, ErrorCode};
use crate::platform::secrets::SecretKeys;

/// Name of the hidden field.
pub const FIELD: &str = "form-token";

/// Makes and checks these tokens: keyed hashes of the session that they belong to, so
/// nothing is stored for them.
#[derive(Debug, Clone)]
pub struct FormTokens(Arc<SecretKeys>);

impl FormTokens {
    /// Tokens that are made with these keys.
    #[must_use]
    pub fn new(keys: Arc<SecretKeys>) -> Self {
        Self(keys)
    }

    /// The token for the forms of a session; `session` is whatever names it and stays
    /// the same as long as it lasts.
    pub fn make(&self, session: &str) -> Result<String, ApiError> {
        let key = self.0.first().map_err(ApiError::internal)?;
        Ok(URL_SAFE_NO_PAD.encode(key.hash(&parts(session))))
    }

    /// Refuses a form whose token is not the one of its session.
    pub fn check(&self, session: &str, token: Option<&str>) -> Result<(), ApiError> {
        let hash = token.and_then(|token| URL_SAFE_NO_PAD.decode(token).ok()).unwrap_or_default();
        if self.0.all().any(|key| key.verify(&parts(session), &hash)) {
            return Ok(());
        }
        let message = "The form does not belong to this session; please load the page again";
        Err(ApiError::new(ErrorCode::Forbidden, message))
    }
}

fn parts(session: &str) -> [&[u8]; 2] {
    [b"form", session.as_bytes()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Keys;

    fn tokens(keys: &[u8]) -> FormTokens {
        let keys = Keys(keys.iter().map(|byte| [*byte; 32]).collect());
        FormTokens::new(Arc::new(SecretKeys::new(&keys).unwrap()))
    }

    #[test]
    fn a_token_belongs_to_its_session_also_after_a_new_key() {
        let token = tokens(&[1]).make("anna").unwrap();
        assert!(tokens(&[2, 1]).check("anna", Some(&token)).is_ok());
        for (keys, session, token) in [
            (&[1_u8][..], "berta", Some(token.as_str())),
            (&[2], "anna", Some(&token)),
            (&[1], "anna", None),
            (&[1], "anna", Some("")),
        ] {
            let refused = tokens(keys).check(session, token).unwrap_err();
            assert_eq!(refused.code, ErrorCode::Forbidden);
        }
    }
}
