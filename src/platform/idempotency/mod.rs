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
use super::tenants::{Field, Vault, VaultError};
use super::{clock, random};
use request::Keyed;
use store::{Begun, Claim, Ending};

/// How long a run may take before a repetition may take it over. By default the
/// waits of a request add up to less than it, so that nobody overtakes a run that
/// is only slow; should that happen, both runs have the same operation's id, and
/// the second one knows that it is not the first.
const LEASE: Duration = Duration::from_secs(30);

/// The answer as it is kept.
const ANSWER: Field = Field::new("idempotency_keys", "answer");

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
    retention: Duration,
}

impl Idempotency {
    /// Remembers in `db` for as long as `retention` says.
    #[must_use]
    pub fn new(db: Db, retention: Duration) -> Self {
        Self { db, retention }
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
        let claim = Arc::new(self.claim(keyed)?);
        let wish = Arc::clone(&claim);
        let begin = move |conn: &mut PgConnection| store::begin(conn, &wish).map_err(DbError::from);
        match self.db.of(claim.vault.tenant()).transaction(subject(&claim), begin).await? {
            Begun::Run(operation) => {
                let outcome = work(operation).await;
                self.end(claim, operation, outcome).await
            }
            Begun::Answered { status, sealed } => {
                let open = |vault: &Vault| vault.open(ANSWER, &claim.key_hash, &sealed);
                let kept = claim.vault.reading_with(&self.db, open).await?;
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
        }
    }

    fn claim(&self, keyed: Keyed) -> Result<Claim, ApiError> {
        let (key_hash, digest, now) = (keyed.key_hash.as_ref(), keyed.digest.as_ref(), clock::now());
        let request = keyed.vault.seal(store::REQUEST, key_hash, digest).map_err(ApiError::internal)?;
        Ok(Claim {
            request,
            digest: digest.to_vec(),
            key_hash: key_hash.to_vec(),
            operation_id: random::uuid(),
            now,
            locked_until: now.plus(LEASE),
            expires_at: now.plus(self.retention),
            vault: keyed.vault,
        })
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
                let sealed = claim.vault.seal(ANSWER, &claim.key_hash, &answer::write(&head, &body));
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
        ending: Result<Ending, VaultError>,
    ) -> Result<(), Box<dyn Error>> {
        let ending = ending?;
        let (rows, subject) = (self.db.of(claim.vault.tenant()), subject(&claim));
        let write = move |conn: &mut PgConnection| store::end(conn, &claim, &ending).map_err(DbError::from);
        if !rows.transaction(subject, write).await? {
            log::warn!("a request with an Idempotency-Key took so long that another one took it over");
        }
        Ok(())
    }
}

/// What a transaction about this key locks first.
fn subject(claim: &Claim) -> Uuid {
    claim.key_hash.first_chunk().copied().map_or(Uuid::nil(), Uuid::from_bytes)
}
