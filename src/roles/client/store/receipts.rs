//! Receipts: what happened to documents here, for their senders.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Bool};
use uuid::Uuid;

use super::documents::CONTENT_HASH;
use super::schema::receipts;
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::domain::words::EventKind;
use crate::platform::db::PgTimestamp;
use crate::platform::feed::{FeedCursor, READY};
use crate::platform::tenants::{Vault, VaultError};

/// A receipt and its place in the feed.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = receipts, check_for_backend(diesel::pg::Pg))]
pub struct ReceiptRow {
    txid: i64,
    position: i64,
    /// Its name for ever.
    pub id: Uuid,
    /// The document.
    pub document_id: Uuid,
    /// What happened.
    pub kind: String,
    /// Version of the document.
    pub version: Option<i32>,
    /// When.
    pub at: PgTimestamp,
    content_hash: Option<Vec<u8>>,
}

impl ReceiptRow {
    /// Where a reader goes on after it.
    #[must_use]
    pub fn cursor(&self) -> FeedCursor {
        FeedCursor { txid: self.txid, position: self.position }
    }

    /// Which text it is about: SHA-256, if one has arrived.
    pub fn content_hash(&self, vault: &Vault) -> Result<Option<Vec<u8>>, VaultError> {
        let open = |sealed: &Vec<u8>| vault.open(CONTENT_HASH, self.document_id, sealed);
        self.content_hash.as_ref().map(open).transpose()
    }
}

/// Which text a receipt is about: its version, and its sealed hash if it has arrived.
pub type About<'a> = (i32, Option<&'a [u8]>);

/// Writes a receipt.
pub fn note(
    conn: &mut PgConnection,
    tenant: &TenantId,
    document: Uuid,
    (kind, (version, content_hash)): (EventKind, About<'_>),
    now: Timestamp,
) -> QueryResult<()> {
    diesel::insert_into(receipts::table)
        .values((
            receipts::tenant_id.eq(tenant.as_str()),
            receipts::document_id.eq(document),
            receipts::kind.eq(kind.as_str()),
            receipts::version.eq(version),
            receipts::at.eq(PgTimestamp(now)),
            receipts::content_hash.eq(content_hash),
        ))
        .execute(conn)
        .map(|_| ())
}

/// Up to `limit` receipts of a tenant after a place in its feed.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    after: FeedCursor,
    limit: i64,
) -> QueryResult<Vec<ReceiptRow>> {
    let later = sql::<Bool>("(txid, position) > (")
        .bind::<BigInt, _>(after.txid)
        .sql(", ")
        .bind::<BigInt, _>(after.position)
        .sql(")");
    receipts::table
        .filter(receipts::tenant_id.eq(tenant.as_str()))
        .filter(later)
        .filter(sql::<Bool>(READY))
        .order((receipts::txid, receipts::position))
        .limit(limit)
        .select(ReceiptRow::as_select())
        .load(conn)
}

/// Whether the database can have given out this cursor: transaction ids start
/// anew when a database is restored into another server.
pub fn knows(conn: &mut PgConnection, cursor: FeedCursor) -> QueryResult<bool> {
    let known = sql::<Bool>("pg_snapshot_xmax(pg_current_snapshot())::text::bigint > ")
        .bind::<BigInt, _>(cursor.txid);
    diesel::select(known).get_result(conn)
}
