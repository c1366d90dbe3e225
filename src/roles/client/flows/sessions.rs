//! Sessions: what somebody may do whose code was right a while ago. Whatever ends the
//! access ends the session, which is looked at anew with every use.

use std::sync::Arc;

use diesel::PgConnection;

use super::opening::{Asked, Opened, accessible, addressee, show};
use crate::domain::session::{LONGEST, Session};
use crate::platform::audit::Who;
use crate::platform::clock;
use crate::platform::http::{ApiError, ErrorCode, SecondFactorAsked, SessionView};
use crate::platform::tenants::{TenantError, Vault};
use crate::roles::client::State;
use crate::roles::client::store::access_codes::{self, Candidate};
use crate::roles::client::store::{otps, sessions as store};

/// A session that goes on, and what its code leads to now.
pub(super) struct Resumed {
    pub(super) session: Session,
    pub(super) vault: Arc<Vault>,
    pub(super) candidate: Arc<Candidate>,
}

/// Reads a token and looks at what its code leads to. Its document may be read, as far
/// as the code is concerned.
pub(super) async fn resume(state: &State, token: &str) -> Result<Resumed, ApiError> {
    let session = state.codes.read_session(token).ok_or_else(ended)?;
    let whose = session.tenant.clone();
    go_on(state, session).await.map_err(|error| error.of_tenant(&whose))
}

async fn go_on(state: &State, session: Session) -> Result<Resumed, ApiError> {
    let now = clock::now();
    let session = session.used(now).ok_or_else(ended)?;
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
    let (tenant, code, id) = (session.tenant.clone(), session.code, session.id);
    let load = move |conn: &mut PgConnection| -> Result<Option<Candidate>, ApiError> {
        if store::has_ended(conn, &tenant, id)? {
            Ok(None)
        } else {
            Ok(access_codes::by_id(conn, &tenant, code)?)
        }
    };
    state.db.of(&session.tenant).read(load).await?.ok_or_else(ended)
}

/// Opens the document of a session once more, without its code.
pub async fn open_again(state: &State, token: &str, by: &Who) -> Result<Opened, ApiError> {
    let Resumed { session, vault, candidate } = resume(state, token).await?;
    show(state, &vault, &candidate, session, by).await.map_err(|error| error.of_tenant(&candidate.tenant))
}

/// What a session asks for, and whether a number that was sent in it may be typed.
pub async fn asked(state: &State, token: &str) -> Result<(Asked, bool), ApiError> {
    let Resumed { session, vault, candidate } = resume(state, token).await?;
    let addressee = addressee(state, &vault, &candidate).await?;
    let (tenant, id) = (session.tenant.clone(), session.id);
    let find = move |conn: &mut PgConnection| otps::find(conn, &tenant, id).map_err(ApiError::from);
    let sent = state.db.of(&session.tenant).read(find).await?;
    let is_good = sent.is_some_and(|sent| sent.is_good(clock::now()));
    Ok((addressee.asked(&session), is_good || session.opens(&addressee.factors)))
}

/// Ends a session: no token of it opens anything any more. One that nobody made, or that is
/// over, is ended already.
pub async fn end(state: &State, token: &str) -> Result<(), ApiError> {
    let now = clock::now();
    let Some(session) = state.codes.read_session(token).and_then(|session| session.used(now)) else {
        return Ok(());
    };
    let (own, forget_at) = (session.clone(), session.begun.plus(LONGEST));
    let end = move |conn: &mut PgConnection| -> Result<(), ApiError> {
        Ok(store::end(conn, &own.tenant, own.id, forget_at)?)
    };
    state.db.of(&session.tenant).run(end).await
}

/// The session as its holder gets it.
pub fn view(state: &State, session: &Session) -> Result<SessionView, ApiError> {
    let token = state.codes.session_token(session)?;
    Ok(SessionView { token, expires_at: session.ends_at().to_string() })
}

/// What is asked for, as the holder of its session gets it.
pub fn asked_view(state: &State, asked: Asked) -> Result<SecondFactorAsked, ApiError> {
    let Asked { channel, to, session } = asked;
    Ok(SecondFactorAsked { channel: channel.as_str(), to, session: view(state, &session)? })
}

fn ended() -> ApiError {
    ApiError::new(ErrorCode::SessionEnded, "The session is over; please type the access code again")
}
