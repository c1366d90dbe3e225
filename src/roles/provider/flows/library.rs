//! The library of a tenant: texts that documents begin with.

use std::sync::Arc;

use diesel::PgConnection;
use uuid::Uuid;

use crate::domain::template::{TEMPLATES_MAX, Template};
use crate::platform::http::{ApiError, ErrorCode};
use crate::platform::tenants::Vault;
use crate::roles::provider::State;
use crate::roles::provider::store::templates as store;

/// Every template, by name.
pub async fn list(state: &State, vault: &Arc<Vault>) -> Result<Vec<Template>, ApiError> {
    let own = Arc::clone(vault);
    let list = move |conn: &mut PgConnection| store::list(conn, &own).map_err(ApiError::from);
    state.db.of(vault.tenant()).read(list).await
}

/// The template of this id, as an address gives it.
pub async fn find(state: &State, vault: &Arc<Vault>, id: &str) -> Result<Template, ApiError> {
    let (id, own) = (parse_id(id)?, Arc::clone(vault));
    let find = move |conn: &mut PgConnection| store::find(conn, &own, id).map_err(ApiError::from);
    state.db.of(vault.tenant()).read(find).await?.ok_or_else(no_template)
}

/// Saves a template; the same one twice is saved once. [`ErrorCode::InvalidDocumentState`]
/// where the library is full.
pub async fn save(state: &State, vault: &Arc<Vault>, template: Template) -> Result<(), ApiError> {
    let (own, subject) = (Arc::clone(vault), template.id);
    let save = move |conn: &mut PgConnection| -> Result<(), ApiError> {
        if store::count(conn, own.tenant())? >= TEMPLATES_MAX {
            return Err(ApiError::new(ErrorCode::InvalidDocumentState, "The library is full"));
        }
        store::insert(conn, &own, &template)?;
        Ok(())
    };
    state.db.of(vault.tenant()).transaction(subject, save).await
}

/// Removes a template. One that is not there any more is removed already.
pub async fn delete(state: &State, vault: &Arc<Vault>, id: &str) -> Result<(), ApiError> {
    let (id, own) = (parse_id(id)?, vault.tenant().clone());
    let delete = move |conn: &mut PgConnection| store::delete(conn, &own, id).map_err(ApiError::from);
    state.db.of(vault.tenant()).transaction(id, delete).await.map(drop)
}

fn parse_id(id: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(id).map_err(|_| no_template())
}

fn no_template() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "There is no such text in the library")
}
