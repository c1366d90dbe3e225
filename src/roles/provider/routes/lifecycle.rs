//! The life of a document after it was sent: revoke, re-issue, another end, history.

use actix_web::HttpResponse;
use actix_web::http::header::ETAG;
use actix_web::web::{Data, Path};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::send::{self, Sent};
use super::view::DocumentView;
use crate::domain::audit::AuditAction;
use crate::domain::bodies;
use crate::domain::document::{DeliveryState, Document};
use crate::domain::scope::{DocumentsRead, DocumentsSend};
use crate::platform::clock;
use crate::platform::http::{ApiError, Caller, ErrorBody, JsonBody, Query};
use crate::platform::idempotency::IdempotencyKey;
use crate::roles::provider::State;
use crate::roles::provider::flows::{access, documents::parse_id};
use crate::roles::provider::store::events::{self, Event};

/// Lines of a history where nobody says how many.
const PAGE: i64 = 100;
/// Most lines of a page.
const PAGE_MAX: i64 = 500;

/// Ends access now.
///
/// The code opens nothing any more as soon as the client role knows; until then the
/// answer is 202 and `delivery.state` is `queued`.
#[utoipa::path(post, path = "/api/documents/{id}/revoke", tag = "documents", operation_id = "revoke_document",
    security(("bearer" = ["documents:send"])),
    params(("id" = String, Path, description = "The document"), ("X-Tenant" = Option<String>, Header, description = "Whose document"),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "Names this request: its repetitions get the first answer, with `Idempotency-Replayed: true`")),
    responses(
        (status = 200, description = "Access has ended", body = DocumentView),
        (status = 202, description = "Access ends as soon as the client role can be reached", body = DocumentView),
        (status = 400, description = "It was never sent", body = ErrorBody),
        (status = 404, description = "There is no such document", body = ErrorBody),
        (status = 409, description = "Others keep changing the document, or the request with this Idempotency-Key is still being answered", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used for another request", body = ErrorBody),
        (status = 502, description = "The client role refuses", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn revoke_document(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<DocumentsSend>,
    key: IdempotencyKey,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (request, idempotency) = (key.request(&vault, &Value::Null), state.idempotency.clone());
    let by = state.audit.trace(&tenant, &by);
    let work = async move |run| {
        let document = access::revoke(&state, &vault, &id, run, by).await?;
        shown(&document, DeliveryState::Revoked)
    };
    idempotency.run(request, work).await
}

/// Gives access under a new code; the old one opens nothing any more.
///
/// The life of the access begins anew. The text stays the one that was sent last.
#[utoipa::path(post, path = "/api/documents/{id}/reissue", tag = "documents", operation_id = "reissue_document",
    security(("bearer" = ["documents:send"])),
    params(("id" = String, Path, description = "The document"), ("X-Tenant" = Option<String>, Header, description = "Whose document"),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "Names this request: its repetitions get the first answer, with `Idempotency-Replayed: true`")),
    responses(
        (status = 200, description = "The client role knows the new code", body = Sent),
        (status = 202, description = "The new code opens as soon as the client role can be reached", body = Sent),
        (status = 400, description = "It was never sent, or access has ended", body = ErrorBody),
        (status = 404, description = "There is no such document", body = ErrorBody),
        (status = 409, description = "Others keep changing the document, or the request with this Idempotency-Key is still being answered", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used for another request", body = ErrorBody),
        (status = 502, description = "The client role refuses", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn reissue_document(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<DocumentsSend>,
    key: IdempotencyKey,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (request, idempotency) = (key.request(&vault, &Value::Null), state.idempotency.clone());
    let by = state.audit.trace(&tenant, &by);
    let work = async move |run| send::answer(&access::reissue(&state, &vault, &id, run, by).await?);
    idempotency.run(request, work).await
}

/// Body of `POST /api/documents/{id}/expiry`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the handler reads it field by field")]
pub struct ChangeExpiry {
    /// Life of the access in seconds from now: a minute to 90 days.
    #[schema(example = 604800, minimum = 60, maximum = 7_776_000)]
    expires_in: i64,
}

/// Lets access end at another time, under the same code and without sending again.
#[utoipa::path(post, path = "/api/documents/{id}/expiry", tag = "documents", operation_id = "change_expiry",
    security(("bearer" = ["documents:send"])),
    params(("id" = String, Path, description = "The document"), ("X-Tenant" = Option<String>, Header, description = "Whose document"),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "Names this request: its repetitions get the first answer, with `Idempotency-Replayed: true`")),
    request_body = ChangeExpiry,
    responses(
        (status = 200, description = "The client role knows the new end", body = DocumentView),
        (status = 202, description = "It holds as soon as the client role can be reached", body = DocumentView),
        (status = 400, description = "A field is broken, it was never sent, or access has ended", body = ErrorBody),
        (status = 404, description = "There is no such document", body = ErrorBody),
        (status = 409, description = "Others keep changing the document, or the request with this Idempotency-Key is still being answered", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used for another request", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 502, description = "The client role refuses", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn change_expiry(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<DocumentsSend>,
    key: IdempotencyKey,
    id: Path<String>,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (request, idempotency) = (key.request(&vault, &body), state.idempotency.clone());
    let expires_at = clock::now().plus(bodies::new_expiry(body)?);
    let by = state.audit.trace(&tenant, &by);
    let work = async move |run| {
        let document = access::change_expiry(&state, &vault, (&id, Some(expires_at)), run, by).await?;
        shown(&document, DeliveryState::Delivered)
    };
    idempotency.run(request, work).await
}

/// 200 where the client role has confirmed, 202 where it will, an error where it refuses.
fn shown(document: &Document, confirmed: DeliveryState) -> Result<HttpResponse, ApiError> {
    let mut response = match document.delivery.state {
        state if state == confirmed => HttpResponse::Ok(),
        DeliveryState::Failed => return Err(send::refused(document)),
        _ => HttpResponse::Accepted(),
    };
    let etag = (ETAG, format!("\"{}\"", document.version));
    Ok(response.insert_header(etag).json(DocumentView::of(document)))
}

/// One line of a document's history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Event)]
pub struct EventView {
    /// Its name for ever.
    #[schema(format = Uuid, example = "0192f0c1-7a3e-4cc2-9d0e-3f6f5a1b2c3d")]
    id: String,
    /// `created`, `finalised`, `edited`, `sent`, `delivered`, `failed`, `retried`, `revoked`, `reissued`,
    /// `expiry_changed`, `deleted`, `opened`, `code_wrong`, `code_blocked`, `otp_blocked`, `file_fetched` or `expired`.
    #[schema(example = "opened")]
    kind: String,
    /// When it happened.
    #[schema(format = DateTime, example = "2026-11-20T17:58:00.000Z")]
    at: String,
    /// Version of the document that it concerns.
    #[schema(example = 2)]
    version: Option<i32>,
    /// What exactly, in words.
    detail: Option<String>,
    /// What the client role has signed about it, a compact JWS; `null` where it has signed nothing.
    #[schema(example = "eyJhbGciOiJFZERTQSIsImtpZCI6IuKApiJ9.eyJpc3MiOiLigKYifQ.c2lnbmF0dXJl")]
    receipt: Option<String>,
}

/// A page of a document's history.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventPage {
    /// Oldest first.
    items: Vec<EventView>,
    /// Give it as `after` to get what follows; absent where nothing does.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "17")]
    next_after: Option<String>,
}

/// Lists what happened to a document, oldest first.
///
/// A deleted document has its history until its retention date.
#[utoipa::path(get, path = "/api/documents/{id}/events", tag = "documents", operation_id = "list_events",
    security(("bearer" = ["documents:read"])),
    params(
        ("id" = String, Path, description = "The document"),
        ("X-Tenant" = Option<String>, Header, description = "Whose document"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 500, description = "Lines per page, 100 by default"),
        ("after" = Option<String>, Query, pattern = "^[0-9]{1,18}$", description = "`nextAfter` of the page before"),
    ),
    responses(
        (status = 200, description = "One page", body = EventPage),
        (status = 400, description = "A parameter is broken", body = ErrorBody),
        (status = 404, description = "There is no such document", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn list_events(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<DocumentsRead>,
    id: Path<String>,
    mut query: Query,
) -> Result<HttpResponse, ApiError> {
    let id = parse_id(&id)?;
    let within = |text: &str| text.parse().ok().filter(|n| (1..=PAGE_MAX).contains(n));
    let limit = query.optional("limit", "must be a whole number from 1 to 500", within).unwrap_or(PAGE);
    let place = |text: &str| text.parse().ok().filter(|n: &i64| *n >= 0);
    let after = query.optional("after", "must be the nextAfter of an earlier page", place).unwrap_or(0);
    query.finish()?;
    let vault = state.tenants.vault(&tenant).await?;
    state.audit.read(&tenant, &by, AuditAction::HistoryRead, id);
    let found = state
        .db
        .of(&tenant)
        .read(move |conn| events::list(conn, &vault, id, after, limit + 1).map_err(ApiError::from))
        .await?;
    if found.is_empty() && after == 0 {
        return Err(ApiError::no_document(&id.to_string()));
    }
    let shown = usize::try_from(limit).unwrap_or(usize::MAX).min(found.len());
    let (items, rest) = found.split_at(shown);
    let next_after = items.last().filter(|_| !rest.is_empty()).map(|(place, _)| place.to_string());
    let items = items.iter().map(|(_, event)| view(event)).collect();
    Ok(HttpResponse::Ok().json(EventPage { items, next_after }))
}

fn view(event: &Event) -> EventView {
    EventView {
        id: event.id.to_string(),
        kind: event.kind.clone(),
        at: event.at.to_string(),
        version: event.version,
        detail: event.detail.clone(),
        receipt: event.receipt.clone(),
    }
}
