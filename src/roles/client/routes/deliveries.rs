//! Documents that the provider role delivers.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::web::Data;
use diesel::PgConnection;
use utoipa::ToSchema;

use crate::domain::document::{EXPIRES_IN_DEFAULT, EXPIRES_IN_MAX};
use crate::domain::fields::Invalid;
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::{Delivered, DeliveryReceipt};
use crate::platform::http::{ApiError, ErrorBody, JsonBody, Tenant};
use crate::platform::secrets::SecretKeys;
use crate::platform::{clock, random};
use crate::roles::client::store::documents::Arrival;
use crate::roles::client::{State, codes, store};

/// How many codes are tried until one has a free selector. With a million live
/// documents a selector is taken once in 33 times.
const TRIES: usize = 16;

/// Body of `POST /v1/documents`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the domain reads it field by field")]
pub struct DeliverDocument {
    /// The sender's id, a UUID; the same id again means the same document.
    #[schema(example = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")]
    id: Option<String>,
    /// The sender's version; a higher one replaces, a lower or equal one changes nothing.
    #[schema(example = 1, minimum = 1)]
    version: Option<i32>,
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
    /// Whom it is for: name, email, phone, language.
    #[schema(value_type = Option<Object>, example = json!({"name": "Anna Muster", "language": "de"}))]
    recipient: Option<serde_json::Value>,
    /// Free-form object.
    #[schema(value_type = Option<Object>, example = json!({"case": "A-17"}))]
    metadata: Option<serde_json::Value>,
    /// When access ends, RFC 3339; wins over `expiresIn`.
    #[schema(format = DateTime, example = "2026-12-20T17:57:06.120Z")]
    expires_at: Option<String>,
    /// Life of the access in seconds from now; 30 days where neither is given.
    #[schema(example = 604800, minimum = 60, maximum = 7_776_000)]
    expires_in: Option<i64>,
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
    #[schema(example = "https://client.on-track.ch/view/K7QM-4T9X-WR5C")]
    link: String,
}

/// Takes a document in and answers its access code.
#[utoipa::path(post, path = "/v1/documents", tag = "deliveries", operation_id = "receive_document",
    params(("X-Tenant" = Option<String>, Header, description = "Whose document")),
    request_body = DeliverDocument,
    responses(
        (status = 201, description = "The document is here; a repetition is answered with the same code", body = Receipt),
        (status = 400, description = "A field is broken", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn receive_document(
    state: Data<State>,
    Tenant(tenant): Tenant,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let arrival = arrival(Delivered::parse(body)?, clock::now())?;
    let (keys, id) = (state.keys.clone(), arrival.id);
    let access_code = state.db.transaction(id.0, move |conn| take_in(conn, &keys, &tenant, &arrival)).await?;
    let link = Some(format!("{}/view/{access_code}", state.public_url));
    Ok(HttpResponse::Created().json(DeliveryReceipt { id: id.to_string(), access_code, link }))
}

fn arrival(delivered: Delivered, now: Timestamp) -> Result<Arrival, Invalid> {
    let after = |seconds: i64| now.plus(Duration::from_secs(seconds.unsigned_abs()));
    let from_now = after(delivered.written.expires_in.unwrap_or(EXPIRES_IN_DEFAULT));
    let expires_at = delivered.expires_at.unwrap_or(from_now);
    // An hour more than the longest life, for clocks that differ.
    if expires_at > after(EXPIRES_IN_MAX + 3_600) {
        return Err(Invalid::field("expiresAt", "maximum", "must be at most 90 days from now"));
    }
    Ok(Arrival { id: delivered.id.unwrap_or_else(random::document_id), expires_at, at: now, delivered })
}

/// Writes the document and its code, or finds the code of a document that is here already.
fn take_in(
    conn: &mut PgConnection,
    keys: &SecretKeys,
    tenant: &TenantId,
    arrival: &Arrival,
) -> Result<String, ApiError> {
    if !store::documents::insert(conn, tenant, arrival)? {
        store::documents::replace(conn, tenant, arrival)?;
        let stored = store::access_codes::find(conn, tenant, arrival.id)?;
        return codes::reveal(keys, tenant, arrival.id, &stored);
    }
    for _ in 0..TRIES {
        let (code, stored) = codes::issue(keys, tenant, arrival.id)?;
        if store::access_codes::insert(conn, tenant, arrival.id, &stored, arrival.at)? {
            return Ok(code.to_string());
        }
    }
    Err(ApiError::internal("no free access code was found"))
}
