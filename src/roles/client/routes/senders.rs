//! What recipients see of practices, as their provider roles tell it.

use actix_web::HttpResponse;
use actix_web::web::Data;
use diesel::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::scope::TransferWrite;
use crate::domain::wire::SenderPresented;
use crate::platform::clock;
use crate::platform::http::{ApiError, Caller, ErrorBody, JsonBody};
use crate::roles::client::State;
use crate::roles::client::flows::senders;

/// Body of `PUT /v1/sender`. What is absent is not there.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the domain reads it field by field")]
pub struct PresentSender {
    /// Grows with each request; one that is not newer changes nothing.
    #[schema(example = 1_795_370_226_120_i64, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    sequence: i64,
    /// What the practice is called, one line of 1 to 200 characters.
    #[schema(example = "Praxis am See", min_length = 1, max_length = 200)]
    name: String,
    /// Its telephone number, one line.
    #[schema(example = "+41 44 123 45 67", min_length = 1, max_length = 200)]
    phone: Option<String>,
    /// When somebody answers there, one line.
    #[schema(example = "Mo–Fr 8–12, 13.30–17", min_length = 1, max_length = 200)]
    hours: Option<String>,
    /// Its colour, which can be read on white: contrast of 4.5 at least.
    #[schema(example = "#0f5e5a", pattern = "^\\s*#[0-9A-Fa-f]{6}\\s*$")]
    colour: Option<String>,
    /// Its logo as a data URL: PNG or SVG, at most 100 kB.
    #[schema(
        example = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=",
        pattern = "^data:image/(png|svg\\+xml);base64,[A-Za-z0-9+/]+={0,2}$"
    )]
    logo: Option<String>,
}

/// Takes in what recipients see of the practice.
#[utoipa::path(put, path = "/v1/sender", tag = "deliveries", operation_id = "replace_sender",
    security(("bearer" = ["transfer:write"])),
    params(("X-Tenant" = Option<String>, Header, description = "Whose practice")),
    request_body = PresentSender,
    responses(
        (status = 204, description = "Pages show it, or something newer"),
        (status = 400, description = "A field is broken", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn replace_sender(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<TransferWrite>,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (presented, now) = (SenderPresented::parse(body)?, clock::now());
    let by = state.audit.trace(&tenant, &by);
    let work = move |conn: &mut PgConnection| senders::take_in(conn, &vault, &presented, (now, &by));
    // A tenant has one practice, which needs no name.
    state.db.of(&tenant).transaction(Uuid::nil(), work).await?;
    Ok(HttpResponse::NoContent().finish())
}
