//! Asks something of the client role about a document: promised in one
//! transaction, attempted at once, repeated by the outbox.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::PgConnection;
use diesel::result::Error as QueryError;
use serde::Serialize;
use uuid::Uuid;

use super::reserve;
use crate::domain::audit::{AuditAction, Trace};
use crate::domain::document::{DeliveryState, Document, Operation};
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::{ChangeAccess, DeliverDocument, Protection};
use crate::domain::words::EventKind;
use crate::platform::audit;
use crate::platform::http::{ApiError, ErrorCode};
use crate::platform::outbox::{
    self, Entry, Gate, GatePlace, Leased, NewMessage, Opened, Place, Settlement, Start,
};
use crate::platform::tenants::Vault;
use crate::platform::{clock, random};
use crate::roles::provider::jobs::deliver::{self, DESTINATION, ToClient};
use crate::roles::provider::store;
use crate::roles::provider::store::events::Line;
use crate::roles::provider::store::operations::{Beginning, Code};
use crate::roles::provider::{State, metrics};

/// Until when somebody waits for the client role.
#[derive(Debug, Clone, Copy)]
pub struct Budget(Instant);

impl Budget {
    /// `SEND_TIMEOUT_MS` from now on.
    #[must_use]
    pub fn begin(state: &State) -> Self {
        Self(Instant::now() + state.client.send_timeout)
    }

    fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The operation.
    pub operation: Operation,
    /// When access is to end; as it is if `None`.
    pub expires_at: Option<Timestamp>,
    /// The retention date, if the document is deleted with it.
    pub purge_at: Option<Timestamp>,
    /// What the line of the history is called.
    pub name: Uuid,
    /// Who asks.
    pub by: Trace,
}

impl Wish {
    /// This operation and nothing else.
    #[must_use]
    pub fn plain(operation: Operation, by: Trace) -> Self {
        Self { operation, expires_at: None, purge_at: None, name: random::uuid(), by }
    }
}

/// Fulfils a wish: writes it down, makes the first attempt, and waits for its end
/// as long as the budget allows. The attempt goes on without its caller.
/// `false` if the document changed meanwhile and the wish has to be thought over.
pub async fn carry_out(
    state: &State,
    vault: &Arc<Vault>,
    document: &Document,
    wish: Wish,
    budget: Budget,
) -> Result<bool, ApiError> {
    state.reserve.open_account(&state.db, vault.tenant()).await?;
    let gate = state.gates.of(DESTINATION);
    let (start, place) = match gate.enter_as_caller(budget.left() / 2).await {
        Entry::Come(mut places) => (Start::Leased(state.deliveries.lease()), places.pop()),
        Entry::Full => (Start::At(clock::now()), None),
        Entry::Closed(rest) => (Start::At(clock::now().plus(rest)), None),
    };
    let begun = begin(state, vault, document, wish, start).await;
    if place.is_some() && !matches!(begun, Ok(Some(_))) {
        gate.unused();
    }
    match begun {
        Ok(Some(message)) => {
            let opened = message.open(vault).map_err(QueryError::from).map_err(ApiError::from);
            let opened = opened.map(|payload| Opened { vault: Arc::clone(vault), payload });
            attempt(state, (message, opened), &gate, place, budget).await;
        }
        Ok(None) => state.wake.ring(),
        Err(error) if error.code == ErrorCode::Conflict => return Ok(false),
        Err(error) => return Err(error),
    }
    Ok(true)
}

/// Takes over the message of the last operation, if it waits and may go out now.
pub async fn resume(
    state: &State,
    vault: &Arc<Vault>,
    document: &Document,
    budget: Budget,
) -> Result<(), ApiError> {
    let gate = state.gates.of(DESTINATION);
    let Entry::Come(mut places) = gate.enter_as_caller(Duration::ZERO).await else { return Ok(()) };
    let rows = state.db.of(vault.tenant());
    let (vault, id, sequence) = (Arc::clone(vault), document.id, document.sequence);
    let lease = state.deliveries.lease();
    let claim = move |conn: &mut PgConnection| {
        let place = Place { tenant: vault.tenant(), destination: DESTINATION, subject: id.0, sequence };
        let leased = outbox::lease_one(conn, place, clock::now(), lease)?;
        let open = |message: Leased| {
            let opened = Opened::read(conn, Arc::clone(&vault), &message).map_err(ApiError::from);
            (message, opened)
        };
        Ok::<_, ApiError>(leased.map(open))
    };
    let claimed = rows.run(claim).await;
    if !matches!(claimed, Ok(Some(_))) {
        gate.unused();
    }
    if let Some(message) = claimed? {
        attempt(state, message, &gate, places.pop(), budget).await;
    }
    Ok(())
}

/// Promises an operation that nobody waits for, if nothing has happened to the document
/// meanwhile; `false` if something has.
pub async fn promise(
    state: &State,
    vault: &Arc<Vault>,
    document: &Document,
    wish: Wish,
) -> Result<bool, ApiError> {
    match begin(state, vault, document, wish, Start::At(clock::now())).await {
        Ok(_) => Ok(true),
        Err(error) if error.code == ErrorCode::Conflict => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the wish of this name was promised already.
pub async fn done_by(
    state: &State,
    vault: &Arc<Vault>,
    document: &Document,
    name: Uuid,
) -> Result<bool, ApiError> {
    let rows = state.db.of(vault.tenant());
    let (vault, id) = (Arc::clone(vault), document.id);
    let exists = move |conn: &mut PgConnection| store::events::exists(conn, vault.tenant(), id, name);
    rows.read(move |conn| exists(conn).map_err(ApiError::from)).await
}

/// Promises the operation: the document's new state, its history, the code of
/// the reserve and the message, in one transaction. [`ErrorCode::Conflict`] if
/// the document changed meanwhile.
async fn begin(
    state: &State,
    vault: &Arc<Vault>,
    document: &Document,
    wish: Wish,
    start: Start,
) -> Result<Option<Leased>, ApiError> {
    let now = clock::now();
    let promise = Promise {
        state: state.promising(),
        vault: Arc::clone(vault),
        document: document.clone(),
        generation: document.generation_after(wish.operation),
        expires_at: wish.expires_at.or(document.expires_at),
        wish,
        start,
        now,
    };
    state.db.of(vault.tenant()).transaction(document.id.0, move |conn| promise.write(conn)).await
}

/// What the transaction needs to know of the process.
#[derive(Clone)]
pub struct Promising {
    /// How low the reserve is.
    pub level: reserve::Level,
    /// `CODE_RESERVE_SIZE`.
    pub reserve_size: usize,
    /// `OUTBOX_MAX_AGE_SECONDS`.
    pub max_age: Duration,
    /// The span that promises it.
    pub trace_parent: Option<String>,
}

struct Promise {
    state: Promising,
    vault: Arc<Vault>,
    document: Document,
    generation: i32,
    expires_at: Option<Timestamp>,
    wish: Wish,
    start: Start,
    now: Timestamp,
}

impl Promise {
    fn write(&self, conn: &mut PgConnection) -> Result<Option<Leased>, ApiError> {
        let Self { vault, document, now, .. } = self;
        let (tenant, operation) = (vault.tenant(), self.wish.operation);
        let code = self.code(conn)?;
        let due_at = match self.start {
            Start::Leased(_) => None,
            Start::At(due_at) => Some(due_at),
        };
        let beginning =
            Beginning { operation, generation: self.generation, code, expires_at: self.expires_at, due_at };
        let Wish { name, ref by, .. } = self.wish;
        let (kind, version) = (kind_of(operation), document.version);
        let line = Line { name, kind, version, at: *now, by: by.clone() };
        if !store::operations::begin(conn, vault, document, &beginning, line)? {
            return Err(ApiError::new(ErrorCode::Conflict, "The document was changed at the same moment"));
        }
        if document.sequence > 0 {
            outbox::supersede(conn, tenant, (document.id.0, &superseded_by(operation)), *now)?;
        }
        if document.delivery.state == DeliveryState::Failed && operation != Operation::Expiry {
            outbox::supersede_failed(conn, tenant, (document.id.0, DESTINATION), *now)?;
        }
        if let Some(purge_at) = self.wish.purge_at {
            let marked = (document, document.sequence + 1);
            store::documents::mark_deleted(conn, tenant, marked, *now, purge_at)?;
            let deleted = (EventKind::Deleted, document.version);
            store::events::note(conn, tenant, document.id, deleted, *now)?;
            let entry = by.clone().did(AuditAction::DocumentDeleted, document.id, *now);
            audit::note(conn, tenant, &entry)?;
        }
        let message = NewMessage {
            vault: Arc::clone(vault),
            topic: deliver::topic(operation),
            destination: DESTINATION.to_owned(),
            subject: document.id.0,
            sequence: document.sequence + 1,
            payload: self.payload(&beginning)?,
            trace_parent: self.state.trace_parent.clone(),
        };
        let leased = outbox::enqueue(conn, &message, self.start, *now, self.state.max_age)?;
        if leased.is_none() && due_at.is_none() {
            // An older message about the document comes first.
            store::operations::requeue(conn, tenant, (document.id.0, document.sequence + 1), *now)?;
        }
        Ok(leased)
    }

    /// The code of this generation, as far as it is known.
    fn code(&self, conn: &mut PgConnection) -> Result<Option<Code>, ApiError> {
        let Self { document, state, .. } = self;
        if self.generation == document.generation {
            let known = document.access_code.clone();
            return Ok(known.map(|access_code| Code { access_code, link: document.link.clone() }));
        }
        let taken = reserve::take(conn, &self.vault, self.now.plus(state.max_age))?;
        metrics::sending().reserve_asked(taken.is_some());
        state.level.took_one(state.reserve_size);
        Ok(taken.map(|code| Code { access_code: code.access_code, link: Some(code.link) }))
    }

    fn payload(&self, beginning: &Beginning) -> Result<Vec<u8>, ApiError> {
        let Self { document, .. } = self;
        let sequence = document.sequence + 1;
        let reserved_code = beginning.code.as_ref().map(|code| code.access_code.as_str());
        let reserved_link = beginning.code.as_ref().and_then(|code| code.link.as_deref());
        let expires_at = self.expires_at.unwrap_or(self.now);
        let (generation, written) = (self.generation, &document.written);
        match self.wish.operation {
            Operation::Send => json(&DeliverDocument {
                id: document.id,
                sequence,
                generation,
                reserved_code,
                reserved_link,
                version: document.version,
                title: &written.title,
                content: &written.content,
                content_type: written.content_type,
                recipient: written.recipient.as_ref(),
                metadata: written.metadata.as_ref(),
                expires_at,
                protection: Protection { second_factor: written.second_factor },
            }),
            Operation::Reissue | Operation::Expiry => {
                json(&ChangeAccess { sequence, generation, reserved_code, reserved_link, expires_at })
            }
            Operation::Revoke => Ok(Vec::new()),
        }
    }
}

fn json(body: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(body).map_err(ApiError::internal)
}

fn kind_of(operation: Operation) -> EventKind {
    match operation {
        Operation::Send => EventKind::Sent,
        Operation::Reissue => EventKind::Reissued,
        Operation::Expiry => EventKind::ExpiryChanged,
        Operation::Revoke => EventKind::Revoked,
    }
}

/// Which waiting messages say nothing any more beside this one: each carries the
/// code, its generation and the end of access; a sending the text as well.
fn superseded_by(operation: Operation) -> Vec<&'static str> {
    let access = [Operation::Reissue, Operation::Expiry];
    let all = [Operation::Send, Operation::Reissue, Operation::Expiry];
    let superseded: &[Operation] = match operation {
        Operation::Reissue | Operation::Expiry => &access,
        Operation::Send | Operation::Revoke => &all,
    };
    superseded.iter().map(|operation| deliver::topic(*operation)).collect()
}

/// Makes an attempt and settles it. It goes on when its caller goes away or has
/// waited long enough.
async fn attempt(
    state: &State,
    (message, opened): (Leased, Result<Opened, ApiError>),
    gate: &Gate,
    place: Option<GatePlace>,
    budget: Budget,
) {
    let (own, gate) = (state.clone(), gate.clone());
    let task = actix_web::rt::spawn(async move {
        let rows = own.db.of(&message.tenant);
        let (subject, sequence) = (message.subject, message.sequence);
        let attempted = vec![own.deliveries.attempt(message, opened, &gate).await];
        drop(place);
        let decided = own.deliveries.decide(&attempted)?;
        // Its next attempt may be due before anybody looks, or a message behind it.
        let waits = sequence > 1 || !decided.contains(&Settlement::Delivered);
        let settle = move |conn: &mut PgConnection| {
            outbox::Dispatcher::<ToClient>::record(conn, &attempted, &decided).map_err(ApiError::from)
        };
        let settled = rows.transaction(subject, settle).await;
        if waits {
            own.wake.ring();
        }
        settled
    });
    // The promise holds, whatever becomes of this attempt: it is repeated.
    match tokio::time::timeout(budget.left(), task).await {
        Ok(Ok(Ok(()))) | Err(_) => {}
        Ok(Ok(Err(error))) => log::warn!("a delivery attempt can't be recorded: {error}"),
        Ok(Err(error)) => log::error!("a delivery attempt broke down: {error}"),
    }
}
