//! Budgets that several processes share in a Redis. Whatever happens to it, an
//! answer is there after [`LONGEST`], or there is none.

use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Client, RedisError, Script};

use super::rule::{Found, Step, micros};
use crate::config::Secret;
use crate::platform::metrics;

/// Longest wait of a request for Redis.
const LONGEST: Duration = Duration::from_millis(50);
/// Pause between two looks after the connection.
const LOOK: Duration = Duration::from_millis(500);
/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(2);

type Link = RwLock<Option<MultiplexedConnection>>;

/// A Redis that is there or not. One thread looks after the connection; requests
/// on any thread use it.
pub struct Shared {
    link: Arc<Link>,
    script: Script,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

impl Shared {
    /// Begins to look for the Redis at this URL; it need not be there yet.
    pub fn start(url: &Secret) -> std::io::Result<Self> {
        // The error would repeat the URL, which holds the password.
        let client = Client::open(url.expose())
            .map_err(|_| std::io::Error::other("REDIS_URL can't be used: it must be redis://host:port"))?;
        let link = Arc::new(Link::default());
        let weak = Arc::downgrade(&link);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new()
            .name("redis".to_owned())
            .spawn(move || runtime.block_on(look_after(&client, &weak)))?;
        Ok(Self { link, script: Script::new(include_str!("steps.lua")) })
    }

    /// Asks the Redis at this URL once whether it is there, in words without the URL.
    pub async fn ping(url: &Secret) -> Result<(), String> {
        let client = Client::open(url.expose()).map_err(|_| "REDIS_URL can't be used".to_owned())?;
        let ask = async {
            let mut connection = client.get_multiplexed_async_connection().await?;
            redis::cmd("PING").query_async::<String>(&mut connection).await
        };
        match tokio::time::timeout(CONNECT, ask).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(error.category().to_owned()),
            Err(_) => Err("it did not answer in time".to_owned()),
        }
    }

    /// Whether there is a connection.
    #[must_use]
    pub fn is_there(&self) -> bool {
        self.connection().is_some()
    }

    fn connection(&self) -> Option<MultiplexedConnection> {
        self.link.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Does the steps at one moment, all of them or none; `None` when Redis does not answer in time.
    pub async fn steps(&self, steps: &[(String, Step)]) -> Option<Vec<Found>> {
        let mut connection = self.connection()?;
        let mut call = self.script.prepare_invoke();
        for (key, step) in steps {
            let (name, numbers) = arguments(*step);
            call.key(key).arg(name);
            for number in numbers {
                call.arg(number);
            }
        }
        let answer = tokio::time::timeout(LONGEST, call.invoke_async::<Vec<i64>>(&mut connection)).await;
        let why = match answer {
            Ok(Ok(numbers)) if numbers.len() == 3 * steps.len() => {
                return Some(numbers.chunks_exact(3).map(found).collect());
            }
            Ok(Ok(_)) => "it gave an answer that can't be read",
            Ok(Err(error)) => kind(&error),
            Err(_) => "it did not answer in time",
        };
        lose(&self.link, why);
        None
    }
}

/// The connection is given up: nobody else waits for it.
fn lose(link: &Link, why: &str) {
    if link.write().unwrap_or_else(PoisonError::into_inner).take().is_some() {
        metrics::protection().store_lost();
        log::warn!("Redis is lost, every process limits by itself: {why}");
    }
}

/// A word about an error that repeats nothing of what was sent.
fn kind(error: &RedisError) -> &'static str {
    if error.is_timeout() {
        "it did not answer in time"
    } else if error.is_io_error() || error.is_connection_dropped() {
        "the connection is gone"
    } else {
        "it refused a command"
    }
}

/// Connects, watches, connects again, as long as anybody needs it.
async fn look_after(client: &Client, link: &Weak<Link>) {
    while let Some(link) = link.upgrade() {
        let connection = link.read().unwrap_or_else(PoisonError::into_inner).clone();
        match connection {
            None => connect(client, &link).await,
            Some(mut connection) => {
                let ping = redis::cmd("PING");
                let pong = ping.query_async::<String>(&mut connection);
                match tokio::time::timeout(CONNECT, pong).await {
                    Ok(Ok(_)) => {}
                    Ok(Err(error)) => lose(&link, kind(&error)),
                    Err(_) => lose(&link, "it did not answer in time"),
                }
            }
        }
        drop(link);
        tokio::time::sleep(LOOK).await;
    }
}

async fn connect(client: &Client, link: &Link) {
    let connecting = client.get_multiplexed_async_connection();
    match tokio::time::timeout(CONNECT, connecting).await {
        Ok(Ok(connection)) => {
            *link.write().unwrap_or_else(PoisonError::into_inner) = Some(connection);
            log::info!("limits are shared over Redis");
        }
        Ok(Err(error)) => log::debug!("Redis can't be reached: {}", kind(&error)),
        Err(_) => log::debug!("Redis can't be reached in time"),
    }
}

/// A step as `steps.lua` reads it.
fn arguments(step: Step) -> (&'static str, [u64; 4]) {
    let budget = |rule: super::Rule| [rule.interval(), u64::from(rule.burst.max(1)), 0, 0];
    match step {
        Step::Take(rule) => ("take", budget(rule)),
        Step::GiveBack(rule) => ("giveback", budget(rule)),
        Step::Miss(backoff) => {
            let [first, longest, memory] = [backoff.first, backoff.longest, backoff.memory].map(micros);
            ("miss", [u64::from(backoff.free), first, longest, memory])
        }
        Step::Forgive => ("forgive", [0; 4]),
        Step::Clear => ("clear", [0; 4]),
    }
}

fn found(numbers: &[i64]) -> Found {
    let number = |at: usize| numbers.get(at).and_then(|n| u64::try_from(*n).ok()).unwrap_or(0);
    Found {
        wait: Duration::from_micros(number(0)),
        left: u32::try_from(number(1)).unwrap_or(u32::MAX),
        reset: Duration::from_micros(number(2)),
    }
}
