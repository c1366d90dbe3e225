//! Opening a document with a code: the same for the API and for the page.

use crate::domain::access_code::AccessCode;
use crate::platform::clock;
use crate::platform::http::{ApiError, ErrorCode};
use crate::roles::client::store::access_codes::{Candidate, OpenedDocument};
use crate::roles::client::{State, codes};

/// The one answer to unknown, wrong and unreadable codes.
const REFUSED: &str = "This code does not open a document";

/// The document that `typed` opens. Expiry is told only to someone whose code is right.
pub async fn open_document(state: &State, typed: &str) -> Result<OpenedDocument, ApiError> {
    let refused = || ApiError::new(ErrorCode::NotFound, REFUSED);
    let code = AccessCode::parse(typed).map_err(|_| refused())?;
    let right = |c: &Candidate| codes::verify(&state.keys, &code, &c.tenant, c.document.id, &c.code);
    let mut opened = None;
    for hash in codes::selector_hashes(&state.keys, &code) {
        opened = opened.or(state.candidates.find(hash).await?.filter(right));
    }
    let opened = opened.ok_or_else(refused)?.document;
    if opened.expires_at <= clock::now() {
        return Err(ApiError::new(ErrorCode::AccessCodeExpired, "Access to this document has ended"));
    }
    Ok(opened)
}
