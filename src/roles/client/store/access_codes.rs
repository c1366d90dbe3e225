//! What opens a document.

use diesel::dsl::sql;
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::Bool;
use uuid::Uuid;

use super::documents::OpenedRow;
use super::schema::{access_codes, documents};
use crate::domain::ids::{DocumentId, TenantId};
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;
use crate::roles::client::codes::StoredCode;

/// Whether a code belongs to a tenant that may act: any other code opens nothing,
/// as if there were none.
fn of_active_tenant() -> SqlLiteral<Bool> {
    sql("EXISTS (SELECT FROM tenants t WHERE t.tenant_id = access_codes.tenant_id AND t.state = 'active')")
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = access_codes, check_for_backend(diesel::pg::Pg))]
pub(super) struct CodeRow {
    tenant_id: String,
    id: Uuid,
    key_id: String,
    selector_hash: Vec<u8>,
    verifier_salt: Vec<u8>,
    verifier_hash: Vec<u8>,
    work_factor: String,
    sealed_code: Vec<u8>,
    link_hash: Option<Vec<u8>>,
    sealed_link: Option<Vec<u8>>,
    failed_total: i32,
    failed_link: i32,
    dead_at: Option<PgTimestamp>,
}

#[derive(Insertable)]
#[diesel(table_name = access_codes)]
struct NewRow<'a> {
    tenant_id: &'a str,
    id: Uuid,
    document_id: Option<Uuid>,
    key_id: &'a str,
    selector_hash: &'a [u8],
    verifier_salt: &'a [u8],
    verifier_hash: &'a [u8],
    work_factor: &'a str,
    sealed_code: &'a [u8],
    link_hash: Option<&'a [u8]>,
    sealed_link: Option<&'a [u8]>,
    expires_at: Option<PgTimestamp>,
    created_at: PgTimestamp,
}

/// What a selector or a link leads to; nobody has checked the code yet.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Whose code.
    pub tenant: TenantId,
    /// What the verifier is checked against.
    pub code: StoredCode,
    /// Whether another code has taken its place.
    pub dead: bool,
    /// Wrong tries of the code alone.
    pub failed_total: i32,
    /// Wrong tries of those who have the link.
    pub failed_link: i32,
    /// The document; `None` if it has not arrived yet.
    pub document: Option<OpenedRow>,
}

/// Whom a new code is for.
#[derive(Debug, Clone, Copy)]
pub enum For {
    /// A document that is here.
    Document(DocumentId),
    /// A document that may come until then.
    Reservation(Timestamp),
}

fn new_row<'a>(tenant: &'a TenantId, code: &'a StoredCode, whom: For, now: Timestamp) -> NewRow<'a> {
    let (document_id, expires_at) = match whom {
        For::Document(id) => (Some(id.0), None),
        For::Reservation(until) => (None, Some(PgTimestamp(until))),
    };
    NewRow {
        tenant_id: tenant.as_str(),
        id: code.id,
        document_id,
        key_id: &code.key_id,
        selector_hash: &code.selector_hash,
        verifier_salt: &code.verifier_salt,
        verifier_hash: &code.verifier_hash,
        work_factor: &code.work_factor,
        sealed_code: &code.sealed_code,
        link_hash: code.link_hash.as_deref(),
        sealed_link: code.sealed_link.as_deref(),
        expires_at,
        created_at: PgTimestamp(now),
    }
}

/// Writes codes and returns the ids of those whose selectors were free.
pub fn insert(
    conn: &mut PgConnection,
    tenant: &TenantId,
    codes: &[&StoredCode],
    whom: For,
    now: Timestamp,
) -> QueryResult<Vec<Uuid>> {
    let rows: Vec<_> = codes.iter().map(|code| new_row(tenant, code, whom, now)).collect();
    diesel::insert_into(access_codes::table)
        .values(rows)
        .on_conflict(access_codes::selector_hash)
        .do_nothing()
        .returning(access_codes::id)
        .get_results(conn)
}

/// Writes a code that was handed out before; `false` if another one has its selector or
/// its link.
pub fn insert_known(
    conn: &mut PgConnection,
    tenant: &TenantId,
    code: &StoredCode,
    id: DocumentId,
    now: Timestamp,
) -> QueryResult<bool> {
    let row = new_row(tenant, code, For::Document(id), now);
    let written =
        diesel::insert_into(access_codes::table).values(row).on_conflict_do_nothing().execute(conn)?;
    Ok(written == 1)
}

/// Gives a reserved code to a document; `None` if no such code is reserved. One
/// whose time is over is given all the same: somebody holds the letter already.
pub fn activate(
    conn: &mut PgConnection,
    tenant: &TenantId,
    selector_hashes: &[Vec<u8>],
    id: DocumentId,
) -> QueryResult<Option<StoredCode>> {
    let reserved = access_codes::table
        .filter(access_codes::selector_hash.eq_any(selector_hashes))
        .filter(access_codes::tenant_id.eq(tenant.as_str()))
        // In words that fit no partial index: the one of reserved codes would be read
        // as a whole where the planner's statistics are older than the reserve.
        .filter(sql::<Bool>("num_nulls(document_id) = 1"));
    let row: Option<CodeRow> = diesel::update(reserved)
        .set((access_codes::document_id.eq(id.0), access_codes::expires_at.eq(None::<PgTimestamp>)))
        .returning(CodeRow::as_returning())
        .get_result(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// The code that opens a document.
pub fn find(conn: &mut PgConnection, tenant: &TenantId, id: DocumentId) -> QueryResult<Option<StoredCode>> {
    let row: Option<CodeRow> = access_codes::table
        .filter(access_codes::tenant_id.eq(tenant.as_str()))
        .filter(access_codes::document_id.eq(id.0))
        .filter(access_codes::dead_at.is_null())
        .select(CodeRow::as_select())
        .first(conn)
        .optional()?;
    Ok(row.map(Into::into))
}

/// How many codes each key of `ACCESS_CODE_KEY` has made.
pub fn count_by_key(conn: &mut PgConnection) -> QueryResult<Vec<(String, i64)>> {
    access_codes::table
        .group_by(access_codes::key_id)
        .select((access_codes::key_id, diesel::dsl::count_star()))
        .load(conn)
}

/// Lets the code of a document open nothing any more.
pub fn kill(conn: &mut PgConnection, tenant: &TenantId, id: DocumentId, now: Timestamp) -> QueryResult<()> {
    let live = access_codes::table
        .filter(access_codes::tenant_id.eq(tenant.as_str()))
        .filter(access_codes::document_id.eq(id.0))
        .filter(access_codes::dead_at.is_null());
    diesel::update(live).set(access_codes::dead_at.eq(PgTimestamp(now))).execute(conn).map(|_| ())
}

/// Gives a link to a code that is older than links.
pub fn add_link(
    conn: &mut PgConnection,
    tenant: &TenantId,
    code: Uuid,
    (hash, sealed): (&[u8], &[u8]),
) -> QueryResult<()> {
    diesel::update(access_codes::table.find((tenant.as_str(), code)))
        .set((access_codes::link_hash.eq(hash), access_codes::sealed_link.eq(sealed)))
        .execute(conn)
        .map(|_| ())
}

/// What these selectors lead to, of any tenant that may act: whoever types a code names no
/// tenant. Each with the hash of its selector.
pub fn by_selector(conn: &mut PgConnection, hashes: &[Vec<u8>]) -> QueryResult<Vec<(Vec<u8>, Candidate)>> {
    let same_document = documents::tenant_id
        .eq(access_codes::tenant_id)
        .and(documents::id.nullable().eq(access_codes::document_id));
    let rows: Vec<(CodeRow, Option<OpenedRow>)> = access_codes::table
        .left_join(documents::table.on(same_document))
        .filter(access_codes::selector_hash.eq_any(hashes))
        .filter(of_active_tenant())
        .select((CodeRow::as_select(), Option::<OpenedRow>::as_select()))
        .load(conn)?;
    let hashed = |row: (CodeRow, Option<OpenedRow>)| Some((row.0.selector_hash.clone(), candidate(row)?));
    Ok(rows.into_iter().filter_map(hashed).collect())
}

/// What these links lead to, of any tenant that may act. Each with the hash of its link.
pub fn by_link(conn: &mut PgConnection, hashes: &[Vec<u8>]) -> QueryResult<Vec<(Vec<u8>, Candidate)>> {
    let same_document = documents::tenant_id
        .eq(access_codes::tenant_id)
        .and(documents::id.nullable().eq(access_codes::document_id));
    let rows: Vec<(CodeRow, Option<OpenedRow>)> = access_codes::table
        .left_join(documents::table.on(same_document))
        .filter(access_codes::link_hash.eq_any(hashes))
        .filter(of_active_tenant())
        .select((CodeRow::as_select(), Option::<OpenedRow>::as_select()))
        .load(conn)?;
    let hashed = |row: (CodeRow, Option<OpenedRow>)| Some((row.0.link_hash.clone()?, candidate(row)?));
    Ok(rows.into_iter().filter_map(hashed).collect())
}

/// What a code leads to that has been found right before, if its tenant may act.
pub fn by_id(conn: &mut PgConnection, tenant: &TenantId, code: Uuid) -> QueryResult<Option<Candidate>> {
    let same_document = documents::tenant_id
        .eq(access_codes::tenant_id)
        .and(documents::id.nullable().eq(access_codes::document_id));
    let row: Option<(CodeRow, Option<OpenedRow>)> = access_codes::table
        .left_join(documents::table.on(same_document))
        .filter(access_codes::tenant_id.eq(tenant.as_str()))
        .filter(access_codes::id.eq(code))
        .filter(of_active_tenant())
        .select((CodeRow::as_select(), Option::<OpenedRow>::as_select()))
        .first(conn)
        .optional()?;
    Ok(row.and_then(candidate))
}

fn candidate((code, document): (CodeRow, Option<OpenedRow>)) -> Option<Candidate> {
    let tenant = TenantId::parse(&code.tenant_id).ok()?;
    let (failed_total, failed_link) = (code.failed_total, code.failed_link);
    let dead = code.dead_at.is_some();
    Some(Candidate { tenant, code: code.into(), dead, failed_total, failed_link, document })
}

impl From<CodeRow> for StoredCode {
    fn from(row: CodeRow) -> Self {
        Self {
            id: row.id,
            key_id: row.key_id,
            selector_hash: row.selector_hash,
            verifier_salt: row.verifier_salt,
            verifier_hash: row.verifier_hash,
            work_factor: row.work_factor,
            sealed_code: row.sealed_code,
            link_hash: row.link_hash,
            sealed_link: row.sealed_link,
        }
    }
}
