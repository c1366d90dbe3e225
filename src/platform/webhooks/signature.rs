//! Signatures of webhooks, as the symmetric scheme of Standard Webhooks
//! describes them: `v1,` and base64 of HMAC-SHA-256 over `id.timestamp.body`.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

use crate::domain::timestamp::Timestamp;
use crate::platform::random::{self, NoRandomness};

/// Header with the id of the message; the same through all attempts.
pub const ID_HEADER: &str = "webhook-id";
/// Header with the moment of the attempt, in seconds since 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// Header with the signatures, separated by spaces.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// How far the clocks of sender and receiver may differ, in seconds.
const TOLERANCE_SECONDS: u64 = 5 * 60;
/// What a secret starts with on the wire.
const PREFIX: &str = "whsec_";
/// Fewest and most bytes of a secret.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// A secret that sender and receiver share. `Debug` prints `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct WebhookSecret(Vec<u8>);

impl WebhookSecret {
    /// A new one of 32 random bytes.
    pub fn generate() -> Result<Self, NoRandomness> {
        Ok(Self(random::bytes::<32>()?.to_vec()))
    }

    /// Reads `whsec_` and base64 of 24 to 64 bytes; the prefix may be left out.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = STANDARD.decode(text.strip_prefix(PREFIX).unwrap_or(text)).ok()?;
        SECRET_BYTES.contains(&bytes.len()).then_some(Self(bytes))
    }

    /// `whsec_` and base64, for the one answer that shows it and for sealing it.
    #[must_use]
    pub fn expose(&self) -> String {
        format!("{PREFIX}{}", STANDARD.encode(&self.0))
    }

    fn key(&self) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, &self.0)
    }
}

impl fmt::Debug for WebhookSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The three headers of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headers {
    /// `webhook-id`; holds no full stop.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signature: String,
}

impl Headers {
    /// Signs a message with each of the secrets, so that the receiver may know
    /// any of them.
    #[must_use]
    pub fn sign<'a>(
        id: &str,
        now: Timestamp,
        body: &[u8],
        secrets: impl IntoIterator<Item = &'a WebhookSecret>,
    ) -> Self {
        let timestamp = seconds(now).to_string();
        let signed = content(id, &timestamp, body);
        let one = |secret: &WebhookSecret| {
            format!("v1,{}", STANDARD.encode(hmac::sign(&secret.key(), &signed).as_ref()))
        };
        let signatures: Vec<String> = secrets.into_iter().map(one).collect();
        Self { id: id.to_owned(), timestamp, signature: signatures.join(" ") }
    }

    /// Whether one of the signatures was made of this body with the secret, at
    /// most five minutes from `now`. Compares in constant time; signatures of
    /// other schemes are passed over.
    pub fn verify(&self, body: &[u8], secret: &WebhookSecret, now: Timestamp) -> Result<(), Unverified> {
        let timestamp: i64 = self.timestamp.parse().map_err(|_| Unverified::Malformed)?;
        if timestamp.abs_diff(seconds(now)) > TOLERANCE_SECONDS {
            return Err(Unverified::OutOfTime);
        }
        let (key, signed) = (secret.key(), content(&self.id, &self.timestamp, body));
        let matches = |signature: &str| {
            let tag = signature.strip_prefix("v1,").and_then(|text| STANDARD.decode(text).ok());
            tag.is_some_and(|tag| hmac::verify(&key, &signed, &tag).is_ok())
        };
        if self.signature.split(' ').any(matches) { Ok(()) } else { Err(Unverified::WrongSignature) }
    }
}

/// Why a webhook is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unverified {
    /// The timestamp is no number.
    Malformed,
    /// Too old, or from the future: perhaps a repetition by somebody else.
    OutOfTime,
    /// No signature fits.
    WrongSignature,
}

impl fmt::Display for Unverified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the timestamp can't be read",
            Self::OutOfTime => "the timestamp is more than five minutes away",
            Self::WrongSignature => "no signature fits",
        })
    }
}

impl std::error::Error for Unverified {}

fn seconds(moment: Timestamp) -> i64 {
    moment.as_millis().div_euclid(1_000)
}

fn content(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    // The vector that the libraries of the specification test against.
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const SECONDS: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;
    const SIGNATURE: &str = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000).unwrap()
    }

    fn secret() -> WebhookSecret {
        WebhookSecret::parse(SECRET).unwrap()
    }

    fn published() -> Headers {
        Headers { id: ID.to_owned(), timestamp: SECONDS.to_string(), signature: SIGNATURE.to_owned() }
    }

    #[test]
    fn the_published_vector_is_signed_and_verified() {
        assert_eq!(Headers::sign(ID, at(SECONDS), BODY, [&secret()]), published());
        assert_eq!(published().verify(BODY, &secret(), at(SECONDS)), Ok(()));
        assert_eq!(WebhookSecret::parse(&SECRET["whsec_".len()..]), Some(secret()));
    }

    #[test]
    fn every_active_secret_signs_and_any_of_them_verifies() {
        let (old, new) = (secret(), WebhookSecret::generate().unwrap());
        let headers = Headers::sign(ID, at(SECONDS), BODY, [&new, &old]);
        assert_eq!(headers.signature.split(' ').count(), 2);
        assert!(headers.signature.ends_with(SIGNATURE));
        for known in [&old, &new] {
            assert_eq!(headers.verify(BODY, known, at(SECONDS)), Ok(()));
        }
        let stranger = WebhookSecret::generate().unwrap();
        assert_eq!(headers.verify(BODY, &stranger, at(SECONDS)), Err(Unverified::WrongSignature));
    }

    #[test]
    fn what_was_changed_on_the_way_is_not_trusted() {
        let verify = |headers: Headers, body: &[u8]| headers.verify(body, &secret(), at(SECONDS));
        assert_eq!(verify(published(), b"{\"test\": 2}"), Err(Unverified::WrongSignature));
        let other_id = Headers { id: "msg_other".to_owned(), ..published() };
        assert_eq!(verify(other_id, BODY), Err(Unverified::WrongSignature));
        let other_time = Headers { timestamp: (SECONDS + 1).to_string(), ..published() };
        assert_eq!(verify(other_time, BODY), Err(Unverified::WrongSignature));
        for signature in ["", "v1", "v1,", &SIGNATURE[3..], &SIGNATURE.replace("v1", "v2"), &SIGNATURE[..40]]
        {
            let headers = Headers { signature: signature.to_owned(), ..published() };
            assert_eq!(verify(headers, BODY), Err(Unverified::WrongSignature), "{signature}");
        }
        let among_others =
            Headers { signature: format!("v1a,abc v1,abc  nonsense {SIGNATURE}"), ..published() };
        assert_eq!(verify(among_others, BODY), Ok(()));
    }

    #[test]
    fn an_attempt_is_good_for_five_minutes_in_both_directions() {
        for (now, verified) in [
            (SECONDS - 300, Ok(())),
            (SECONDS + 300, Ok(())),
            (SECONDS - 301, Err(Unverified::OutOfTime)),
            (SECONDS + 301, Err(Unverified::OutOfTime)),
        ] {
            assert_eq!(published().verify(BODY, &secret(), at(now)), verified, "{now}");
        }
        for timestamp in ["", "now", "1e9", "99999999999999999999"] {
            let headers = Headers { timestamp: timestamp.to_owned(), ..published() };
            assert_eq!(headers.verify(BODY, &secret(), at(SECONDS)), Err(Unverified::Malformed));
        }
        let smallest = Headers { timestamp: i64::MIN.to_string(), ..published() };
        assert_eq!(smallest.verify(BODY, &secret(), at(SECONDS)), Err(Unverified::OutOfTime));
    }

    #[test]
    fn a_secret_has_24_to_64_bytes_and_is_never_shown_by_accident() {
        let new = WebhookSecret::generate().unwrap();
        assert_eq!(WebhookSecret::parse(&new.expose()), Some(new.clone()));
        assert_eq!(format!("{new:?}"), "***");
        for (bytes, good) in [(23, false), (24, true), (64, true), (65, false)] {
            let text = format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
            assert_eq!(WebhookSecret::parse(&text).is_some(), good, "{bytes}");
        }
        for bad in ["", "whsec_", "whsec_%%%", "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"] {
            assert_eq!(WebhookSecret::parse(bad), None, "{bad}");
        }
    }
}
