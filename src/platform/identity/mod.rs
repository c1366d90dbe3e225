//! Who calls: tokens of people and programs, and tokens that the roles show each
//! other. Verified with ring alone: a library for tokens would read the clock by
//! itself, and what remains of it is [`jws`].

mod jwks;
pub mod jws;
pub mod key_set;
pub mod oidc;
mod service;
mod sessions;

use std::sync::Arc;

use crate::config;
use crate::domain::claims::{BadToken, Claims, NewClaims, Person, Terms};
use crate::domain::timestamp::Timestamp;
use jwks::Jwks;
use jws::{Algorithm, Key, Token};
pub use service::ServiceTokens;
pub use sessions::{Session, Sessions, cookie};

/// Kind of the tokens that [`mint`] makes.
const KIND: &str = "JWT";

/// Why nobody was recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no token, or it is not good.
    Bad(BadToken),
    /// The keys that could tell are not there.
    NoKeys,
}

impl From<BadToken> for Refusal {
    fn from(bad: BadToken) -> Self {
        Self::Bad(bad)
    }
}

/// Whose tokens a role accepts; what all of its threads share.
#[derive(Clone)]
pub struct Identity {
    /// `None`: everybody may do everything.
    trusted: Option<Arc<Trusted>>,
    /// Of the pages, where a role has such.
    sessions: Option<Sessions>,
}

struct Trusted {
    terms: Option<Terms>,
    secret: Option<Key>,
    jwks: Option<Arc<jwks::Shared>>,
    service: Option<ServiceTokens>,
}

impl Identity {
    /// What the settings say. Only a role that the other one calls takes `service` tokens.
    #[must_use]
    pub fn new(settings: &config::Identity, service: Option<ServiceTokens>) -> Self {
        if settings.auth == config::Auth::None {
            return Self { trusted: None, sessions: None };
        }
        let jwt = settings.jwt.as_ref();
        let terms = |jwt: &config::Jwt| Terms {
            issuer: jwt.issuer.clone(),
            audience: jwt.audience.clone(),
            leeway: settings.leeway,
        };
        let trusted = Trusted {
            terms: jwt.map(terms),
            secret: jwt.and_then(|jwt| jwt.secret.as_ref()).map(|s| Key::secret(s.expose().as_bytes())),
            jwks: jwt.and_then(|jwt| jwt.jwks.as_ref()).map(|jwks| Arc::new(jwks::Shared::new(jwks))),
            service,
        };
        Self { trusted: Some(Arc::new(trusted)), sessions: None }
    }

    /// The same for a role with pages that people sign in at.
    #[must_use]
    pub fn with_sessions(self, sessions: Sessions) -> Self {
        Self { sessions: Some(sessions), ..self }
    }

    /// The sessions of its pages, if it has such.
    #[must_use]
    pub fn sessions(&self) -> Option<Sessions> {
        self.sessions.clone()
    }

    /// The door of one thread; `None` if it stands open.
    #[must_use]
    pub fn door(&self) -> Option<Door> {
        let trusted = Arc::clone(self.trusted.as_ref()?);
        let jwks = trusted.jwks.as_ref().map(Jwks::of);
        Some(Door { trusted, jwks })
    }
}

/// Recognises callers on one thread.
pub struct Door {
    trusted: Arc<Trusted>,
    jwks: Option<Jwks>,
}

impl Door {
    /// Whom a token names. Waits only for keys that are not known yet.
    pub async fn recognise(&self, token: &str, now: Timestamp) -> Result<Person, Refusal> {
        let token = Token::parse(token)?;
        // What kind it is decides which secret is asked, and each is asked for one kind only.
        if token.kind.as_deref() == Some(service::KIND) {
            let service = self.trusted.service.as_ref().ok_or(BadToken("is for the other role"))?;
            return Ok(service.check(&token, now)?);
        }
        let terms = self.trusted.terms.as_ref().ok_or(BadToken("is of a kind that is not taken"))?;
        let payload = match token.algorithm {
            Algorithm::Hs256 => {
                let secret = self.trusted.secret.as_ref();
                token.checked_by(secret.ok_or(BadToken("is signed with a secret that is not set"))?)?
            }
            Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa => {
                let jwks = self.jwks.as_ref().ok_or(BadToken("is signed with a key, and none is set"))?;
                jwks.check(&token).await?
            }
        };
        Ok(Claims::read(&payload)?.check(terms, now)?)
    }
}

/// A token of these claims, signed with `JWT_SECRET`.
pub fn mint(secret: &config::Secret, claims: &NewClaims<'_>) -> Result<String, serde_json::Error> {
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, secret.expose().as_bytes());
    jws::signed(&key, KIND, claims)
}
