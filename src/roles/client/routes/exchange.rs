//! What the provider role asks for ahead of time and afterwards: codes in
//! reserve, and receipts.

use std::collections::HashSet;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::PgConnection;
use utoipa::ToSchema;

use crate::domain::bodies;
use crate::domain::ids::TenantId;
use crate::domain::scope::TransferWrite;
use crate::domain::wire::{RECEIPTS_MAX, Receipt, Receipts, Reservations, ReservedCode};
use crate::platform::clock;
use crate::platform::feed::FeedCursor;
use crate::platform::http::{ApiError, Caller, ErrorBody, JsonBody, Query};
use crate::platform::idempotency::IdempotencyKey;
use crate::platform::receipts::{Claims, SigningKeys};
use crate::roles::client::State;
use crate::roles::client::codes::Issued;
use crate::roles::client::store::access_codes::{self, For};
use crate::roles::client::store::receipts::{self, ReceiptRow};

/// Most codes of one block where each takes 30 ms.
const SLOW_BLOCK: i64 = 100;
/// Receipts of a page where nobody says how many.
const PAGE: i64 = 100;

/// Body of `POST /v1/access-codes/reservations`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the handler reads it field by field")]
pub struct ReserveCodes {
    /// How many.
    #[schema(example = 100, minimum = 1, maximum = 500)]
    count: i64,
}

/// An access code handed out ahead of time.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = ReservedCode)]
#[expect(dead_code, reason = "describes ReservedCode of the domain")]
pub struct ReservedCodeView {
    /// What the client will type.
    #[schema(example = "K7QM-4T9X-WR5C")]
    access_code: String,
    /// Where the client will type it.
    #[schema(example = "https://client.on-track.ch/d/lG0aCeUoXiT1vN6rWQ4sb7SxwJ3nq5Rk8ZyVtPfM2dg")]
    link: String,
}

/// Answer of `POST /v1/access-codes/reservations`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = Reservations)]
#[expect(dead_code, reason = "describes Reservations of the domain")]
pub struct ReservationsView {
    /// The codes; fewer than asked for if chance made the same code twice, or making them is slow.
    codes: Vec<ReservedCodeView>,
    /// When those are forgotten that no delivery has brought back.
    #[schema(format = DateTime, example = "2026-12-20T17:57:06.120Z")]
    expires_at: String,
}

/// Hands out access codes ahead of time.
///
/// Each opens nothing until a delivery of the same tenant names it as `reservedCode`.
#[utoipa::path(post, path = "/v1/access-codes/reservations", tag = "deliveries", operation_id = "reserve_codes",
    security(("bearer" = ["transfer:write"])),
    params(("X-Tenant" = Option<String>, Header, description = "Whose documents they may open"),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "Names this request: its repetitions get the first answer, with `Idempotency-Replayed: true`")),
    request_body = ReserveCodes,
    responses(
        (status = 201, description = "The codes", body = ReservationsView),
        (status = 400, description = "A field is broken", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 409, description = "The request with this Idempotency-Key is still being answered", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used for another request", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn reserve_codes(
    state: Data<State>,
    Caller { tenant, .. }: Caller<TransferWrite>,
    key: IdempotencyKey,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (request, idempotency) = (key.request(&vault, &body), state.idempotency.clone());
    let count = bodies::codes_to_reserve(body)?;
    // A run that is repeated after a crash hands out other codes; the first ones expire.
    idempotency.run(request, async move |_| reserve(&state, tenant, count).await).await
}

async fn reserve(state: &State, tenant: TenantId, count: i64) -> Result<HttpResponse, ApiError> {
    let now = clock::now();
    let until = now.plus(state.retention.reservation);
    let made = issue(state, &tenant, count).await?;
    let rows = state.db.of(&tenant);
    let insert = move |conn: &mut PgConnection| {
        let stored: Vec<_> = made.iter().map(|issued| &issued.stored).collect();
        let written: HashSet<_> =
            access_codes::insert(conn, &tenant, &stored, For::Reservation(until), now)?.into_iter().collect();
        Ok::<_, ApiError>(made.into_iter().filter(|i| written.contains(&i.stored.id)).collect::<Vec<_>>())
    };
    let issued = rows.run(insert).await?;
    let reserved = |issued: &Issued| ReservedCode {
        link: state.link(&issued.token),
        access_code: issued.code.to_string(),
    };
    let codes = issued.iter().map(reserved).collect();
    Ok(HttpResponse::Created().json(Reservations { codes, expires_at: until.to_string() }))
}

/// Makes a block of codes, where that is slow on a thread of its own.
async fn issue(state: &State, tenant: &TenantId, count: i64) -> Result<Vec<Issued>, ApiError> {
    let (codes, tenant) = (state.codes.clone(), tenant.clone());
    if codes.are_quick() {
        return (0..count).map(|_| codes.issue(&tenant)).collect();
    }
    let make = move || (0..count.min(SLOW_BLOCK)).map(|_| codes.issue(&tenant)).collect();
    tokio::task::spawn_blocking(make).await.map_err(ApiError::internal)?
}

/// One receipt.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = DocumentReceipt)]
#[expect(dead_code, reason = "describes Receipt of the domain")]
pub struct ReceiptView {
    /// Its name for ever.
    #[schema(format = Uuid, example = "0192f0c1-7a3e-4cc2-9d0e-3f6f5a1b2c3d")]
    id: String,
    /// The document, by the sender's id.
    #[schema(format = Uuid, example = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")]
    document_id: String,
    /// `delivered`, `opened`, `code_wrong`, `code_blocked`, `otp_blocked`, `file_fetched`, `reissued`, `expiry_changed`, `revoked` or `expired`.
    #[schema(example = "opened")]
    kind: String,
    /// Version of the document that it concerns.
    #[schema(example = 2)]
    version: Option<i32>,
    /// When it happened.
    #[schema(format = DateTime, example = "2026-11-20T17:58:00.000Z")]
    at: String,
    /// The same, signed: a compact JWS; absent where receipts are not signed.
    #[schema(
        nullable = false,
        example = "eyJhbGciOiJFZERTQSIsImtpZCI6IuKApiJ9.eyJpc3MiOiLigKYifQ.c2lnbmF0dXJl"
    )]
    jws: Option<String>,
}

/// Answer of `GET /v1/receipts`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = Receipts)]
#[expect(dead_code, reason = "describes Receipts of the domain")]
pub struct ReceiptsView {
    /// In their order, oldest first.
    items: Vec<ReceiptView>,
    /// Give it as `after` next time; the same again where nothing is new.
    #[schema(example = "731-12")]
    next: String,
    /// Whether there is more already.
    #[schema(example = false)]
    more: bool,
}

/// Lists what happened to the documents of a tenant, as a feed.
///
/// Whoever asks with the `next` of the answer before misses none, however late,
/// and may ask the same again.
#[utoipa::path(get, path = "/v1/receipts", tag = "deliveries", operation_id = "list_receipts",
    security(("bearer" = ["transfer:write"])),
    params(
        ("X-Tenant" = Option<String>, Header, description = "Whose receipts"),
        ("after" = Option<String>, Query, pattern = "^[0-9]{1,18}-[0-9]{1,18}$", description = "`next` of the answer before; from the beginning without it"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 500, description = "Receipts per page, 100 by default"),
    ),
    responses(
        (status = 200, description = "One page", body = ReceiptsView),
        (status = 400, description = "A parameter is broken", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn list_receipts(
    state: Data<State>,
    Caller { tenant, .. }: Caller<TransferWrite>,
    mut query: Query,
) -> Result<HttpResponse, ApiError> {
    let within = |text: &str| text.parse().ok().filter(|n| (1..=RECEIPTS_MAX).contains(n));
    let limit = query.optional("limit", "must be a whole number from 1 to 500", within).unwrap_or(PAGE);
    let after = query.optional("after", "must be the next of an earlier page", FeedCursor::parse);
    query.finish()?;
    let Some(vault) = state.tenants.existing(&tenant).await? else {
        let next = FeedCursor::default().to_string();
        return Ok(HttpResponse::Ok().json(Receipts { items: Vec::new(), next, more: false }));
    };
    let (after, signing) = (after.unwrap_or_default(), Arc::clone(&state.signing));
    let rows = state.db.of(&tenant);
    let list = move |conn: &mut PgConnection| {
        // Every receipt has a name, so a reader recognises those it has.
        let from = if receipts::knows(conn, after)? { after } else { FeedCursor::default() };
        let found = receipts::list(conn, vault.tenant(), from, limit + 1)?;
        let shown = usize::try_from(limit).unwrap_or(usize::MAX).min(found.len());
        let (items, rest) = found.split_at(shown);
        let next = items.last().map_or(from, ReceiptRow::cursor).to_string();
        let hashes =
            vault.reading(conn, |vault| items.iter().map(|row| row.content_hash(vault)).collect())?;
        let items = items.iter().zip::<Vec<_>>(hashes);
        let items = items.map(|(row, hash)| view(row, (&tenant, hash), &signing));
        let items = items.collect::<Result<_, ApiError>>()?;
        Ok::<_, ApiError>(Receipts { items, next, more: !rest.is_empty() })
    };
    Ok(HttpResponse::Ok().json(rows.read(list).await?))
}

/// A receipt, signed now: the signature is the same every time, and opening a
/// document does not wait for it.
fn view(
    row: &ReceiptRow,
    (tenant, content_hash): (&TenantId, Option<Vec<u8>>),
    signing: &SigningKeys,
) -> Result<Receipt, ApiError> {
    let claims = Claims {
        iss: signing.issuer().to_owned(),
        tenant: tenant.to_string(),
        document_id: row.document_id.to_string(),
        version: row.version,
        content_hash: content_hash.map(|hash| URL_SAFE_NO_PAD.encode(hash)),
        outcome: row.kind.clone(),
        at: row.at.0.to_string(),
        receipt_id: row.id.to_string(),
    };
    let jws = signing.sign(&claims).map_err(ApiError::internal)?;
    let Claims { receipt_id: id, document_id, version, outcome: kind, at, .. } = claims;
    Ok(Receipt { id, document_id, kind, version, at, jws })
}
