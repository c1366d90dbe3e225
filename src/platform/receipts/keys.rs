//! The keys that the client role signs with.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ring::digest::{SHA256, digest};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};

use super::{ALGORITHM, Claims, Header, TYPE};
use crate::config::Keys;

/// `RECEIPT_SIGNING_KEY`: the first signs, others verify with any of them.
pub struct SigningKeys {
    issuer: String,
    keys: Vec<SigningKey>,
}

struct SigningKey {
    kid: String,
    pair: Ed25519KeyPair,
}

/// A seed that makes no key, or claims that can't be written.
#[derive(Debug, Clone, Copy)]
pub struct NotSigned(&'static str);

impl std::fmt::Display for NotSigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for NotSigned {}

impl std::fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.keys.iter().map(|key| &key.kid)).finish()
    }
}

impl SigningKeys {
    /// Makes the keys out of their seeds; `issuer` is who signs. There may be none.
    pub fn new(seeds: &Keys, issuer: &str) -> Result<Self, NotSigned> {
        let key = |seed: &[u8; 32]| {
            let pair = Ed25519KeyPair::from_seed_unchecked(seed);
            let pair = pair.map_err(|_| NotSigned("RECEIPT_SIGNING_KEY holds a seed that makes no key"))?;
            Ok(SigningKey { kid: thumbprint(&x_of(&pair)), pair })
        };
        let keys = seeds.0.iter().map(key).collect::<Result<_, _>>()?;
        Ok(Self { issuer: issuer.to_owned(), keys })
    }

    /// Who signs.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The receipt with its signature; the same for the same claims as long as the
    /// first key stays. `None` if there is no key.
    pub fn sign(&self, claims: &Claims) -> Result<Option<String>, NotSigned> {
        let Some(SigningKey { kid, pair }) = self.keys.first() else { return Ok(None) };
        let header = Header { alg: ALGORITHM.to_owned(), kid: kid.clone(), typ: TYPE.to_owned() };
        let failed = |_| NotSigned("a receipt can't be written");
        let header = BASE64URL.encode(serde_json::to_vec(&header).map_err(failed)?);
        let claims = BASE64URL.encode(serde_json::to_vec(claims).map_err(failed)?);
        let signed = format!("{header}.{claims}");
        let signature = BASE64URL.encode(pair.sign(signed.as_bytes()));
        Ok(Some(format!("{signed}.{signature}")))
    }

    /// The public keys as a JWK set (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> Value {
        let jwk = |key: &SigningKey| {
            json!({
                "kty": "OKP", "crv": "Ed25519", "x": x_of(&key.pair), "kid": key.kid, "alg": ALGORITHM, "use": "sig",
            })
        };
        json!({ "keys": self.keys.iter().map(jwk).collect::<Vec<_>>() })
    }
}

fn x_of(pair: &Ed25519KeyPair) -> String {
    BASE64URL.encode(pair.public_key())
}

/// RFC 7638 for a key of RFC 8037.
fn thumbprint(x: &str) -> String {
    let members = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64URL.encode(digest(&SHA256, members.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_the_name_of_the_standard() {
        // RFC 8037, appendices A.1 to A.3.
        let seed =
            BASE64URL.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap().try_into().unwrap();
        let keys = SigningKeys::new(&Keys(vec![seed]), "i").unwrap();
        let jwks = keys.jwks();
        assert_eq!(jwks["keys"][0]["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(jwks["keys"][0]["kid"], "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
    }
}
