//! Tokens, good and bad, and the keys that sign them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use serde_json::{Value, json};

use super::Settings;

/// A `JWT_SECRET`.
pub const SECRET: &str = "kT3yVw9xQe2ZrB7uLmN0aHsJd5fGcPq1";
/// A `SERVICE_TOKEN_SECRET`.
pub const SERVICE_SECRET: &str = "Wq8nRz4bXv1MjK6tYpD3sEoU7hAiCl2F";
/// Another secret.
pub const OTHER_SECRET: &str = "Zx5mQ2wEr8TyB1uNk7PoL4iJh6GfDs3A";
/// Every scope.
pub const EVERY_SCOPE: &str = "documents:read documents:write documents:send transfer:write audit:read admin";

/// The settings of a role that takes tokens of [`SECRET`].
pub const JWT: Settings<'static> =
    &[("AUTH", "jwt"), ("JWT_SECRET", SECRET), ("JWT_ISSUER", "https://id.example"), ("JWT_AUDIENCE", "oc")];

/// A key that signs.
pub enum Signer {
    Secret(Vec<u8>),
    Rsa(Box<RsaKeyPair>),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl Signer {
    pub fn secret(secret: &[u8]) -> Self {
        Self::Secret(secret.to_vec())
    }

    /// Always the same key: ring makes none.
    pub fn rsa() -> Self {
        let key = RsaKeyPair::from_pkcs8(include_bytes!("../identity/rsa-key.der")).unwrap();
        Self::Rsa(Box::new(key))
    }

    pub fn p256() -> Self {
        let random = SystemRandom::new();
        let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
        let key = EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Self::P256(EcdsaKeyPair::from_pkcs8(algorithm, key.as_ref(), &random).unwrap())
    }

    pub fn ed25519() -> Self {
        let key = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        Self::Ed25519(Ed25519KeyPair::from_pkcs8(key.as_ref()).unwrap())
    }

    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Secret(_) => "HS256",
            Self::Rsa(_) => "RS256",
            Self::P256(_) => "ES256",
            Self::Ed25519(_) => "EdDSA",
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Secret(secret) => {
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec()
            }
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
            Self::P256(key) => key.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Ed25519(key) => key.sign(message).as_ref().to_vec(),
        }
    }

    /// The public half as it stands in a JWKS.
    pub fn jwk(&self, kid: &str) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Secret(secret) => json!({"kty": "oct", "kid": kid, "k": text(secret)}),
            Self::Rsa(key) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({"kty": "RSA", "kid": kid, "use": "sig", "n": text(&public.n), "e": text(&public.e)})
            }
            Self::P256(key) => {
                let (x, y) = key.public_key().as_ref()[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": kid, "x": text(x), "y": text(y)})
            }
            Self::Ed25519(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "kid": kid, "alg": "EdDSA", "x": text(key.public_key().as_ref())})
            }
        }
    }

    /// The public half as everybody can read it.
    pub fn public(&self) -> Vec<u8> {
        match self {
            Self::Secret(secret) => secret.clone(),
            Self::Rsa(key) => key.public().as_ref().to_vec(),
            Self::P256(key) => key.public_key().as_ref().to_vec(),
            Self::Ed25519(key) => key.public_key().as_ref().to_vec(),
        }
    }

    /// A token with this header; `alg` is added where it is missing.
    pub fn token_with(&self, mut header: Value, claims: &Value) -> String {
        if header.get("alg").is_none() {
            header["alg"] = json!(self.algorithm());
        }
        let parts = [header, claims.clone()].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = parts.join(".");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(self.sign(signed.as_bytes())))
    }

    /// A token that names its key.
    pub fn token(&self, kid: &str, claims: &Value) -> String {
        self.token_with(json!({ "kid": kid, "typ": "JWT" }), claims)
    }
}

/// Seconds since 1970.
pub fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}

/// Claims that hold, with these rights of tenant `praxis`.
pub fn claims(scope: &str) -> Value {
    json!({"iss": "https://id.example", "aud": "oc", "sub": "anna", "tenant_id": "praxis",
           "scope": scope, "iat": now(), "exp": now() + 600})
}

/// Claims of which one is different.
pub fn claims_but(name: &str, value: Value) -> Value {
    let mut claims = claims(EVERY_SCOPE);
    claims[name] = value;
    claims
}

/// A good token of [`SECRET`].
pub fn token(scope: &str) -> String {
    Signer::secret(SECRET.as_bytes()).token_with(json!({"typ": "JWT"}), &claims(scope))
}

/// A JWKS of these keys.
pub fn key_set(keys: &[Value]) -> String {
    json!({ "keys": keys }).to_string()
}
