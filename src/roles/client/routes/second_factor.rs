//! The second factor of documents that ask for one: a number is sent, then typed.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use serde::Serialize;
use utoipa::ToSchema;

use super::public::{PublicDocument, answer};
use crate::domain::bodies;
use crate::platform::audit::Who;
use crate::platform::http::{ApiError, ClientAddress, ErrorBody, JsonBody, SessionView};
use crate::platform::messages::Messenger;
use crate::roles::client::State;
use crate::roles::client::flows::{second_factor, sessions};

/// Body of `POST /api/public/otp`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the handler reads it field by field")]
pub struct AskForNumber {
    /// The token of `details.session` of a 401 `OTP_REQUIRED`.
    #[schema(
        example = "AaH8SeWUcJasT2MxZFOzogGh_EnlnnJsoBFV_3UYM1kAAAGh_EnlngAAAaH8SeWeAGRlZmF1bHTYOchFri6sBcOzeIYL9MG2OmXqbzBHKQXy0wMJq9xRwA"
    )]
    session: String,
}

/// Answer of `POST /api/public/otp`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NumberSent {
    /// `sms` or `email`.
    #[schema(example = "sms")]
    channel: &'static str,
    /// As much of the address as the recipient recognises.
    #[schema(example = "••• •• 67")]
    to: String,
    /// Until when the number is good: five minutes.
    #[schema(format = DateTime, example = "2026-11-20T18:02:06.120Z")]
    expires_at: String,
    /// When the next one may be sent.
    #[schema(format = DateTime, example = "2026-11-20T17:57:36.120Z")]
    resend_at: String,
    /// The session in which it is good.
    session: SessionView,
}

/// Sends a number to the address that the document's sender gave.
#[utoipa::path(post, path = "/api/public/otp", tag = "public", operation_id = "send_number",
    request_body = AskForNumber,
    responses(
        (status = 202, description = "It is on its way; an earlier one of this session is not good any more", body = NumberSent),
        (status = 400, description = "A field is broken", body = ErrorBody),
        (status = 401, description = "The session is over, or unknown", body = ErrorBody),
        (status = 403, description = "Too many wrong numbers were typed with this access code", body = ErrorBody),
        (status = 409, description = "No number is needed any more", body = ErrorBody),
        (status = 410, description = "Access has ended or was withdrawn, or another code has taken its place", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 503, description = "It could not be sent, or the server is busy", body = ErrorBody,
         example = json!({"statusCode": 503, "error": "OTP_NOT_SENT", "message": "The number could not be sent; please try again in a moment", "timestamp": "2026-11-20T17:57:06.120Z", "requestId": "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d"})),
    ))]
pub async fn send_number(
    state: Data<State>,
    messenger: Data<Messenger>,
    by: Who,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let token = bodies::session(body)?;
    let sent = second_factor::send_number(&state, &messenger, &token, &by).await?;
    let view = NumberSent {
        channel: sent.channel.as_str(),
        to: sent.to,
        expires_at: sent.expires_at.to_string(),
        resend_at: sent.resend_at.to_string(),
        session: sessions::view(&state, &sent.session)?,
    };
    Ok(HttpResponse::Accepted().json(view))
}

/// Body of `POST /api/public/otp/verify`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the handler reads it field by field")]
pub struct TypedNumber {
    /// The token of the session in which the number was sent.
    #[schema(
        example = "AaH8SeWUcJasT2MxZFOzogGh_EnlnnJsoBFV_3UYM1kAAAGh_EnlngAAAaH8SeWeAGRlZmF1bHTYOchFri6sBcOzeIYL9MG2OmXqbzBHKQXy0wMJq9xRwA"
    )]
    session: String,
    /// Six digits; spaces and hyphens do not matter.
    #[schema(example = "123 456")]
    otp: String,
}

/// Opens the document with the number that was sent.
#[utoipa::path(post, path = "/api/public/otp/verify", tag = "public", operation_id = "verify_number",
    request_body = TypedNumber,
    responses(
        (status = 200, description = "The document", body = PublicDocument),
        (status = 400, description = "A field is broken", body = ErrorBody),
        (status = 401, description = "The number is wrong, or the session is over", body = ErrorBody,
         example = json!({"statusCode": 401, "error": "OTP_WRONG", "message": "This number is not right", "details": {"remainingAttempts": 2}, "timestamp": "2026-11-20T17:57:06.120Z", "requestId": "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d"})),
        (status = 403, description = "Too many wrong numbers were typed with this access code", body = ErrorBody),
        (status = 410, description = "The number is too old, was tried too often or was used already; or access has ended", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn verify_number(
    state: Data<State>,
    address: ClientAddress,
    by: Who,
    JsonBody(body): JsonBody,
) -> Result<Json<PublicDocument>, ApiError> {
    let (token, typed) = bodies::typed_number(body)?;
    answer(&state, second_factor::verify_number(&state, (&token, &typed), address, &by).await?).map(Json)
}
