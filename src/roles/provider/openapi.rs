//! The provider role's API description.

use utoipa::OpenApi;

use super::routes::{documents, send};
use crate::platform::http::health;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "oc provider",
        description = "Providers write documents and send them to their clients. Every error has the same body, `ErrorBody`."
    ),
    paths(
        health::health,
        health::ready,
        documents::create_document,
        documents::list_documents,
        documents::find_document,
        documents::update_document,
        documents::delete_document,
        send::send_document
    ),
    tags(
        (name = "documents", description = "Write, finalise, send"),
        (name = "health", description = "For load balancers and operators")
    )
)]
struct Api;

/// The description, OpenAPI 3.1.
#[must_use]
pub fn api() -> utoipa::openapi::OpenApi {
    Api::openapi()
}
