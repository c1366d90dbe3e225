//! Signed receipts, as the client role made them.

use diesel::prelude::*;
use diesel::result::QueryResult;
use uuid::Uuid;

use super::schema::document_receipts;
use crate::domain::ids::DocumentId;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;
use crate::platform::tenants::{Field, Vault, VaultError};

/// The sealed receipt.
pub const JWS: Field = Field::new("document_receipts", "jws");

/// A receipt with its signature.
#[derive(Debug, Clone)]
pub struct SignedReceipt {
    /// The document.
    pub document: DocumentId,
    /// Its name for ever.
    pub id: Uuid,
    /// What happened.
    pub outcome: String,
    /// Version of the document.
    pub version: Option<i32>,
    /// When.
    pub at: Timestamp,
    /// The receipt as it was signed.
    pub jws: String,
}

/// Keeps receipts; those that are known already stay as they are.
pub fn keep(conn: &mut PgConnection, vault: &Vault, receipts: &[SignedReceipt]) -> QueryResult<usize> {
    let row = |receipt: &SignedReceipt| {
        let jws = vault.seal_text(JWS, receipt.id, &receipt.jws)?;
        Ok::<_, VaultError>((
            document_receipts::tenant_id.eq(vault.tenant().as_str().to_owned()),
            document_receipts::document_id.eq(receipt.document.0),
            document_receipts::id.eq(receipt.id),
            document_receipts::outcome.eq(receipt.outcome.clone()),
            document_receipts::version.eq(receipt.version),
            document_receipts::at.eq(PgTimestamp(receipt.at)),
            document_receipts::jws.eq(jws),
        ))
    };
    let rows: Vec<_> = receipts.iter().map(row).collect::<Result<_, _>>()?;
    diesel::insert_into(document_receipts::table).values(rows).on_conflict_do_nothing().execute(conn)
}
