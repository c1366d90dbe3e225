//! Documents as the API and the pages read, look for, write and change them.

use std::sync::Arc;

use diesel::PgConnection;

use super::operations::{self, Budget, Wish};
use crate::domain::audit::{AuditAction, Trace};
use crate::domain::document::{Change, Document, Operation};
use crate::domain::ids::{DocumentId, TenantId};
use crate::domain::protection;
use crate::domain::words::EventKind;
use crate::platform::audit;
use crate::platform::clock;
use crate::platform::http::{ApiError, ErrorCode};
use crate::platform::tenants::Vault;
use crate::roles::provider::State;
use crate::roles::provider::store::documents::{self as store, Filter};
use crate::roles::provider::store::events::{self, Event, Line};
use crate::roles::provider::store::summaries::{self, Summary};

/// Documents that a search looks through before it lets others have their turn.
const SEARCH_PART: i64 = 1_000;
/// How often a change is tried again when others keep changing the same document.
const RACES: usize = 20;

/// The document of this id, as a path or a body gives it; what is no id belongs to no document.
pub async fn load(state: &State, vault: &Arc<Vault>, id: &str) -> Result<Document, ApiError> {
    let id = parse_id(id)?;
    let found = state.documents.find((vault.tenant().clone(), id)).await?;
    let row = found.ok_or_else(|| ApiError::no_document(&id.to_string()))?;
    Ok(vault.reading_with(&state.db, |vault| row.open(vault)).await?)
}

/// Reads an id; [`ErrorCode::NotFound`] where it is none.
pub fn parse_id(id: &str) -> Result<DocumentId, ApiError> {
    id.parse().map_err(|_| ApiError::no_document(id))
}

/// Writes a new document, or finds the one of this id that is there already: of an
/// earlier run of the same request.
pub async fn create(
    state: &State,
    vault: &Arc<Vault>,
    document: Document,
    by: Trace,
) -> Result<Arc<Document>, ApiError> {
    // So that codes are in reserve when its first document is sent.
    state.reserve.open_account(&state.db, vault.tenant()).await?;
    let (own, document) = (Arc::clone(vault), Arc::new(document));
    let subject = document.id.0;
    let write = move |conn: &mut PgConnection| -> Result<Arc<Document>, ApiError> {
        let line = Line::new(EventKind::Created, document.version, document.created_at, by.clone());
        if store::insert(conn, &own, &document, line)? {
            return Ok(Arc::clone(&document));
        }
        let stored = store::find(conn, &own, document.id)?;
        Ok(stored.map_or_else(|| Arc::clone(&document), Arc::new))
    };
    state.db.of(vault.tenant()).transaction(subject, write).await
}

/// Applies a change to the version that `accepted` takes, and returns the document as
/// it is then. A change that others overtook is decided again on the newer version, so
/// that none gets lost.
pub async fn change(
    state: &State,
    vault: &Arc<Vault>,
    (id, accepted): (&str, &dyn Fn(i32) -> Result<(), ApiError>),
    change: &Change,
    by: &Trace,
) -> Result<Document, ApiError> {
    for _ in 0..RACES {
        let stored = load(state, vault, id).await?;
        accepted(stored.version)?;
        let Some(changed) = stored.changed(change.clone(), clock::now())? else { return Ok(stored) };
        protection::check(changed.written.second_factor, changed.written.recipient.as_ref())?;
        let (own, by, changed) = (Arc::clone(vault), by.clone(), Arc::new(changed));
        let to_write = Arc::clone(&changed);
        let kind = if stored.status == changed.status { EventKind::Edited } else { EventKind::Finalised };
        let write = move |conn: &mut PgConnection| -> Result<bool, ApiError> {
            let line = Line::new(kind, to_write.version, to_write.updated_at, by.clone());
            Ok(store::update(conn, &own, &to_write, stored.version, line)?)
        };
        if state.db.of(vault.tenant()).transaction(changed.id.0, write).await? {
            return Ok(Arc::unwrap_or_clone(changed));
        }
    }
    Err(contended())
}

/// Somebody else was faster every time.
#[must_use]
pub fn contended() -> ApiError {
    ApiError::new(ErrorCode::Conflict, "Others keep changing this document; please try again")
}

/// Looks through the documents, part by part, so that others get their turn in
/// between, until `limit` are found or the end is reached.
pub async fn search(
    state: &State,
    tenant: &TenantId,
    (mut filter, wanted): (Filter, String),
    limit: i64,
) -> Result<Vec<Document>, ApiError> {
    let _turn = state.searches.turn(tenant).await?;
    // Whoever had to wait may have been suspended meanwhile.
    let vault = state.tenants.vault(tenant).await?;
    let (limit, wanted) = (usize::try_from(limit).unwrap_or(1), Arc::new(wanted.to_lowercase()));
    let mut found = Vec::new();
    loop {
        let (own, wanted, part, most) =
            (Arc::clone(&vault), Arc::clone(&wanted), filter.clone(), limit - found.len());
        let look = move |conn: &mut PgConnection| {
            store::search(conn, &own, (&part, &wanted), SEARCH_PART, most).map_err(ApiError::from)
        };
        let searched = state.db.of(tenant).read(look).await?;
        found.extend(searched.found);
        filter.after = searched.next;
        if found.len() >= limit || filter.after.is_none() {
            return Ok(found);
        }
    }
}

/// Deletes the version that `accepted` takes. A document that was sent is revoked at the
/// client role and kept, out of sight, until its retention date.
pub async fn delete(
    state: &State,
    vault: &Arc<Vault>,
    (id, accepted): (&str, &dyn Fn(i32) -> Result<(), ApiError>),
    by: &Trace,
) -> Result<(), ApiError> {
    let budget = Budget::begin(state);
    for _ in 0..RACES {
        let stored = load(state, vault, id).await?;
        accepted(stored.version)?;
        if remove(state, vault, &stored, (budget, by.clone())).await? {
            return Ok(());
        }
    }
    Err(contended())
}

/// `false` if the document changed meanwhile.
async fn remove(
    state: &State,
    vault: &Arc<Vault>,
    document: &Document,
    (budget, by): (Budget, Trace),
) -> Result<bool, ApiError> {
    let (now, subject) = (clock::now(), document.id.0);
    let purge_at = now.plus(state.upkeep.document_retention);
    match document.check_revocable() {
        Ok(true) => {
            let wish = Wish { purge_at: Some(purge_at), ..Wish::plain(Operation::Revoke, by) };
            operations::carry_out(state, vault, document, wish, budget).await
        }
        sent => {
            let (own, document) = (vault.tenant().clone(), document.clone());
            let entry = by.did(AuditAction::DocumentDeleted, document.id, now);
            let delete = move |conn: &mut PgConnection| -> Result<bool, ApiError> {
                let deleted = if sent.is_err() {
                    store::delete(conn, &own, document.id, document.version)?
                } else {
                    store::mark_deleted(conn, &own, (&document, document.sequence), now, purge_at)?
                };
                if deleted && sent.is_ok() {
                    let event = (EventKind::Deleted, document.version);
                    events::note(conn, &own, document.id, event, now)?;
                }
                if deleted {
                    audit::note(conn, &own, &entry)?;
                }
                Ok(deleted)
            };
            state.db.of(vault.tenant()).transaction(subject, delete).await
        }
    }
}

/// Documents as a list shows them, newest first, up to `limit`; only those that hold
/// `wanted`, if there is one.
pub async fn list(
    state: &State,
    vault: &Arc<Vault>,
    (filter, wanted): (Filter, Option<String>),
    limit: i64,
) -> Result<Vec<Summary>, ApiError> {
    if let Some(wanted) = wanted {
        let found = search(state, vault.tenant(), (filter, wanted), limit).await?;
        return Ok(found.into_iter().map(Summary::from).collect());
    }
    let own = Arc::clone(vault);
    let list =
        move |conn: &mut PgConnection| summaries::list(conn, &own, &filter, limit).map_err(ApiError::from);
    state.db.of(vault.tenant()).read(list).await
}

/// The history of a document, oldest first, up to `limit` lines.
pub async fn history(
    state: &State,
    vault: &Arc<Vault>,
    id: DocumentId,
    limit: i64,
) -> Result<Vec<Event>, ApiError> {
    let own = Arc::clone(vault);
    let list = move |conn: &mut PgConnection| {
        let found = events::list(conn, &own, id, 0, limit)?;
        Ok::<_, ApiError>(found.into_iter().map(|(_, event)| event).collect())
    };
    state.db.of(vault.tenant()).read(list).await
}
