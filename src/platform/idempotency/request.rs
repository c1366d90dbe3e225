//! What a caller wants to happen once: reading its key, recognising its request.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use ring::digest::{Context, Digest, SHA256, digest};
use serde_json::Value;

use crate::domain::fields::Invalid;
use crate::platform::http::ApiError;
use crate::platform::tenants::Vault;

/// Header that names a request, so that its repetitions are recognised.
const HEADER: &str = "Idempotency-Key";
/// Longest key in bytes.
const LENGTH_MAX: usize = 255;

/// The `Idempotency-Key` of a request, if it has one.
pub struct IdempotencyKey(Option<Given>);

/// A key that was given. Its text is not kept.
struct Given {
    key_hash: Digest,
    /// Has read method and path.
    request: Context,
}

/// A request with its key, if it has one.
pub struct Request(pub(super) Option<Keyed>);

/// A request that has a key.
pub(super) struct Keyed {
    pub(super) vault: Arc<Vault>,
    /// SHA-256 of method, route and key.
    pub(super) key_hash: Digest,
    /// SHA-256 of method, path and body.
    pub(super) digest: Digest,
}

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read(req).map(Self))
    }
}

impl IdempotencyKey {
    /// The request of the vault's tenant with this body. The order of names in an object
    /// does not matter, nor does white space between values.
    #[must_use]
    pub fn request(self, vault: &Arc<Vault>, body: &Value) -> Request {
        Request(self.0.map(|Given { key_hash, mut request }| {
            feed(&mut request, body);
            Keyed { vault: Arc::clone(vault), key_hash, digest: request.finish() }
        }))
    }
}

fn read(req: &HttpRequest) -> Result<Option<Given>, ApiError> {
    let mut values = req.headers().get_all(HEADER);
    let Some(key) = values.next().map(|value| value.as_bytes()) else { return Ok(None) };
    let well_formed = (1..=LENGTH_MAX).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    if !well_formed || values.next().is_some() {
        let message = format!("must be one value of 1 to {LENGTH_MAX} visible ASCII characters");
        return Err(Invalid::field(HEADER, "format", message).into());
    }
    // The same key on another route is another key.
    let route = req.match_pattern().unwrap_or_else(|| req.path().to_owned());
    let scope = format!("{}\n{route}\n", req.method());
    let mut request = Context::new(&SHA256);
    frame(&mut request, b'm', req.method().as_str().as_bytes());
    frame(&mut request, b'p', req.path().as_bytes());
    Ok(Some(Given { key_hash: digest(&SHA256, &[scope.as_bytes(), key].concat()), request }))
}

/// Reads a JSON value in a form that is the same for equal values only.
fn feed(context: &mut Context, value: &Value) {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by(|a, b| a.0.cmp(b.0));
            head(context, b'{', members.len());
            for (name, value) in members {
                frame(context, b'"', name.as_bytes());
                feed(context, value);
            }
        }
        Value::Array(items) => {
            head(context, b'[', items.len());
            items.iter().for_each(|item| feed(context, item));
        }
        Value::String(text) => frame(context, b'"', text.as_bytes()),
        word => frame(context, b'w', word.to_string().as_bytes()),
    }
}

fn frame(context: &mut Context, kind: u8, bytes: &[u8]) {
    head(context, kind, bytes.len());
    context.update(bytes);
}

/// What follows and how much of it, so that no two values run into each other.
fn head(context: &mut Context, kind: u8, length: usize) {
    context.update(&[kind]);
    context.update(&u64::try_from(length).unwrap_or(u64::MAX).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn of(text: &str) -> Vec<u8> {
        let mut context = Context::new(&SHA256);
        feed(&mut context, &serde_json::from_str(text).unwrap());
        context.finish().as_ref().to_vec()
    }

    #[test]
    fn equal_bodies_are_recognised_however_they_are_written() {
        assert_eq!(of(r#"{"a": 1, "b": {"c": "ü", "d": []}}"#), of(r#"{"b":{"d":[],"c":"\u00fc"},"a":1}"#));
    }

    #[test]
    fn different_bodies_are_told_apart() {
        let bodies = [
            r#"["a","b"]"#,
            r#"["ab"]"#,
            r#"[["a"],"b"]"#,
            r#"{"a":"b"}"#,
            r#""1""#,
            "1",
            "null",
            r#""null""#,
            "[]",
            "{}",
        ];
        for (i, one) in bodies.iter().enumerate() {
            for (j, other) in bodies.iter().enumerate() {
                assert_eq!(of(one) == of(other), i == j, "{one} {other}");
            }
        }
    }

    #[test]
    fn a_key_is_one_visible_word() {
        let with = |keys: &[&str]| {
            let add = |request: TestRequest, key: &&str| request.append_header((HEADER, *key));
            read(&keys.iter().fold(TestRequest::post(), add).to_http_request())
        };
        assert!(with(&[]).unwrap().is_none());
        let long = "k".repeat(LENGTH_MAX);
        for key in ["1", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", long.as_str()] {
            assert!(with(&[key]).unwrap().is_some());
        }
        let too_long = "k".repeat(LENGTH_MAX + 1);
        for keys in [&[""][..], &["a b"], &["ü"], &[too_long.as_str()], &["a", "a"]] {
            assert!(with(keys).is_err(), "{keys:?}");
        }
    }
}
