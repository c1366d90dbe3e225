//! What opens a document.

use diesel::prelude::*;
use diesel::result::QueryResult;
use uuid::Uuid;

use super::schema::{access_codes, documents};
use crate::domain::ids::{DocumentId, TenantId};
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;
use crate::roles::client::codes::StoredCode;

#[derive(Queryable, Selectable)]
#[diesel(table_name = access_codes, check_for_backend(diesel::pg::Pg))]
struct CodeRow {
    key_id: String,
    selector_hash: Vec<u8>,
    verifier_salt: Vec<u8>,
    verifier_hash: Vec<u8>,
    sealed_code: Vec<u8>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = documents, check_for_backend(diesel::pg::Pg))]
struct DocumentRow {
    tenant_id: String,
    id: Uuid,
    version: i32,
    title: String,
    content: String,
    content_type: String,
    expires_at: PgTimestamp,
    created_at: PgTimestamp,
    updated_at: PgTimestamp,
}

/// A document that a selector leads to; nobody has checked the verifier yet.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// Whose document.
    pub tenant: TenantId,
    /// The document.
    pub document: OpenedDocument,
    /// What the verifier is checked against.
    pub code: StoredCode,
}

/// What is shown of a document once it is open.
#[derive(Debug, Clone)]
pub struct OpenedDocument {
    /// Its id.
    pub id: DocumentId,
    /// Its newest version.
    pub version: i32,
    /// Title.
    pub title: String,
    /// Content.
    pub content: String,
    /// `text/markdown` or `text/plain`.
    pub content_type: String,
    /// When access ends.
    pub expires_at: Timestamp,
    /// When the first version arrived.
    pub created_at: Timestamp,
    /// When the newest version arrived.
    pub updated_at: Timestamp,
}

/// Writes the code of a document; `false` if its selector is taken.
pub fn insert(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: DocumentId,
    code: &StoredCode,
    now: Timestamp,
) -> QueryResult<bool> {
    let written = diesel::insert_into(access_codes::table)
        .values((
            access_codes::tenant_id.eq(tenant.as_str()),
            access_codes::document_id.eq(id.0),
            access_codes::key_id.eq(&code.key_id),
            access_codes::selector_hash.eq(&code.selector_hash),
            access_codes::verifier_salt.eq(&code.verifier_salt),
            access_codes::verifier_hash.eq(&code.verifier_hash),
            access_codes::sealed_code.eq(&code.sealed_code),
            access_codes::created_at.eq(PgTimestamp(now)),
        ))
        .on_conflict(access_codes::selector_hash)
        .do_nothing()
        .execute(conn)?;
    Ok(written == 1)
}

/// The code of a document.
pub fn find(conn: &mut PgConnection, tenant: &TenantId, id: DocumentId) -> QueryResult<StoredCode> {
    let row: CodeRow =
        access_codes::table.find((tenant.as_str(), id.0)).select(CodeRow::as_select()).first(conn)?;
    Ok(row.into())
}

/// The documents of any tenant that these selectors lead to: whoever types a
/// code names no tenant.
pub fn candidates(
    conn: &mut PgConnection,
    selector_hashes: &[Vec<u8>],
) -> QueryResult<Vec<(Vec<u8>, Candidate)>> {
    let same_document =
        documents::tenant_id.eq(access_codes::tenant_id).and(documents::id.eq(access_codes::document_id));
    let rows: Vec<(CodeRow, DocumentRow)> = access_codes::table
        .inner_join(documents::table.on(same_document))
        .filter(access_codes::selector_hash.eq_any(selector_hashes))
        .select((CodeRow::as_select(), DocumentRow::as_select()))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(candidate).collect())
}

fn candidate((code, row): (CodeRow, DocumentRow)) -> Option<(Vec<u8>, Candidate)> {
    let document = OpenedDocument {
        id: DocumentId(row.id),
        version: row.version,
        title: row.title,
        content: row.content,
        content_type: row.content_type,
        expires_at: row.expires_at.into(),
        created_at: row.created_at.into(),
        updated_at: row.updated_at.into(),
    };
    let selector = code.selector_hash.clone();
    let tenant = TenantId::parse(&row.tenant_id).ok()?;
    Some((selector, Candidate { tenant, document, code: code.into() }))
}

impl From<CodeRow> for StoredCode {
    fn from(row: CodeRow) -> Self {
        Self {
            key_id: row.key_id,
            selector_hash: row.selector_hash,
            verifier_salt: row.verifier_salt,
            verifier_hash: row.verifier_hash,
            sealed_code: row.sealed_code,
        }
    }
}
