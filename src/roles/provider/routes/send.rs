//! Sending a document to its client.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::bodies;
use crate::domain::document::{DeliveryState, Document};
use crate::domain::scope::DocumentsSend;
use crate::platform::http::{ApiError, Caller, ErrorBody, ErrorCode, JsonBody};
use crate::platform::idempotency::IdempotencyKey;
use crate::roles::provider::State;
use crate::roles::provider::flows::access;

/// Body of `POST /api/send`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the handler reads it field by field")]
pub struct SendDocument {
    /// The document; its status must be `final`.
    #[schema(example = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")]
    document_id: String,
}

/// Answer of `POST /api/send`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Sent {
    /// What the client types; `null` only while the document is on its way and no code was in reserve.
    #[schema(example = "K7QM-4T9X-WR5C", required = true)]
    access_code: Option<String>,
    /// The document.
    #[schema(format = Uuid, example = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")]
    document_id: String,
    /// `delivered` or `queued`.
    #[schema(example = "delivered")]
    state: &'static str,
    /// Where the client reads it; `null` if there is no code yet.
    #[schema(
        example = "https://client.on-track.ch/d/lG0aCeUoXiT1vN6rWQ4sb7SxwJ3nq5Rk8ZyVtPfM2dg",
        required = true
    )]
    link: Option<String>,
}

/// Sends the current version of a final document.
#[utoipa::path(post, path = "/api/send", tag = "documents", operation_id = "send_document",
    security(("bearer" = ["documents:send"])),
    params(("X-Tenant" = Option<String>, Header, description = "Whose document"),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "Names this request: its repetitions get the first answer, with `Idempotency-Replayed: true`")),
    request_body = SendDocument,
    responses(
        (status = 200, description = "The client role has it", body = Sent),
        (status = 202, description = "The client role can't be reached at the moment; the document is delivered later by itself", body = Sent,
         example = json!({"accessCode": null, "documentId": "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d", "state": "queued", "link": null})),
        (status = 400, description = "It is a draft, or this version was sent already", body = ErrorBody),
        (status = 404, description = "There is no such document", body = ErrorBody),
        (status = 409, description = "Others keep changing the document, or the request with this Idempotency-Key is still being answered", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used for another request", body = ErrorBody),
        (status = 502, description = "The client role refuses the document for good", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn send_document(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<DocumentsSend>,
    key: IdempotencyKey,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (request, idempotency) = (key.request(&vault, &body), state.idempotency.clone());
    let (id, by) = (bodies::document_to_send(body)?, state.audit.trace(&tenant, &by));
    idempotency
        .run(request, async move |run| answer(&access::send(&state, &vault, &id, run, by).await?))
        .await
}

/// What a sending and a re-issue answer: the code, and whether it opens already.
pub(super) fn answer(document: &Document) -> Result<HttpResponse, ApiError> {
    match document.delivery.state {
        DeliveryState::Delivered => Ok(HttpResponse::Ok().json(Sent {
            access_code: document.access_code.clone(),
            document_id: document.id.to_string(),
            state: DeliveryState::Delivered.as_str(),
            link: document.link.clone(),
        })),
        DeliveryState::Failed => Err(refused(document)),
        _ => Ok(queued(document)),
    }
}

/// The client role does not do what it was asked.
pub(super) fn refused(document: &Document) -> ApiError {
    let why = document.delivery.last_error.as_deref().unwrap_or("The client role refuses it");
    ApiError::new(ErrorCode::ClientRefused, format!("The document was not delivered: {why}"))
}

fn queued(document: &Document) -> HttpResponse {
    HttpResponse::Accepted().json(Sent {
        access_code: document.access_code.clone(),
        document_id: document.id.to_string(),
        state: DeliveryState::Queued.as_str(),
        link: document.link.clone(),
    })
}
