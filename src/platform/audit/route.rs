//! The audit trail over HTTP: a feed of lines.

use actix_web::HttpResponse;
use actix_web::web::Data;
use diesel::PgConnection;

use super::chain::line_of;
use super::{Audit, store};
use crate::domain::audit::{AuditAction, NOBODY};
use crate::domain::scope::AuditRead;
use crate::platform::http::{ApiError, Caller, ErrorBody, Query};
use crate::platform::tenants::Tenants;

/// Lines where nobody says how many.
const PAGE: i64 = 1_000;
/// Most lines of an answer.
const PAGE_MAX: i64 = 10_000;

/// Exports the audit trail, oldest first, one entry per line.
///
/// Each line is an entry as JSON with its place `seq` and its hash; ask with the `seq` of the
/// last line as `after` until nothing comes. `oc audit verify --file` verifies what came.
#[utoipa::path(get, path = "/api/audit", tag = "audit", operation_id = "export_audit",
    security(("bearer" = ["audit:read"])),
    params(
        ("X-Tenant" = Option<String>, Header, description = "Whose audit trail"),
        ("after" = Option<i64>, Query, minimum = 0, maximum = 9_223_372_036_854_775_807_i64, description = "`seq` of the last line that you have; from the beginning without it"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 10_000, description = "Lines per answer, 1000 by default"),
    ),
    responses(
        (status = 200, description = "Entries, each on a line of its own", body = String, content_type = "application/x-ndjson"),
        (status = 400, description = "A parameter is broken", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn export_audit(
    audit: Data<Audit>,
    tenants: Data<Tenants>,
    Caller { tenant, by, .. }: Caller<AuditRead>,
    mut query: Query,
) -> Result<HttpResponse, ApiError> {
    let within = |text: &str| text.parse().ok().filter(|n| (1..=PAGE_MAX).contains(n));
    let limit = query.optional("limit", "must be a whole number from 1 to 10000", within).unwrap_or(PAGE);
    let place = |text: &str| text.parse().ok().filter(|n: &i64| *n >= 0);
    let after = query.optional("after", "must be the seq of an entry", place).unwrap_or(0);
    query.finish()?;
    tenants.vault(&tenant).await?;
    audit.read(&tenant, &by, AuditAction::AuditRead, NOBODY);
    let rows = audit.db.of(&tenant);
    let export = move |conn: &mut PgConnection| -> Result<String, ApiError> {
        let mut lines = String::new();
        for (body, hash) in store::page(conn, &tenant, after, limit)? {
            lines.push_str(&line_of(&body, &hash).map_err(ApiError::internal)?);
            lines.push('\n');
        }
        Ok(lines)
    };
    let lines = rows.read(export).await?;
    Ok(HttpResponse::Ok().content_type("application/x-ndjson").body(lines))
}
