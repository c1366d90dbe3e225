//! How events get from the histories to the webhooks.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool, Text, Timestamptz, Uuid as PgUuid};
use uuid::Uuid;

use super::schema::{document_events, webhook_endpoints as endpoints};
use crate::domain::ids::{DocumentId, TenantId, WebhookId};
use crate::domain::timestamp::Timestamp;
use crate::domain::words::EventKind;
use crate::platform::db::PgTimestamp;
use crate::platform::feed::{FeedCursor, READY};

/// An event on its way to a webhook.
#[derive(Debug, Clone)]
pub struct News {
    /// Its place in the feed.
    pub cursor: FeedCursor,
    /// The event's name for ever.
    pub id: Uuid,
    /// The document.
    pub document: DocumentId,
    /// What happened; `None` for a kind that a newer version has written.
    pub kind: Option<EventKind>,
    /// When.
    pub at: Timestamp,
    /// Version of the document.
    pub version: Option<i32>,
}

#[derive(QueryableByName)]
struct EndpointRow {
    #[diesel(sql_type = Text)]
    tenant_id: String,
    #[diesel(sql_type = PgUuid)]
    id: Uuid,
}

/// Endpoints that are switched on, of any tenant.
pub fn enabled(conn: &mut PgConnection) -> QueryResult<Vec<WebhookId>> {
    let ids: Vec<Uuid> = endpoints::table.filter(endpoints::enabled).select(endpoints::id).load(conn)?;
    Ok(ids.into_iter().map(WebhookId).collect())
}

/// Endpoints that are switched on and have not been passed everything yet.
pub fn behind(conn: &mut PgConnection) -> QueryResult<Vec<(TenantId, WebhookId)>> {
    let statement = format!(
        "SELECT p.tenant_id, p.id FROM webhook_endpoints p WHERE p.enabled AND EXISTS (SELECT FROM document_events \
         WHERE tenant_id = p.tenant_id AND (txid, position) > (p.cursor_txid, p.cursor_position) AND {READY})"
    );
    let rows: Vec<EndpointRow> = diesel::sql_query(statement).load(conn)?;
    let read = |row: EndpointRow| Some((TenantId::parse(&row.tenant_id).ok()?, WebhookId(row.id)));
    Ok(rows.into_iter().filter_map(read).collect())
}

/// Locks an endpoint until the end of the transaction and tells which kinds it
/// wants and how far it has come; `None` if another process is at it.
pub fn lock(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: WebhookId,
) -> QueryResult<Option<(Vec<String>, FeedCursor)>> {
    let row: Option<(Vec<String>, i64, i64)> = endpoints::table
        .find((tenant.as_str(), id.0))
        .filter(endpoints::enabled)
        .select((endpoints::events, endpoints::cursor_txid, endpoints::cursor_position))
        .for_update()
        .skip_locked()
        .first(conn)
        .optional()?;
    Ok(row.map(|(events, txid, position)| (events, FeedCursor { txid, position })))
}

/// Up to `limit` events of a tenant after a place in its feed.
pub fn news(
    conn: &mut PgConnection,
    tenant: &TenantId,
    after: FeedCursor,
    limit: i64,
) -> QueryResult<Vec<News>> {
    type Row = (i64, i64, Uuid, Uuid, String, PgTimestamp, Option<i32>);
    let later = sql::<Bool>("(txid, position) > (")
        .bind::<BigInt, _>(after.txid)
        .sql(", ")
        .bind::<BigInt, _>(after.position)
        .sql(")");
    let rows: Vec<Row> = document_events::table
        .filter(document_events::tenant_id.eq(tenant.as_str()))
        .filter(later)
        .filter(sql::<Bool>(READY))
        .order((document_events::txid, document_events::position))
        .limit(limit)
        .select((
            document_events::txid,
            document_events::position,
            document_events::id,
            document_events::document_id,
            document_events::kind,
            document_events::at,
            document_events::version,
        ))
        .load(conn)?;
    let news = |(txid, position, id, document, kind, at, version): Row| News {
        cursor: FeedCursor { txid, position },
        id,
        document: DocumentId(document),
        kind: EventKind::parse(&kind),
        at: at.0,
        version,
    };
    Ok(rows.into_iter().map(news).collect())
}

/// Notes up to where an endpoint has been passed events.
pub fn advance(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: WebhookId,
    cursor: FeedCursor,
) -> QueryResult<()> {
    diesel::update(endpoints::table.find((tenant.as_str(), id.0)))
        .set((endpoints::cursor_txid.eq(cursor.txid), endpoints::cursor_position.eq(cursor.position)))
        .execute(conn)
        .map(|_| ())
}

/// Sets an endpoint back, so that it is passed everything again that happened
/// since a moment; `false` if there is no such endpoint. Reads what happened since:
/// in the order of the feed, which the sum hides, it would read all that came before.
pub fn rewind(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: WebhookId,
    since: Timestamp,
) -> QueryResult<bool> {
    let moved = diesel::sql_query(
        "UPDATE webhook_endpoints p SET cursor_txid = coalesce(e.txid, p.cursor_txid), \
         cursor_position = coalesce(e.position - 1, p.cursor_position) \
         FROM (SELECT 1) AS one LEFT JOIN LATERAL (SELECT txid, position FROM document_events \
         WHERE tenant_id = $1 AND at >= $3 ORDER BY txid + 0, position LIMIT 1) AS e ON true \
         WHERE p.tenant_id = $1 AND p.id = $2",
    )
    .bind::<Text, _>(tenant.as_str())
    .bind::<PgUuid, _>(id.0)
    .bind::<Timestamptz, _>(PgTimestamp(since))
    .execute(conn)?;
    Ok(moved == 1)
}

/// Switches an endpoint off that does not want to be called any more.
pub fn switch_off(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: WebhookId,
    reason: &str,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::update(endpoints::table.find((tenant.as_str(), id.0)).filter(endpoints::enabled))
        .set((
            endpoints::enabled.eq(false),
            endpoints::disabled_reason.eq(reason),
            endpoints::updated_at.eq(PgTimestamp(now)),
        ))
        .execute(conn)
        .map(|_| ())
}

/// Gives events their place at the start of the feed that were written by
/// another server, whose transaction ids were ahead of this one's.
pub fn mend_after_restore(conn: &mut PgConnection) -> QueryResult<usize> {
    let ahead = "txid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
    // The newest event of each tenant tells whether there is anything to do, without reading them all.
    let restored = format!(
        "EXISTS (SELECT FROM client_accounts a CROSS JOIN LATERAL (SELECT e.txid FROM document_events e \
         WHERE e.tenant_id = a.tenant_id ORDER BY e.txid DESC, e.position DESC LIMIT 1) AS newest WHERE newest.{ahead})"
    );
    diesel::sql_query(format!("UPDATE document_events SET txid = 0 WHERE {ahead} AND {restored}"))
        .execute(conn)?;
    let ahead = ahead.replace("txid >=", "cursor_txid >");
    diesel::sql_query(format!(
        "UPDATE webhook_endpoints SET cursor_txid = 0, cursor_position = 0 WHERE {ahead}"
    ))
    .execute(conn)
}
