//! A document as a row: what somebody wrote, and the code, are sealed.

use diesel::prelude::*;
use uuid::Uuid;

use super::schema::documents;
use crate::domain::document::{
    ContentType, Delivery, DeliveryState, Document, Operation, SecondFactor, Status, Written,
};
use crate::domain::ids::DocumentId;
use crate::domain::recipient::Recipient;
use crate::platform::db::PgTimestamp;
use crate::platform::senders;
use crate::platform::tenants::tables::{Holds, RowKey, SealedTable, column};
use crate::platform::tenants::{Field, Vault, VaultError};

const fn field(column: &'static str) -> Field {
    Field::new("documents", column)
}

/// Its title.
pub const TITLE: Field = field("title");
const CONTENT: Field = field("content");
/// Whom it is for.
pub const RECIPIENT: Field = field("recipient");
const METADATA: Field = field("metadata");
/// The code that the client role gave.
pub const ACCESS_CODE: Field = field("access_code");
/// The link that the client role gave.
pub const LINK: Field = field("link");

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
            column("access_code", Holds::Text),
            column("link", Holds::Text),
        ],
    },
    SealedTable {
        name: "document_receipts",
        key: RowKey::Uuid("id"),
        columns: &[column("jws", Holds::Text)],
    },
    SealedTable {
        name: "code_reserve",
        key: RowKey::Uuid("id"),
        columns: &[column("sealed", Holds::Internal)],
    },
    SealedTable {
        name: "document_templates",
        key: RowKey::Uuid("id"),
        columns: &[column("name", Holds::Text), column("title", Holds::Text), column("content", Holds::Text)],
    },
    SealedTable {
        name: "webhook_endpoints",
        key: RowKey::Uuid("id"),
        columns: &[column("secrets", Holds::Internal)],
    },
    senders::SEALED,
];

/// A whole row, as it is stored.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = documents, check_for_backend(diesel::pg::Pg))]
pub struct DocumentRow {
    /// The document.
    pub id: Uuid,
    title: Vec<u8>,
    content: Vec<u8>,
    content_type: String,
    recipient: Option<Vec<u8>>,
    metadata: Option<Vec<u8>>,
    expires_in: Option<i64>,
    second_factor: String,
    status: String,
    version: i32,
    sent_version: Option<i32>,
    sequence: i64,
    generation: i32,
    operation: Option<String>,
    sent_sequence: Option<i64>,
    delivered_version: Option<i32>,
    access_code: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    expires_at: Option<PgTimestamp>,
    delivery_state: String,
    delivery_attempts: i32,
    next_attempt_at: Option<PgTimestamp>,
    last_error: Option<String>,
    delivered_at: Option<PgTimestamp>,
    opened_at: Option<PgTimestamp>,
    created_at: PgTimestamp,
    updated_at: PgTimestamp,
}

/// The part of a row that a writer changes.
#[derive(Insertable, AsChangeset)]
#[diesel(table_name = documents, treat_none_as_null = true)]
pub struct WrittenRow<'a> {
    title: Vec<u8>,
    content: Vec<u8>,
    content_type: &'a str,
    recipient: Option<Vec<u8>>,
    metadata: Option<Vec<u8>>,
    expires_in: Option<i64>,
    second_factor: &'a str,
    status: &'a str,
    version: i32,
    updated_at: PgTimestamp,
}

/// A new row.
#[derive(Insertable)]
#[diesel(table_name = documents)]
pub struct NewRow<'a> {
    tenant_id: &'a str,
    id: Uuid,
    delivery_state: &'a str,
    created_at: PgTimestamp,
    #[diesel(embed)]
    written: WrittenRow<'a>,
}

impl<'a> WrittenRow<'a> {
    /// The written part of a document.
    pub fn of(vault: &Vault, document: &'a Document) -> Result<Self, VaultError> {
        let (id, written) = (document.id.0, &document.written);
        let recipient = written.recipient.as_ref().map(|value| vault.seal_json(RECIPIENT, id, value));
        let metadata = written.metadata.as_ref().map(|value| vault.seal_json(METADATA, id, value));
        Ok(Self {
            title: vault.seal_text(TITLE, id, &written.title)?,
            content: vault.seal_text(CONTENT, id, &written.content)?,
            content_type: written.content_type.as_str(),
            recipient: recipient.transpose()?,
            metadata: metadata.transpose()?,
            expires_in: written.expires_in,
            second_factor: written.second_factor.as_str(),
            status: document.status.as_str(),
            version: document.version,
            updated_at: document.updated_at.into(),
        })
    }
}

impl<'a> NewRow<'a> {
    /// The row of a new document.
    pub fn of(vault: &'a Vault, document: &'a Document) -> Result<Self, VaultError> {
        Ok(Self {
            tenant_id: vault.tenant().as_str(),
            id: document.id.0,
            delivery_state: document.delivery.state.as_str(),
            created_at: document.created_at.into(),
            written: WrittenRow::of(vault, document)?,
        })
    }
}

impl DocumentRow {
    /// Opens the document. The database checks the words of its columns, so an
    /// unknown one can only come from a newer version; it is shown as the mildest
    /// of its kind.
    pub fn open(&self, vault: &Vault) -> Result<Document, VaultError> {
        let id = self.id;
        let text = |field, sealed: &Option<Vec<u8>>| {
            sealed.as_ref().map(|sealed| vault.open_text(field, id, sealed)).transpose()
        };
        let metadata = self.metadata.as_ref().map(|sealed| vault.open_json(METADATA, id, sealed));
        Ok(Document {
            id: DocumentId(id),
            written: Written {
                title: vault.open_text(TITLE, id, &self.title)?,
                content: vault.open_text(CONTENT, id, &self.content)?,
                content_type: ContentType::parse(&self.content_type).unwrap_or(ContentType::Plain),
                recipient: open_recipient(vault, id, self.recipient.as_deref())?,
                metadata: metadata.transpose()?,
                expires_in: self.expires_in,
                second_factor: SecondFactor::parse(&self.second_factor).unwrap_or_default(),
            },
            status: Status::parse(&self.status).unwrap_or(Status::Final),
            version: self.version,
            sent_version: self.sent_version,
            sequence: self.sequence,
            generation: self.generation,
            sent_sequence: self.sent_sequence,
            delivered_version: self.delivered_version,
            operation: self.operation.as_deref().and_then(Operation::parse),
            access_code: text(ACCESS_CODE, &self.access_code)?,
            link: text(LINK, &self.link)?,
            expires_at: self.expires_at.map(Into::into),
            delivery: self.delivery(),
            created_at: self.created_at.into(),
            updated_at: self.updated_at.into(),
        })
    }

    fn delivery(&self) -> Delivery {
        Delivery {
            state: DeliveryState::parse(&self.delivery_state).unwrap_or(DeliveryState::Queued),
            attempts: self.delivery_attempts,
            next_attempt_at: self.next_attempt_at.map(Into::into),
            last_error: self.last_error.clone(),
            delivered_at: self.delivered_at.map(Into::into),
            opened_at: self.opened_at.map(Into::into),
        }
    }
}

fn open_recipient(vault: &Vault, id: Uuid, sealed: Option<&[u8]>) -> Result<Option<Recipient>, VaultError> {
    sealed.map(|sealed| vault.open_json(RECIPIENT, id, sealed)).transpose()
}

/// As much of a row as a search looks at.
#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = documents, check_for_backend(diesel::pg::Pg))]
pub struct SearchedRow {
    /// The document.
    pub id: Uuid,
    title: Vec<u8>,
    recipient: Option<Vec<u8>>,
}

impl SearchedRow {
    /// Whether title, name or address hold `wanted`, which is in lower case.
    pub fn holds(&self, vault: &Vault, wanted: &str) -> Result<bool, VaultError> {
        let holds = |text: &str| text.to_lowercase().contains(wanted);
        if holds(&vault.open_text(TITLE, self.id, &self.title)?) {
            return Ok(true);
        }
        let recipient = open_recipient(vault, self.id, self.recipient.as_deref())?;
        Ok(recipient.is_some_and(|recipient| {
            [recipient.name, recipient.email].iter().flatten().any(|text| holds(text))
        }))
    }
}
