//! Opening a document with a code: the same for the API and for the page.

use crate::domain::access_code::AccessCode;
use crate::platform::clock;
use crate::platform::http::{ApiError, ErrorCode};
use crate::roles::client::store::access_codes::{self, OpenedDocument};
use crate::roles::client::{State, codes};

/// The one answer to unknown, wrong and unreadable codes.
const REFUSED: &str = "This code does not open a document";

/// The document that `typed` opens. Expiry is told only to someone whose code is right.
pub async fn open_document(state: &State, typed: &str) -> Result<OpenedDocument, ApiError> {
    let refused = || ApiError::new(ErrorCode::NotFound, REFUSED);
    let code = AccessCode::parse(typed).map_err(|_| refused())?;
    let hashes = codes::selector_hashes(&state.keys, &code);
    let candidates =
        state.db.run(move |conn| access_codes::candidates(conn, &hashes).map_err(ApiError::from)).await?;
    let right =
        |c: &access_codes::Candidate| codes::verify(&state.keys, &code, &c.tenant, c.document.id, &c.code);
    let opened = candidates.into_iter().find(right).ok_or_else(refused)?.document;
    if opened.expires_at <= clock::now() {
        return Err(ApiError::new(ErrorCode::AccessCodeExpired, "Access to this document has ended"));
    }
    Ok(opened)
}
