//! What a token says (RFC 7519), and whether it holds now. That nobody has changed
//! it since is checked before anything here is read.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ids::TenantId;
use super::scope::Scopes;
use super::timestamp::Timestamp;

/// Longest `sub` in bytes.
const SUBJECT_MAX: usize = 255;

/// Why a token is not accepted: for the log, never for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadToken(pub &'static str);

impl fmt::Display for BadToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the token {}", self.0)
    }
}

impl std::error::Error for BadToken {}

/// Whose tokens are accepted.
#[derive(Debug, Clone)]
pub struct Terms {
    /// What `iss` must be.
    pub issuer: String,
    /// What must be in `aud`.
    pub audience: String,
    /// How far the issuer's clock may be off.
    pub leeway: Duration,
}

/// Who calls, for whom, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// `tenant_id`.
    pub tenant: TenantId,
    /// `sub`.
    pub subject: String,
    /// `scope`.
    pub scopes: Scopes,
    /// `exp`: until when it holds.
    pub until: Timestamp,
}

/// The claims that this program writes.
#[derive(Debug, Serialize)]
pub struct NewClaims<'a> {
    /// Who vouches for it.
    pub iss: &'a str,
    /// Whom it is for.
    pub aud: &'a str,
    /// Whom it is about.
    pub sub: &'a str,
    /// The tenant to act for.
    pub tenant_id: &'a str,
    /// Rights, with spaces between them.
    pub scope: &'a str,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// When it ends, in seconds since 1970.
    pub exp: i64,
}

/// The claims of a token. A repeated name is refused; other names are passed over.
#[derive(Debug, Deserialize)]
pub struct Claims {
    iss: Option<String>,
    aud: Option<Audience>,
    sub: Option<String>,
    tenant_id: Option<String>,
    #[serde(default)]
    scope: String,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn names(&self, audience: &str) -> bool {
        match self {
            Self::One(one) => one == audience,
            Self::Several(several) => several.iter().any(|one| one == audience),
        }
    }
}

impl Claims {
    /// Reads the payload of a token whose signature was checked.
    pub fn read(payload: &[u8]) -> Result<Self, BadToken> {
        serde_json::from_slice(payload).map_err(|_| BadToken("has claims that can't be read"))
    }

    /// Whom the token names, if it holds at `now` under these terms.
    pub fn check(&self, terms: &Terms, now: Timestamp) -> Result<Person, BadToken> {
        if self.iss.as_deref() != Some(terms.issuer.as_str()) {
            return Err(BadToken("is of another issuer"));
        }
        if !self.aud.as_ref().is_some_and(|aud| aud.names(&terms.audience)) {
            return Err(BadToken("is for another audience"));
        }
        self.check_times(seconds(now), terms.leeway.as_secs_f64())?;
        let subject = self
            .sub
            .clone()
            .filter(|sub| !sub.is_empty() && sub.len() <= SUBJECT_MAX && !sub.chars().any(char::is_control));
        let tenant = self.tenant_id.as_deref().and_then(|id| TenantId::parse(id).ok());
        Ok(Person {
            tenant: tenant.ok_or(BadToken("names no tenant"))?,
            subject: subject.ok_or(BadToken("names no subject"))?,
            scopes: Scopes::parse(&self.scope),
            until: self.exp.and_then(moment).unwrap_or(now),
        })
    }

    fn check_times(&self, now: f64, leeway: f64) -> Result<(), BadToken> {
        let end = self.exp.ok_or(BadToken("has no end"))?;
        if now >= end + leeway {
            return Err(BadToken("has expired"));
        }
        if self.nbf.is_some_and(|begin| begin > now + leeway) {
            return Err(BadToken("is not valid yet"));
        }
        if self.iat.is_some_and(|made| made > now + leeway) {
            return Err(BadToken("was made in the future"));
        }
        Ok(())
    }
}

/// Seconds since 1970; exact to the millisecond for as long as anybody will ask.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this age are far below 2^53")]
fn seconds(moment: Timestamp) -> f64 {
    moment.as_millis() as f64 / 1_000.0
}

/// The moment so many seconds after 1970; `None` beyond what a time can be.
#[expect(clippy::cast_possible_truncation, reason = "a cast of a float ends at the bounds of the integer")]
fn moment(seconds: f64) -> Option<Timestamp> {
    Timestamp::from_millis((seconds * 1_000.0) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scope::Scope;
    use serde_json::{Value, json};

    /// 2026-11-21T00:00:00Z.
    const NOW: i64 = 1_795_219_200;

    fn terms() -> Terms {
        let (issuer, audience) = ("https://id.example".to_owned(), "oc".to_owned());
        Terms { issuer, audience, leeway: Duration::from_secs(30) }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1_000).unwrap()
    }

    fn good() -> Value {
        json!({"iss": "https://id.example", "aud": "oc", "sub": "anna", "tenant_id": "praxis",
               "scope": "documents:read", "exp": NOW + 60, "nbf": NOW, "iat": NOW})
    }

    fn checked(claims: &Value, now: i64) -> Result<Person, BadToken> {
        Claims::read(claims.to_string().as_bytes())?.check(&terms(), at(now))
    }

    #[track_caller]
    fn refused(name: &str, value: Value, why: &'static str) {
        let mut claims = good();
        claims[name] = value;
        assert_eq!(checked(&claims, NOW), Err(BadToken(why)), "{claims}");
    }

    #[test]
    fn a_token_names_tenant_subject_and_rights() {
        let person = checked(&good(), NOW).unwrap();
        assert_eq!((person.tenant.as_str(), person.subject.as_str()), ("praxis", "anna"));
        assert_eq!((person.scopes, person.until), (Scopes::only(Scope::DocumentsRead), at(NOW + 60)));
        let mut several = good();
        several["aud"] = json!(["other", "oc"]);
        several["scope"] = json!("");
        assert_eq!(checked(&several, NOW).unwrap().scopes, Scopes::default());
    }

    #[test]
    fn it_holds_from_nbf_to_exp_give_or_take_the_leeway() {
        for (second, holds) in [(-31, false), (-30, true), (0, true), (89, true), (90, false), (999, false)] {
            assert_eq!(checked(&good(), NOW + second).is_ok(), holds, "{second}");
        }
        let mut exact = good();
        exact["exp"] = json!((NOW as f64) + 0.5);
        assert!(checked(&exact, NOW + 30).is_ok());
        assert!(checked(&exact, NOW + 31).is_err());
    }

    #[test]
    fn what_is_missing_or_of_somebody_else_is_refused() {
        for other in [json!(null), json!("https://id.example/"), json!("")] {
            refused("iss", other, "is of another issuer");
        }
        for other in [json!(null), json!("OC"), json!([]), json!(["other"])] {
            refused("aud", other, "is for another audience");
        }
        for other in [json!(null), json!("NO TENANT"), json!("")] {
            refused("tenant_id", other, "names no tenant");
        }
        for other in [json!(null), json!(""), json!("a\nb"), json!("x".repeat(256))] {
            refused("sub", other, "names no subject");
        }
        refused("exp", json!(null), "has no end");
        refused("exp", json!(-1), "has expired");
        refused("iat", json!(NOW + 31), "was made in the future");
        refused("nbf", json!(NOW + 31), "is not valid yet");
    }

    #[test]
    fn claims_of_a_wrong_form_are_refused() {
        for (name, value) in [
            ("exp", json!("2030-01-01")),
            ("nbf", json!(true)),
            ("iss", json!(["https://id.example"])),
            ("scope", json!(["admin"])),
            ("aud", json!({"oc": 1})),
            ("sub", json!(7)),
        ] {
            refused(name, value, "has claims that can't be read");
        }
        for text in ["", "[]", "null", "{", r#"{"exp":1,"exp":9999999999}"#] {
            assert!(Claims::read(text.as_bytes()).is_err(), "{text}");
        }
    }
}
