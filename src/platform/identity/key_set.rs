//! The public keys of an identity provider (JWKS, RFC 7517).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::jws::{Algorithm, Key};

/// Most keys that are taken.
const KEYS_MAX: usize = 100;

/// Keys by their ids. Never empty.
pub struct KeySet(Vec<(String, Key)>);

#[derive(Deserialize)]
struct Document {
    keys: Vec<serde_json::Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: String,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a document. Keys that can't check signatures here are passed over,
    /// shared secrets above all; `None` if none is left.
    #[must_use]
    pub fn parse(text: &[u8]) -> Option<Self> {
        let document: Document = serde_json::from_slice(text).ok()?;
        let jwks =
            document.keys.into_iter().take(KEYS_MAX).filter_map(|key| serde_json::from_value(key).ok());
        let keys: Vec<_> = jwks.filter_map(|jwk: Jwk| Some((jwk.kid.clone(), jwk.key()?))).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// The key of this id.
    #[must_use]
    pub fn find(&self, kid: &str) -> Option<&Key> {
        self.0.iter().find(|(id, _)| id == kid).map(|(_, key)| key)
    }
}

impl Jwk {
    fn key(&self) -> Option<Key> {
        let for_signing = self.purpose.as_deref().is_none_or(|purpose| purpose == "sig");
        let may_verify = self.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        if !for_signing || !may_verify {
            return None;
        }
        let key = match (self.kty.as_str(), self.crv.as_deref()) {
            ("RSA", _) => Key::rsa(decoded(self.n.as_ref())?, decoded(self.e.as_ref())?),
            ("EC", Some("P-256")) => Key::p256(&coordinate(self.x.as_ref())?, &coordinate(self.y.as_ref())?),
            ("OKP", Some("Ed25519")) => Key::ed25519(coordinate(self.x.as_ref())?),
            _ => return None,
        };
        let fits = |name: &str| Algorithm::parse(name) == Some(key.algorithm());
        self.alg.as_deref().is_none_or(fits).then_some(key)
    }
}

/// Bytes without zeros in front, which some write and ring does not take.
fn decoded(text: Option<&String>) -> Option<Vec<u8>> {
    let bytes = URL_SAFE_NO_PAD.decode(text?).ok()?;
    let significant = bytes.iter().skip_while(|byte| **byte == 0).copied().collect::<Vec<_>>();
    (!significant.is_empty()).then_some(significant)
}

fn coordinate(text: Option<&String>) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text?).ok().filter(|bytes| bytes.len() == 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn ed25519() -> Value {
        json!({"kty": "OKP", "crv": "Ed25519", "kid": "a", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
    }

    fn set(keys: &[Value]) -> Option<KeySet> {
        KeySet::parse(json!({ "keys": keys }).to_string().as_bytes())
    }

    fn with(name: &str, value: Value) -> Option<KeySet> {
        let mut key = ed25519();
        key[name] = value;
        set(&[key])
    }

    #[test]
    fn a_key_is_found_by_its_id() {
        let found = set(&[json!({"kty": "new"}), ed25519()]).unwrap();
        assert_eq!(found.find("a").unwrap().algorithm(), Algorithm::EdDsa);
        assert!(found.find("b").is_none() && found.find("").is_none());
    }

    #[test]
    fn keys_for_something_else_are_passed_over() {
        assert!(with("use", json!("sig")).is_some() && with("alg", json!("EdDSA")).is_some());
        assert!(with("key_ops", json!(["verify"])).is_some());
        for (name, value) in [
            ("use", json!("enc")),
            ("key_ops", json!(["sign"])),
            ("alg", json!("RS256")),
            ("alg", json!("HS256")),
            ("alg", json!("none")),
            ("crv", json!("X25519")),
            ("kty", json!("oct")),
            ("kid", json!(null)),
            ("x", json!("AAAA")),
            ("x", json!("not base64!")),
        ] {
            assert!(with(name, value.clone()).is_none(), "{name}: {value}");
        }
        let secret = json!({"kty": "oct", "kid": "a", "alg": "HS256", "k": "c2VjcmV0"});
        assert!(set(&[secret]).is_none());
    }

    #[test]
    fn what_holds_no_key_is_no_key_set() {
        assert!(set(&[]).is_none());
        for text in ["", "{}", "[]", r#"{"keys": {}}"#, "<html>"] {
            assert!(KeySet::parse(text.as_bytes()).is_none(), "{text}");
        }
    }
}
