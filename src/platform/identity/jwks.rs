//! Keys of an identity provider, fetched when they are needed and kept for a while.
//!
//! A request whose key is known takes no lock and waits for nobody. One that names
//! an unknown key waits for one fetch that all such requests of the process share,
//! and there is at most one of these within `JWT_JWKS_REFETCH_SECONDS`. Keys that
//! could not be confirmed for `JWT_JWKS_TTL_SECONDS` are not used any more.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use awc::http::Method;
use tokio::sync::watch;

use super::Refusal;
use super::jws::Token;
use super::key_set::KeySet;
use crate::config;
use crate::domain::claims::BadToken;
use crate::platform::http_client::{CallError, HttpClient};

/// Longest time for a fetch.
const FETCH_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest answer that is taken.
const ANSWER_MAX: usize = 256 * 1_024;

/// The keys as one thread sees them.
pub struct Jwks {
    shared: Arc<Shared>,
    /// What this thread has seen last, with its number.
    seen: RefCell<(u64, Option<Arc<Fetched>>)>,
}

/// What all threads share.
pub struct Shared {
    url: String,
    ttl: Duration,
    refetch: Duration,
    /// What the times below are counted from.
    started: Instant,
    /// Rises with every fetch that brought keys.
    number: AtomicU64,
    newest: Mutex<Option<Arc<Fetched>>>,
    fetching: AtomicBool,
    /// Not before this many milliseconds after `started` is fetched again.
    not_before: AtomicU64,
    /// Rises with the end of every fetch.
    rounds: watch::Sender<u64>,
}

/// Keys and when they were fetched.
struct Fetched {
    keys: KeySet,
    at: Instant,
}

impl Shared {
    /// Nothing is fetched until somebody needs a key.
    #[must_use]
    pub fn new(settings: &config::Jwks) -> Self {
        Self {
            url: settings.url.clone(),
            ttl: settings.ttl,
            refetch: settings.refetch,
            started: Instant::now(),
            number: AtomicU64::new(0),
            newest: Mutex::new(None),
            fetching: AtomicBool::new(false),
            not_before: AtomicU64::new(0),
            rounds: watch::Sender::new(0),
        }
    }

    fn is_too_soon(&self, now: Instant) -> bool {
        millis(now.duration_since(self.started)) < self.not_before.load(Ordering::Acquire)
    }

    /// Begins a fetch on this thread, unless one is under way or it is too soon.
    fn begin_fetch(shared: &Arc<Self>, now: Instant) {
        if shared.is_too_soon(now) || shared.fetching.swap(true, Ordering::AcqRel) {
            return;
        }
        let under_way = UnderWay(Arc::clone(shared));
        // Another one may have ended between the two questions above.
        if shared.is_too_soon(now) {
            return;
        }
        let pause = millis((now + shared.refetch).duration_since(shared.started));
        shared.not_before.store(pause, Ordering::Release);
        // Goes on when the caller hangs up: others wait for it too.
        actix_web::rt::spawn(async move {
            let shared = &under_way.0;
            match fetch(&shared.url).await {
                Ok(keys) => {
                    let fetched = Some(Arc::new(Fetched { keys, at: Instant::now() }));
                    *shared.newest.lock().unwrap_or_else(PoisonError::into_inner) = fetched;
                    shared.number.fetch_add(1, Ordering::AcqRel);
                }
                Err(error) => {
                    log::warn!("JWT_JWKS_URL {error}; keys that are known are used until they are too old");
                }
            }
        });
    }
}

/// Tells the end of a fetch, however it ends.
struct UnderWay(Arc<Shared>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.fetching.store(false, Ordering::Release);
        self.0.rounds.send_modify(|round| *round += 1);
    }
}

impl Jwks {
    /// The keys for one thread.
    #[must_use]
    pub fn of(shared: &Arc<Shared>) -> Self {
        Self { shared: Arc::clone(shared), seen: RefCell::new((0, None)) }
    }

    /// The payload of a token, if the key that it names has signed it.
    pub async fn check(&self, token: &Token<'_>) -> Result<Vec<u8>, Refusal> {
        let kid = token.kid.as_deref().ok_or(BadToken("names no key"))?;
        let now = Instant::now();
        if let Some(fetched) = self.fresh(now) {
            if now.duration_since(fetched.at) >= self.shared.ttl / 2 {
                Shared::begin_fetch(&self.shared, now);
            }
            if let Some(key) = fetched.keys.find(kid) {
                return Ok(token.checked_by(key)?);
            }
        }
        self.fetched_anew(now).await;
        let fetched = self.fresh(Instant::now()).ok_or(Refusal::NoKeys)?;
        let key = fetched.keys.find(kid).ok_or(BadToken("names an unknown key"))?;
        Ok(token.checked_by(key)?)
    }

    /// The newest keys, unless they are too old.
    fn fresh(&self, now: Instant) -> Option<Arc<Fetched>> {
        let number = self.shared.number.load(Ordering::Acquire);
        let mut seen = self.seen.borrow_mut();
        if seen.0 != number {
            let newest = self.shared.newest.lock().unwrap_or_else(PoisonError::into_inner).clone();
            *seen = (number, newest);
        }
        seen.1.clone().filter(|fetched| now.duration_since(fetched.at) < self.shared.ttl)
    }

    /// Waits for the end of a fetch, if one is allowed or under way.
    async fn fetched_anew(&self, now: Instant) {
        let mut rounds = self.shared.rounds.subscribe();
        Shared::begin_fetch(&self.shared, now);
        if self.shared.fetching.load(Ordering::Acquire) {
            drop(tokio::time::timeout(FETCH_TIMEOUT, rounds.changed()).await);
        }
    }
}

async fn fetch(url: &str) -> Result<KeySet, CallError> {
    // Rare enough for a connection of its own.
    let client = HttpClient::new(url, FETCH_TIMEOUT)?;
    let answer =
        client.send(Method::GET, url, &[("Accept", "application/json")], Vec::new()).await?.success()?;
    let small = answer.body.len() <= ANSWER_MAX;
    small.then(|| KeySet::parse(&answer.body)).flatten().ok_or(CallError::BadAnswer)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
