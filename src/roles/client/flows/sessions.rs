//! Sessions: what somebody may do whose code was right a while ago. Whatever ends the
//! access ends the session, which is looked at anew with every use.

use std::sync::Arc;

use diesel::PgConnection;

use super::opening::{Asked, Opened, accessible, ask, show};
use crate::domain::session::Session;
use crate::platform::audit::Who;
use crate::platform::clock;
use crate::platform::http::{ApiError, ErrorCode, SessionView};
use crate::platform::tenants::{TenantError, Vault};
use crate::roles::client::State;
use crate::roles::client::store::access_codes::{self, Candidate};

/// A session that goes on, and what its code leads to now.
pub(super) struct Resumed {
    pub(super) session: Session,
    pub(super) vault: Arc<Vault>,
    pub(super) candidate: Arc<Candidate>,
}

/// Reads a token and looks at what its code leads to. Its document may be read, as far
/// as the code is concerned.
pub(super) async fn resume(state: &State, token: &str) -> Result<Resumed, ApiError> {
    let now = clock::now();
    let session = state.codes.read_session(token).and_then(|session| session.used(now)).ok_or_else(ended)?;
    let vault = match state.tenants.vault(&session.tenant).await {
        // Nobody gets to know that a tenant is suspended.
        Err(TenantError::Unknown | TenantError::Suspended) => return Err(ended()),
        vault => vault?,
    };
    let candidate = find(state, &session).await?;
    accessible(&candidate, now)?;
    Ok(Resumed { session, vault, candidate: Arc::new(candidate) })
}

async fn find(state: &State, session: &Session) -> Result<Candidate, ApiError> {
    let (tenant, code) = (session.tenant.clone(), session.code);
    let load =
        move |conn: &mut PgConnection| access_codes::by_id(conn, &tenant, code).map_err(ApiError::from);
    state.db.of(&session.tenant).read(load).await?.ok_or_else(ended)
}

/// Opens the document of a session once more, without its code.
pub async fn open_again(state: &State, token: &str, by: &Who) -> Result<Opened, ApiError> {
    let Resumed { session, vault, candidate } = resume(state, token).await?;
    show(state, &vault, &candidate, session, by).await
}

/// What a session still asks for.
pub async fn asked(state: &State, token: &str) -> Result<Asked, ApiError> {
    let Resumed { session, vault, candidate } = resume(state, token).await?;
    ask(state, &vault, &candidate, session).await
}

/// The session as its holder gets it.
pub fn view(state: &State, session: &Session) -> Result<SessionView, ApiError> {
    let token = state.codes.session_token(session)?;
    Ok(SessionView { token, expires_at: session.ends_at().to_string() })
}

fn ended() -> ApiError {
    ApiError::new(ErrorCode::SessionEnded, "The session is over; please type the access code again")
}
