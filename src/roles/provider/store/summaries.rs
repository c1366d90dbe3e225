//! Documents as a list shows them: without their texts, which may be long.

use diesel::expression::{AppearsOnTable, ValidGrouping};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::result::QueryResult;
use diesel::sql_types::Bool;
use uuid::Uuid;

use super::documents::{Filter, filtered};
use super::rows::{RECIPIENT, TITLE};
use super::schema::documents;
use crate::domain::document::{DeliveryState, Document, Operation, Status};
use crate::domain::ids::DocumentId;
use crate::domain::recipient::Recipient;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;
use crate::platform::tenants::{Vault, VaultError};

/// Which documents a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Shown {
    /// Every one.
    #[default]
    All,
    /// Still being written.
    Drafts,
    /// Final, and never sent.
    Ready,
    /// On their way.
    Underway,
    /// With the client role, and not opened yet.
    Delivered,
    /// Opened at least once.
    Opened,
    /// The last operation was given up.
    Failed,
    /// Access was withdrawn or has ended by time.
    Ended,
}

impl Shown {
    /// Each with its word in a query.
    pub const WORDS: [(&'static str, Self); 8] = [
        ("all", Self::All),
        ("drafts", Self::Drafts),
        ("ready", Self::Ready),
        ("underway", Self::Underway),
        ("delivered", Self::Delivered),
        ("opened", Self::Opened),
        ("failed", Self::Failed),
        ("ended", Self::Ended),
    ];

    /// Reads such a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, shown)| *shown)
    }

    /// What holds for its documents. But for all, what was opened and what has ended, an index
    /// has the same words as its predicate.
    pub(super) fn condition(self) -> Option<Condition> {
        let words = match self {
            Self::All => return None,
            Self::Drafts => "status = 'draft'",
            Self::Ready => "status = 'final' AND delivery_state = 'none'",
            Self::Underway => "delivery_state IN ('queued', 'delivering')",
            Self::Delivered => "delivery_state = 'delivered' AND opened_at IS NULL",
            Self::Opened => "delivery_state = 'delivered' AND opened_at IS NOT NULL",
            Self::Failed => "delivery_state = 'failed'",
            Self::Ended => "delivery_state IN ('revoked', 'expired')",
        };
        Some(Condition::Words(words))
    }
}

/// A condition on documents that stands in the statement itself: plans are made for every
/// parameter, and of a parameter the planner can't prove that a partial index has its rows.
#[derive(Debug, Clone, Copy, ValidGrouping)]
pub(super) enum Condition {
    /// As it is written.
    Words(&'static str),
    /// That the delivery has come so far.
    State(DeliveryState),
}

impl Expression for Condition {
    type SqlType = Bool;
}

impl AppearsOnTable<documents::table> for Condition {}

impl QueryFragment<Pg> for Condition {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        match self {
            Self::Words(words) => out.push_sql(&format!("({words})")),
            Self::State(state) => out.push_sql(&format!("(delivery_state = '{}')", state.as_str())),
        }
        Ok(())
    }
}

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The document.
    pub id: DocumentId,
    /// Its title.
    pub title: String,
    /// Whom it is for.
    pub recipient: Option<Recipient>,
    /// Draft or final.
    pub status: Status,
    /// How far the last operation has come.
    pub state: DeliveryState,
    /// The last operation.
    pub operation: Option<Operation>,
    /// Whether its newest version was not sent yet, but an older one was.
    pub edited: bool,
    /// Attempts so far.
    pub attempts: i32,
    /// When the next attempt is due.
    pub next_attempt_at: Option<Timestamp>,
    /// Why the last attempt failed.
    pub last_error: Option<String>,
    /// When it was first opened.
    pub opened_at: Option<Timestamp>,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl From<Document> for Summary {
    fn from(document: Document) -> Self {
        let edited = document.sent_version.is_some_and(|sent| sent != document.version);
        let delivery = document.delivery;
        Self {
            id: document.id,
            title: document.written.title,
            recipient: document.written.recipient,
            status: document.status,
            state: delivery.state,
            operation: document.operation,
            edited,
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt_at,
            last_error: delivery.last_error,
            opened_at: delivery.opened_at,
            updated_at: document.updated_at,
        }
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = documents, check_for_backend(diesel::pg::Pg))]
struct SummaryRow {
    id: Uuid,
    title: Vec<u8>,
    recipient: Option<Vec<u8>>,
    status: String,
    version: i32,
    sent_version: Option<i32>,
    operation: Option<String>,
    delivery_state: String,
    delivery_attempts: i32,
    next_attempt_at: Option<PgTimestamp>,
    last_error: Option<String>,
    opened_at: Option<PgTimestamp>,
    updated_at: PgTimestamp,
}

impl SummaryRow {
    fn open(&self, vault: &Vault) -> Result<Summary, VaultError> {
        let recipient = self.recipient.as_ref().map(|sealed| vault.open_json(RECIPIENT, self.id, sealed));
        Ok(Summary {
            id: DocumentId(self.id),
            title: vault.open_text(TITLE, self.id, &self.title)?,
            recipient: recipient.transpose()?,
            status: Status::parse(&self.status).unwrap_or(Status::Final),
            state: DeliveryState::parse(&self.delivery_state).unwrap_or(DeliveryState::Queued),
            operation: self.operation.as_deref().and_then(Operation::parse),
            edited: self.sent_version.is_some_and(|sent| sent != self.version),
            attempts: self.delivery_attempts,
            next_attempt_at: self.next_attempt_at.map(Into::into),
            last_error: self.last_error.clone(),
            opened_at: self.opened_at.map(Into::into),
            updated_at: self.updated_at.into(),
        })
    }
}

/// Reads up to `limit` documents, newest first. The text that is searched for is not looked at.
pub fn list(
    conn: &mut PgConnection,
    vault: &Vault,
    filter: &Filter,
    limit: i64,
) -> QueryResult<Vec<Summary>> {
    let query = filtered(vault.tenant(), filter).select(SummaryRow::as_select());
    let rows: Vec<SummaryRow> = query.order(documents::id.desc()).limit(limit).load(conn)?;
    vault.reading(conn, |vault| rows.iter().map(|row| row.open(vault)).collect())
}
