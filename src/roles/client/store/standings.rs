//! Where the documents of a tenant stand, for their sender to compare.

use diesel::prelude::*;
use diesel::result::QueryResult;
use uuid::Uuid;

use super::access_codes::CodeRow;
use super::schema::{access_codes, documents};
use crate::domain::ids::TenantId;
use crate::platform::db::PgTimestamp;
use crate::roles::client::codes::StoredCode;

/// Where a document stands, without its text.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = documents, check_for_backend(diesel::pg::Pg))]
pub struct StandingRow {
    /// The document.
    pub id: Uuid,
    /// The newest operation that was applied.
    pub sequence: i64,
    /// Which code opens it.
    pub generation: i32,
    /// Version of its text.
    pub version: i32,
    /// When access was withdrawn.
    pub revoked_at: Option<PgTimestamp>,
    /// When access ends.
    pub expires_at: PgTimestamp,
    /// When its text arrived, or access was withdrawn.
    pub updated_at: PgTimestamp,
}

/// Up to `limit` documents of a tenant in the order of their ids, after `after`, each with
/// its living code and whether its text is here.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    after: Option<Uuid>,
    limit: i64,
) -> QueryResult<Vec<(StandingRow, bool, Option<StoredCode>)>> {
    let its_code = access_codes::tenant_id
        .eq(documents::tenant_id)
        .and(access_codes::document_id.eq(documents::id.nullable()))
        .and(access_codes::dead_at.is_null());
    let mut query = documents::table
        .left_join(access_codes::table.on(its_code))
        .filter(documents::tenant_id.eq(tenant.as_str()))
        .order(documents::id)
        .limit(limit)
        .select((StandingRow::as_select(), documents::title.is_not_null(), Option::<CodeRow>::as_select()))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(documents::id.gt(after));
    }
    let rows: Vec<(StandingRow, bool, Option<CodeRow>)> = query.load(conn)?;
    Ok(rows.into_iter().map(|(row, text, code)| (row, text, code.map(Into::into))).collect())
}
