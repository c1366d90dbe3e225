//! How much anybody may ask for, and how often anybody may guess.
//!
//! Budgets are kept in the memory of the process, and with `REDIS_URL` also in a
//! Redis that processes share. A step is asked of both and the stricter answer
//! counts. While Redis is away, every process limits by itself: nothing is ever
//! unlimited, and nothing is refused because Redis is gone.
//!
//! | Key | What |
//! |---|---|
//! | `rate:{tenant}:{method and route}` | requests of a tenant to a route |
//! | `rate:ip:{hash}` | requests of an address, or of a network of 48 bits of IPv6, to what is public |
//! | `guess:{hash}` | wrong guesses at one code by one address |
//! | `guess:ip:{hash}`, `guess:day:{hash}` | wrong guesses of an address or such a network |
//! | `guess:tenant:{tenant}`, `guess:all` | wrong guesses at the codes of a tenant, at all codes |
//!
//! `idem:{tenant}:{hash}` is reserved: requests that happen once are kept in
//! PostgreSQL, in the transaction of what they change.

pub mod guesses;
mod memory;
mod rule;
mod shared;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::config;
use crate::domain::ids::TenantId;
use crate::platform::clock::Monotonic;
use crate::platform::secrets::SecretKeys;

pub use guesses::{Guess, Guesses, TooMany, Way};
pub use memory::Memory;
pub use rule::{Backoff, Found, Moment, Rule, Step};
pub use shared::Shared;

/// Keys that a process remembers, about 150 bytes each.
const KEYS_MAX: usize = 100_000;
const MINUTE: Duration = Duration::from_secs(60);
/// Budgets of an address that a network of 48 bits of IPv6 has.
const NETWORK_BUDGETS: u32 = 5;

/// The limits of a process, the same in all of its threads.
#[derive(Debug, Clone)]
pub struct Limits(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: config::Limits,
    memory: Memory,
    shared: Option<Shared>,
    clock: Monotonic,
    keys: Arc<SecretKeys>,
}

/// A budget as it stands, for the headers of an answer.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    /// Name of the policy.
    pub policy: &'static str,
    /// Its rule.
    pub rule: Rule,
    /// What a request found.
    pub found: Found,
}

impl Limits {
    /// Limits as the settings say. Addresses and codes are known only as hashes
    /// under the first of `keys`.
    pub fn new(settings: &config::Limits, keys: Arc<SecretKeys>, clock: Monotonic) -> std::io::Result<Self> {
        let shared = settings.redis_url.as_ref().map(Shared::start).transpose()?;
        let memory = Memory::new(KEYS_MAX);
        Ok(Self(Arc::new(Inner { settings: settings.clone(), memory, shared, clock, keys })))
    }

    /// What the settings say.
    #[must_use]
    pub fn settings(&self) -> &config::Limits {
        &self.0.settings
    }

    /// Takes one request of a tenant to a route, such as `GET /api/documents`, out
    /// of its budget; `None` where there is no limit.
    pub async fn take_of_tenant(&self, tenant: &TenantId, route: &str) -> Option<Standing> {
        let rule = per_minute(self.0.settings.tenant_per_minute)?;
        let key = format!("rate:{tenant}:{route}");
        Some(Standing { policy: "tenant", rule, found: self.one(key, Step::Take(rule)).await })
    }

    /// Takes one request of an address out of its budget; `None` where there is no limit.
    pub async fn take_of_address(&self, address: IpAddr) -> Option<Standing> {
        let rule = per_minute(self.0.settings.address_per_minute)?;
        let places = places(address);
        let steps: Vec<_> = places
            .iter()
            .map(|place| (format!("rate:ip:{}", self.of_place(place)), Step::Take(place.rule(rule))))
            .collect();
        let found = self.steps(&steps).await;
        let standings = places
            .iter()
            .zip(found)
            .zip(["address", "network"])
            .map(|((place, found), policy)| Standing { policy, rule: place.rule(rule), found });
        // The address alone, unless it is its network that has to wait.
        standings.reduce(
            |address, network| if network.found.wait > address.found.wait { network } else { address },
        )
    }

    /// The limits of wrong guesses at access codes.
    #[must_use]
    pub fn guesses(&self) -> Guesses {
        Guesses::new(self.clone())
    }

    /// Whether budgets are shared with other processes at this moment.
    #[must_use]
    pub fn are_shared(&self) -> bool {
        self.0.shared.as_ref().is_some_and(Shared::is_there)
    }

    async fn one(&self, key: String, step: Step) -> Found {
        self.steps(&[(key, step)]).await.first().copied().unwrap_or_default()
    }

    /// Does steps that belong together, here and in the shared Redis: all of them, or
    /// none if one has to wait. The stricter answer counts.
    async fn steps(&self, steps: &[(String, Step)]) -> Vec<Found> {
        let now = self.0.clock.now();
        let here: Vec<Found> = steps.iter().map(|(key, step)| self.0.memory.step(key, *step, now)).collect();
        let undo = || {
            let done = steps.iter().zip(&here).filter(|(_, found)| !found.has_to_wait());
            for ((key, step), _) in done {
                step.undone().map(|undone| self.0.memory.step(key, undone, now));
            }
        };
        // What is refused here need not be asked there.
        if here.iter().any(Found::has_to_wait) {
            undo();
            return here;
        }
        let Some(shared) = &self.0.shared else { return here };
        let Some(there) = shared.steps(steps).await else { return here };
        if there.iter().any(Found::has_to_wait) {
            undo();
        }
        here.into_iter().zip(there).map(|(here, there)| stricter(here, there)).collect()
    }

    fn of_place(&self, place: &Place) -> String {
        self.hash(&[b"address", &place.octets])
    }

    /// A keyed hash, 32 hexadecimal digits: the key of something that must not be
    /// readable in a Redis or in a dump of memory.
    fn hash(&self, parts: &[&[u8]]) -> String {
        let Ok(key) = self.0.keys.first() else { return String::new() };
        key.hash(parts).iter().take(16).map(|byte| format!("{byte:02x}")).collect()
    }
}

fn per_minute(count: u32) -> Option<Rule> {
    (count > 0).then_some(Rule { burst: count, per: MINUTE })
}

fn stricter(here: Found, there: Found) -> Found {
    if here.wait > there.wait || (here.wait == there.wait && here.left < there.left) { here } else { there }
}

/// A part of an address that stands for somebody, and how many budgets of one address
/// it has.
struct Place {
    octets: Vec<u8>,
    budgets: u32,
}

/// Where an address is counted: all of IPv4; of IPv6 the network of 64 bits, which one
/// customer has for himself, and the one of 48 bits around it, which one customer
/// may have too, and with it 65,536 of the others.
fn places(address: IpAddr) -> Vec<Place> {
    match address.to_canonical() {
        IpAddr::V4(address) => vec![Place { octets: address.octets().to_vec(), budgets: 1 }],
        IpAddr::V6(address) => {
            let first = |bytes| address.octets().into_iter().take(bytes).collect();
            vec![Place { octets: first(8), budgets: 1 }, Place { octets: first(6), budgets: NETWORK_BUDGETS }]
        }
    }
}

impl Place {
    fn rule(&self, rule: Rule) -> Rule {
        Rule { burst: rule.burst.saturating_mul(self.budgets), ..rule }
    }
}
