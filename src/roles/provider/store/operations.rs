//! Operations at the client role: how they begin and how they end.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, Binary, Bool, Int4, Int8, Nullable, Text, Timestamptz, Uuid as PgUuid};
use uuid::Uuid;

use super::events::{Line, Noted};
use super::rows::{ACCESS_CODE, LINK};
use super::schema::documents;
use crate::domain::document::{DeliveryState, Document, Operation};
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::domain::words::EventKind;
use crate::platform::db::PgTimestamp;
use crate::platform::tenants::{Vault, VaultError};

/// How an operation begins.
#[derive(Debug, Clone)]
pub struct Beginning {
    /// Which one.
    pub operation: Operation,
    /// The generation of the code after it.
    pub generation: i32,
    /// The code and its link, if it is known already: the old one, or one of the reserve.
    pub code: Option<Code>,
    /// When access will end.
    pub expires_at: Option<Timestamp>,
    /// When the first attempt is due, if it does not begin at once.
    pub due_at: Option<Timestamp>,
}

/// An access code and where it is typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// What the client types.
    pub access_code: String,
    /// Where.
    pub link: Option<String>,
}

/// A code as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SealedCode {
    access_code: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
}

impl SealedCode {
    /// The code and its link, sealed.
    #[must_use]
    pub fn parts(&self) -> (Option<&[u8]>, Option<&[u8]>) {
        (self.access_code.as_deref(), self.link.as_deref())
    }
}

impl Code {
    /// Seals the code of a document.
    pub fn seal(&self, vault: &Vault, document: Uuid) -> Result<SealedCode, VaultError> {
        let link = self.link.as_ref().map(|link| vault.seal_text(LINK, document, link));
        let access_code = Some(vault.seal_text(ACCESS_CODE, document, &self.access_code)?);
        Ok(SealedCode { access_code, link: link.transpose()? })
    }
}

/// Marks an operation as begun and writes a line of the history, if nothing else
/// has happened to the document meanwhile.
pub fn begin(
    conn: &mut PgConnection,
    vault: &Vault,
    before: &Document,
    beginning: &Beginning,
    line: Line,
) -> QueryResult<bool> {
    let code = beginning.code.as_ref().map(|code| code.seal(vault, before.id.0)).transpose()?;
    let code = code.unwrap_or_default();
    let row = documents::table
        .find((vault.tenant().as_str(), before.id.0))
        .filter(documents::deleted_at.is_null())
        .filter(documents::version.eq(before.version))
        .filter(documents::sequence.eq(before.sequence))
        .filter(documents::delivery_state.eq(before.delivery.state.as_str()));
    let sent_version = match beginning.operation {
        Operation::Send => Some(before.version),
        _ => before.sent_version,
    };
    let sent_sequence = match beginning.operation {
        Operation::Send => Some(before.sequence + 1),
        _ => before.sent_sequence,
    };
    let state = if beginning.due_at.is_some() { DeliveryState::Queued } else { DeliveryState::Delivering };
    let update = diesel::update(row).set((
        documents::sequence.eq(before.sequence + 1),
        documents::generation.eq(beginning.generation),
        documents::operation.eq(beginning.operation.as_str()),
        documents::sent_version.eq(sent_version),
        documents::access_code.eq(code.access_code),
        documents::link.eq(code.link),
        documents::expires_at.eq(beginning.expires_at.map(PgTimestamp)),
        documents::delivery_state.eq(state.as_str()),
        documents::delivery_attempts.eq(i32::from(beginning.due_at.is_none())),
        documents::next_attempt_at.eq(beginning.due_at.map(PgTimestamp)),
        documents::sent_sequence.eq(sent_sequence),
    ));
    Ok(Noted::new(update, line).execute(conn)? == 1)
}

/// Locks documents in ascending order until the end of the transaction: of tenants,
/// then of ids, which is the order of shared commits.
pub fn lock(conn: &mut PgConnection, tenants: &[&str], ids: &[Uuid]) -> QueryResult<()> {
    Lock { tenants: tenants.to_vec(), ids: ids.to_vec() }.execute(conn).map(|_| ())
}

struct Lock<'a> {
    tenants: Vec<&'a str>,
    ids: Vec<Uuid>,
}

impl QueryFragment<Pg> for Lock<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT 1 FROM documents d JOIN unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.tenants)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<PgUuid>, _>(&self.ids)?;
        out.push_sql(
            ") AS g (tenant_id, id) ON d.tenant_id = g.tenant_id AND d.id = g.id \
             ORDER BY d.tenant_id COLLATE \"C\", d.id FOR UPDATE OF d",
        );
        Ok(())
    }
}

impl QueryId for Lock<'_> {
    type QueryId = Lock<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for Lock<'_> {}

/// What is said of an operation that changed nothing at the client role.
const OVERTAKEN: &str = "The client role knows newer operations than this database did, which was restored from a backup. \
     Do it once more; oc reconcile looks after all documents";

/// How attempts ended, column by column: the n-th value of each belongs to the
/// n-th message. The document's state follows only if no newer operation has
/// begun; which version has arrived is noted in any case, and so is the history. Its
/// line names the version unless a newer sending has begun: that one's is not meant.
/// A document whose text has not arrived does not look delivered because its code
/// or its end was changed, nor one whose operation changed nothing there: it goes on from
/// the numbers of the client role, and whoever looks at it is told to do it once more.
#[derive(Default)]
pub struct Ended {
    now: Option<PgTimestamp>,
    tenants: Vec<String>,
    ids: Vec<Uuid>,
    sequences: Vec<i64>,
    states: Vec<&'static str>,
    attempts: Vec<i32>,
    due_at: Vec<Option<PgTimestamp>>,
    errors: Vec<Option<String>>,
    codes: Vec<Option<Vec<u8>>>,
    links: Vec<Option<Vec<u8>>>,
    renewed: Vec<bool>,
    events: Vec<Option<&'static str>>,
    details: Vec<Option<String>>,
    sending: Vec<bool>,
    overtaken: Vec<Option<i64>>,
    generations: Vec<Option<i32>>,
}

/// How one attempt ended.
#[derive(Debug)]
pub struct Ending {
    /// Whose document.
    pub tenant: String,
    /// The document.
    pub id: Uuid,
    /// The operation's number.
    pub sequence: i64,
    /// Whether it was a sending, which brings a version.
    pub sending: bool,
    /// Where the document stands after it.
    pub state: DeliveryState,
    /// Attempts so far.
    pub attempt: i32,
    /// When the next one is due.
    pub due_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<String>,
    /// The code and the link that the client role answered.
    pub code: SealedCode,
    /// Whether it is another code than the one that was promised.
    pub renewed: bool,
    /// Sequence and generation of what holds at the client role, if the operation changed
    /// nothing there.
    pub overtaken_by: Option<(i64, i32)>,
    /// The line of the history.
    pub event: Option<(EventKind, String)>,
}

impl Ended {
    /// Nothing has ended yet.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        Self { now: Some(PgTimestamp(now)), ..Self::default() }
    }

    /// Adds one.
    pub fn push(&mut self, ending: Ending) {
        let (event, detail) =
            ending.event.map_or((None, None), |(kind, detail)| (Some(kind.as_str()), Some(detail)));
        self.tenants.push(ending.tenant);
        self.ids.push(ending.id);
        self.sequences.push(ending.sequence);
        self.states.push(ending.state.as_str());
        self.attempts.push(ending.attempt);
        self.due_at.push(ending.due_at.map(PgTimestamp));
        self.errors.push(ending.error);
        self.codes.push(ending.code.access_code);
        self.links.push(ending.code.link);
        self.renewed.push(ending.renewed);
        self.events.push(event);
        self.details.push(detail);
        self.sending.push(ending.sending);
        self.overtaken.push(ending.overtaken_by.map(|(sequence, _)| sequence));
        self.generations.push(ending.overtaken_by.map(|(_, generation)| generation));
    }

    /// Writes all of it.
    pub fn record(self, conn: &mut PgConnection) -> QueryResult<usize> {
        if self.ids.is_empty() { Ok(0) } else { self.execute(conn) }
    }
}

impl Ended {
    fn push_columns<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_bind_param::<Array<Text>, _>(&self.tenants)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<PgUuid>, _>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Int8>, _>(&self.sequences)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.states)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Int4>, _>(&self.attempts)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Timestamptz>>, _>(&self.due_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.errors)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Binary>>, _>(&self.codes)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Binary>>, _>(&self.links)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Bool>, _>(&self.renewed)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.events)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.details)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Bool>, _>(&self.sending)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Int8>>, _>(&self.overtaken)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Int4>>, _>(&self.generations)?;
        Ok(())
    }
}

impl QueryFragment<Pg> for Ended {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH given AS (SELECT * FROM unnest(");
        self.push_columns(out.reborrow())?;
        out.push_sql(
            ") AS g (tenant_id, id, sequence, state, attempt, due_at, error, code, link, renewed, event, detail, sending, overtaken, there)), \
             noted AS (INSERT INTO document_events (tenant_id, document_id, kind, at, version, detail) \
             SELECT g.tenant_id, g.id, CASE WHEN d.sequence = g.sequence AND g.overtaken IS NOT NULL THEN 'failed' ELSE g.event END, ",
        );
        out.push_bind_param::<Nullable<Timestamptz>, _>(&self.now)?;
        out.push_sql(
            ", CASE WHEN d.sent_sequence <= g.sequence THEN d.sent_version END, \
             CASE WHEN d.sequence = g.sequence AND g.overtaken IS NOT NULL THEN concat(g.detail, ': ', ",
        );
        out.push_bind_param::<Text, _>(OVERTAKEN)?;
        out.push_sql(
            ") ELSE g.detail END FROM given g JOIN documents d ON d.tenant_id = g.tenant_id AND d.id = g.id \
             WHERE g.event IS NOT NULL \
             UNION ALL SELECT g.tenant_id, g.id, 'reissued', ",
        );
        out.push_bind_param::<Nullable<Timestamptz>, _>(&self.now)?;
        out.push_sql(
            ", d.sent_version, 'The code that was promised was not in reserve any more' \
             FROM given g JOIN documents d ON d.tenant_id = g.tenant_id AND d.id = g.id \
             WHERE d.sequence = g.sequence AND g.renewed AND g.overtaken IS NULL) \
             UPDATE documents d SET \
             sequence = CASE WHEN d.sequence = g.sequence THEN greatest(d.sequence, g.overtaken) ELSE d.sequence END, \
             generation = CASE WHEN d.sequence = g.sequence THEN greatest(d.generation, g.there) ELSE d.generation END, \
             delivery_state = CASE WHEN d.sequence <> g.sequence THEN d.delivery_state \
             WHEN g.overtaken IS NOT NULL THEN 'failed' \
             WHEN g.state = 'delivered' AND NOT g.sending AND d.delivered_version IS DISTINCT FROM d.sent_version THEN 'failed' \
             ELSE g.state END, \
             last_error = CASE WHEN d.sequence <> g.sequence THEN d.last_error WHEN g.overtaken IS NOT NULL THEN ",
        );
        out.push_bind_param::<Text, _>(OVERTAKEN)?;
        out.push_sql(
            " WHEN g.state = 'delivered' AND NOT g.sending AND d.delivered_version IS DISTINCT FROM d.sent_version \
             THEN coalesce(d.last_error, 'The last sending failed') ELSE g.error END, \
             delivery_attempts = CASE WHEN d.sequence = g.sequence THEN g.attempt ELSE d.delivery_attempts END, \
             next_attempt_at = CASE WHEN d.sequence = g.sequence THEN g.due_at ELSE d.next_attempt_at END, \
             access_code = CASE WHEN d.sequence = g.sequence THEN coalesce(g.code, d.access_code) ELSE d.access_code END, \
             link = CASE WHEN d.sequence = g.sequence THEN coalesce(g.link, d.link) ELSE d.link END, \
             delivered_version = CASE WHEN g.state = 'delivered' AND g.sending AND g.overtaken IS NULL THEN d.sent_version ELSE d.delivered_version END, \
             delivered_at = CASE WHEN g.state = 'delivered' AND g.sending AND g.overtaken IS NULL THEN ",
        );
        out.push_bind_param::<Nullable<Timestamptz>, _>(&self.now)?;
        out.push_sql(
            " ELSE d.delivered_at END FROM given g WHERE d.tenant_id = g.tenant_id AND d.id = g.id \
             AND (d.sequence = g.sequence OR (g.sending AND d.sent_sequence = g.sequence))",
        );
        Ok(())
    }
}

impl QueryId for Ended {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for Ended {}

/// Shows an operation as queued that no attempt has begun for, or that was started again.
pub fn requeue(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (id, sequence): (Uuid, i64),
    now: Timestamp,
) -> QueryResult<bool> {
    let row = documents::table.find((tenant.as_str(), id)).filter(documents::sequence.eq(sequence));
    let changed = diesel::update(row)
        .set((
            documents::delivery_state.eq(DeliveryState::Queued.as_str()),
            documents::delivery_attempts.eq(0),
            documents::next_attempt_at.eq(PgTimestamp(now)),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}
