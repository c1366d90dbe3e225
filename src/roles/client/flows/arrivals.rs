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
use crate::domain::wire::AccessChanged;
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
}

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
    let promised = ordering.reserved_code.as_deref();
    let code = if documents::insert(conn, vault, arrival)? {
        give_code(conn, codes, tenant, (id, promised), now)?
    } else {
        let standing = documents::lock(conn, tenant, id)?.ok_or_else(gone)?;
        if ordering.sequence <= standing.sequence {
            return current_code(conn, codes, tenant, id, &standing);
        }
        documents::replace(conn, vault, arrival)?;
        let another = ordering.generation > standing.generation || standing.revoked_at.is_some();
        keep_or_give_code(conn, codes, tenant, (id, promised, another), now)?
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
        return current_code(conn, codes, tenant, id, &standing);
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
    let promised = ordering.reserved_code.as_deref();
    let code = keep_or_give_code(conn, codes, tenant, (id, promised, another), now)?;
    let kind = if another { EventKind::Reissued } else { EventKind::ExpiryChanged };
    let about = (standing.version, standing.content_hash.as_deref());
    receipts::note(conn, tenant, id.0, (kind, about), now)?;
    audit::note(conn, tenant, &by.clone().did(AuditAction::of_history(kind), id, now))?;
    Ok(code)
}

/// Ends access. A document that has not arrived yet gets a tombstone, which wins
/// over its delivery.
pub fn revoke(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (id, sequence): (DocumentId, Option<i64>),
    (now, by): (Timestamp, &Trace),
) -> Result<(), ApiError> {
    let (version, hash) = if documents::insert_tombstone(conn, tenant, id, sequence.unwrap_or(i64::MAX), now)?
    {
        (1, None)
    } else {
        let Some(standing) = documents::lock(conn, tenant, id)? else { return Ok(()) };
        let newer = sequence.is_none_or(|sequence| sequence > standing.sequence);
        if !newer || (standing.revoked_at.is_some() && sequence.is_none()) {
            return Ok(());
        }
        // Without a number it ends what is here, and a later delivery may begin anew.
        let sequence = sequence.unwrap_or(standing.sequence);
        documents::revoke(conn, tenant, id, (&standing, sequence), now)?;
        (standing.version, standing.content_hash)
    };
    audit::note(conn, tenant, &by.clone().did(AuditAction::DocumentRevoked, id, now))?;
    Ok(receipts::note(conn, tenant, id.0, (EventKind::Revoked, (version, hash.as_deref())), now)?)
}

fn current_code(
    conn: &mut PgConnection,
    codes: &Codes,
    tenant: &TenantId,
    id: DocumentId,
    standing: &Standing,
) -> Result<Access, ApiError> {
    if standing.revoked_at.is_some() {
        return Err(revoked());
    }
    let stored = access_codes::find(conn, tenant, id)?;
    let stored = stored.ok_or_else(|| ApiError::internal("a document without a code"))?;
    reveal(conn, codes, tenant, &stored)
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
        return Ok(Access { code, token });
    }
    let link = codes.new_link(tenant, stored)?;
    access_codes::add_link(conn, tenant, stored.id, (&link.hash, &link.sealed))?;
    Ok(Access { code, token: link.token })
}

fn keep_or_give_code(
    conn: &mut PgConnection,
    codes: &Codes,
    tenant: &TenantId,
    (id, promised, another): (DocumentId, Option<&str>, bool),
    now: Timestamp,
) -> Result<Access, ApiError> {
    if !another && let Some(stored) = access_codes::find(conn, tenant, id)? {
        return reveal(conn, codes, tenant, &stored);
    }
    access_codes::kill(conn, tenant, id, now)?;
    give_code(conn, codes, tenant, (id, promised), now)
}

/// Gives a document the code that its sender has promised, or a new one if that
/// is not in reserve any more.
fn give_code(
    conn: &mut PgConnection,
    codes: &Codes,
    tenant: &TenantId,
    (id, promised): (DocumentId, Option<&str>),
    now: Timestamp,
) -> Result<Access, ApiError> {
    if let Some(code) = promised.and_then(|text| AccessCode::parse(text).ok()) {
        let hashes = codes.selector_hashes(&code);
        if let Some(stored) = access_codes::activate(conn, tenant, &hashes, id)? {
            let access = reveal(conn, codes, tenant, &stored)?;
            // A sender that only knows the beginning of a code does not get the rest.
            let wrong = || Invalid::field("reservedCode", "format", "must be a code that was reserved");
            return (access.code == code.to_string()).then_some(access).ok_or_else(|| wrong().into());
        }
    }
    for _ in 0..TRIES {
        let Issued { code, token, stored } = codes.issue(tenant)?;
        if !access_codes::insert(conn, tenant, &[&stored], For::Document(id), now)?.is_empty() {
            return Ok(Access { code: code.to_string(), token });
        }
    }
    Err(ApiError::internal("no free access code was found"))
}

fn revoked() -> ApiError {
    ApiError::new(ErrorCode::DocumentRevoked, "The document was revoked by its sender")
}

fn gone() -> ApiError {
    ApiError::new(ErrorCode::DocumentGone, "The document is not here; deliver it again")
}
