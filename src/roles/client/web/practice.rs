//! Pages that show a practice as it has said it wants to be known, and its logo.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::web::{Data, Path};

use crate::domain::ids::TenantId;
use crate::platform::http::{ApiError, not_found};
use crate::platform::web::Pages;
use crate::platform::web::assets::FOR_EVER;
use crate::roles::client::State;
use crate::roles::client::flows::senders;

/// The pages of a tenant: with its own name where it has said one, as for everybody
/// otherwise. No page is refused because nobody can say whose it is.
pub(super) async fn pages(state: &State, tenant: Option<&TenantId>) -> Pages {
    let Some(tenant) = tenant else { return state.pages.clone() };
    match senders::find(state, tenant).await {
        Ok(Some((sender, logo))) => {
            let logo = logo.map(|version| format!("/p/{tenant}/logo/{version}"));
            state.pages.of_tenant(tenant, sender, logo)
        }
        Ok(None) => state.pages.clone(),
        Err(ApiError { message, cause, .. }) => {
            let why = cause.map_or(message, |cause| cause.to_string());
            log::warn!("what a practice is known as can't be read: {why}");
            state.pages.clone()
        }
    }
}

/// A practice may write what it likes into its picture: also whoever opens it for itself runs
/// nothing of it.
const HARMLESS: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// The logo. Its URL says which saying of the practice it belongs to.
pub(super) async fn logo(state: Data<State>, path: Path<(String, String)>) -> Result<HttpResponse, ApiError> {
    let (tenant, version) = path.into_inner();
    let found = match TenantId::parse(&tenant) {
        Ok(tenant) => senders::logo(&state, &tenant).await?,
        Err(_) => None,
    };
    let Some((logo, newest)) = found else { return not_found().await };
    let lasting = if version == newest.to_string() { FOR_EVER } else { "no-store" };
    Ok(HttpResponse::Ok()
        .content_type(logo.kind().media_type())
        .insert_header((CACHE_CONTROL, lasting))
        .insert_header((CONTENT_SECURITY_POLICY, HARMLESS))
        .body(logo.bytes().to_vec()))
}
