//! Checks of codes that cost much on purpose. They run on threads of their own, few
//! at a time, and outside of any transaction: a try is charged first and given
//! back if it was right.

use std::sync::Arc;
use std::time::Duration;

use diesel::PgConnection;
use tokio::sync::OwnedSemaphorePermit;

use super::guesses::{self, Charged, Verdict};
use crate::domain::access_code::AccessCode;
use crate::platform::http::{ApiError, ErrorCode};
use crate::roles::client::State;
use crate::roles::client::store::attempts;

/// Longest wait for a check to begin.
const PATIENCE: Duration = Duration::from_secs(3);

/// Finds out whether a try that was charged is right. Goes on if the visitor goes
/// away, so that nobody pays for a right code.
pub(super) async fn settle(
    state: &State,
    code: &AccessCode,
    charged: Vec<Charged>,
) -> Result<Verdict, ApiError> {
    let (own, code) = (state.clone(), code.clone());
    let settled = actix_web::rt::spawn(async move {
        let (mut verdict, mut left) = (Verdict::Unknown, 0);
        for charged in charged {
            left = left.max(own.access.attempts - charged.nth);
            let tenant = charged.candidate.tenant.clone();
            if check(&own, &code, &charged).await? {
                verdict = Verdict::Right(charged.candidate);
            } else if !matches!(verdict, Verdict::Right(_)) {
                verdict = Verdict::Wrong(left, tenant);
            }
        }
        Ok(verdict)
    });
    settled.await.map_err(ApiError::internal)?
}

async fn check(state: &State, code: &AccessCode, charged: &Charged) -> Result<bool, ApiError> {
    let Ok(permit) = place(state).await else {
        give_back(state, charged).await?;
        return Err(overloaded());
    };
    let (codes, code, candidate) = (state.codes.clone(), code.clone(), Arc::clone(&charged.candidate));
    let verify = move || {
        let _permit = permit;
        codes.verify(&code, &candidate.tenant, &candidate.code)
    };
    let right = tokio::task::spawn_blocking(verify).await.map_err(ApiError::internal)?;
    if right {
        give_back(state, charged).await?;
    } else {
        let (wrong, most) = (charged.clone(), state.access.attempts);
        let tell =
            move |conn: &mut PgConnection| guesses::tell_wrong(conn, &wrong, most).map_err(ApiError::from);
        state.db.of(&charged.candidate.tenant).transaction(charged.candidate.code.id, tell).await?;
    }
    Ok(right)
}

async fn give_back(state: &State, charged: &Charged) -> Result<(), ApiError> {
    let (candidate, way) = (Arc::clone(&charged.candidate), charged.way);
    let refund = move |conn: &mut PgConnection| {
        attempts::refund(conn, &candidate.tenant, candidate.code.id, way).map_err(ApiError::from)
    };
    state.db.of(&charged.candidate.tenant).transaction(charged.candidate.code.id, refund).await
}

/// Takes as long as a check where there is nothing to check.
pub(super) async fn pretend(state: &State, code: &AccessCode) -> Result<(), ApiError> {
    let permit = place(state).await?;
    let (codes, code) = (state.codes.clone(), code.clone());
    let work = move || {
        let _permit = permit;
        codes.pretend(&code, false);
    };
    tokio::task::spawn_blocking(work).await.map_err(ApiError::internal)
}

async fn place(state: &State) -> Result<OwnedSemaphorePermit, ApiError> {
    match tokio::time::timeout(PATIENCE, Arc::clone(&state.checks).acquire_owned()).await {
        Ok(Ok(permit)) => Ok(permit),
        Ok(Err(closed)) => Err(ApiError::internal(closed)),
        Err(_) => Err(overloaded()),
    }
}

fn overloaded() -> ApiError {
    ApiError::new(ErrorCode::Overloaded, "The server is busy; please try again in a moment")
}
