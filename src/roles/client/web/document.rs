//! An open document: reading on within its session, and closing it.

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, SET_COOKIE};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::pages::{EntryPage, FinishedPage, Place};
use super::said::Said;
use super::{entry, number, session_cookie};
use crate::platform::audit::Who;
use crate::platform::http::{ApiError, ErrorCode};
use crate::platform::web::forms;
use crate::platform::web::page::{answer, refused};
use crate::roles::client::State;
use crate::roles::client::flows::sessions;

const CLEAR_SITE_DATA: HeaderName = HeaderName::from_static("clear-site-data");
const EVERYTHING: HeaderValue = HeaderValue::from_static("\"cache\", \"cookies\", \"storage\"");

/// Shows the document of the session once more: in another language, or to read on. What
/// links of others lead to shows nothing.
pub(super) async fn read_again(state: Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let Ok(token) = number::token(&state, &req) else { return ended(&state, &req) };
    match sessions::open_again(&state, &token, &Who::of(&req, None)).await {
        Ok(opened) => number::show(&state, &req, opened).await,
        Err(error) => entry::problem(&state, &req, (Place::Start, ""), &error).await,
    }
}

/// There is no session, or not any more.
fn ended(state: &State, req: &HttpRequest) -> Result<HttpResponse, ApiError> {
    let page = state.pages.page(req);
    let error = ApiError::new(ErrorCode::MalformedRequest, "There is no session");
    refused(req, &page, &error, &EntryPage::new(page.clone(), Place::Start, ("", Some(Said::Ended))))
}

/// What is shown after a document was closed. It names no practice: others may use the browser
/// next.
pub(super) async fn finished_page(state: Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let page = state.pages.page(&req);
    answer(&req, &page, StatusCode::OK, &FinishedPage { page: page.clone() })
}

/// *I am finished*: the session is over, and the browser forgets everything of ours. What
/// the browser kept is gone even where we can't write down that the session is over.
pub(super) async fn finish(state: Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    forms::check_origin(&req)?;
    let cookie = session_cookie(&state);
    let ended = match cookie.of(&req) {
        Some(token) => sessions::end(&state, &token).await,
        None => Ok(()),
    };
    let mut shown = match ended {
        Ok(()) => finished_page(state, req).await?,
        Err(error) => entry::problem(&state, &req, (Place::Start, ""), &error).await?,
    };
    shown.headers_mut().append(SET_COOKIE, cookie.forget()?);
    shown.headers_mut().insert(CLEAR_SITE_DATA, EVERYTHING);
    Ok(shown)
}
