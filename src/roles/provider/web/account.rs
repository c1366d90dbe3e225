//! Signing in with an account at an identity provider.

use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::desk::{asked, go_to};
use super::signing_in::{begin, next};
use crate::config::Account;
use crate::domain::claims::Person;
use crate::platform::clock;
use crate::platform::http::{Access, ApiError};
use crate::platform::identity::oidc::{self, Begun, Returned};
use crate::platform::identity::{Sessions, cookie};
use crate::roles::provider::State;

/// Keeps what was begun until the browser comes back.
const COOKIE_NAME: &str = "__Host-oc-signing-in";
/// What it is bound to.
const CONTEXT: &[u8] = b"oc|workspace|signing-in|1";
/// Where somebody is told that it did not work.
const REFUSED: &str = "/sign-in?why=account";

/// Sends a browser on to the identity provider.
pub async fn begin_account(state: Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let Some(account) = &state.account else { return Ok(go_to("/sign-in")) };
    let begun = Begun::new(next(asked(&req, "next")), clock::now()).map_err(ApiError::internal)?;
    let endpoints = oidc::discover(account).await;
    let url = endpoints.as_ref().ok().and_then(|endpoints| begun.url(account, endpoints));
    let Some(url) = url else {
        log::warn!(
            "the identity provider can't be asked: {}",
            endpoints.err().map_or_else(String::new, |e| e.to_string())
        );
        return Ok(go_to(REFUSED));
    };
    let plain = serde_json::to_vec(&begun).map_err(ApiError::internal)?;
    let sealed = state.sessions.seal(CONTEXT, &plain).map_err(ApiError::internal)?;
    let mut answer = go_to(&url);
    answer.headers_mut().insert(SET_COOKIE, line(&sealed, Begun::patience().as_secs())?);
    Ok(answer)
}

/// Begins a session for whoever comes back with a code.
pub async fn return_account(
    state: Data<State>,
    access: Data<Access>,
    req: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let Some(account) = &state.account else { return Ok(go_to("/sign-in")) };
    let mut answer = match recognise(account, &state.sessions, &access, &req).await {
        Ok((person, wanted)) => begin(&state.sessions, &person, &next(Some(wanted)))?,
        Err(why) => {
            log::warn!("nobody is signed in: {why}");
            go_to(REFUSED)
        }
    };
    // A code is good once.
    answer.headers_mut().append(SET_COOKIE, line("", 0)?);
    Ok(answer)
}

/// Who came back, and to which page.
async fn recognise(
    account: &Account,
    sessions: &Sessions,
    access: &Access,
    req: &HttpRequest,
) -> Result<(Person, String), String> {
    let kept = cookie(req.headers(), COOKIE_NAME).and_then(|sealed| sessions.open(CONTEXT, &sealed));
    let begun: Option<Begun> = kept.and_then(|plain| serde_json::from_slice(&plain).ok());
    let begun = begun.ok_or("this browser has not begun to sign in")?;
    let returned =
        Returned { state: asked(req, "state"), code: asked(req, "code"), issuer: asked(req, "iss") };
    let now = clock::now();
    if !begun.takes(&returned, account, now) {
        return Err("what came back is not what was begun here".to_owned());
    }
    let code = returned.code.ok_or("the identity provider has refused")?;
    let endpoints =
        oidc::discover(account).await.map_err(|error| format!("the identity provider {error}"))?;
    let token = oidc::redeem(account, &endpoints, &begun, &code).await;
    let token = token.map_err(|error| format!("the identity provider {error}"))?;
    let person = access.recognise_token(&token).await.map_err(|refusal| format!("{refusal:?}"))?;
    // Its access token may end within minutes; that somebody has signed in holds longer.
    Ok((Person { until: now.plus(sessions.life()), ..person }, begun.next))
}

fn line(value: &str, seconds: u64) -> Result<HeaderValue, ApiError> {
    let line = format!("{COOKIE_NAME}={value}; Path=/; Max-Age={seconds}; HttpOnly; Secure; SameSite=Lax");
    HeaderValue::from_str(&line).map_err(ApiError::internal)
}
