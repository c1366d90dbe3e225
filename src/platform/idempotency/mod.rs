//! Requests that happen once, however often they are sent
//! (contract: row *idempotency*).
//!
//! A request with an `Idempotency-Key` takes a lease on its key, runs, and
//! leaves its answer, sealed, for repetitions. If the process dies in between,
//! the lease runs out and a repetition takes over: with the same operation's id,
//! and knowing that the work may have been done already.

mod answer;
mod request;
mod store;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::body::to_bytes;
use diesel::pg::PgConnection;
use uuid::Uuid;

pub use request::{IdempotencyKey, Request};
pub use store::remove_expired;

use super::db::{Db, DbError};
use super::http::{ApiError, ErrorCode};
use super::secrets::{SecretError, SecretKeys};
use super::{clock, random};
use request::Keyed;
use store::{Begun, Claim, Ending};

/// How long a run may take before a repetition may take it over. By default the
/// waits of a request add up to less than it, so that nobody overtakes a run that
/// is only slow; should that happen, both runs have the same operation's id, and
/// the second one knows that it is not the first.
const LEASE: Duration = Duration::from_secs(30);

/// What a request makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// UUID v7; the same for every run of one request.
    pub id: Uuid,
    /// Whether an earlier run may have done the work, or part of it.
    pub again: bool,
}

/// Remembers requests and what they were answered.
#[derive(Debug, Clone)]
pub struct Idempotency {
    db: Db,
    keys: Arc<SecretKeys>,
    retention: Duration,
}

impl Idempotency {
    /// Remembers in `db` for as long as `retention` says, sealed with `keys`.
    #[must_use]
    pub fn new(db: Db, keys: Arc<SecretKeys>, retention: Duration) -> Self {
        Self { db, keys, retention }
    }

    /// Does `work` once for this request, or answers what it was answered.
    ///
    /// Without a key, `work` is simply done. With one, it goes on if the caller
    /// hangs up. An answer of 2xx is kept. After 4xx the key is free again; after
    /// anything else a repetition does the work again as the same operation.
    ///
    /// 409 `IDEMPOTENCY_IN_PROGRESS` while it runs, 422 `IDEMPOTENCY_KEY_REUSED`
    /// if the key belongs to another request.
    pub async fn run<F>(&self, request: Request, work: F) -> Result<HttpResponse, ApiError>
    where
        F: AsyncFnOnce(Operation) -> Result<HttpResponse, ApiError> + 'static,
    {
        let Some(keyed) = request.0 else {
            return work(Operation { id: random::uuid(), again: false }).await;
        };
        let own = self.clone();
        let run = actix_web::rt::spawn(async move { own.run_once(keyed, work).await });
        run.await.map_err(ApiError::internal)?
    }

    async fn run_once<F>(&self, keyed: Keyed, work: F) -> Result<HttpResponse, ApiError>
    where
        F: AsyncFnOnce(Operation) -> Result<HttpResponse, ApiError>,
    {
        let claim = Arc::new(self.claim(keyed));
        let wish = Arc::clone(&claim);
        let begin = move |conn: &mut PgConnection| store::begin(conn, &wish).map_err(DbError::from);
        match self.db.transaction(subject(&claim), begin).await? {
            Begun::Run(operation) => {
                let outcome = work(operation).await;
                self.end(claim, operation, outcome).await
            }
            Begun::Answered { key_id, status, sealed } => {
                let key = self.keys.by_id(&key_id).ok_or_else(lost_key)?;
                let kept = key.open(&context(&claim), &sealed).map_err(ApiError::internal)?;
                answer::read(status, &kept).ok_or_else(|| ApiError::internal("a kept answer can't be read"))
            }
            Begun::Running => Err(ApiError::new(
                ErrorCode::IdempotencyInProgress,
                "A request with this Idempotency-Key is still being answered; please try again in a moment",
            )),
            Begun::Reused => Err(ApiError::new(
                ErrorCode::IdempotencyKeyReused,
                "This Idempotency-Key was used for another request; take a new key for a new request",
            )),
            Begun::Unreadable => Err(lost_key()),
        }
    }

    fn claim(&self, keyed: Keyed) -> Claim {
        let (key_hash, digest, now) = (keyed.key_hash.as_ref(), keyed.digest.as_ref(), clock::now());
        let parts: [&[u8]; 4] =
            [b"idempotency_keys|request_hash", keyed.tenant.as_str().as_bytes(), key_hash, digest];
        let hashes = self.keys.all().map(|key| (key.id().to_owned(), key.hash(&parts).to_vec()));
        Claim {
            request_hashes: hashes.collect(),
            key_hash: key_hash.to_vec(),
            operation_id: random::uuid(),
            now,
            locked_until: now.plus(LEASE),
            expires_at: now.plus(self.retention),
            tenant: keyed.tenant,
        }
    }

    /// Writes how a run ended. If that fails, its answer is given all the same:
    /// the lease runs out, and a repetition is told that it is not the first.
    async fn end(
        &self,
        claim: Arc<Claim>,
        operation: Operation,
        outcome: Result<HttpResponse, ApiError>,
    ) -> Result<HttpResponse, ApiError> {
        let (outcome, ending) = match outcome {
            Ok(response) if response.status().is_success() => {
                let (head, body) = response.into_parts();
                let body = to_bytes(body).await.map_err(|error| ApiError::internal(error.to_string()))?;
                let sealed = self.seal(&claim, &answer::write(&head, &body));
                let status = i16::try_from(head.status().as_u16()).unwrap_or_default();
                let ending = sealed.map(|sealed| Ending::Answered { status, sealed });
                (Ok(head.set_body(body).map_into_boxed_body()), ending)
            }
            refused => {
                let status = match &refused {
                    Ok(response) => response.status(),
                    Err(error) => error.code.status(),
                };
                // What an earlier run did is not undone by this one's refusal.
                let nothing_happened = status.is_client_error() && !operation.again;
                let unsure = Ending::Unsure { now: clock::now() };
                (refused, Ok(if nothing_happened { Ending::Refused } else { unsure }))
            }
        };
        if let Err(error) = self.write_end(claim, ending).await {
            log::warn!("the end of a request with an Idempotency-Key can't be kept: {error}");
        }
        outcome
    }

    async fn write_end(
        &self,
        claim: Arc<Claim>,
        ending: Result<Ending, SecretError>,
    ) -> Result<(), Box<dyn Error>> {
        let ending = ending?;
        let subject = subject(&claim);
        let write = move |conn: &mut PgConnection| store::end(conn, &claim, &ending).map_err(DbError::from);
        if !self.db.transaction(subject, write).await? {
            log::warn!("a request with an Idempotency-Key took so long that another one took it over");
        }
        Ok(())
    }

    fn seal(&self, claim: &Claim, kept: &[u8]) -> Result<Vec<u8>, SecretError> {
        self.keys.first()?.seal(&context(claim), kept)
    }
}

/// What a transaction about this key locks first.
fn subject(claim: &Claim) -> Uuid {
    claim.key_hash.first_chunk().copied().map_or(Uuid::nil(), Uuid::from_bytes)
}

/// What a sealed answer belongs to.
fn context(claim: &Claim) -> Vec<u8> {
    [
        b"idempotency_keys|answer|".as_slice(),
        claim.tenant.as_str().as_bytes(),
        b"|",
        claim.key_hash.as_slice(),
    ]
    .concat()
}

fn lost_key() -> ApiError {
    ApiError::internal("the secret keys lack one that an answer was sealed with and that is still in use")
}
