//! Documents that the provider role delivers.

use std::sync::Arc;
use std::time::Duration;

use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, HttpResponseBuilder};
use diesel::PgConnection;
use utoipa::ToSchema;

use crate::domain::audit::Trace;
use crate::domain::document::EXPIRES_IN_MAX;
use crate::domain::fields::Invalid;
use crate::domain::ids::DocumentId;
use crate::domain::scope::TransferWrite;
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::{AccessChanged, Delivered, DeliveryReceipt, OVERTAKEN_HEADER};
use crate::platform::clock;
use crate::platform::http::described::RecipientBody;
use crate::platform::http::{ApiError, Caller, ErrorBody, JsonBody, Query};
use crate::platform::idempotency::{IdempotencyKey, Operation};
use crate::platform::receipts::content_hash;
use crate::platform::telemetry::trace;
use crate::platform::tenants::Vault;
use crate::roles::client::flows::arrivals::{self, Access, Overtaken};
use crate::roles::client::store::documents::Arrival;
use crate::roles::client::{State, metrics};

/// Body of `POST /v1/documents`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the domain reads it field by field")]
pub struct DeliverDocument {
    /// The sender's id, a UUID; the same id again means the same document.
    #[schema(format = Uuid, example = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")]
    id: Option<String>,
    /// The sender's version of the text.
    #[schema(example = 1, minimum = 1, maximum = 2_147_483_647)]
    version: Option<i32>,
    /// The sender's operations on a document are numbered; one that is not newer
    /// changes nothing. `version` where it is absent.
    #[schema(example = 1, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    sequence: Option<i64>,
    /// Which access code, 1 where it is absent; a higher one replaces the code.
    #[schema(example = 1, minimum = 1, maximum = 2_147_483_647)]
    generation: Option<i32>,
    /// A code of `POST /v1/access-codes/reservations` that is to open the document.
    #[schema(example = "K7QM-4T9X-WR5C", min_length = 1, max_length = 64)]
    reserved_code: Option<String>,
    /// The link that was handed out with `reservedCode`. A code that is not known here any more,
    /// after this database was restored from a backup, is taken over with it.
    #[schema(
        example = "https://client.on-track.ch/d/lG0aCeUoXiT1vN6rWQ4sb7SxwJ3nq5Rk8ZyVtPfM2dg",
        min_length = 1,
        max_length = 2048
    )]
    reserved_link: Option<String>,
    /// 1 to 500 characters.
    #[schema(example = "Exercises after knee surgery", min_length = 1, max_length = 500)]
    title: String,
    /// 1 to 1,000,000 characters.
    #[schema(
        example = "# Week 1\n\nBend and stretch, three times a day.",
        min_length = 1,
        max_length = 1_000_000
    )]
    content: String,
    /// `text/markdown` (default) or `text/plain`.
    #[schema(example = "text/markdown")]
    content_type: Option<String>,
    /// Whom it is for.
    recipient: Option<RecipientBody>,
    /// Free-form object.
    #[schema(value_type = Option<Object>, example = json!({"case": "A-17"}))]
    metadata: Option<serde_json::Value>,
    /// When access ends, RFC 3339; wins over `expiresIn`.
    #[schema(format = DateTime, example = "2026-12-20T17:57:06.120Z")]
    expires_at: Option<String>,
    /// Life of the access in seconds from now; `ACCESS_CODE_DAYS` where neither is given.
    #[schema(example = 604800, minimum = 60, maximum = 7_776_000)]
    expires_in: Option<i64>,
    /// How the access is protected.
    protection: Option<Protection>,
}

/// How the access to a document is protected.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the field; the domain reads it field by field")]
pub struct Protection {
    /// `standard`, the only one: a shorter code is refused, because the code alone opens the document.
    #[schema(example = "standard", pattern = "^standard$")]
    code_format: Option<String>,
    /// `none` (default), or a number that is sent to the recipient and has to be typed beside the code: `sms` to
    /// `recipient.phone`, `email` to `recipient.email`, which must be there.
    #[schema(example = "none")]
    second_factor: Option<String>,
}

/// Answer of `POST /v1/documents`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes DeliveryReceipt of the domain")]
pub struct Receipt {
    /// The document's id.
    #[schema(example = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")]
    id: String,
    /// What the client types; the same for every repetition.
    #[schema(example = "K7QM-4T9X-WR5C")]
    access_code: String,
    /// Where the client types it.
    #[schema(example = "https://client.on-track.ch/d/lG0aCeUoXiT1vN6rWQ4sb7SxwJ3nq5Rk8ZyVtPfM2dg")]
    link: String,
}

/// Takes a document in and answers its access code.
#[utoipa::path(post, path = "/v1/documents", tag = "deliveries", operation_id = "receive_document",
    security(("bearer" = ["transfer:write"])),
    params(("X-Tenant" = Option<String>, Header, description = "Whose document"),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "Names this request: its repetitions get the first answer, with `Idempotency-Replayed: true`")),
    request_body = DeliverDocument,
    responses(
        (status = 201, description = "The document is here; a repetition is answered with the same code", body = Receipt),
        (status = 400, description = "A field is broken", body = ErrorBody),
        (status = 409, description = "The request with this Idempotency-Key is still being answered", body = ErrorBody),
        (status = 410, description = "The sender has revoked it since", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used for another request", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn receive_document(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<TransferWrite>,
    key: IdempotencyKey,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (request, idempotency) = (key.request(&vault, &body), state.idempotency.clone());
    let (delivered, by) = (offered(&state, Delivered::parse(body)?)?, state.audit.trace(&tenant, &by));
    let receive = async move |operation: Operation| {
        let arrival = arrival(delivered, DocumentId(operation.id), clock::now(), state.access.life)?;
        take_in(&state, vault, arrival, by).await
    };
    idempotency.run(request, receive).await
}

/// Takes a document in under the id of the path.
#[utoipa::path(put, path = "/v1/documents/{id}", tag = "deliveries", operation_id = "replace_document",
    security(("bearer" = ["transfer:write"])),
    params(("id" = String, Path, description = "The sender's id, a UUID"), ("X-Tenant" = Option<String>, Header, description = "Whose document")),
    request_body = DeliverDocument,
    responses(
        (status = 201, description = "The document is here; a repetition is answered with the same code", body = Receipt),
        (status = 400, description = "A field is broken", body = ErrorBody),
        (status = 404, description = "The id of the path is no UUID", body = ErrorBody),
        (status = 410, description = "The sender has revoked it since", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn replace_document(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<TransferWrite>,
    id: Path<String>,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let id = parse_id(&id)?;
    let mut delivered = offered(&state, Delivered::parse(body)?)?;
    if delivered.id.is_some_and(|given| given != id) {
        return Err(Invalid::field("id", "format", "must be the id of the path").into());
    }
    delivered.id = Some(id);
    let by = state.audit.trace(&tenant, &by);
    take_in(&state, vault, arrival(delivered, id, clock::now(), state.access.life)?, by).await
}

/// Refuses a document that nobody could open, because nothing is set here that its
/// second factor could go out by.
fn offered(state: &State, delivered: Delivered) -> Result<Delivered, Invalid> {
    if state.messages.offer(delivered.written.second_factor) {
        return Ok(delivered);
    }
    let why = "asks for a way to send numbers that is not set up at the client role: see SMS_GATEWAY_URL and SMTP_URL";
    Err(Invalid::field("protection.secondFactor", "enum", why))
}

async fn take_in(
    state: &State,
    vault: Arc<Vault>,
    arrival: Arrival,
    by: Trace,
) -> Result<HttpResponse, ApiError> {
    let (codes, id) = (state.codes.clone(), arrival.id);
    let rows = state.db.of(vault.tenant());
    let work = move |conn: &mut PgConnection| arrivals::take_in(conn, &codes, &vault, &arrival, &by);
    let access = metrics::opening().received(rows.transaction(id.0, work).await)?;
    Ok(answer(HttpResponse::Created(), access.overtaken_by).json(receipt(state, id, access)))
}

/// Tells a sender whose numbers are too low what holds instead of its operation.
fn answer(mut response: HttpResponseBuilder, overtaken_by: Option<Overtaken>) -> HttpResponseBuilder {
    if let Some((sequence, generation)) = overtaken_by {
        response.insert_header((OVERTAKEN_HEADER, format!("{sequence}-{generation}")));
    }
    response
}

fn receipt(state: &State, id: DocumentId, access: Access) -> DeliveryReceipt {
    let link = Some(state.link(&access.token));
    DeliveryReceipt { id: id.to_string(), access_code: access.code, link }
}

/// What is taken in; a document to which its sender gave no id gets `new_id`, and
/// one without an end can be read for `life`.
fn arrival(
    delivered: Delivered,
    new_id: DocumentId,
    now: Timestamp,
    life: Duration,
) -> Result<Arrival, Invalid> {
    let asked_for = delivered.written.expires_in.map(|seconds| Duration::from_secs(seconds.unsigned_abs()));
    let expires_at = delivered.expires_at.unwrap_or(now.plus(asked_for.unwrap_or(life)));
    check_expiry(expires_at, now)?;
    let written = &delivered.written;
    let content_hash = content_hash(&written.title, written.content_type.as_str(), &written.content);
    let (id, trace_parent) = (delivered.id.unwrap_or(new_id), trace::current_parent());
    Ok(Arrival { id, expires_at, at: now, content_hash, delivered, trace_parent })
}

/// Some hours more than the longest life, for clocks that differ.
fn check_expiry(expires_at: Timestamp, now: Timestamp) -> Result<(), Invalid> {
    let longest = Duration::from_secs(EXPIRES_IN_MAX.unsigned_abs() + 6 * 3_600);
    if expires_at > now.plus(longest) {
        return Err(Invalid::field("expiresAt", "maximum", "must be at most 90 days from now"));
    }
    Ok(())
}

/// Body of `PUT /v1/documents/{id}/access`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the domain reads it field by field")]
pub struct ChangeAccess {
    /// As in `DeliverDocument`.
    #[schema(example = 2, minimum = 1, maximum = 9_223_372_036_854_775_807_i64)]
    sequence: i64,
    /// As in `DeliverDocument`.
    #[schema(example = 2, minimum = 1, maximum = 2_147_483_647)]
    generation: Option<i32>,
    /// As in `DeliverDocument`.
    #[schema(example = "K7QM-4T9X-WR5C", min_length = 1, max_length = 64)]
    reserved_code: Option<String>,
    /// As in `DeliverDocument`.
    #[schema(
        example = "https://client.on-track.ch/d/lG0aCeUoXiT1vN6rWQ4sb7SxwJ3nq5Rk8ZyVtPfM2dg",
        min_length = 1,
        max_length = 2048
    )]
    reserved_link: Option<String>,
    /// When access ends, RFC 3339.
    #[schema(format = DateTime, example = "2026-12-20T17:57:06.120Z")]
    expires_at: String,
}

/// Gives a document another code or another end of access.
#[utoipa::path(put, path = "/v1/documents/{id}/access", tag = "deliveries", operation_id = "change_access",
    security(("bearer" = ["transfer:write"])),
    params(("id" = String, Path, description = "The sender's id"), ("X-Tenant" = Option<String>, Header, description = "Whose document")),
    request_body = ChangeAccess,
    responses(
        (status = 200, description = "The code that opens it", body = Receipt),
        (status = 400, description = "A field is broken", body = ErrorBody),
        (status = 404, description = "The id is no UUID", body = ErrorBody),
        (status = 410, description = "It is not here, or not any more", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn change_access(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<TransferWrite>,
    id: Path<String>,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (id, changed, now) = (parse_id(&id)?, AccessChanged::parse(body)?, clock::now());
    check_expiry(changed.expires_at, now)?;
    let (codes, by) = (state.codes.clone(), state.audit.trace(&tenant, &by));
    let work = move |conn: &mut PgConnection| {
        arrivals::change_access(conn, &codes, vault.tenant(), (id, &changed), (now, &by))
    };
    let access = state.db.of(&tenant).transaction(id.0, work).await?;
    Ok(answer(HttpResponse::Ok(), access.overtaken_by).json(receipt(&state, id, access)))
}

/// Ends access to a document, also to one that has not arrived yet.
#[utoipa::path(delete, path = "/v1/documents/{id}", tag = "deliveries", operation_id = "withdraw_document",
    security(("bearer" = ["transfer:write"])),
    params(
        ("id" = String, Path, description = "The sender's id"),
        ("X-Tenant" = Option<String>, Header, description = "Whose document"),
        ("sequence" = Option<i64>, Query, minimum = 1, maximum = 9_223_372_036_854_775_807_i64, description = "As in `DeliverDocument`; without it, access ends whatever came before"),
        ("version" = Option<i64>, Query, minimum = 1, maximum = 9_223_372_036_854_775_807_i64, description = "Stands in for `sequence`"),
    ),
    responses(
        (status = 204, description = "Nobody gets in any more, unless a newer delivery came before"),
        (status = 400, description = "A parameter is broken", body = ErrorBody),
        (status = 404, description = "The id is no UUID", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn withdraw_document(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<TransferWrite>,
    id: Path<String>,
    mut query: Query,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let id = parse_id(&id)?;
    let number = |text: &str| text.parse().ok().filter(|n: &i64| *n > 0);
    let sequence = query.optional("sequence", "must be a whole number from 1", number);
    let version = query.optional("version", "must be a whole number from 1", number);
    query.finish()?;
    let (sequence, by) = (sequence.or(version), state.audit.trace(&tenant, &by));
    let work = move |conn: &mut PgConnection| {
        arrivals::revoke(conn, vault.tenant(), (id, sequence), (clock::now(), &by))
    };
    let overtaken_by = state.db.of(&tenant).transaction(id.0, work).await?;
    Ok(answer(HttpResponse::NoContent(), overtaken_by).finish())
}

fn parse_id(id: &str) -> Result<DocumentId, ApiError> {
    id.parse().map_err(|_| ApiError::no_document(id))
}
