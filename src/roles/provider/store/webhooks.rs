//! Webhook endpoints. Every function takes the connection first and the tenant second.

use diesel::prelude::*;
use diesel::result::QueryResult;
use uuid::Uuid;

use super::schema::webhook_endpoints as endpoints;
use crate::domain::ids::{TenantId, WebhookId};
use crate::domain::timestamp::Timestamp;
use crate::domain::webhook::Webhook;
use crate::domain::words::EventKind;
use crate::platform::db::PgTimestamp;

/// What is shown of an endpoint: all but its secrets and its place in the feed.
#[derive(Queryable, Selectable)]
#[diesel(table_name = endpoints, check_for_backend(diesel::pg::Pg))]
struct WebhookRow {
    id: Uuid,
    url: String,
    description: Option<String>,
    events: Vec<String>,
    enabled: bool,
    disabled_reason: Option<String>,
    created_at: PgTimestamp,
    updated_at: PgTimestamp,
}

/// What a writer changes.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = endpoints, treat_none_as_null = true)]
struct WrittenRow<'a> {
    url: &'a str,
    description: Option<&'a str>,
    events: Vec<&'static str>,
    enabled: bool,
    disabled_reason: Option<&'a str>,
    updated_at: PgTimestamp,
}

impl<'a> WrittenRow<'a> {
    fn of(webhook: &'a Webhook) -> Self {
        Self {
            url: &webhook.url,
            description: webhook.description.as_deref(),
            events: webhook.events.iter().map(|kind| kind.as_str()).collect(),
            enabled: webhook.enabled,
            disabled_reason: webhook.disabled_reason.as_deref(),
            updated_at: webhook.updated_at.into(),
        }
    }
}

impl From<WebhookRow> for Webhook {
    /// A kind of event that a newer version has written is passed over.
    fn from(row: WebhookRow) -> Self {
        Self {
            id: WebhookId(row.id),
            url: row.url,
            description: row.description,
            events: row.events.iter().filter_map(|word| EventKind::parse(word)).collect(),
            enabled: row.enabled,
            disabled_reason: row.disabled_reason,
            created_at: row.created_at.into(),
            updated_at: row.updated_at.into(),
        }
    }
}

/// Writes a new endpoint, which is told about what begins from now on; `false`
/// if there is one with its id.
pub fn insert(
    conn: &mut PgConnection,
    tenant: &TenantId,
    webhook: &Webhook,
    secrets: &[u8],
) -> QueryResult<bool> {
    let written = diesel::insert_into(endpoints::table)
        .values((
            endpoints::tenant_id.eq(tenant.as_str()),
            endpoints::id.eq(webhook.id.0),
            endpoints::secrets.eq(secrets),
            endpoints::created_at.eq(PgTimestamp(webhook.created_at)),
            WrittenRow::of(webhook),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(written == 1)
}

/// How many endpoints a tenant has.
pub fn count(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<i64> {
    endpoints::table.filter(endpoints::tenant_id.eq(tenant.as_str())).count().get_result(conn)
}

/// Reads all endpoints of a tenant, the oldest first.
pub fn list(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<Vec<Webhook>> {
    let rows: Vec<WebhookRow> = endpoints::table
        .filter(endpoints::tenant_id.eq(tenant.as_str()))
        .order(endpoints::id.asc())
        .select(WebhookRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// Reads one endpoint.
pub fn find(conn: &mut PgConnection, tenant: &TenantId, id: WebhookId) -> QueryResult<Option<Webhook>> {
    let row = endpoints::table.find((tenant.as_str(), id.0)).select(WebhookRow::as_select());
    Ok(row.first(conn).optional()?.map(Into::into))
}

/// Reads one endpoint with its secrets and locks it until the end of the transaction.
pub fn lock(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: WebhookId,
) -> QueryResult<Option<(Webhook, Vec<u8>)>> {
    let row: Option<(WebhookRow, Vec<u8>)> = endpoints::table
        .find((tenant.as_str(), id.0))
        .select((WebhookRow::as_select(), endpoints::secrets))
        .for_update()
        .first(conn)
        .optional()?;
    Ok(row.map(|(row, secrets)| (row.into(), secrets)))
}

/// Reads one endpoint with its secrets.
pub fn find_sealed(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: WebhookId,
) -> QueryResult<Option<(Webhook, Vec<u8>)>> {
    let row: Option<(WebhookRow, Vec<u8>)> = endpoints::table
        .find((tenant.as_str(), id.0))
        .select((WebhookRow::as_select(), endpoints::secrets))
        .first(conn)
        .optional()?;
    Ok(row.map(|(row, secrets)| (row.into(), secrets)))
}

/// Writes what was changed.
pub fn update(conn: &mut PgConnection, tenant: &TenantId, webhook: &Webhook) -> QueryResult<()> {
    let row = endpoints::table.find((tenant.as_str(), webhook.id.0));
    diesel::update(row).set(WrittenRow::of(webhook)).execute(conn)?;
    Ok(())
}

/// Puts other secrets in the place of the stored ones.
pub fn update_secrets(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: WebhookId,
    secrets: &[u8],
    now: Timestamp,
) -> QueryResult<()> {
    let row = endpoints::table.find((tenant.as_str(), id.0));
    diesel::update(row)
        .set((endpoints::secrets.eq(secrets), endpoints::updated_at.eq(PgTimestamp(now))))
        .execute(conn)?;
    Ok(())
}

/// Deletes an endpoint; `false` if there is none.
pub fn delete(conn: &mut PgConnection, tenant: &TenantId, id: WebhookId) -> QueryResult<bool> {
    Ok(diesel::delete(endpoints::table.find((tenant.as_str(), id.0))).execute(conn)? == 1)
}
