//! Signed tokens in their compact form (RFC 7515): `header.payload.signature`.
//!
//! A key belongs to one algorithm, and a token that says another one is not even
//! tried: what the header says never chooses how a key is used.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};

use crate::domain::claims::BadToken;

/// Longest token in bytes.
const TOKEN_MAX: usize = 8 * 1_024;

/// How a token is signed (RFC 7518, RFC 8037). There is no `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA with P-256 and SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// Reads a name as it stands in a header or in a key.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "HS256" => Some(Self::Hs256),
            "RS256" => Some(Self::Rs256),
            "ES256" => Some(Self::Es256),
            "EdDSA" => Some(Self::EdDsa),
            _ => None,
        }
    }
}

/// What checks signatures of one algorithm.
pub enum Key {
    /// A shared secret, for HS256.
    Secret(hmac::Key),
    /// Modulus and exponent, for RS256.
    Rsa(RsaPublicKeyComponents<Vec<u8>>),
    /// An uncompressed point on P-256, for ES256.
    P256(UnparsedPublicKey<Vec<u8>>),
    /// A point, for `EdDSA`.
    Ed25519(UnparsedPublicKey<Vec<u8>>),
}

impl Key {
    /// A shared secret.
    #[must_use]
    pub fn secret(bytes: &[u8]) -> Self {
        Self::Secret(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// Modulus and exponent of RSA, big-endian.
    #[must_use]
    pub fn rsa(n: Vec<u8>, e: Vec<u8>) -> Self {
        Self::Rsa(RsaPublicKeyComponents { n, e })
    }

    /// Both coordinates of a point on P-256, 32 bytes each.
    #[must_use]
    pub fn p256(x: &[u8], y: &[u8]) -> Self {
        Self::P256(UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, [&[4], x, y].concat()))
    }

    /// A key of Ed25519, 32 bytes.
    #[must_use]
    pub fn ed25519(x: Vec<u8>) -> Self {
        Self::Ed25519(UnparsedPublicKey::new(&ED25519, x))
    }

    /// The one algorithm that it is for.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        match self {
            Self::Secret(_) => Algorithm::Hs256,
            Self::Rsa(_) => Algorithm::Rs256,
            Self::P256(_) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let checked = match self {
            Self::Secret(key) => hmac::verify(key, message, signature),
            Self::Rsa(key) => key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature),
            Self::P256(key) | Self::Ed25519(key) => key.verify(message, signature),
        };
        checked.is_ok()
    }
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    /// Extensions that must be understood; none is.
    crit: Option<serde::de::IgnoredAny>,
}

/// A token whose form is right and whose signature nobody has checked yet. What it
/// says comes out only of [`Token::checked_by`].
pub struct Token<'a> {
    /// How it says that it is signed.
    pub algorithm: Algorithm,
    /// Which key it says that it is signed with.
    pub kid: Option<String>,
    /// What kind of token it says that it is.
    pub kind: Option<String>,
    signed: &'a str,
    payload: &'a str,
    signature: Vec<u8>,
}

impl<'a> Token<'a> {
    /// Takes a token apart.
    pub fn parse(text: &'a str) -> Result<Self, BadToken> {
        if text.len() > TOKEN_MAX {
            return Err(BadToken("is too long"));
        }
        let (signed, signature) = text.rsplit_once('.').ok_or(BadToken("is no JWS"))?;
        let (header, payload) = signed.split_once('.').ok_or(BadToken("is no JWS"))?;
        let header: Header = serde_json::from_slice(&decoded(header)?)
            .map_err(|_| BadToken("has a header that can't be read"))?;
        if header.crit.is_some() {
            return Err(BadToken("asks for extensions that are unknown"));
        }
        let algorithm =
            Algorithm::parse(&header.alg).ok_or(BadToken("is signed in a way that is not taken"))?;
        let signature = decoded(signature)?;
        Ok(Self { algorithm, kid: header.kid, kind: header.typ, signed, payload, signature })
    }

    /// The payload, if this key has signed it.
    pub fn checked_by(&self, key: &Key) -> Result<Vec<u8>, BadToken> {
        if key.algorithm() != self.algorithm {
            return Err(BadToken("says another algorithm than its key is for"));
        }
        if !key.has_signed(self.signed.as_bytes(), &self.signature) {
            return Err(BadToken("has a wrong signature"));
        }
        decoded(self.payload)
    }
}

fn decoded(part: &str) -> Result<Vec<u8>, BadToken> {
    URL_SAFE_NO_PAD.decode(part).map_err(|_| BadToken("is not written in base64url"))
}

/// A token of this kind with these claims, signed with HS256.
pub fn signed(key: &hmac::Key, kind: &str, claims: &impl Serialize) -> Result<String, serde_json::Error> {
    let header = serde_json::json!({ "alg": "HS256", "typ": kind }).to_string();
    let mut token = URL_SAFE_NO_PAD.encode(header);
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(serde_json::to_vec(claims)?, &mut token);
    let signature = hmac::sign(key, token.as_bytes());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature.as_ref(), &mut token);
    Ok(token)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn token(header: &serde_json::Value, signature: &[u8]) -> String {
        let parts =
            [header.to_string().as_bytes(), b"{}", signature].map(|part| URL_SAFE_NO_PAD.encode(part));
        parts.join(".")
    }

    /// The example of RFC 7515, appendix A.1.
    #[test]
    fn the_example_of_the_standard_is_accepted() {
        let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let key = Key::secret(&URL_SAFE_NO_PAD.decode(secret).unwrap());
        let payload = Token::parse(token).unwrap().checked_by(&key).unwrap();
        assert!(String::from_utf8(payload).unwrap().contains(r#""iss":"joe""#));
        let changed = token.replacen(".e", ".f", 1);
        assert_eq!(Token::parse(&changed).unwrap().checked_by(&key), Err(BadToken("has a wrong signature")));
    }

    /// The example of RFC 8037, appendix A.4.
    #[test]
    fn the_example_of_ed25519_is_accepted() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        let key = Key::ed25519(URL_SAFE_NO_PAD.decode(x).unwrap());
        let payload = Token::parse(token).unwrap().checked_by(&key).unwrap();
        assert_eq!(payload, b"Example of Ed25519 signing");
    }

    #[test]
    fn what_is_no_token_is_refused() {
        let long = format!("{}.e30.AA", "A".repeat(TOKEN_MAX));
        for bad in ["", ".", "..", "a.b", "a.b.c.d", "e30.e30.AA", "e30=.e30.AA", long.as_str()] {
            assert!(Token::parse(bad).is_err(), "{bad}");
        }
        for header in [
            json!({"alg": "none"}),
            json!({"alg": "None"}),
            json!({"alg": "hs256"}),
            json!({"alg": "HS512"}),
            json!({"alg": ""}),
            json!({"alg": ["HS256"]}),
            json!({"alg": "HS256", "crit": ["exp"]}),
            json!({"alg": "HS256", "kid": 7}),
            json!(["HS256"]),
        ] {
            assert!(Token::parse(&token(&header, b"")).is_err(), "{header}");
        }
        let twice = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","alg":"none"}"#);
        assert!(Token::parse(&format!("{twice}.e30.AA")).is_err());
    }

    #[test]
    fn a_key_is_used_for_its_own_algorithm_only() {
        let secret = b"a public key is known to everybody";
        let keys = [
            Key::secret(secret),
            Key::rsa(secret.to_vec(), vec![1, 0, 1]),
            Key::p256(&[1; 32], &[2; 32]),
            Key::ed25519(secret[..32].to_vec()),
        ];
        for name in ["HS256", "RS256", "ES256", "EdDSA"] {
            let text = token(&json!({ "alg": name }), b"signature");
            let token = Token::parse(&text).unwrap();
            for key in &keys {
                let why = match key.algorithm() == token.algorithm {
                    true => "has a wrong signature",
                    false => "says another algorithm than its key is for",
                };
                assert_eq!(token.checked_by(key), Err(BadToken(why)), "{name}");
            }
        }
    }
}
