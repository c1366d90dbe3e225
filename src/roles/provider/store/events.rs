//! The history of documents.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Int4, Text, Timestamptz, Uuid as PgUuid};
use uuid::Uuid;

use super::schema::document_events;
use crate::domain::ids::{DocumentId, TenantId};
use crate::domain::timestamp::Timestamp;
use crate::domain::words::EventKind;
use crate::platform::db::PgTimestamp;
use crate::platform::random;

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
}

/// A line that is written together with a change of its document.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    /// Its name for ever.
    pub name: Uuid,
    /// What happened.
    pub kind: EventKind,
    /// Version of the document that it concerns.
    pub version: i32,
    /// When.
    pub at: Timestamp,
}

impl Line {
    /// A line under a new name.
    #[must_use]
    pub fn new(kind: EventKind, version: i32, at: Timestamp) -> Self {
        Self { name: random::uuid(), kind, version, at }
    }
}

/// A statement that inserts or updates one document, if anything, and the line
/// that tells of it if it did, in one round trip. Counts the lines.
pub(super) struct Noted<Q> {
    statement: Q,
    line: Line,
    at: PgTimestamp,
}

impl<Q> Noted<Q> {
    pub(super) fn new(statement: Q, line: Line) -> Self {
        Self { statement, line, at: PgTimestamp(line.at) }
    }
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Noted<Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH written AS (");
        self.statement.walk_ast(out.reborrow())?;
        out.push_sql(
            " RETURNING tenant_id, id) INSERT INTO document_events (tenant_id, document_id, id, kind, version, at) \
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

/// Up to `limit` lines of a document's history, oldest first, after the line at
/// the place `after`; each with its place.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: DocumentId,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<(i64, Event)>> {
    type Row = (i64, Uuid, String, PgTimestamp, Option<i32>, Option<String>);
    let rows: Vec<Row> = document_events::table
        .filter(document_events::tenant_id.eq(tenant.as_str()))
        .filter(document_events::document_id.eq(id.0))
        .filter(document_events::position.gt(after))
        .order(document_events::position)
        .limit(limit)
        .select((
            document_events::position,
            document_events::id,
            document_events::kind,
            document_events::at,
            document_events::version,
            document_events::detail,
        ))
        .load(conn)?;
    let event = |(position, id, kind, at, version, detail): Row| {
        (position, Event { id, kind, at: at.0, version, detail })
    };
    Ok(rows.into_iter().map(event).collect())
}
