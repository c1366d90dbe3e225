//! Bodies of one or two fields, as the handlers read them.

use std::time::Duration;

use serde_json::Value;
use url::form_urlencoded;

use super::document::{EXPIRES_IN_MAX, EXPIRES_IN_MIN};
use super::fields::{Fields, Invalid};
use super::timestamp::Timestamp;
use super::wire::RESERVATIONS_MAX;

/// Longest `documentId` in characters. Any text may stand for a document that is not there.
pub const DOCUMENT_ID_MAX: usize = 200;

/// Reads the body of `POST /api/send`: which document.
pub fn document_to_send(body: Value) -> Result<String, Invalid> {
    let mut fields = Fields::of_body(body)?;
    let id = fields.required_text("documentId", DOCUMENT_ID_MAX);
    fields.finish().map(|()| id)
}

/// Reads the body of `POST /api/documents/{id}/expiry`: for how long from now.
pub fn new_expiry(body: Value) -> Result<Duration, Invalid> {
    let mut fields = Fields::of_body(body)?;
    fields.require("expiresIn");
    let seconds = fields.whole_number("expiresIn", EXPIRES_IN_MIN, EXPIRES_IN_MAX).value();
    fields.finish()?;
    Ok(Duration::from_secs(seconds.unwrap_or(EXPIRES_IN_MIN).unsigned_abs()))
}

/// Reads the body of `POST /api/webhooks/{id}/replay`: from when on.
pub fn replay_since(body: Value) -> Result<Timestamp, Invalid> {
    let mut fields = Fields::of_body(body)?;
    fields.require("since");
    let since =
        fields.parsed("since", "must be a time such as 2026-11-20T18:00:00Z", Timestamp::parse).value();
    fields.finish()?;
    Ok(since.unwrap_or(Timestamp::EPOCH))
}

/// Reads the body of `POST /v1/access-codes/reservations`: how many codes.
pub fn codes_to_reserve(body: Value) -> Result<i64, Invalid> {
    let mut fields = Fields::of_body(body)?;
    fields.require("count");
    let count = fields.whole_number("count", 1, RESERVATIONS_MAX).value();
    fields.finish()?;
    Ok(count.unwrap_or(1))
}

/// Longest token of a session in characters.
pub const SESSION_MAX: usize = 400;
/// Longest text that is looked at for a number.
const OTP_MAX: usize = 40;

/// Reads the body of `POST /api/public/otp`: the session in which a number is asked for.
pub fn session(body: Value) -> Result<String, Invalid> {
    let mut fields = Fields::of_body(body)?;
    let token = fields.required_text("session", SESSION_MAX);
    fields.finish().map(|()| token)
}

/// Reads the body of `POST /api/public/otp/verify`: the session, and the number as it was typed.
pub fn typed_number(body: Value) -> Result<(String, String), Invalid> {
    let mut fields = Fields::of_body(body)?;
    let typed = (fields.required_text("session", SESSION_MAX), fields.required_text("otp", OTP_MAX));
    fields.finish().map(|()| typed)
}

/// What opens a document. A link without a code is told that it needs one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublicAccess {
    /// The token of a session that has begun; nothing else is looked at then.
    pub session: Option<String>,
    /// The last part of a link.
    pub link: Option<String>,
    /// The code as it was typed.
    pub code: Option<String>,
}

impl PublicAccess {
    /// Fields, at least one of which has to be there.
    pub const NAMES: [&'static str; 3] = ["accessCode", "linkToken", "session"];

    /// Reads the body of `POST /api/public/access`.
    pub fn parse(body: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of_body(body)?;
        if fields.has("session") {
            let session = Some(fields.required_text("session", SESSION_MAX));
            return fields.finish().map(|()| Self { session, ..Self::default() });
        }
        if !fields.has("linkToken") {
            fields.require("accessCode");
        }
        let mut text = |name| fields.parsed(name, "must be a text", |text| Some(text.to_owned())).value();
        let access = Self { link: text("linkToken"), code: text("accessCode"), session: None };
        fields.finish().map(|()| access)
    }
}

/// The one field of this name in the form of a page, `code=K7QM-4T9X-WR5C`; `None` if there is
/// none, or several.
#[must_use]
pub fn field_of_form(body: &[u8], name: &str) -> Option<String> {
    let mut fields = form_urlencoded::parse(body).filter(|(known, _)| known == name);
    match (fields.next(), fields.next()) {
        (Some((_, text)), None) => Some(text.into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn broken<T: std::fmt::Debug>(read: Result<T, Invalid>) -> Vec<String> {
        let told = read.unwrap_err().0.into_iter();
        told.map(|error| format!("{} {}", error.field, error.rule)).collect()
    }

    #[test]
    fn a_small_body_is_read() {
        assert_eq!(document_to_send(json!({"documentId": " a "})), Ok("a".to_owned()));
        assert_eq!(new_expiry(json!({"expiresIn": 60})), Ok(Duration::from_secs(60)));
        assert_eq!(replay_since(json!({"since": "1970-01-01T00:00:00Z"})), Ok(Timestamp::EPOCH));
        assert_eq!(codes_to_reserve(json!({"count": 500})), Ok(500));
        let link = PublicAccess { link: Some("t".to_owned()), ..PublicAccess::default() };
        assert_eq!(PublicAccess::parse(json!({"linkToken": "t"})), Ok(link));
        let again = PublicAccess { session: Some("s".to_owned()), ..PublicAccess::default() };
        assert_eq!(PublicAccess::parse(json!({"session": "s", "accessCode": 1})), Ok(again));
        let typed = ("s".to_owned(), "1 2".to_owned());
        assert_eq!(typed_number(json!({"session": "s", "otp": " 1 2 "})), Ok(typed));
        assert_eq!(session(json!({"session": "s"})), Ok("s".to_owned()));
        assert_eq!(field_of_form(b"x=1&code=a+b", "code"), Some("a b".to_owned()));
    }

    #[test]
    fn what_is_missing_or_null_or_too_much_is_named() {
        for null in [
            json!({}),
            json!({"documentId": null, "expiresIn": null, "since": null, "count": null, "accessCode": null}),
        ] {
            assert_eq!(broken(document_to_send(null.clone())), ["documentId required"]);
            assert_eq!(broken(new_expiry(null.clone())), ["expiresIn required"]);
            assert_eq!(broken(replay_since(null.clone())), ["since required"]);
            assert_eq!(broken(codes_to_reserve(null.clone())), ["count required"]);
            assert_eq!(broken(PublicAccess::parse(null)), ["accessCode required"]);
        }
        assert_eq!(broken(codes_to_reserve(json!({"count": 501}))), ["count maximum"]);
        assert_eq!(broken(new_expiry(json!({"expiresIn": 59}))), ["expiresIn minimum"]);
        for form in [&b""[..], b"other=1", b"code=1&code=2"] {
            assert_eq!(field_of_form(form, "code"), None);
        }
    }
}
