//! A session of somebody whose code was right: what it says and how long it lasts.
//!
//! It is bound to one access code, not to a document: when that code dies, by a
//! re-issue or a revocation, the session is over with it.

use std::time::Duration;

use uuid::Uuid;

use super::ids::TenantId;
use super::timestamp::Timestamp;
use super::words::SecondFactor;

/// How long a session lasts without being used.
pub const IDLE: Duration = Duration::from_secs(15 * 60);
/// How long it lasts at most.
pub const LONGEST: Duration = Duration::from_secs(60 * 60);

/// A keyed hash that stands for an address in a session.
pub type AddressTag = [u8; 32];

/// Length of what [`Session::to_bytes`] makes, without the tenant.
const HEAD: usize = 81;

/// A second factor that is asked for, or was right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Factor {
    /// How a number is sent.
    pub channel: SecondFactor,
    /// Where to.
    pub to: AddressTag,
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose document it is about.
    pub tenant: TenantId,
    /// The access code that was right.
    pub code: Uuid,
    /// Its name; a number that was sent belongs to it.
    pub id: Uuid,
    /// When it began.
    pub begun: Timestamp,
    /// When it was used last.
    pub seen: Timestamp,
    /// Which second factor was right, too.
    pub passed: Option<Factor>,
}

impl Session {
    /// A session that begins now.
    #[must_use]
    pub fn begin(tenant: TenantId, code: Uuid, id: Uuid, now: Timestamp) -> Self {
        Self { tenant, code, id, begun: now, seen: now, passed: None }
    }

    /// When it ends if nobody uses it any more.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.seen.plus(IDLE).min(self.begun.plus(LONGEST))
    }

    /// The session after it was used; `None` if it was over.
    #[must_use]
    pub fn used(self, now: Timestamp) -> Option<Self> {
        (now < self.ends_at()).then(|| Self { seen: self.seen.max(now), ..self })
    }

    /// The session after this second factor was right, too.
    #[must_use]
    pub fn raised(self, passed: Factor) -> Self {
        Self { passed: Some(passed), ..self }
    }

    /// Whether it opens a document that asks for this second factor. A number that was
    /// sent to another address does not.
    ///
    /// `wanted` is empty where none is asked for, and the same one under each key else.
    #[must_use]
    pub fn opens(&self, wanted: &[Factor]) -> bool {
        wanted.is_empty() || self.passed.is_some_and(|passed| wanted.contains(&passed))
    }

    /// The session as bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + self.tenant.as_str().len());
        bytes.extend_from_slice(self.code.as_bytes());
        bytes.extend_from_slice(self.id.as_bytes());
        bytes.extend_from_slice(&self.begun.as_millis().to_be_bytes());
        bytes.extend_from_slice(&self.seen.as_millis().to_be_bytes());
        let channel = self.passed.map_or(SecondFactor::None, |factor| factor.channel);
        bytes.push(match channel {
            SecondFactor::None => 0,
            SecondFactor::Sms => 1,
            SecondFactor::Email => 2,
        });
        bytes.extend_from_slice(&self.passed.map_or([0; 32], |factor| factor.to));
        bytes.extend_from_slice(self.tenant.as_str().as_bytes());
        bytes
    }

    /// Reads what [`Session::to_bytes`] made.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (code, rest) = bytes.split_first_chunk::<16>()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let (begun, rest) = rest.split_first_chunk::<8>()?;
        let (seen, rest) = rest.split_first_chunk::<8>()?;
        let (channel, rest) = rest.split_first()?;
        let (to, tenant) = rest.split_first_chunk::<32>()?;
        let passed = |channel| Some(Factor { channel, to: *to });
        Some(Self {
            tenant: TenantId::parse(std::str::from_utf8(tenant).ok()?).ok()?,
            code: Uuid::from_bytes(*code),
            id: Uuid::from_bytes(*id),
            begun: Timestamp::from_millis(i64::from_be_bytes(*begun))?,
            seen: Timestamp::from_millis(i64::from_be_bytes(*seen))?,
            passed: match channel {
                0 => None,
                1 => passed(SecondFactor::Sms),
                2 => passed(SecondFactor::Email),
                _ => return None,
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_millis(1_790_000_000_000 + minutes * 60_000).unwrap()
    }

    fn session() -> Session {
        Session::begin(TenantId::parse("praxis").unwrap(), Uuid::from_u128(1), Uuid::from_u128(2), at(0))
    }

    #[test]
    fn a_session_rests_for_a_quarter_of_an_hour_and_lasts_an_hour() {
        assert!(session().used(at(15)).is_none());
        let mut used = session();
        for minute in (10..60).step_by(10) {
            used = used.used(at(minute)).unwrap();
        }
        assert_eq!(used.ends_at(), at(60));
        assert!(used.clone().used(at(59)).is_some() && used.used(at(60)).is_none());
    }

    #[test]
    fn a_session_opens_what_asks_for_no_more_than_it_has_shown() {
        let factor = |channel, to| Factor { channel, to: [to; 32] };
        let email = factor(SecondFactor::Email, 1);
        let (plain, raised) = (session(), session().raised(email));
        assert!(plain.opens(&[]) && !plain.opens(&[email]));
        assert!(raised.opens(&[]) && raised.opens(&[email]));
        assert!(!raised.opens(&[factor(SecondFactor::Sms, 1)]), "the sender asks for another by now");
        assert!(!raised.opens(&[factor(SecondFactor::Email, 2)]), "it goes to another address by now");
    }

    #[test]
    fn a_session_is_read_back() {
        let raised = [SecondFactor::Sms, SecondFactor::Email]
            .map(|channel| session().raised(Factor { channel, to: [7; 32] }));
        for session in raised.into_iter().chain([session()]) {
            let bytes = session.to_bytes();
            assert_eq!(Session::from_bytes(&bytes), Some(session));
            for length in 0..HEAD + 1 {
                assert_eq!(Session::from_bytes(&bytes[..length]), None, "{length}");
            }
        }
    }
}
