//! The client role's API description.

use utoipa::OpenApi;

use super::routes::{deliveries, exchange, jwks, public, second_factor, senders, standings};
use crate::domain::bodies::PublicAccess;
use crate::domain::words::{ContentType, SecondFactor};
use crate::platform::audit;
use crate::platform::http::{described, docs, health};
use crate::platform::metrics::route;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "oc client",
        description = "Takes documents in, answers an access code, and shows a document to whoever has it. Every error has the same body, `ErrorBody`."
    ),
    paths(health::health, health::ready, route::show_metrics, audit::export_audit, deliveries::receive_document, deliveries::replace_document, deliveries::change_access, deliveries::withdraw_document, standings::list_standings, senders::replace_sender, exchange::reserve_codes, exchange::list_receipts, public::open_public_document, public::open_with_code, second_factor::send_number, second_factor::verify_number, jwks::list_keys),
    tags(
        (name = "deliveries", description = "For the provider role"),
        (name = "public", description = "For whoever has a code"),
        (name = "audit", description = "Who did what, in a chain of hashes"),
        (name = "operations", description = "For operators: numbers about this process"),
        (name = "health", description = "For load balancers and operators")
    )
)]
struct Api;

/// The description, OpenAPI 3.1.
#[must_use]
pub fn api() -> utoipa::openapi::OpenApi {
    let mut api = docs::with_common_answers(docs::with_security(Api::openapi()));
    for schema in ["DeliverDocument", "PublicMeta"] {
        described::field_words(&mut api, (schema, "contentType"), ContentType::WORDS);
    }
    described::field_words(&mut api, ("Protection", "secondFactor"), SecondFactor::WORDS);
    described::at_least_one(&mut api, "PublicAccess", &PublicAccess::NAMES);
    api
}
