//! How the way to the client role is: what people at the workspace want to know before
//! they rely on it.

use std::time::Instant;

use awc::http::Method;
use diesel::PgConnection;

use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::platform::clock;
use crate::platform::http::ApiError;
use crate::platform::outbox::inspect::{self, Standing};
use crate::roles::provider::State;
use crate::roles::provider::client_api::Call;
use crate::roles::provider::jobs::deliver::DESTINATION;
use crate::roles::provider::store::reserve;

/// Whether the client role answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answering {
    /// It does, after so many milliseconds.
    Well(u128),
    /// It does, but can't work.
    Badly,
    /// It does not.
    Not,
}

/// What is known about it.
#[derive(Debug)]
pub struct Health {
    /// Whether it answers now.
    pub answering: Answering,
    /// Whether it is left alone after failures.
    pub resting: bool,
    /// Messages of the tenant that wait or were given up.
    pub queue: Standing,
    /// Codes in reserve that last long enough to be used.
    pub reserve: i64,
}

/// Asks the client role and the queue.
pub async fn look(state: &State, tenant: &TenantId) -> Result<Health, ApiError> {
    let (own, lasts_until) = (tenant.clone(), clock::now().plus(state.outbox.retry.max_age));
    let count = move |conn: &mut PgConnection| -> Result<(Standing, i64), ApiError> {
        Ok((inspect::standing(conn, &own)?, reserve::count(conn, &own, lasts_until)?))
    };
    let (queue, reserve) = state.db.of(tenant).read(count).await?;
    let resting =
        state.gates.states().iter().any(|(name, breaker)| name == DESTINATION && *breaker == "OPEN");
    Ok(Health { answering: answering(state, tenant).await, resting, queue, reserve })
}

/// The same look that a load balancer takes. No right is needed for it.
async fn answering(state: &State, tenant: &TenantId) -> Answering {
    let begun = Instant::now();
    // CLIENT_BASE_URL may lead to the host or to what lies under /api there.
    let path = if state.client.base_url.ends_with("/api/") { "ready" } else { "api/ready" };
    let call = Call { method: Method::GET, path, request_id: None, body: Vec::new() };
    let asked = tokio::time::timeout(state.client.send_timeout, state.client_api.call(tenant, call));
    match asked.await {
        Ok(Ok(_)) => Answering::Well(begun.elapsed().as_millis()),
        Ok(Err(error)) if error.is_answer() => Answering::Badly,
        _ => Answering::Not,
    }
}

/// How long something has waited.
#[must_use]
pub fn waited(since: Timestamp) -> std::time::Duration {
    clock::now().since(since)
}
