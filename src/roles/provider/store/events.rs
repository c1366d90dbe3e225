//! The history of documents.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Binary, Int4, Int8, Nullable, Text, Timestamptz, Uuid as PgUuid};
use uuid::Uuid;

use super::receipts::JWS;
use super::schema::document_events;
use crate::domain::audit::{AuditAction, Trace};
use crate::domain::ids::{DocumentId, TenantId};
use crate::domain::timestamp::Timestamp;
use crate::domain::words::EventKind;
use crate::platform::audit;
use crate::platform::db::PgTimestamp;
use crate::platform::random;
use crate::platform::tenants::{Vault, VaultError};

/// A line of a document's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its name for ever.
    pub id: Uuid,
    /// What happened.
    pub kind: String,
    /// When.
    pub at: Timestamp,
    /// Version of the document that it concerns.
    pub version: Option<i32>,
    /// A reason in words, where there is one.
    pub detail: Option<String>,
    /// What the client role has signed about it, a compact JWS.
    pub receipt: Option<String>,
}

/// A line that is written together with a change of its document, and with an
/// entry of the audit trail.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name for ever.
    pub name: Uuid,
    /// What happened.
    pub kind: EventKind,
    /// Version of the document that it concerns.
    pub version: i32,
    /// When.
    pub at: Timestamp,
    /// Who did it, from where.
    pub by: Trace,
}

impl Line {
    /// A line under a new name.
    #[must_use]
    pub fn new(kind: EventKind, version: i32, at: Timestamp, by: Trace) -> Self {
        Self { name: random::uuid(), kind, version, at, by }
    }
}

/// A statement that inserts or updates one document, if anything, and the line and
/// the entry that tell of it if it did, in one round trip. Counts the lines.
pub(super) struct Noted<Q> {
    statement: Q,
    line: Line,
    at: PgTimestamp,
}

impl<Q> Noted<Q> {
    pub(super) fn new(statement: Q, line: Line) -> Self {
        Self { statement, at: PgTimestamp(line.at), line }
    }
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Noted<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH written AS (");
        self.statement.walk_ast(out.reborrow())?;
        out.push_sql(" RETURNING tenant_id, id), told AS (");
        let action = AuditAction::of_history(self.line.kind);
        audit::push_note(&mut out, &self.line.by, action, &self.at, "written")?;
        out.push_sql(
            ") INSERT INTO document_events (tenant_id, document_id, id, kind, version, at) \
             SELECT tenant_id, id, ",
        );
        out.push_bind_param::<PgUuid, _>(&self.line.name)?;
        out.push_sql(", ");
        out.push_bind_param::<Text, _>(self.line.kind.as_str())?;
        out.push_sql(", ");
        out.push_bind_param::<Int4, _>(&self.line.version)?;
        out.push_sql(", ");
        out.push_bind_param::<Timestamptz, _>(&self.at)?;
        out.push_sql(" FROM written");
        Ok(())
    }
}

// The text of the statement names it.
impl<Q> QueryId for Noted<Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> RunQueryDsl<PgConnection> for Noted<Q> {}

/// Writes a line.
pub fn note(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: DocumentId,
    (kind, version): (EventKind, i32),
    now: Timestamp,
) -> QueryResult<()> {
    diesel::insert_into(document_events::table)
        .values((
            document_events::tenant_id.eq(tenant.as_str()),
            document_events::document_id.eq(id.0),
            document_events::id.eq(random::uuid()),
            document_events::kind.eq(kind.as_str()),
            document_events::version.eq(version),
            document_events::at.eq(PgTimestamp(now)),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether the history of a document has a line of this name.
pub fn exists(conn: &mut PgConnection, tenant: &TenantId, id: DocumentId, name: Uuid) -> QueryResult<bool> {
    let line = document_events::table
        .filter(document_events::tenant_id.eq(tenant.as_str()))
        .filter(document_events::document_id.eq(id.0))
        .filter(document_events::id.eq(name));
    diesel::select(diesel::dsl::exists(line)).get_result(conn)
}

/// Writes the line of a receipt; `false` if it is there already.
pub fn note_receipt(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: DocumentId,
    event: &Event,
) -> QueryResult<bool> {
    let written = diesel::insert_into(document_events::table)
        .values((
            document_events::tenant_id.eq(tenant.as_str()),
            document_events::document_id.eq(id.0),
            document_events::id.eq(event.id),
            document_events::kind.eq(&event.kind),
            document_events::version.eq(event.version),
            document_events::at.eq(PgTimestamp(event.at)),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(written == 1)
}

#[derive(QueryableByName)]
struct EventRow {
    #[diesel(sql_type = Int8)]
    position: i64,
    #[diesel(sql_type = PgUuid)]
    id: Uuid,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Timestamptz)]
    at: PgTimestamp,
    #[diesel(sql_type = Nullable<Int4>)]
    version: Option<i32>,
    #[diesel(sql_type = Nullable<Text>)]
    detail: Option<String>,
    #[diesel(sql_type = Nullable<Binary>)]
    jws: Option<Vec<u8>>,
    #[diesel(sql_type = Nullable<PgUuid>)]
    jws_of: Option<Uuid>,
}

impl EventRow {
    fn open(&self, vault: &Vault) -> Result<(i64, Event), VaultError> {
        let receipt = match (&self.jws, self.jws_of) {
            (Some(jws), Some(of)) => Some(vault.open_text(JWS, of, jws)?),
            _ => None,
        };
        let (kind, detail) = (self.kind.clone(), self.detail.clone());
        let event = Event { id: self.id, kind, at: self.at.0, version: self.version, detail, receipt };
        Ok((self.position, event))
    }
}

/// Up to `limit` lines of a document's history, oldest first, after the line at
/// the place `after`; each with its place, and with its signed receipt.
///
/// A line that came as a receipt has its name. That the client role confirmed
/// something is known from its answer already; its receipt is the one of the same
/// turn among those about the same version.
pub fn list(
    conn: &mut PgConnection,
    vault: &Vault,
    id: DocumentId,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<(i64, Event)>> {
    let rows: Vec<EventRow> = diesel::sql_query(
        "WITH e AS (SELECT *, row_number() OVER (PARTITION BY kind, detail, version ORDER BY position) AS turn \
           FROM document_events WHERE tenant_id = $1 AND document_id = $2), \
         r AS (SELECT *, row_number() OVER (PARTITION BY outcome, version ORDER BY at, id) AS turn \
           FROM document_receipts WHERE tenant_id = $1 AND document_id = $2) \
         SELECT e.position, e.id, e.kind, e.at, e.version, e.detail, coalesce(own.jws, r.jws) AS jws, \
         coalesce(own.id, r.id) AS jws_of FROM e \
         LEFT JOIN r AS own ON own.id = e.id \
         LEFT JOIN r ON e.kind = 'delivered' AND r.version = e.version AND r.turn = e.turn AND r.outcome = \
           CASE e.detail WHEN 'send' THEN 'delivered' WHEN 'reissue' THEN 'reissued' \
             WHEN 'expiry' THEN 'expiry_changed' WHEN 'revoke' THEN 'revoked' END \
         WHERE e.position > $3 ORDER BY e.position LIMIT $4",
    )
    .bind::<Text, _>(vault.tenant().as_str())
    .bind::<PgUuid, _>(id.0)
    .bind::<Int8, _>(after)
    .bind::<Int8, _>(limit)
    .load(conn)?;
    vault.reading(conn, |vault| rows.iter().map(|row| row.open(vault)).collect())
}
