//! What recipients see of the practice of a tenant. A tenant that has said nothing, one that
//! is suspended and one that is not here look the same.

use diesel::PgConnection;

use crate::domain::audit::{AuditAction, NOBODY, Trace};
use crate::domain::ids::TenantId;
use crate::domain::sender::{Logo, Sender};
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::SenderPresented;
use crate::platform::audit;
use crate::platform::http::ApiError;
use crate::platform::senders::{open_logo, open_profile};
use crate::platform::tenants::{TenantError, Vault};
use crate::roles::client::State;
use crate::roles::client::store::senders as store;

/// Takes in what a tenant says about itself, unless that or something newer is here.
pub fn take_in(
    conn: &mut PgConnection,
    vault: &Vault,
    presented: &SenderPresented,
    (now, by): (Timestamp, &Trace),
) -> Result<(), ApiError> {
    if store::write(conn, vault, presented, now)? {
        let entry = by.clone().did(AuditAction::SenderReceived, NOBODY, now);
        audit::note(conn, vault.tenant(), &entry)?;
    }
    Ok(())
}

/// What a tenant has said about itself, without its picture, and which saying has one.
pub async fn find(state: &State, tenant: &TenantId) -> Result<Option<(Sender, Option<i64>)>, ApiError> {
    let own = tenant.clone();
    let find = move |conn: &mut PgConnection| store::find(conn, &own).map_err(ApiError::from);
    // The row first: looking for a tenant that is not here must not make it.
    let Some(row) = state.db.of(tenant).read(find).await? else { return Ok(None) };
    let vault = match state.tenants.vault(tenant).await {
        Err(TenantError::Unknown | TenantError::Suspended) => return Ok(None),
        vault => vault?,
    };
    let sender = vault.reading_with(&state.db, |vault| open_profile(vault, &row.profile)).await?;
    Ok(Some((sender, row.has_logo.then_some(row.sequence))))
}

/// The picture of a tenant, and which saying of it this is.
pub async fn logo(state: &State, tenant: &TenantId) -> Result<Option<(Logo, i64)>, ApiError> {
    let own = tenant.clone();
    let find = move |conn: &mut PgConnection| store::logo(conn, &own).map_err(ApiError::from);
    let Some((sealed, sequence)) = state.db.of(tenant).read(find).await? else { return Ok(None) };
    let vault = match state.tenants.vault(tenant).await {
        Err(TenantError::Unknown | TenantError::Suspended) => return Ok(None),
        vault => vault?,
    };
    let logo = vault.reading_with(&state.db, |vault| open_logo(vault, &sealed)).await?;
    Ok(Some((logo, sequence)))
}
