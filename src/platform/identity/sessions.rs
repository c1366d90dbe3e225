//! Who is signed in at the pages of a role. A session is kept by the browser, in a
//! sealed cookie, and never stored here: it ends by time, by signing out, or when the
//! key that sealed it is taken away.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{COOKIE, HeaderMap};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::domain::claims::Person;
use crate::domain::ids::TenantId;
use crate::domain::scope::Scopes;
use crate::domain::timestamp::Timestamp;
use crate::platform::random;
use crate::platform::secrets::{SecretError, SecretKeys};

/// Browsers take a name with this beginning only over https or from their own machine,
/// for exactly this host.
const COOKIE_NAME: &str = "__Host-oc-workspace";
/// What a session is bound to, so that no other sealed value passes for one.
const CONTEXT: &[u8] = b"oc|workspace|session|1";
/// Longest cookie that browsers keep, in bytes, with its name and attributes.
const COOKIE_MAX: usize = 4_000;

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Who, for whom, with which rights, until when.
    pub person: Person,
    /// What every form of the session has to bring along.
    pub form_token: String,
}

/// A session inside of its seal.
#[derive(Serialize, Deserialize)]
struct Kept {
    tenant: String,
    subject: String,
    scope: String,
    until: i64,
    form: String,
}

/// Makes and reads the sessions of a role.
#[derive(Debug, Clone)]
pub struct Sessions {
    keys: Arc<SecretKeys>,
    life: Duration,
}

impl Sessions {
    /// Sessions of at most this life, sealed with keys of `FIELD_ENCRYPTION_KEY`.
    #[must_use]
    pub fn new(keys: Arc<SecretKeys>, life: Duration) -> Self {
        Self { keys, life }
    }

    /// The longest life of a session.
    #[must_use]
    pub fn life(&self) -> Duration {
        self.life
    }

    /// The line of `Set-Cookie` that begins a session at `now`. It ends with the time
    /// that the person was vouched for, and after its life at the latest.
    pub fn begin(&self, person: &Person, now: Timestamp) -> Result<String, SecretError> {
        let until = person.until.min(now.plus(self.life));
        let failed = SecretError::UNREADABLE;
        let form: [u8; 16] = random::bytes().map_err(|_| failed)?;
        let kept = Kept {
            tenant: person.tenant.to_string(),
            subject: person.subject.clone(),
            scope: person.scopes.words(),
            until: until.as_millis(),
            form: URL_SAFE_NO_PAD.encode(form),
        };
        let value = self.seal(CONTEXT, &serde_json::to_vec(&kept).map_err(|_| failed)?)?;
        if value.len() > COOKIE_MAX {
            return Err(failed);
        }
        Ok(line(&value, until.since(now).as_secs()))
    }

    /// The line of `Set-Cookie` that ends it.
    #[must_use]
    pub fn end() -> String {
        line("", 0)
    }

    /// The session that a request brings along, if it holds at `now`.
    #[must_use]
    pub fn of(&self, headers: &HeaderMap, now: Timestamp) -> Option<Session> {
        let kept: Kept = serde_json::from_slice(&self.open(CONTEXT, &cookie(headers, COOKIE_NAME)?)?).ok()?;
        let until = Timestamp::from_millis(kept.until).filter(|until| *until > now)?;
        let tenant = TenantId::parse(&kept.tenant).ok()?;
        let person = Person { tenant, subject: kept.subject, scopes: Scopes::parse(&kept.scope), until };
        Some(Session { person, form_token: kept.form })
    }

    /// Seals a short value for a cookie: `KEY.base64url`.
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Result<String, SecretError> {
        let key = self.keys.first()?;
        Ok(format!("{}.{}", key.id(), URL_SAFE_NO_PAD.encode(key.seal(context, plain)?)))
    }

    /// Opens what [`Sessions::seal`] made of the same context.
    #[must_use]
    pub fn open(&self, context: &[u8], sealed: &str) -> Option<Vec<u8>> {
        let (key, sealed) = sealed.split_once('.')?;
        self.keys.by_id(key)?.open(context, &URL_SAFE_NO_PAD.decode(sealed).ok()?).ok()
    }
}

/// Not `Strict`: who follows a link from a mail, or comes back from where they have
/// signed in, would seem to be nobody. What changes something asks for more.
fn line(value: &str, seconds: u64) -> String {
    format!("{COOKIE_NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax")
}

/// The value of a cookie.
#[must_use]
pub fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let lines = headers.get_all(COOKIE).filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Keys;
    use actix_web::http::header::HeaderValue;

    fn sessions(seeds: &[u8]) -> Sessions {
        let keys = Keys(seeds.iter().map(|seed| [*seed; 32]).collect());
        Sessions::new(Arc::new(SecretKeys::new(&keys).unwrap()), Duration::from_secs(3_600))
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(1_795_219_200_000 + second * 1_000).unwrap()
    }

    fn anna(until: i64) -> Person {
        Person {
            tenant: TenantId::parse("praxis").unwrap(),
            subject: "anna".to_owned(),
            scopes: Scopes::parse("documents:read admin"),
            until: at(until),
        }
    }

    fn brought(line: &str) -> HeaderMap {
        let pair = line.split(';').next().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(&format!("a=b; {pair}; c=d")).unwrap());
        headers
    }

    #[test]
    fn a_session_is_read_back_until_it_ends() {
        let sessions = sessions(&[1]);
        for (vouched, ends) in [(60, 60), (999_999, 3_600)] {
            let line = sessions.begin(&anna(vouched), at(0)).unwrap();
            assert!(line.ends_with(&format!("; Path=/; Max-Age={ends}; HttpOnly; Secure; SameSite=Lax")));
            let read = sessions.of(&brought(&line), at(ends - 1)).unwrap();
            assert_eq!(read.person, anna(ends));
            assert_eq!(sessions.of(&brought(&line), at(ends)), None);
        }
    }

    #[test]
    fn nobody_makes_or_reads_one_without_the_key() {
        let line = sessions(&[1]).begin(&anna(60), at(0)).unwrap();
        assert!(!line.contains("praxis") && !line.contains("anna"));
        assert_eq!(sessions(&[2]).of(&brought(&line), at(1)), None);
        assert!(sessions(&[2, 1]).of(&brought(&line), at(1)).is_some(), "keys are rotated");
        assert_eq!(sessions(&[1]).of(&brought("__Host-oc-workspace=x.y"), at(1)), None);
        assert_eq!(sessions(&[1]).of(&brought(&Sessions::end()), at(1)), None);
    }
}
