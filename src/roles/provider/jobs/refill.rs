//! Fills the reserves of access codes.

use awc::http::Method;
use diesel::PgConnection;
use serde_json::json;

use super::deliver::{DESTINATION, through_gate};
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::{RESERVATIONS_MAX, RESERVATIONS_PATH, Reservations};
use crate::platform::clock;
use crate::platform::http::ApiError;
use crate::platform::http_client::CallError;
use crate::platform::outbox;
use crate::platform::tenants::Vault;
use crate::roles::provider::client_api::Call;
use crate::roles::provider::flows::reserve;
use crate::roles::provider::{State, store};

/// So many messages that are due tell that a queue is worked off.
const BACKLOG: i64 = 100;

/// Fills every reserve that is less than three quarters full, and tells how many
/// codes came. While a queue is worked off, what has been sent comes first: only
/// those that are less than a quarter full get a block.
pub async fn run(state: &State) -> Result<usize, ApiError> {
    let size = i64::try_from(state.upkeep.reserve_size).unwrap_or(i64::MAX);
    if size == 0 || state.reserve.is_given_up() {
        return Ok(0);
    }
    state.reserve.refilled();
    let now = clock::now();
    let lasts_until = now.plus(state.outbox.retry.max_age);
    let look = move |conn: &mut PgConnection| -> Result<_, ApiError> {
        let backlog = outbox::has_backlog(conn, DESTINATION, now, BACKLOG)?;
        Ok((store::reserve::accounts(conn)?, backlog))
    };
    let (accounts, backlog) = state.db.of_everybody().read(look).await?;
    let mut came = 0;
    for (tenant, _) in accounts {
        let own = tenant.clone();
        let count = move |conn: &mut PgConnection| {
            store::reserve::count(conn, &own, lasts_until).map_err(ApiError::from)
        };
        let held = state.db.of(&tenant).read(count).await?;
        let quarters = if backlog { 1 } else { 3 };
        if held.saturating_mul(4) >= size.saturating_mul(quarters) {
            continue;
        }
        let missing = size - held;
        let wanted = if backlog { missing.min(RESERVATIONS_MAX) } else { missing };
        // Whoever may not act sends nothing.
        if let Some(vault) = state.tenants.active(&tenant).await? {
            came += fill(state, &vault, wanted, lasts_until).await?;
        }
    }
    Ok(came)
}

/// Asks for codes, block by block.
async fn fill(
    state: &State,
    vault: &Vault,
    mut missing: i64,
    lasts_until: Timestamp,
) -> Result<usize, ApiError> {
    let mut came = 0;
    while missing > 0 {
        let block = missing.min(RESERVATIONS_MAX);
        let answered = ask(state, vault.tenant(), block).await;
        if let Err(error) = &answered {
            log::debug!("no access codes for the reserve: the client role {error}");
            return Ok(came);
        }
        let reservations = answered.map_err(ApiError::internal)?;
        let expires_at = Timestamp::parse(&reservations.expires_at)
            .ok_or_else(|| ApiError::internal("the client role reserved codes without an end"))?;
        if expires_at <= lasts_until {
            // Asking again would bring the same, and use codes up for nothing.
            state.reserve.give_up();
            log::warn!(
                "no reserve of access codes: CODE_RESERVATION_SECONDS of the client role must be longer than \
                 OUTBOX_MAX_AGE_SECONDS of the provider role"
            );
            return Ok(came);
        }
        let sealed = reserve::seal(vault, &reservations.codes)?;
        let own = vault.tenant().clone();
        came += state
            .db
            .of(vault.tenant())
            .run(move |conn| store::reserve::put(conn, &own, &sealed, expires_at).map_err(ApiError::from))
            .await?;
        missing -= block;
    }
    Ok(came)
}

async fn ask(state: &State, tenant: &TenantId, count: i64) -> Result<Reservations, CallError> {
    let body = json!({ "count": count }).to_string().into_bytes();
    let question = Call { method: Method::POST, path: RESERVATIONS_PATH, request_id: None, body };
    let call = async {
        let answer = state.client_api.call(tenant, question).await?;
        serde_json::from_slice(&answer.body).map_err(|_| CallError::BadAnswer)
    };
    through_gate(state, call).await
}
