//! Opening a document with a code: the same for the API and for the page.

use diesel::PgConnection;

use crate::domain::access_code::AccessCode;
use crate::domain::ids::DocumentId;
use crate::domain::timestamp::Timestamp;
use crate::domain::words::EventKind;
use crate::platform::clock;
use crate::platform::http::{ApiError, ErrorCode};
use crate::roles::client::store::access_codes::{self, Candidate};
use crate::roles::client::store::documents::{self, OpenedRow};
use crate::roles::client::store::receipts;
use crate::roles::client::{State, codes};

/// The one answer to unknown, wrong and unreadable codes.
const REFUSED: &str = "This code does not open a document";
/// Wrong codes that leave a receipt, for each code.
const WRONG_TOLD: i32 = 10;

/// What is shown of a document once it is open.
#[derive(Debug, Clone)]
pub struct OpenedDocument {
    /// Its id.
    pub id: DocumentId,
    /// Its newest version.
    pub version: i32,
    /// Title.
    pub title: String,
    /// Content.
    pub content: String,
    /// `text/markdown` or `text/plain`.
    pub content_type: String,
    /// When access ends.
    pub expires_at: Timestamp,
    /// When the first version arrived.
    pub created_at: Timestamp,
    /// When the newest version arrived.
    pub updated_at: Timestamp,
}

/// The document that `typed` opens. That it has expired, was revoked or is on its
/// way is told only to someone whose code is right.
pub async fn open_document(state: &State, typed: &str) -> Result<OpenedDocument, ApiError> {
    let refused = || ApiError::new(ErrorCode::NotFound, REFUSED);
    let code = AccessCode::parse(typed).map_err(|_| refused())?;
    let candidate = find(state, &code).await?.ok_or_else(refused)?;
    let row = accessible(&candidate, clock::now())?;
    if row.opened_version >= row.version || note_opened(state, &candidate, row).await? {
        return shown(row).ok_or_else(expired);
    }
    // Somebody opened it at the same moment, or its access has just been withdrawn.
    let candidate = find(state, &code).await?.ok_or_else(refused)?;
    shown(accessible(&candidate, clock::now())?).ok_or_else(expired)
}

/// What a code leads to, if it is right to its last symbol.
async fn find(state: &State, code: &AccessCode) -> Result<Option<Candidate>, ApiError> {
    let mut found = None;
    for hash in codes::selector_hashes(&state.keys, code) {
        let Some(candidate) = state.candidates.find(hash).await? else { continue };
        if codes::verify(&state.keys, code, &candidate.tenant, &candidate.code) {
            found = Some(candidate);
        } else {
            note_wrong(state, candidate);
        }
    }
    Ok(found)
}

/// The document of a right code, if it may be read now.
fn accessible(candidate: &Candidate, now: Timestamp) -> Result<&OpenedRow, ApiError> {
    let row = candidate.document.as_ref().ok_or_else(|| {
        let message = "The code is right, but its document has not arrived yet; please try again later";
        ApiError::new(ErrorCode::DocumentOnItsWay, message)
    })?;
    if candidate.dead {
        let message = "This code was replaced by another one; please use the newer one";
        return Err(ApiError::new(ErrorCode::AccessCodeRevoked, message));
    }
    if row.revoked_at.is_some() {
        return Err(ApiError::new(ErrorCode::AccessCodeRevoked, "Access to this document was withdrawn"));
    }
    if row.expires_at.0 <= now { Err(expired()) } else { Ok(row) }
}

fn expired() -> ApiError {
    ApiError::new(ErrorCode::AccessCodeExpired, "Access to this document has ended")
}

fn shown(row: &OpenedRow) -> Option<OpenedDocument> {
    Some(OpenedDocument {
        id: DocumentId(row.id),
        version: row.version,
        title: row.title.clone()?,
        content: row.content.clone()?,
        content_type: row.content_type.clone(),
        expires_at: row.expires_at.0,
        created_at: row.created_at.0,
        updated_at: row.updated_at.0,
    })
}

/// Writes the receipt of the first opening of a version, before anything is
/// shown: a receipt that can't be written opens nothing.
/// `false` if it was not the first one, or access was withdrawn meanwhile.
async fn note_opened(state: &State, candidate: &Candidate, row: &OpenedRow) -> Result<bool, ApiError> {
    let (tenant, id, version) = (candidate.tenant.clone(), row.id, row.version);
    let note = move |conn: &mut PgConnection| -> Result<bool, ApiError> {
        let first = documents::note_opened(conn, &tenant, id, version)?;
        if first {
            receipts::note(conn, &tenant, id, (EventKind::Opened, version), clock::now())?;
        }
        Ok(first)
    };
    state.db.transaction(id, note).await
}

/// Counts a wrong code that began like a right one, without letting its sender
/// wait for it: the answer takes as long as for an unknown code.
fn note_wrong(state: &State, candidate: Candidate) {
    let state = state.clone();
    actix_web::rt::spawn(async move {
        let Candidate { tenant, code, document, .. } = candidate;
        let note = move |conn: &mut PgConnection| -> Result<(), ApiError> {
            let failures = access_codes::count_failure(conn, &tenant, code.id)?;
            if let Some(row) = document.as_ref().filter(|_| failures <= WRONG_TOLD) {
                receipts::note(conn, &tenant, row.id, (EventKind::CodeWrong, row.version), clock::now())?;
            }
            Ok(())
        };
        if let Err(error) = state.db.transaction(code.id, note).await {
            log::warn!("a wrong code can't be counted: {error}");
        }
    });
}
