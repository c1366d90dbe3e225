//! The secrets of one endpoint: the newest, and those before it for as long as
//! the receiver may still be using them. Stored as one sealed value.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::signature::WebhookSecret;
use crate::domain::timestamp::Timestamp;
use crate::platform::tenants::{Field, Vault, VaultError};

/// How long a secret goes on signing after a newer one has taken its place.
pub const OLD_SECRET_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// Where they are stored.
const SECRETS: Field = Field::new("webhook_endpoints", "secrets");

/// Most secrets that sign at the same time.
const SECRETS_MAX: usize = 4;

/// The secrets of one endpoint, the newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningSecrets(Vec<Held>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    /// The operation that made it.
    id: Uuid,
    secret: WebhookSecret,
    /// When it stops to sign; the newest never does.
    until: Option<Timestamp>,
}

/// A secret as it stands inside the seal.
#[derive(Serialize, Deserialize)]
struct Written {
    id: Uuid,
    secret: String,
    until: Option<i64>,
}

/// A rotation while too many earlier secrets still sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooManySecrets;

impl SigningSecrets {
    /// Those of a new endpoint; `id` names the operation that makes it.
    #[must_use]
    pub fn new(id: Uuid, secret: WebhookSecret) -> Self {
        Self(vec![Held { id, secret, until: None }])
    }

    /// The secret that an operation made, while it still signs.
    #[must_use]
    pub fn made_by(&self, id: Uuid) -> Option<&WebhookSecret> {
        self.0.iter().find(|held| held.id == id).map(|held| &held.secret)
    }

    /// Puts a newer secret in front. Those before it sign on until each has
    /// done so for [`OLD_SECRET_LIFE`], so that a rotation that is repeated,
    /// because its answer was lost, does not shut out a receiver.
    pub fn rotated(&self, id: Uuid, newest: WebhookSecret, now: Timestamp) -> Result<Self, TooManySecrets> {
        let until = now.plus(OLD_SECRET_LIFE);
        let old = self.0.iter().filter(|held| held.signs(now));
        let old = old.map(|held| Held { until: held.until.or(Some(until)), ..held.clone() });
        let all: Vec<Held> = std::iter::once(Held { id, secret: newest, until: None }).chain(old).collect();
        if all.len() > SECRETS_MAX { Err(TooManySecrets) } else { Ok(Self(all)) }
    }

    /// The secrets that sign at this moment, the newest first.
    pub fn active(&self, now: Timestamp) -> impl Iterator<Item = &WebhookSecret> {
        self.0.iter().filter(move |held| held.signs(now)).map(|held| &held.secret)
    }

    /// Encrypts them for the database, bound to the endpoint.
    pub fn seal(&self, vault: &Vault, endpoint: Uuid) -> Result<Vec<u8>, VaultError> {
        let written: Vec<Written> = self.0.iter().map(Written::of).collect();
        vault.seal_json(SECRETS, endpoint, &written)
    }

    /// Decrypts what [`SigningSecrets::seal`] made for the same endpoint.
    pub fn open(sealed: &[u8], vault: &Vault, endpoint: Uuid) -> Result<Self, VaultError> {
        let written: Vec<Written> = vault.open_json(SECRETS, endpoint, sealed)?;
        let held: Option<Vec<Held>> = written.iter().map(Written::read).collect();
        held.map(Self).ok_or(VaultError::Unreadable)
    }
}

impl Held {
    fn signs(&self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

impl Written {
    fn of(held: &Held) -> Self {
        Self { id: held.id, secret: held.secret.expose(), until: held.until.map(Timestamp::as_millis) }
    }

    fn read(&self) -> Option<Held> {
        let until = match self.until {
            Some(millis) => Some(Timestamp::from_millis(millis)?),
            None => None,
        };
        Some(Held { id: self.id, secret: WebhookSecret::parse(&self.secret)?, until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis).unwrap()
    }

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn some() -> WebhookSecret {
        WebhookSecret::generate().unwrap()
    }

    fn active(secrets: &SigningSecrets, now: i64) -> Vec<WebhookSecret> {
        secrets.active(at(now)).cloned().collect()
    }

    #[test]
    fn the_old_secret_signs_beside_the_new_one_for_a_day() {
        let (old, new) = (some(), some());
        let secrets = SigningSecrets::new(id(1), old.clone());
        assert_eq!(active(&secrets, 1_000 * 24 * HOUR), std::slice::from_ref(&old));
        let rotated = secrets.rotated(id(2), new.clone(), at(0)).unwrap();
        assert_eq!(active(&rotated, 0), [new.clone(), old.clone()]);
        assert_eq!((rotated.made_by(id(1)), rotated.made_by(id(9))), (Some(&old), None));
        assert_eq!(active(&rotated, 24 * HOUR - 1), [new.clone(), old]);
        assert_eq!(active(&rotated, 24 * HOUR), [new]);
    }

    #[test]
    fn a_repeated_rotation_does_not_shut_out_the_receiver() {
        let (first, second, third, fourth) = (some(), some(), some(), some());
        let secrets =
            SigningSecrets::new(id(1), first.clone()).rotated(id(3), second.clone(), at(0)).unwrap();
        let secrets = secrets.rotated(id(4), third.clone(), at(HOUR)).unwrap();
        assert_eq!(active(&secrets, 2 * HOUR), [third.clone(), second.clone(), first]);
        assert_eq!(active(&secrets, 24 * HOUR), [third.clone(), second]);
        let secrets = secrets.rotated(id(5), fourth.clone(), at(2 * HOUR)).unwrap();
        assert_eq!(secrets.rotated(id(6), some(), at(3 * HOUR)), Err(TooManySecrets));
        let later = secrets.rotated(id(7), some(), at(26 * HOUR)).unwrap();
        assert_eq!(active(&later, 26 * HOUR)[1..], [fourth]);
    }

    #[test]
    fn sealed_secrets_open_only_for_their_endpoint() {
        let (vault, other) = (Vault::with_keys("north", &[(1, 1)]), Vault::with_keys("south", &[(1, 1)]));
        let endpoint = Uuid::from_u128(7);
        let secrets = SigningSecrets::new(id(1), some()).rotated(id(8), some(), at(0)).unwrap();
        let sealed = secrets.seal(&vault, endpoint).unwrap();
        assert_eq!(SigningSecrets::open(&sealed, &vault, endpoint), Ok(secrets));
        assert!(SigningSecrets::open(&sealed, &other, endpoint).is_err());
        assert!(SigningSecrets::open(&sealed, &vault, Uuid::from_u128(8)).is_err());
    }
}
