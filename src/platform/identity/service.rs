//! Tokens that the provider role shows to the client role: short-lived, for one
//! tenant, good for handing documents over and for nothing else.

use std::sync::Arc;

use ring::hmac;

use super::jws::{self, Key, Token};
use crate::config;
use crate::domain::claims::{BadToken, Claims, NewClaims, Person, Terms};
use crate::domain::ids::TenantId;
use crate::domain::scope::{Scope, Scopes};
use crate::domain::timestamp::Timestamp;

/// What `typ` says of them, so that no other token passes for one (RFC 8725, section 3.11).
pub const KIND: &str = "oc-service+jwt";
const ISSUER: &str = "oc:provider";
const AUDIENCE: &str = "oc:client";
/// How long one is good, in seconds.
const LIFE: i64 = 300;

/// Makes and checks them. Clones share the keys.
#[derive(Clone)]
pub struct ServiceTokens(Arc<Inner>);

struct Inner {
    first: hmac::Key,
    all: Vec<Key>,
    terms: Terms,
}

impl ServiceTokens {
    /// What `SERVICE_TOKEN_SECRET` says; `None` if it says nothing.
    #[must_use]
    pub fn new(settings: &config::Identity) -> Option<Self> {
        let bytes = |secret: &config::Secret| secret.expose().as_bytes().to_vec();
        let first = bytes(settings.service_secrets.first()?);
        Some(Self(Arc::new(Inner {
            first: hmac::Key::new(hmac::HMAC_SHA256, &first),
            all: settings.service_secrets.iter().map(|secret| Key::secret(&bytes(secret))).collect(),
            terms: Terms {
                issuer: ISSUER.to_owned(),
                audience: AUDIENCE.to_owned(),
                leeway: settings.leeway,
            },
        })))
    }

    /// A new token for one tenant. Takes a few microseconds, less than looking for
    /// an old one in a place that threads share.
    #[must_use]
    pub fn mint(&self, tenant: &TenantId, now: Timestamp) -> Option<String> {
        let iat = now.as_millis().div_euclid(1_000);
        let claims = NewClaims {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: ISSUER,
            tenant_id: tenant.as_str(),
            scope: Scope::TransferWrite.as_str(),
            iat,
            exp: iat + LIFE,
        };
        jws::signed(&self.0.first, KIND, &claims).ok()
    }

    /// Whom such a token names. Whatever it says, it gives one right.
    pub fn check(&self, token: &Token<'_>, now: Timestamp) -> Result<Person, BadToken> {
        let mut checked = Err(BadToken("has a wrong signature"));
        for key in &self.0.all {
            checked = token.checked_by(key);
            if checked.is_ok() {
                break;
            }
        }
        let person = Claims::read(&checked?)?.check(&self.0.terms, now)?;
        Ok(Person { scopes: Scopes::only(Scope::TransferWrite), ..person })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{Auth, Identity, Secret};

    fn tokens(secrets: &[&str]) -> ServiceTokens {
        let service_secrets = secrets.iter().map(|text| Secret::new((*text).to_owned())).collect();
        let leeway = Duration::from_secs(30);
        ServiceTokens::new(&Identity { auth: Auth::Jwt, jwt: None, service_secrets, leeway }).unwrap()
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_795_219_200_000 + second * 1_000).unwrap()
    }

    #[test]
    fn a_token_is_good_for_five_minutes_and_one_tenant() {
        let tokens = tokens(&["one"]);
        let text = tokens.mint(&TenantId::parse("praxis").unwrap(), at(0)).unwrap();
        let token = Token::parse(&text).unwrap();
        let person = tokens.check(&token, at(329)).unwrap();
        assert_eq!((person.tenant.as_str(), person.scopes), ("praxis", Scopes::only(Scope::TransferWrite)));
        assert_eq!(tokens.check(&token, at(330)), Err(BadToken("has expired")));
        assert_eq!(tokens.check(&token, at(-31)), Err(BadToken("was made in the future")));
    }

    #[test]
    fn a_secret_is_changed_without_a_gap() {
        let (old, both, new) = (tokens(&["old"]), tokens(&["old", "new"]), tokens(&["new", "old"]));
        let tenant = TenantId::parse("praxis").unwrap();
        for (maker, checker, good) in [(&old, &both, true), (&new, &both, true), (&new, &old, false)] {
            let text = maker.mint(&tenant, at(0)).unwrap();
            assert_eq!(checker.check(&Token::parse(&text).unwrap(), at(0)).is_ok(), good);
        }
    }
}
