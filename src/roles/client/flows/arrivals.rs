//! What senders ask: take a document in, give it another code or end, end its
//! access. Each within one transaction, with its receipt.
//!
//! Operations on a document are numbered by the sender. One that is not newer
//! than what was applied changes nothing and is answered like the first time, so
//! it does not matter how often and in which order they arrive.

use diesel::PgConnection;

use crate::domain::access_code::AccessCode;
use crate::domain::audit::{AuditAction, Trace};
use crate::domain::fields::Invalid;
use crate::domain::ids::{DocumentId, TenantId};
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::{AccessChanged, Delivered, Ordering};
use crate::domain::words::EventKind;
use crate::platform::audit;
use crate::platform::http::{ApiError, ErrorCode};
use crate::platform::tenants::Vault;
use crate::roles::client::codes::{Codes, Issued, StoredCode};
use crate::roles::client::store::access_codes::{self, For};
use crate::roles::client::store::documents::{self, Arrival, Standing};
use crate::roles::client::store::receipts;

/// How many codes are tried until one has a free selector. With a million live
/// documents a selector is taken once in 33 times.
const TRIES: usize = 16;

/// What a sender is told about the access to its document.
#[derive(Debug, Clone)]
pub struct Access {
    /// What the client types.
    pub code: String,
    /// Token of the link where it is typed.
    pub token: String,
    /// Sequence and generation of what holds, if the operation changed nothing although it
    /// is no repetition: its sender counts on from too low a number.
    pub overtaken_by: Option<Overtaken>,
}

/// Sequence and generation of what holds.
pub type Overtaken = (i64, i32);

/// Writes a document and its code, or finds the code of a document that is here already.
pub fn take_in(
    conn: &mut PgConnection,
    codes: &Codes,
    vault: &Vault,
    arrival: &Arrival,
    by: &Trace,
) -> Result<Access, ApiError> {
    let tenant = vault.tenant();
    let (id, now, ordering) = (arrival.id, arrival.at, &arrival.delivered.ordering);
    let code = if documents::insert(conn, vault, arrival)? {
        give_code(conn, codes, tenant, (id, ordering), now)?
    } else {
        let standing = documents::lock(conn, tenant, id)?.ok_or_else(gone)?;
        if ordering.sequence <= standing.sequence {
            let repeated = is_repetition(vault, arrival, &standing);
            return current_code(conn, codes, tenant, id, (&standing, repeated));
        }
        documents::replace(conn, vault, arrival)?;
        let another = ordering.generation > standing.generation || standing.revoked_at.is_some();
        keep_or_give_code(conn, codes, tenant, (id, ordering, another), now)?
    };
    let hash = documents::sealed_hash(vault, arrival).map_err(ApiError::internal)?;
    let about = (arrival.delivered.version, Some(hash.as_slice()));
    receipts::note(conn, tenant, id.0, (EventKind::Delivered, about), now)?;
    audit::note(conn, tenant, &by.clone().did(AuditAction::DocumentReceived, id, now))?;
    Ok(code)
}

/// Gives a document another end, and another code if its generation is newer.
pub fn change_access(
    conn: &mut PgConnection,
    codes: &Codes,
    tenant: &TenantId,
    (id, changed): (DocumentId, &AccessChanged),
    (now, by): (Timestamp, &Trace),
) -> Result<Access, ApiError> {
    let standing = documents::lock(conn, tenant, id)?.ok_or_else(gone)?;
    let ordering = &changed.ordering;
    if ordering.sequence <= standing.sequence {
        let repeated = ordering.sequence == standing.sequence
            && ordering.generation == standing.generation
            && changed.expires_at == standing.expires_at.0;
        return current_code(conn, codes, tenant, id, (&standing, repeated));
    }
    if standing.revoked_at.is_some() {
        return Err(revoked());
    }
    if standing.title.is_none() {
        return Err(gone());
    }
    let another = ordering.generation > standing.generation;
    let generation = ordering.generation.max(standing.generation);
    documents::change_access(conn, tenant, id, changed, generation)?;
    let code = keep_or_give_code(conn, codes, tenant, (id, ordering, another), now)?;
    let kind = if another { EventKind::Reissued } else { EventKind::ExpiryChanged };
    let about = (standing.version, standing.content_hash.as_deref());
    receipts::note(conn, tenant, id.0, (kind, about), now)?;
    audit::note(conn, tenant, &by.clone().did(AuditAction::of_history(kind), id, now))?;
    Ok(code)
}

/// Ends access. A document that has not arrived yet gets a tombstone, which wins
/// over its delivery. Tells what holds if access goes on, because something newer was
/// applied before.
pub fn revoke(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (id, sequence): (DocumentId, Option<i64>),
    (now, by): (Timestamp, &Trace),
) -> Result<Option<Overtaken>, ApiError> {
    let (version, hash) = if documents::insert_tombstone(conn, tenant, id, sequence.unwrap_or(i64::MAX), now)?
    {
        (1, None)
    } else {
        let Some(standing) = documents::lock(conn, tenant, id)? else { return Ok(None) };
        let newer = sequence.is_none_or(|sequence| sequence > standing.sequence);
        if !newer || (standing.revoked_at.is_some() && sequence.is_none()) {
            let goes_on = standing.revoked_at.is_none();
            return Ok(goes_on.then_some((standing.sequence, standing.generation)));
        }
        // Without a number it ends what is here, and a later delivery may begin anew.
        let sequence = sequence.unwrap_or(standing.sequence);
        documents::revoke(conn, tenant, id, (&standing, sequence), now)?;
        (standing.version, standing.content_hash)
    };
    audit::note(conn, tenant, &by.clone().did(AuditAction::DocumentRevoked, id, now))?;
    receipts::note(conn, tenant, id.0, (EventKind::Revoked, (version, hash.as_deref())), now)?;
    Ok(None)
}

fn current_code(
    conn: &mut PgConnection,
    codes: &Codes,
    tenant: &TenantId,
    id: DocumentId,
    (standing, repeated): (&Standing, bool),
) -> Result<Access, ApiError> {
    if standing.revoked_at.is_some() {
        return Err(revoked());
    }
    let stored = access_codes::find(conn, tenant, id)?;
    let stored = stored.ok_or_else(|| ApiError::internal("a document without a code"))?;
    let access = reveal(conn, codes, tenant, &stored)?;
    let overtaken_by = (!repeated).then_some((standing.sequence, standing.generation));
    Ok(Access { overtaken_by, ..access })
}

/// Whether what arrives is what was applied under its number, and not another operation of a
/// sender that counts on from too low a number.
fn is_repetition(vault: &Vault, arrival: &Arrival, standing: &Standing) -> bool {
    let Delivered { ordering, written, expires_at, .. } = &arrival.delivered;
    ordering.sequence == standing.sequence
        && ordering.generation == standing.generation
        && written.second_factor.as_str() == standing.second_factor
        && expires_at.is_none_or(|_| arrival.expires_at == standing.expires_at.0)
        && is_text(vault, arrival, standing)
}

/// Whether the text that arrives is the one that is here.
fn is_text(vault: &Vault, arrival: &Arrival, standing: &Standing) -> bool {
    let here = standing.content_hash.as_ref();
    // A hash that can't be opened, or an older document without one, tells nothing.
    let here = here.and_then(|sealed| documents::open_hash(vault, arrival.id, sealed).ok());
    here.is_none_or(|hash| hash == arrival.content_hash)
}

/// Code and link for a sender that asks once more.
fn reveal(
    conn: &mut PgConnection,
    codes: &Codes,
    tenant: &TenantId,
    stored: &StoredCode,
) -> Result<Access, ApiError> {
    let code = codes.reveal(tenant, stored)?;
    if let Some(token) = codes.reveal_token(tenant, stored)? {
        return Ok(Access { code, token, overtaken_by: None });
    }
    let link = codes.new_link(tenant, stored)?;
    access_codes::add_link(conn, tenant, stored.id, (&link.hash, &link.sealed))?;
    Ok(Access { code, token: link.token, overtaken_by: None })
}

fn keep_or_give_code(
    conn: &mut PgConnection,
    codes: &Codes,
    tenant: &TenantId,
    (id, ordering, another): (DocumentId, &Ordering, bool),
    now: Timestamp,
) -> Result<Access, ApiError> {
    if !another && let Some(stored) = access_codes::find(conn, tenant, id)? {
        return reveal(conn, codes, tenant, &stored);
    }
    access_codes::kill(conn, tenant, id, now)?;
    give_code(conn, codes, tenant, (id, ordering), now)
}

/// Gives a document the code that its sender has promised. One that is not in reserve any
/// more, because this database was restored from a backup or has forgotten it, is taken
/// over with its link: somebody may have it on paper. Only where another document has
/// got that code meanwhile, or the sender names no link, there is a new one.
fn give_code(
    conn: &mut PgConnection,
    codes: &Codes,
    tenant: &TenantId,
    (id, ordering): (DocumentId, &Ordering),
    now: Timestamp,
) -> Result<Access, ApiError> {
    let promised = ordering.reserved_code.as_deref();
    if let Some(code) = promised.and_then(|text| AccessCode::parse(text).ok()) {
        let hashes = codes.selector_hashes(&code);
        if let Some(stored) = access_codes::activate(conn, tenant, &hashes, id)? {
            let access = reveal(conn, codes, tenant, &stored)?;
            // A sender that only knows the beginning of a code does not get the rest.
            let wrong = || Invalid::field("reservedCode", "format", "must be a code that was reserved");
            return (access.code == code.to_string()).then_some(access).ok_or_else(|| wrong().into());
        }
        if let Some(token) = ordering.reserved_link.as_deref().and_then(token_of)
            && let Some(known) = codes.take_over(tenant, code, token)?
            && access_codes::insert_known(conn, tenant, &known.stored, id, now)?
        {
            return Ok(Access { code: known.code.to_string(), token: known.token, overtaken_by: None });
        }
    }
    for _ in 0..TRIES {
        let Issued { code, token, stored } = codes.issue(tenant)?;
        if !access_codes::insert(conn, tenant, &[&stored], For::Document(id), now)?.is_empty() {
            return Ok(Access { code: code.to_string(), token, overtaken_by: None });
        }
    }
    Err(ApiError::internal("no free access code was found"))
}

/// The last part of a link.
fn token_of(link: &str) -> Option<&str> {
    link.rsplit('/').next()
}

fn revoked() -> ApiError {
    ApiError::new(ErrorCode::DocumentRevoked, "The document was revoked by its sender")
}

fn gone() -> ApiError {
    ApiError::new(ErrorCode::DocumentGone, "The document is not here; deliver it again")
}
