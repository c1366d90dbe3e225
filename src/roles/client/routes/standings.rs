//! Where documents stand here: for a sender whose database, or whose client role's, was
//! restored from a backup.

use actix_web::HttpResponse;
use actix_web::web::Data;
use diesel::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::audit::{AuditAction, NOBODY};
use crate::domain::ids::TenantId;
use crate::domain::scope::TransferWrite;
use crate::domain::wire::{STANDINGS_MAX, Standing, Standings};
use crate::platform::http::{ApiError, Caller, ErrorBody, Query};
use crate::roles::client::State;
use crate::roles::client::codes::StoredCode;
use crate::roles::client::store::standings::{self, StandingRow};

/// Documents of a page where nobody says how many.
const PAGE: i64 = 100;

/// Where a document stands.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = Standing)]
#[expect(dead_code, reason = "describes Standing of the domain")]
pub struct StandingView {
    /// The document, by the sender's id.
    #[schema(format = Uuid, example = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")]
    id: String,
    /// The newest operation that was applied.
    #[schema(example = 3)]
    sequence: i64,
    /// Which access code opens it.
    #[schema(example = 1)]
    generation: i32,
    /// Version of its text.
    #[schema(example = 2)]
    version: i32,
    /// Whether its text is here.
    #[schema(example = true)]
    has_text: bool,
    /// Whether access was withdrawn.
    #[schema(example = false)]
    revoked: bool,
    /// When access ends.
    #[schema(format = DateTime, example = "2026-12-20T17:57:06.120Z")]
    expires_at: String,
    /// When its text arrived, or access was withdrawn.
    #[schema(format = DateTime, example = "2026-11-20T17:57:06.120Z")]
    changed_at: String,
    /// The code that opens it; absent once access was withdrawn.
    #[schema(nullable = false, example = "K7QM-4T9X-WR5C")]
    access_code: Option<String>,
    /// Where it is typed.
    #[schema(
        nullable = false,
        example = "https://client.on-track.ch/d/lG0aCeUoXiT1vN6rWQ4sb7SxwJ3nq5Rk8ZyVtPfM2dg"
    )]
    link: Option<String>,
}

/// Answer of `GET /v1/documents`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = Standings)]
#[expect(dead_code, reason = "describes Standings of the domain")]
pub struct StandingsView {
    /// In the order of their ids.
    items: Vec<StandingView>,
    /// Whether there is more; ask with the last `id` as `after`.
    #[schema(example = false)]
    more: bool,
}

/// Lists where the documents of a tenant stand, without their texts.
///
/// For a sender to compare with what it knows, after its database or this one was restored
/// from a backup.
#[utoipa::path(get, path = "/v1/documents", tag = "deliveries", operation_id = "list_standings",
    security(("bearer" = ["transfer:write"])),
    params(
        ("X-Tenant" = Option<String>, Header, description = "Whose documents"),
        ("after" = Option<String>, Query, format = Uuid, description = "The last id of the answer before; from the beginning without it"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 500, description = "Documents per page, 100 by default"),
    ),
    responses(
        (status = 200, description = "One page", body = StandingsView),
        (status = 400, description = "A parameter is broken", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn list_standings(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<TransferWrite>,
    mut query: Query,
) -> Result<HttpResponse, ApiError> {
    let within = |text: &str| text.parse().ok().filter(|n| (1..=STANDINGS_MAX).contains(n));
    let limit = query.optional("limit", "must be a whole number from 1 to 500", within).unwrap_or(PAGE);
    let after = query.optional("after", "must be the id of a document", |text| Uuid::try_parse(text).ok());
    query.finish()?;
    if state.tenants.existing(&tenant).await?.is_none() {
        return Ok(HttpResponse::Ok().json(Standings { items: Vec::new(), more: false }));
    }
    state.audit.read(&tenant, &by, AuditAction::DocumentsListed, NOBODY);
    let own = tenant.clone();
    let list = move |conn: &mut PgConnection| -> Result<_, ApiError> {
        Ok(standings::list(conn, &own, after, limit + 1)?)
    };
    let found = state.db.of(&tenant).read(list).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX).min(found.len());
    let more = found.len() > shown;
    let items = found.into_iter().take(shown).map(|row| view(&state, &tenant, row)).collect();
    Ok(HttpResponse::Ok().json(Standings { items, more }))
}

fn view(
    state: &State,
    tenant: &TenantId,
    (row, has_text, code): (StandingRow, bool, Option<StoredCode>),
) -> Standing {
    let revoked = row.revoked_at.is_some();
    // One that was made with a key that is gone opens nothing; its document is compared all the same.
    let code = code.filter(|_| !revoked).and_then(|code| {
        let token = state.codes.reveal_token(tenant, &code).ok()?;
        Some((state.codes.reveal(tenant, &code).ok()?, token))
    });
    let (access_code, token) = code.map_or((None, None), |(code, token)| (Some(code), token));
    Standing {
        id: row.id.to_string(),
        sequence: row.sequence,
        generation: row.generation,
        version: row.version,
        has_text,
        revoked,
        expires_at: row.expires_at.0.to_string(),
        changed_at: row.updated_at.0.to_string(),
        access_code,
        link: token.map(|token| state.link(&token)),
    }
}
