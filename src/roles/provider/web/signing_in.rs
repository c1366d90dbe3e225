//! Signing in with a token, and out. Without authentication nobody is asked.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, SET_COOKIE};
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::desk::{asked, go_to};
use super::words::frame;
use crate::domain::claims::Person;
use crate::domain::language::Text;
use crate::platform::clock;
use crate::platform::http::{Access, ApiError};
use crate::platform::identity::{Refusal, Sessions};
use crate::platform::web::forms::check_origin;
use crate::platform::web::{Form, Page, page};
use crate::roles::provider::State;

#[derive(Template)]
#[template(path = "provider/sign_in.html")]
pub(super) struct SignInPage<'a> {
    page: &'a Page,
    error: Option<Text>,
    note: Option<Text>,
    next: String,
    /// Whether an identity provider is set.
    by_account: bool,
}

/// Where a person signs in.
pub async fn sign_in_page(state: Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    if state.is_open {
        return Ok(go_to("/"));
    }
    let (error, note) = match asked(&req, "why").as_deref() {
        Some("rights") => (Some(frame::RIGHTS_LACKING), None),
        Some("account") => (Some(frame::ACCOUNT_REFUSED), None),
        Some("session") => (None, Some(frame::SESSION_OVER)),
        Some("out") => (None, Some(frame::SIGNED_OUT)),
        _ => (None, None),
    };
    shown(&state, &req, (error, note), StatusCode::OK, next(asked(&req, "next")))
}

fn shown(
    state: &State,
    req: &HttpRequest,
    (error, note): (Option<Text>, Option<Text>),
    status: StatusCode,
    next: String,
) -> Result<HttpResponse, ApiError> {
    let frame = state.pages.page(req);
    let template = SignInPage { page: &frame, error, note, next, by_account: state.account.is_some() };
    page::answer(req, &frame, status, &template)
}

/// A page of this host, and no other: what an address brings along may be anybody's.
pub(super) fn next(path: Option<String>) -> String {
    let own = |path: &String| {
        path.starts_with('/') && !path.starts_with("//") && !path.contains(['\\', '\r', '\n', '\t'])
    };
    path.filter(own).unwrap_or_else(|| "/".to_owned())
}

/// Begins a session for whoever shows a good token.
pub async fn sign_in(
    state: Data<State>,
    access: Data<Access>,
    req: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    check_origin(&req)?;
    let form = Form::read(&req, payload).await?;
    let next = next(form.field("next"));
    let token = form.field("token").unwrap_or_default();
    let refused = match access.recognise_token(token.trim()).await {
        Ok(person) => match begin(&state.sessions, &person, &next) {
            Ok(answer) => return Ok(answer),
            Err(_) => frame::TOKEN_TOO_LONG,
        },
        Err(Refusal::Bad(bad)) => {
            log::warn!("nobody is signed in: {bad}");
            frame::TOKEN_REFUSED
        }
        Err(Refusal::NoKeys) => frame::KEYS_AWAY,
    };
    shown(&state, &req, (Some(refused), None), StatusCode::UNAUTHORIZED, next)
}

/// The answer that begins a session and goes on.
pub(super) fn begin(sessions: &Sessions, person: &Person, next: &str) -> Result<HttpResponse, ApiError> {
    let line = sessions.begin(person, clock::now()).map_err(ApiError::internal)?;
    let mut answer = go_to(next);
    answer.headers_mut().insert(SET_COOKIE, HeaderValue::from_str(&line).map_err(ApiError::internal)?);
    Ok(answer)
}

/// Ends the session in this browser. Nothing is stored of it, so nothing else is to be done.
pub async fn sign_out(req: HttpRequest) -> Result<HttpResponse, ApiError> {
    check_origin(&req)?;
    let mut answer = go_to("/sign-in?why=out");
    let line = HeaderValue::from_str(&Sessions::end()).map_err(ApiError::internal)?;
    answer.headers_mut().insert(SET_COOKIE, line);
    // What the editor has kept there as well.
    let kept = HeaderValue::from_static("\"storage\"");
    answer.headers_mut().insert(actix_web::http::header::HeaderName::from_static("clear-site-data"), kept);
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn nobody_is_sent_to_another_host() {
        for bad in ["", "//evil.example", "https://evil.example", "/\\evil.example", "documents", "/a\nb"] {
            assert_eq!(next(Some(bad.to_owned())), "/", "{bad}");
        }
        assert_eq!(next(Some("/documents/1?a=b".to_owned())), "/documents/1?a=b");
    }
}
