//! Whether a receipt is genuine, by the public keys alone.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::Value;

use super::{ALGORITHM, Claims, Header, LENGTH_MAX, TYPE};

/// Public keys by their names.
#[derive(Debug)]
pub struct PublicKeys(Vec<(String, Vec<u8>)>);

/// Why a receipt is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotGenuine(pub &'static str);

impl fmt::Display for NotGenuine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for NotGenuine {}

impl PublicKeys {
    /// Reads a JWK set (RFC 7517). Keys of other kinds are passed over; `None` if
    /// this is no set, or none of its keys can have signed a receipt.
    #[must_use]
    pub fn parse(jwks: &Value) -> Option<Self> {
        let keys: Vec<_> = jwks.get("keys")?.as_array()?.iter().filter_map(key).collect();
        (!keys.is_empty()).then_some(Self(keys))
    }

    /// What a receipt says, if one of the keys has signed it.
    pub fn verify(&self, jws: &str) -> Result<Claims, NotGenuine> {
        if jws.len() > LENGTH_MAX {
            return Err(NotGenuine("it is too long"));
        }
        let malformed = NotGenuine("it is no compact JWS: three parts of base64url with dots between them");
        let (signed, signature) = jws.rsplit_once('.').ok_or(malformed)?;
        let (header, claims) = signed.split_once('.').ok_or(malformed)?;
        let decode = |part: &str| BASE64URL.decode(part).map_err(|_| malformed);
        let (header, payload, signature) = (decode(header)?, decode(claims)?, decode(signature)?);
        let header: Header = serde_json::from_slice(&header)
            .map_err(|_| NotGenuine("its header holds something else than alg, kid and typ"))?;
        if header.alg != ALGORITHM {
            return Err(NotGenuine("its alg is not EdDSA"));
        }
        if header.typ != TYPE {
            return Err(NotGenuine("its typ is not that of a receipt"));
        }
        let key = self.0.iter().find(|(kid, _)| *kid == header.kid);
        let (_, key) = key.ok_or(NotGenuine("it is signed with a key that is not among the given ones"))?;
        UnparsedPublicKey::new(&ED25519, key)
            .verify(signed.as_bytes(), &signature)
            .map_err(|_| NotGenuine("its signature is wrong: it was changed, or somebody else made it"))?;
        serde_json::from_slice(&payload).map_err(|_| NotGenuine("it does not say what a receipt says"))
    }
}

fn key(jwk: &Value) -> Option<(String, Vec<u8>)> {
    let text = |name: &str| jwk.get(name).and_then(Value::as_str);
    let fits = |name: &str, value: &str| jwk.get(name).is_none_or(|given| given == value);
    if text("kty") != Some("OKP") || text("crv") != Some("Ed25519") {
        return None;
    }
    if !fits("alg", ALGORITHM) || !fits("use", "sig") {
        return None;
    }
    let x = BASE64URL.decode(text("x")?).ok().filter(|x| x.len() == 32)?;
    Some((text("kid")?.to_owned(), x))
}

#[cfg(test)]
mod tests {
    use super::super::SigningKeys;
    use super::*;
    use crate::config::Keys;
    use serde_json::json;

    fn signing(seed: u8) -> SigningKeys {
        SigningKeys::new(&Keys(vec![[seed; 32]]), "https://client.example.ch").unwrap()
    }

    fn claims() -> Claims {
        Claims {
            iss: "https://client.example.ch".to_owned(),
            tenant: "praxis".to_owned(),
            document_id: "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d".to_owned(),
            version: Some(2),
            content_hash: Some("aGFzaA".to_owned()),
            outcome: "opened".to_owned(),
            at: "2026-11-20T17:58:00.000Z".to_owned(),
            receipt_id: "5f0c2f0a-6f0e-4f3c-9d55-1f2f8a1f6a53".to_owned(),
        }
    }

    fn parts(jws: &str) -> Vec<String> {
        jws.split('.').map(str::to_owned).collect()
    }

    fn encoded(value: &Value) -> String {
        BASE64URL.encode(value.to_string())
    }

    #[test]
    fn a_receipt_is_genuine_under_its_key_and_signing_it_again_gives_the_same() {
        let (one, both) = (signing(1), SigningKeys::new(&Keys(vec![[2; 32], [1; 32]]), "i").unwrap());
        let jws = one.sign(&claims()).unwrap().unwrap();
        assert_eq!(one.sign(&claims()).unwrap().unwrap(), jws);
        for keys in [&one, &both] {
            assert_eq!(PublicKeys::parse(&keys.jwks()).unwrap().verify(&jws), Ok(claims()));
        }
        let stranger = PublicKeys::parse(&signing(3).jwks()).unwrap();
        assert!(stranger.verify(&jws).is_err());
        let none = SigningKeys::new(&Keys(vec![]), "i").unwrap();
        assert_eq!((none.sign(&claims()).unwrap(), none.jwks()), (None, json!({"keys": []})));
    }

    #[test]
    fn a_changed_field_is_found_whichever_it_is() {
        let jws = signing(1).sign(&claims()).unwrap().unwrap();
        let keys = PublicKeys::parse(&signing(1).jwks()).unwrap();
        let said = serde_json::to_value(claims()).unwrap();
        let wrong = Err(NotGenuine("its signature is wrong: it was changed, or somebody else made it"));
        for name in said.as_object().unwrap().keys() {
            let mut changed = said.clone();
            changed[name] = if name == "version" { json!(3) } else { json!("x") };
            let mut forged = parts(&jws);
            forged[1] = encoded(&changed);
            assert_eq!(keys.verify(&forged.join(".")), wrong, "{name}");
        }
        for part in 0..3 {
            let mut forged = parts(&jws);
            let first = if forged[part].starts_with('A') { "B" } else { "A" };
            forged[part].replace_range(0..1, first);
            assert!(keys.verify(&forged.join(".")).is_err(), "{part}");
        }
    }

    #[test]
    fn a_key_of_somebody_else_under_the_same_name_does_not_help() {
        let jws = signing(2).sign(&claims()).unwrap().unwrap();
        let mut forged = parts(&jws);
        let kid = signing(1).jwks()["keys"][0]["kid"].clone();
        forged[0] = encoded(&json!({"alg": "EdDSA", "kid": kid, "typ": TYPE}));
        let keys = PublicKeys::parse(&signing(1).jwks()).unwrap();
        assert!(keys.verify(&forged.join(".")).is_err());
    }

    #[test]
    fn another_algorithm_is_refused_before_anything_is_computed() {
        let jws = signing(1).sign(&claims()).unwrap().unwrap();
        let jwks = signing(1).jwks();
        let keys = PublicKeys::parse(&jwks).unwrap();
        let kid = jwks["keys"][0]["kid"].clone();
        let x = BASE64URL.decode(jwks["keys"][0]["x"].as_str().unwrap()).unwrap();
        for alg in ["none", "None", "HS256", "RS256", "ES256", "Ed25519", "eddsa", ""] {
            let mut forged = parts(&jws);
            forged[0] = encoded(&json!({"alg": alg, "kid": kid, "typ": TYPE}));
            // Key confusion: the public key as the secret of a HMAC.
            let secret = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &x);
            let tag = ring::hmac::sign(&secret, forged[..2].join(".").as_bytes());
            for signature in [forged[2].clone(), String::new(), BASE64URL.encode(tag)] {
                let text = format!("{}.{signature}", forged[..2].join("."));
                assert_eq!(keys.verify(&text), Err(NotGenuine("its alg is not EdDSA")), "{alg}");
            }
        }
    }

    #[test]
    fn a_header_with_anything_else_in_it_is_refused() {
        let jws = signing(1).sign(&claims()).unwrap().unwrap();
        let jwks = signing(1).jwks();
        let keys = PublicKeys::parse(&jwks).unwrap();
        let kid = jwks["keys"][0]["kid"].clone();
        for header in [
            json!({"alg": "EdDSA", "kid": kid, "typ": "JWT"}),
            json!({"alg": "EdDSA", "kid": kid}),
            json!({"alg": "EdDSA", "typ": TYPE}),
            json!({"alg": "EdDSA", "kid": kid, "typ": TYPE, "crit": ["x"]}),
            json!({"alg": "EdDSA", "kid": kid, "typ": TYPE, "jwk": jwks["keys"][0]}),
        ] {
            let mut forged = parts(&jws);
            forged[0] = encoded(&header);
            assert!(keys.verify(&forged.join(".")).is_err(), "{header}");
        }
        for bad in ["", ".", "..", "a.b.c", &format!("{jws}="), &format!("{jws}.x"), &"a".repeat(9_000)] {
            assert!(keys.verify(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn only_keys_that_can_have_signed_a_receipt_are_taken() {
        let good = signing(1).jwks()["keys"][0].clone();
        let with = |name: &str, value: Value| {
            let mut jwk = good.clone();
            jwk[name] = value;
            PublicKeys::parse(&json!({ "keys": [jwk] })).is_some()
        };
        assert!(with("kid", json!("other")));
        for (name, value) in [
            ("kty", json!("oct")),
            ("crv", json!("X25519")),
            ("alg", json!("HS256")),
            ("use", json!("enc")),
            ("x", json!("AAAA")),
            ("kid", json!(null)),
        ] {
            assert!(!with(name, value.clone()), "{name}: {value}");
        }
        assert!(PublicKeys::parse(&json!([])).is_none());
    }
}
