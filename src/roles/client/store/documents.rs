//! Documents that were delivered, or revoked before they could be.

use diesel::prelude::*;
use diesel::result::QueryResult;
use uuid::Uuid;

use super::schema::documents;
use crate::domain::ids::{DocumentId, TenantId};
use crate::domain::recipient::Recipient;
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::{AccessChanged, Delivered};
use crate::domain::words::SecondFactor;
use crate::platform::db::PgTimestamp;
use crate::platform::senders;
use crate::platform::tenants::tables::{Holds, RowKey, SealedTable, column};
use crate::platform::tenants::{Field, Vault, VaultError};

const fn field(column: &'static str) -> Field {
    Field::new("documents", column)
}

const TITLE: Field = field("title");
const CONTENT: Field = field("content");
const RECIPIENT: Field = field("recipient");
const METADATA: Field = field("metadata");
/// Of a version; receipts hold a copy, bound to the document as well.
pub(super) const CONTENT_HASH: Field = field("content_hash");

/// The sealed columns of this role.
pub const SEALED: &[SealedTable] = &[
    SealedTable {
        name: "documents",
        key: RowKey::Uuid("id"),
        columns: &[
            column("title", Holds::Text),
            column("content", Holds::Text),
            column("recipient", Holds::Json),
            column("metadata", Holds::Json),
            column("content_hash", Holds::Internal),
        ],
    },
    SealedTable {
        name: "receipts",
        key: RowKey::Feed { of: "document_id" },
        columns: &[column("content_hash", Holds::Internal).copied_from("documents")],
    },
    senders::SEALED,
];

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = documents, treat_none_as_null = true)]
struct ContentRow<'a> {
    sequence: i64,
    generation: i32,
    version: i32,
    title: Option<Vec<u8>>,
    content: Option<Vec<u8>>,
    content_type: &'a str,
    recipient: Option<Vec<u8>>,
    metadata: Option<Vec<u8>>,
    second_factor: &'a str,
    expires_at: PgTimestamp,
    revoked_at: Option<PgTimestamp>,
    expired_at: Option<PgTimestamp>,
    updated_at: PgTimestamp,
    content_hash: Option<Vec<u8>>,
    trace_parent: Option<&'a str>,
}

#[derive(Insertable)]
#[diesel(table_name = documents)]
struct NewRow<'a> {
    tenant_id: &'a str,
    id: Uuid,
    created_at: PgTimestamp,
    #[diesel(embed)]
    content: ContentRow<'a>,
}

/// A delivery with everything decided that its sender left open.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The document's id.
    pub id: DocumentId,
    /// What arrived.
    pub delivered: Delivered,
    /// When access ends.
    pub expires_at: Timestamp,
    /// When it arrived.
    pub at: Timestamp,
    /// What receipts say of the text.
    pub content_hash: [u8; 32],
    /// The span that brings it.
    pub trace_parent: Option<String>,
}

/// Where a document stands.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = documents, check_for_backend(diesel::pg::Pg))]
pub struct Standing {
    /// The newest operation that was applied.
    pub sequence: i64,
    /// Which code opens it.
    pub generation: i32,
    /// Version of its text.
    pub version: i32,
    /// When access was withdrawn.
    pub revoked_at: Option<PgTimestamp>,
    /// The sealed title, as long as the text is here.
    pub title: Option<Vec<u8>>,
    /// What receipts say of its text, sealed, if one has arrived.
    pub content_hash: Option<Vec<u8>>,
    /// When access ends.
    pub expires_at: PgTimestamp,
    /// What is asked for beside the code.
    pub second_factor: String,
}

/// What is shown of a document once it is open.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = documents, check_for_backend(diesel::pg::Pg))]
pub struct OpenedRow {
    /// Its id.
    pub id: Uuid,
    /// Version of its text.
    pub version: i32,
    /// The sealed title, as long as the text is here.
    title: Option<Vec<u8>>,
    /// The sealed content, as long as the text is here.
    content: Option<Vec<u8>>,
    /// `text/markdown` or `text/plain`.
    pub content_type: String,
    /// What is asked of whoever opens it, beside the code.
    second_factor: String,
    /// When access ends.
    pub expires_at: PgTimestamp,
    /// The newest version that somebody has opened.
    pub opened_version: i32,
    /// When access was withdrawn.
    pub revoked_at: Option<PgTimestamp>,
    /// When the first version arrived.
    pub created_at: PgTimestamp,
    /// When the newest version arrived.
    pub updated_at: PgTimestamp,
    /// What receipts say of its text, sealed.
    pub content_hash: Option<Vec<u8>>,
    /// The span that brought it.
    pub trace_parent: Option<String>,
}

impl OpenedRow {
    /// What is asked of whoever opens it, beside the code. The database knows no other
    /// word; one of a newer version would have to be asked for, too.
    pub fn second_factor(&self) -> SecondFactor {
        SecondFactor::parse(&self.second_factor).unwrap_or(SecondFactor::Sms)
    }

    /// Title and content, as long as they are here.
    pub fn open(&self, vault: &Vault) -> Result<Option<(String, String)>, VaultError> {
        let (Some(title), Some(content)) = (&self.title, &self.content) else { return Ok(None) };
        Ok(Some((vault.open_text(TITLE, self.id, title)?, vault.open_text(CONTENT, self.id, content)?)))
    }
}

fn content_row<'a>(vault: &Vault, arrival: &'a Arrival) -> Result<ContentRow<'a>, VaultError> {
    let (Delivered { written, ordering, version, .. }, id) = (&arrival.delivered, arrival.id.0);
    let recipient = written.recipient.as_ref().map(|value| vault.seal_json(RECIPIENT, id, value));
    let metadata = written.metadata.as_ref().map(|value| vault.seal_json(METADATA, id, value));
    Ok(ContentRow {
        sequence: ordering.sequence,
        generation: ordering.generation,
        version: *version,
        title: Some(vault.seal_text(TITLE, id, &written.title)?),
        content: Some(vault.seal_text(CONTENT, id, &written.content)?),
        content_type: written.content_type.as_str(),
        recipient: recipient.transpose()?,
        metadata: metadata.transpose()?,
        second_factor: written.second_factor.as_str(),
        expires_at: arrival.expires_at.into(),
        revoked_at: None,
        expired_at: None,
        updated_at: arrival.at.into(),
        content_hash: Some(sealed_hash(vault, arrival)?),
        trace_parent: arrival.trace_parent.as_deref(),
    })
}

/// The hash of a text that arrives, as documents and receipts hold it.
pub fn sealed_hash(vault: &Vault, arrival: &Arrival) -> Result<Vec<u8>, VaultError> {
    vault.seal(CONTENT_HASH, arrival.id.0, &arrival.content_hash)
}

/// What receipts say of a text that is here.
pub fn open_hash(vault: &Vault, id: DocumentId, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
    vault.open(CONTENT_HASH, id.0, sealed)
}

/// Writes a document that has not arrived before; `false` if it has.
pub fn insert(conn: &mut PgConnection, vault: &Vault, arrival: &Arrival) -> QueryResult<bool> {
    let row = NewRow {
        tenant_id: vault.tenant().as_str(),
        id: arrival.id.0,
        created_at: arrival.at.into(),
        content: content_row(vault, arrival)?,
    };
    let written = diesel::insert_into(documents::table).values(row).on_conflict_do_nothing().execute(conn)?;
    Ok(written == 1)
}

/// Whom a document is for, as long as its text is here.
pub fn recipient(conn: &mut PgConnection, vault: &Vault, id: Uuid) -> QueryResult<Option<Recipient>> {
    let row = documents::table.find((vault.tenant().as_str(), id));
    let sealed: Option<Option<Vec<u8>>> = row.select(documents::recipient).first(conn).optional()?;
    let open = |sealed: &Vec<u8>, vault: &Vault| vault.open_json(RECIPIENT, id, sealed);
    vault.reading(conn, |vault| sealed.iter().flatten().next().map(|value| open(value, vault)).transpose())
}

/// Locks a document until the end of the transaction and tells where it stands.
pub fn lock(conn: &mut PgConnection, tenant: &TenantId, id: DocumentId) -> QueryResult<Option<Standing>> {
    let row = documents::table.find((tenant.as_str(), id.0)).for_update();
    row.select(Standing::as_select()).first(conn).optional()
}

/// Writes a newer version of a locked document.
pub fn replace(conn: &mut PgConnection, vault: &Vault, arrival: &Arrival) -> QueryResult<()> {
    let row = documents::table.find((vault.tenant().as_str(), arrival.id.0));
    diesel::update(row).set(content_row(vault, arrival)?).execute(conn).map(|_| ())
}

/// Writes another end and another generation of the code of a locked document.
pub fn change_access(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: DocumentId,
    changed: &AccessChanged,
    generation: i32,
) -> QueryResult<()> {
    diesel::update(documents::table.find((tenant.as_str(), id.0)))
        .set((
            documents::sequence.eq(changed.ordering.sequence),
            documents::generation.eq(generation),
            documents::expires_at.eq(PgTimestamp(changed.expires_at)),
            documents::expired_at.eq(None::<PgTimestamp>),
        ))
        .execute(conn)
        .map(|_| ())
}

/// Writes a tombstone for a document that has not arrived; `false` if it has.
pub fn insert_tombstone(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: DocumentId,
    sequence: i64,
    now: Timestamp,
) -> QueryResult<bool> {
    let row = NewRow {
        tenant_id: tenant.as_str(),
        id: id.0,
        created_at: now.into(),
        content: tombstone(sequence, (1, 1), None, now),
    };
    let written = diesel::insert_into(documents::table).values(row).on_conflict_do_nothing().execute(conn)?;
    Ok(written == 1)
}

/// Withdraws access to a locked document and removes its text.
pub fn revoke(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: DocumentId,
    (standing, sequence): (&Standing, i64),
    now: Timestamp,
) -> QueryResult<()> {
    let row = documents::table.find((tenant.as_str(), id.0));
    let numbers = (standing.generation, standing.version);
    let content = tombstone(sequence, numbers, standing.content_hash.clone(), now);
    diesel::update(row).set(content).execute(conn).map(|_| ())
}

fn tombstone(
    sequence: i64,
    (generation, version): (i32, i32),
    content_hash: Option<Vec<u8>>,
    now: Timestamp,
) -> ContentRow<'static> {
    ContentRow {
        sequence,
        generation,
        version,
        title: None,
        content: None,
        content_type: "text/plain",
        recipient: None,
        metadata: None,
        second_factor: SecondFactor::None.as_str(),
        expires_at: now.into(),
        revoked_at: Some(now.into()),
        expired_at: None,
        updated_at: now.into(),
        content_hash,
        trace_parent: None,
    }
}

/// Notes that a version was opened; `false` if that was known.
pub fn note_opened(conn: &mut PgConnection, tenant: &TenantId, id: Uuid, version: i32) -> QueryResult<bool> {
    let unread = documents::table
        .find((tenant.as_str(), id))
        .filter(documents::revoked_at.is_null())
        .filter(documents::opened_version.lt(version));
    let noted = diesel::update(unread).set(documents::opened_version.eq(version)).execute(conn)?;
    Ok(noted == 1)
}
