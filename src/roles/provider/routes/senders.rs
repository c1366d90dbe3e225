//! What recipients see of the practice: its name, how to reach it, colour and logo.

use actix_web::HttpResponse;
use actix_web::http::header::ETAG;
use actix_web::web::Data;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::scope::{Admin, DocumentsRead};
use crate::domain::sender::{Logo, Sender};
use crate::platform::http::{ApiError, Caller, ErrorBody, IfMatch, JsonBody};
use crate::platform::outbox::inspect::Progress;
use crate::roles::provider::State;
use crate::roles::provider::flows::senders::{self, Known};

/// How far what recipients see has come.
pub const STATES: [&str; 3] = ["delivered", "queued", "failed"];

/// Body of `PUT /api/sender`. What is absent stays as it is, `null` clears it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the domain reads it field by field")]
pub struct UpdateSender {
    /// What the practice is called, one line of 1 to 200 characters.
    #[schema(example = "Praxis am See", min_length = 1, max_length = 200)]
    name: String,
    /// Where it is, for letters: at most 6 lines, 200 characters altogether.
    #[schema(example = "Seestrasse 12\n8002 Zürich", min_length = 1, max_length = 200)]
    address: Option<String>,
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

/// What recipients see of the practice.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Sender)]
pub struct SenderView {
    /// What it is called.
    #[schema(example = "Praxis am See")]
    name: Option<String>,
    /// Where it is, for letters, line by line.
    #[schema(example = "Seestrasse 12\n8002 Zürich")]
    address: Option<String>,
    /// Its telephone number.
    #[schema(example = "+41 44 123 45 67")]
    phone: Option<String>,
    /// When somebody answers there.
    #[schema(example = "Mo–Fr 8–12, 13.30–17")]
    hours: Option<String>,
    /// Its colour.
    #[schema(example = "#0f5e5a")]
    colour: Option<String>,
    /// Its logo as a data URL.
    #[schema(example = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=")]
    logo: Option<String>,
    /// Whether the tenant has said nothing yet, so that what the installation says (`SENDER_*`) holds.
    #[schema(example = false)]
    is_default: bool,
    /// Grows with each change; 0 before the first.
    #[schema(example = 1)]
    version: i32,
    /// When it was last changed.
    #[schema(format = DateTime, example = "2026-11-20T17:57:06.120Z")]
    updated_at: Option<String>,
    /// Whether the client role shows it: `delivered`, `queued` or `failed`; absent before the first saving.
    #[schema(example = "delivered")]
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<&'static str>,
}

impl SenderView {
    fn of(known: &Known, default: &Sender) -> Self {
        let saved = known.saved.as_ref();
        let sender = saved.map_or(default, |saved| &saved.sender);
        let address = (!sender.address.is_empty()).then(|| sender.address.join("\n"));
        Self {
            name: sender.name.clone(),
            address,
            phone: sender.phone.clone(),
            hours: sender.hours.clone(),
            colour: sender.colour.map(|colour| colour.to_string()),
            logo: sender.logo.as_ref().map(Logo::to_url),
            is_default: saved.is_none(),
            version: known.version(),
            updated_at: saved.map(|saved| saved.updated_at.to_string()),
            delivery: saved.map(|_| delivery(known.progress)),
        }
    }
}

fn delivery(progress: Progress) -> &'static str {
    match progress {
        Progress::Delivered => "delivered",
        Progress::Waiting => "queued",
        Progress::Failed => "failed",
    }
}

/// Shows what recipients see of the practice.
#[utoipa::path(get, path = "/api/sender", tag = "sender", operation_id = "find_sender",
    security(("bearer" = ["documents:read"])),
    params(("X-Tenant" = Option<String>, Header, description = "Whose practice")),
    responses(
        (status = 200, description = "The practice", body = SenderView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, description = "The tenant is broken", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn find_sender(
    state: Data<State>,
    Caller { tenant, .. }: Caller<DocumentsRead>,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    Ok(answer(&state, &senders::look(&state, &vault).await?))
}

/// Changes what recipients see of the practice, and tells the client role.
///
/// The client role shows it as soon as it can be reached; `delivery` says whether it does.
/// Saving the same once more keeps the version and tells the client role again.
#[utoipa::path(put, path = "/api/sender", tag = "sender", operation_id = "update_sender",
    security(("bearer" = ["admin"])),
    params(("X-Tenant" = Option<String>, Header, description = "Whose practice"),
           ("If-Match" = Option<String>, Header, description = "Change it only if this is its ETag")),
    request_body = UpdateSender,
    responses(
        (status = 200, description = "The practice as it is now", body = SenderView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, description = "A field is broken", body = ErrorBody),
        (status = 409, description = "Others keep changing it", body = ErrorBody),
        (status = 412, description = "It has changed since", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn update_sender(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<Admin>,
    if_match: IfMatch,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let by = state.audit.trace(&tenant, &by);
    let accepted = move |version| if_match.check(version);
    let known = senders::save(&state, &vault, body, accepted, by).await?;
    Ok(answer(&state, &known))
}

fn answer(state: &State, known: &Known) -> HttpResponse {
    let etag = format!("\"{}\"", known.version());
    HttpResponse::Ok().insert_header((ETAG, etag)).json(SenderView::of(known, &state.sender))
}
