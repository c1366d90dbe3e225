//! How often anybody may type a wrong code (docs/OPERATING.md, *Limits*).
//!
//! Look first ([`Guesses::check`]), compare the code, then tell what came of it
//! ([`Guesses::note_failure`], [`Guesses::note_success`]). Guesses that are under
//! way at the same moment are all let in; what bounds them exactly is the counter
//! of the code in the database.

use std::net::IpAddr;
use std::time::Duration;

use super::{Backoff, Found, Limits, Rule, Step, octets};
use crate::domain::ids::TenantId;

const MINUTE: u64 = 60;
const DAY: u64 = 86_400;

/// How somebody came to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By typing a code: under every limit.
    Code,
    /// By a link that is secret by itself: limits that others may use up, of the
    /// address, the tenant and the instance, do not shut it out.
    Link,
}

/// A guess: at what, by whom.
#[derive(Debug, Clone, Copy)]
pub struct Guess<'a> {
    /// What was typed, or the part of it that selects a document. Kept as a keyed hash only.
    pub code: &'a str,
    /// Address of the caller.
    pub address: IpAddr,
    /// How.
    pub way: Way,
}

/// Too many wrong guesses; how long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany(pub Duration);

/// The limits of wrong guesses.
#[derive(Debug, Clone)]
pub struct Guesses(Limits);

impl Guesses {
    pub(super) fn new(limits: Limits) -> Self {
        Self(limits)
    }

    /// Whether a guess may be made now. Takes nothing.
    pub async fn check(&self, guess: &Guess<'_>) -> Result<(), TooMany> {
        let mut steps: Vec<_> =
            self.budgets(guess, None).map(|(key, rule)| (key, Step::Look(rule))).collect();
        if self.backoff().is_some() {
            steps.push((self.code_key(guess), Step::LookBack));
        }
        refuse(&self.0.steps(&steps).await)
    }

    /// Whether codes of this tenant may be guessed now: to be asked as soon as the
    /// tenant is known, and only for [`Way::Code`].
    pub async fn check_tenant(&self, tenant: &TenantId) -> Result<(), TooMany> {
        let steps: Vec<_> =
            self.tenant_budget(tenant).into_iter().map(|(key, rule)| (key, Step::Look(rule))).collect();
        refuse(&self.0.steps(&steps).await)
    }

    /// The guess was wrong; `tenant` if it is known whose code it was.
    pub async fn note_failure(&self, guess: &Guess<'_>, tenant: Option<&TenantId>) {
        let mut steps: Vec<_> =
            self.budgets(guess, tenant).map(|(key, rule)| (key, Step::Charge(rule))).collect();
        steps.extend(self.backoff().map(|backoff| (self.code_key(guess), Step::Miss(backoff))));
        self.0.steps(&steps).await;
    }

    /// The guess was right: this address may mistype this code again. What it
    /// has guessed wrong at other codes stays counted.
    pub async fn note_success(&self, guess: &Guess<'_>) {
        self.0.steps(&[(self.code_key(guess), Step::Clear)]).await;
    }

    fn code_key(&self, guess: &Guess<'_>) -> String {
        format!("guess:{}", self.0.hash(&[b"guess", guess.code.as_bytes(), &octets(guess.address)]))
    }

    /// Every budget that a wrong guess is taken from.
    fn budgets(
        &self,
        guess: &Guess<'_>,
        tenant: Option<&TenantId>,
    ) -> impl Iterator<Item = (String, Rule)> + use<> {
        let counts = &self.0.settings().guesses;
        let address = self.0.hash(&[b"address", &octets(guess.address)]);
        let by_code = guess.way == Way::Code;
        [
            rule(counts.per_address, 10 * MINUTE).map(|rule| (format!("guess:ip:{address}"), rule)),
            rule(counts.per_address_day, DAY).map(|rule| (format!("guess:day:{address}"), rule)),
            rule(counts.per_instance, MINUTE).map(|rule| ("guess:all".to_owned(), rule)),
            tenant.and_then(|tenant| self.tenant_budget(tenant)),
        ]
        .into_iter()
        .flatten()
        .filter(move |_| by_code)
    }

    fn tenant_budget(&self, tenant: &TenantId) -> Option<(String, Rule)> {
        let rule = rule(self.0.settings().guesses.per_tenant, MINUTE)?;
        Some((format!("guess:tenant:{tenant}"), rule))
    }

    fn backoff(&self) -> Option<Backoff> {
        let free = self.0.settings().guesses.per_code;
        (free > 0).then_some(Backoff {
            free,
            first: Duration::from_secs(30),
            longest: Duration::from_secs(30 * MINUTE),
            memory: Duration::from_secs(10 * MINUTE),
        })
    }
}

fn rule(count: u32, seconds: u64) -> Option<Rule> {
    (count > 0).then_some(Rule { burst: count, per: Duration::from_secs(seconds) })
}

/// The longest of all waits.
fn refuse(found: &[Found]) -> Result<(), TooMany> {
    match found.iter().map(|found| found.wait).max() {
        Some(wait) if !wait.is_zero() => Err(TooMany(wait)),
        _ => Ok(()),
    }
}
