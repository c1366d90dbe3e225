//! Signed tokens: only who has the secret gets in.

use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt as _;
use oc::config::{Auth, Identity as Settings, Jwt, Secret};
use oc::domain::claims::{Claims, Person, Terms};
use oc::domain::timestamp::Timestamp;
use oc::platform::identity::jws::{Key, Token};
use oc::platform::identity::key_set::KeySet;
use oc::platform::identity::{Identity, Refusal};
use ring::hmac;

const SECRET: &str = "kT3yVw9xQe2ZrB7uLmN0aHsJd5fGcPq1";
const ISSUER: &str = "https://id.example";
const AUDIENCE: &str = "oc";
const LEEWAY: Duration = Duration::from_secs(30);
/// 2026-11-21T00:00:00Z, in milliseconds since 1970.
const NOW: i64 = 1_795_219_200_000;

static IDENTITY: LazyLock<Identity> = LazyLock::new(|| {
    let secret = Some(Secret::new(SECRET.to_owned()));
    let jwt = Jwt { secret, jwks: None, issuer: ISSUER.to_owned(), audience: AUDIENCE.to_owned() };
    Identity::new(
        &Settings { auth: Auth::Jwt, jwt: Some(jwt), service_secrets: Vec::new(), leeway: LEEWAY },
        None,
    )
});

/// The public halves of keys that nobody here has the other half of.
static PUBLIC: LazyLock<Vec<Key>> = LazyLock::new(|| {
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).expect("base64url");
    vec![
        Key::ed25519(bytes("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")),
        Key::p256(
            &bytes("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"),
            &bytes("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"),
        ),
        Key::rsa(vec![0xc5; 256], vec![1, 0, 1]),
    ]
});

/// A text is let in exactly if it bears the HMAC of the secret; then what it says
/// holds. The input is a token, and the header and claims of one, in two lines,
/// which is signed here.
pub fn token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let person = recognised(text);
    assert!(person.is_none() || is_signed(text));
    if let Ok(token) = Token::parse(text) {
        assert!(PUBLIC.iter().all(|key| token.checked_by(key).is_err()));
    }
    if let Some((header, claims)) = text.split_once('\n') {
        assert_signed(header, claims);
    }
}

fn assert_signed(header: &str, claims: &str) {
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()), signed.as_bytes());
    let text = format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag));
    let Some(person) = recognised(&text) else { return };
    assert!(!person.subject.is_empty());
    // What anybody may read of it says the same.
    let now = Timestamp::from_millis(NOW).expect("a time");
    let terms = Terms { issuer: ISSUER.to_owned(), audience: AUDIENCE.to_owned(), leeway: LEEWAY };
    let read = Claims::read(claims.as_bytes()).and_then(|claims| claims.check(&terms, now));
    assert_eq!(read.as_ref(), Ok(&person));
    // A claim that is passed over may be a number that is too large to read.
    if let Ok(said) = serde_json::from_str::<serde_json::Value>(claims) {
        assert_eq!(said["iss"], ISSUER);
        assert!(said["exp"].as_f64().is_some_and(|end| end + 30.0 > 1_795_219_200.0));
    }
    // One other symbol anywhere, and it is nobody's.
    for place in [0, signed.len() / 2, signed.len() - 1, signed.len() + 1] {
        let mut other = text.clone().into_bytes();
        if let Some(symbol) = other.get_mut(place).filter(|symbol| **symbol != b'.') {
            *symbol = if *symbol == b'A' { b'B' } else { b'A' };
        }
        let other = String::from_utf8(other).expect("ASCII");
        assert!(other == text || recognised(&other).is_none());
    }
    assert!(recognised(&signed).is_none() && recognised(&format!("{signed}.")).is_none());
}

/// Whom the door lets in, which has no keys to wait for.
fn recognised(token: &str) -> Option<Person> {
    let now = Timestamp::from_millis(NOW).expect("a time");
    let door = IDENTITY.door().expect("a door");
    let answer = door.recognise(token, now).now_or_never().expect("an answer at once");
    match answer {
        Ok(person) => Some(person),
        Err(Refusal::Bad(_)) => None,
        Err(Refusal::NoKeys) => panic!("no keys are needed"),
    }
}

fn is_signed(text: &str) -> bool {
    let Some((signed, tag)) = text.rsplit_once('.') else { return false };
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    URL_SAFE_NO_PAD.decode(tag).is_ok_and(|tag| hmac::verify(&key, signed.as_bytes(), &tag).is_ok())
}

/// Keys of an identity provider: a shared secret is never one of them, and what is
/// no key is passed over.
pub fn key_set(data: &[u8]) {
    let Some(keys) = KeySet::parse(data) else { return };
    let said: serde_json::Value = serde_json::from_slice(data).expect("JSON");
    let ids = said["keys"].as_array().into_iter().flatten().filter_map(|key| key["kid"].as_str());
    let found: Vec<&Key> = ids.filter_map(|kid| keys.find(kid)).collect();
    assert!(!found.is_empty(), "a set is never empty");
    let text = "eyJhbGciOiJFZERTQSJ9.e30.AA";
    let token = Token::parse(text).expect("a token");
    for key in found {
        assert!(!matches!(key, Key::Secret(_)));
        assert!(token.checked_by(key).is_err());
    }
}
