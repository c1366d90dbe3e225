//! How often anybody may type a wrong code (docs/OPERATIONS.md, *Limits*).
//!
//! Pay first ([`Guesses::take`]), compare the code, and get it back if the guess was right
//! ([`Guesses::note_right`]) or nobody could look at it ([`Guesses::give_back`]): so whoever
//! guesses many times at once, or hangs up, has paid for each guess. What bounds the guesses
//! at one code exactly is its counter in the database.

use std::net::IpAddr;
use std::time::Duration;

use super::{Backoff, Found, Limits, Rule, Step, places};
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

    /// Takes a guess out of every budget, before anything is looked up. What has to
    /// wait takes nothing.
    pub async fn take(&self, guess: &Guess<'_>) -> Result<(), TooMany> {
        refuse(&self.0.steps(&self.taken_by(guess)).await)
    }

    /// Nobody has looked at the guess, since the database was away or busy: what it took
    /// is given back.
    pub async fn give_back(&self, guess: &Guess<'_>) {
        let taken = self.taken_by(guess).into_iter();
        let undone: Vec<_> = taken.filter_map(|(key, step)| Some((key, step.undone()?))).collect();
        self.0.steps(&undone).await;
    }

    /// Takes a guess out of the budget of the tenant whose code it was: as soon as that is
    /// known, and only for [`Way::Code`].
    pub async fn take_of_tenant(&self, tenant: &TenantId) -> Result<(), TooMany> {
        refuse(&self.0.steps(&self.on_tenant(tenant, Step::Take)).await)
    }

    /// What was taken of a tenant is given back: nothing was compared.
    pub async fn give_back_to_tenant(&self, tenant: &TenantId) {
        self.0.steps(&self.on_tenant(tenant, Step::GiveBack)).await;
    }

    /// The guess was right: what it took is given back, and this address may
    /// mistype this code again. What it has guessed wrong at other codes stays counted.
    /// `tenant` if something was taken of it.
    pub async fn note_right(&self, guess: &Guess<'_>, tenant: Option<&TenantId>) {
        let mut steps = self.on_budgets(guess, Step::GiveBack);
        steps.extend(tenant.map(|tenant| self.on_tenant(tenant, Step::GiveBack)).unwrap_or_default());
        steps.push((self.code_key(guess), Step::Clear));
        self.0.steps(&steps).await;
    }

    fn taken_by(&self, guess: &Guess<'_>) -> Vec<(String, Step)> {
        let mut steps = self.on_budgets(guess, Step::Take);
        steps.extend(self.backoff().map(|backoff| (self.code_key(guess), Step::Miss(backoff))));
        steps
    }

    fn code_key(&self, guess: &Guess<'_>) -> String {
        let address = places(guess.address).into_iter().next().map(|place| place.octets).unwrap_or_default();
        format!("guess:{}", self.0.hash(&[b"guess", guess.code.as_bytes(), &address]))
    }

    /// A step on every budget that a wrong guess is taken from, but that of the tenant.
    fn on_budgets(&self, guess: &Guess<'_>, step: fn(Rule) -> Step) -> Vec<(String, Step)> {
        if guess.way == Way::Link {
            return Vec::new();
        }
        let counts = &self.0.settings().guesses;
        let mut budgets = vec![("guess:all".to_owned(), rule(counts.per_instance, MINUTE))];
        for place in places(guess.address) {
            let hash = self.0.of_place(&place);
            let of_place = |count, span| rule(count, span).map(|rule| place.rule(rule));
            budgets.push((format!("guess:ip:{hash}"), of_place(counts.per_address, 10 * MINUTE)));
            budgets.push((format!("guess:day:{hash}"), of_place(counts.per_address_day, DAY)));
        }
        budgets.into_iter().filter_map(|(key, rule)| Some((key, step(rule?)))).collect()
    }

    fn on_tenant(&self, tenant: &TenantId, step: fn(Rule) -> Step) -> Vec<(String, Step)> {
        let rule = rule(self.0.settings().guesses.per_tenant, MINUTE);
        rule.map(|rule| (format!("guess:tenant:{tenant}"), step(rule))).into_iter().collect()
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
