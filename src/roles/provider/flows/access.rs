//! Sending a document and what may follow: planned on the document as it is, carried
//! out once, planned anew where somebody else was faster.

use std::sync::Arc;

use super::documents::{contended, load};
use super::operations::{self, Budget, Wish};
use crate::domain::audit::Trace;
use crate::domain::document::{DeliveryState, Document, Operation, Refusal, SendPlan};
use crate::domain::timestamp::Timestamp;
use crate::platform::clock;
use crate::platform::http::ApiError;
use crate::platform::idempotency::Operation as Run;
use crate::platform::tenants::Vault;
use crate::roles::provider::{State, metrics};

/// How often an operation is planned anew when others keep changing the document.
const RACES: usize = 5;

/// Sends the current version, unless an earlier run of the same request has done so,
/// and returns the document as it is afterwards: delivered, on its way, or failed.
pub async fn send(
    state: &State,
    vault: &Arc<Vault>,
    id: &str,
    run: Run,
    by: Trace,
) -> Result<Document, ApiError> {
    let document = bring(state, vault, id, run, by).await?;
    metrics::sending().answered(document.delivery.state);
    Ok(document)
}

async fn bring(
    state: &State,
    vault: &Arc<Vault>,
    id: &str,
    run: Run,
    by: Trace,
) -> Result<Document, ApiError> {
    let budget = Budget::begin(state);
    for race in 0..RACES {
        let document = load(state, vault, id).await?;
        let failed = document.delivery.state == DeliveryState::Failed;
        if run.again && !failed && operations::done_by(state, vault, &document, run.id).await? {
            return Ok(document);
        }
        let plan = match document.plan_send() {
            // Somebody who asked at the same moment was faster, or an earlier
            // run was: the wish is fulfilled.
            Err(Refusal::AlreadySent) if race > 0 || run.again => return Ok(document),
            plan => plan?,
        };
        match plan {
            SendPlan::Start => {
                let expires_at = Some(document.expiry_from(clock::now(), state.access_life));
                let wish = Wish { expires_at, name: run.id, ..Wish::plain(Operation::Send, by.clone()) };
                if !operations::carry_out(state, vault, &document, wish, budget).await? {
                    continue;
                }
            }
            SendPlan::Resume => operations::resume(state, vault, &document, budget).await?,
        }
        return load(state, vault, id).await;
    }
    Err(contended())
}

/// Ends access now.
pub async fn revoke(
    state: &State,
    vault: &Arc<Vault>,
    id: &str,
    run: Run,
    by: Trace,
) -> Result<Document, ApiError> {
    let wish = move |document: &Document| {
        Ok(document.check_revocable()?.then(|| Wish::plain(Operation::Revoke, by.clone())))
    };
    operate(state, vault, id, run, wish).await
}

/// Gives access under a new code, for a new life.
pub async fn reissue(
    state: &State,
    vault: &Arc<Vault>,
    id: &str,
    run: Run,
    by: Trace,
) -> Result<Document, ApiError> {
    let life = state.access_life;
    let wish = move |document: &Document| {
        document.check_accessible()?;
        let expires_at = Some(document.expiry_from(clock::now(), life));
        Ok(Some(Wish { expires_at, ..Wish::plain(Operation::Reissue, by.clone()) }))
    };
    operate(state, vault, id, run, wish).await
}

/// Lets access end at another time; at the one that was promised last if `expires_at` is `None`.
pub async fn change_expiry(
    state: &State,
    vault: &Arc<Vault>,
    (id, expires_at): (&str, Option<Timestamp>),
    run: Run,
    by: Trace,
) -> Result<Document, ApiError> {
    let wish = move |document: &Document| {
        document.check_accessible()?;
        Ok(Some(Wish { expires_at, ..Wish::plain(Operation::Expiry, by.clone()) }))
    };
    operate(state, vault, id, run, wish).await
}

/// Carries out what `wish` says about the document as it is, and returns it as it
/// is afterwards. Nothing happens where it wishes nothing, or where an earlier run
/// of the same request has done it.
async fn operate(
    state: &State,
    vault: &Arc<Vault>,
    id: &str,
    run: Run,
    wish: impl Fn(&Document) -> Result<Option<Wish>, Refusal>,
) -> Result<Document, ApiError> {
    let budget = Budget::begin(state);
    for _ in 0..RACES {
        let document = load(state, vault, id).await?;
        if run.again && operations::done_by(state, vault, &document, run.id).await? {
            return Ok(document);
        }
        let Some(wish) = wish(&document)? else { return Ok(document) };
        let wish = Wish { name: run.id, ..wish };
        if operations::carry_out(state, vault, &document, wish, budget).await? {
            return load(state, vault, id).await;
        }
    }
    Err(contended())
}

/// Tries again what waits or was given up: takes the message that is on its way, or
/// begins the same operation anew.
pub async fn again(
    state: &State,
    vault: &Arc<Vault>,
    id: &str,
    run: Run,
    by: Trace,
) -> Result<Document, ApiError> {
    let document = load(state, vault, id).await?;
    if document.delivery.state != DeliveryState::Failed {
        operations::resume(state, vault, &document, Budget::begin(state)).await?;
        return load(state, vault, id).await;
    }
    match document.operation {
        Some(Operation::Revoke) => revoke(state, vault, id, run, by).await,
        Some(Operation::Reissue) => reissue(state, vault, id, run, by).await,
        Some(Operation::Expiry) => change_expiry(state, vault, (id, None), run, by).await,
        Some(Operation::Send) | None => send(state, vault, id, run, by).await,
    }
}
