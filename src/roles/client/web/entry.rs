//! The page with the one field, for everybody and behind a link.

use actix_web::http::StatusCode;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::pages::{EntryPage, Place};
use super::said::Said;
use super::{number, session_cookie};
use crate::domain::language::Language;
use crate::platform::audit::Who;
use crate::platform::http::{ApiError, ClientAddress, ErrorCode};
use crate::platform::web::Form;
use crate::platform::web::page::{answer, refused};
use crate::roles::client::State;
use crate::roles::client::flows::{self, Typed};

/// Also where older links lead, which hold a code: it is not taken over, since a
/// link alone must not open anything.
///
/// Whoever comes back here has closed the document: the session is forgotten.
pub(super) async fn entry_page(state: Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let page = state.pages.page(&req);
    let mut shown = answer(&req, &page, StatusCode::OK, &EntryPage::empty(page.clone(), Place::Start))?;
    let cookie = session_cookie(&state);
    if cookie.of(&req).is_some() {
        shown.headers_mut().append(SET_COOKIE, cookie.forget()?);
    }
    Ok(shown)
}

/// The same page for every link, so that it does not tell which ones there are.
pub(super) async fn link_page(state: Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let page = state.pages.page(&req);
    answer(&req, &page, StatusCode::OK, &EntryPage::empty(page.clone(), Place::Link))
}

pub(super) async fn open_page(
    state: Data<State>,
    req: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    open(&state, &req, payload, None).await
}

pub(super) async fn open_link_page(
    state: Data<State>,
    token: Path<String>,
    req: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    open(&state, &req, payload, Some(&token)).await
}

async fn open(
    state: &State,
    req: &HttpRequest,
    payload: Payload,
    link: Option<&str>,
) -> Result<HttpResponse, ApiError> {
    let place = if link.is_some() { Place::Link } else { Place::Start };
    let form = match Form::read(req, payload).await {
        Ok(form) => form,
        Err(error) => return problem(state, req, (place, ""), &error),
    };
    if let Some(language) = form.language() {
        return in_language(state, req, (place, &form), language);
    }
    let code = match form.required("code") {
        Ok(code) => code,
        Err(error) => return problem(state, req, (place, ""), &error),
    };
    let typed = Typed { link, code: &code, address: ClientAddress::of(req) };
    match flows::open_document(state, typed, &Who::of(req, None)).await {
        Ok(opened) => number::show(state, req, opened),
        Err(error) => problem(state, req, (place, &code), &error),
    }
}

/// The same page in another language, with what was typed and what was said about it.
fn in_language(
    state: &State,
    req: &HttpRequest,
    (place, form): (Place, &Form),
    language: Language,
) -> Result<HttpResponse, ApiError> {
    let page = state.pages.page_in(language);
    let code = form.field("code").unwrap_or_default();
    let said = form.field("said").and_then(|word| Said::parse(&word));
    let entry = EntryPage::new(page.clone(), place, (&code, said));
    let mut shown = answer(req, &page, StatusCode::OK, &entry)?;
    state.pages.remember(&mut shown, language)?;
    Ok(shown)
}

/// The page that says what is wrong, where a code can be typed once more.
pub(super) fn problem(
    state: &State,
    req: &HttpRequest,
    (place, code): (Place, &str),
    error: &ApiError,
) -> Result<HttpResponse, ApiError> {
    said(state, req, (place, code, Said::of_code(error, code)), error)
}

/// What a browser is shown that was refused before any page was asked, or at an address
/// where there is none.
pub(super) fn error_page(req: &HttpRequest, error: &ApiError) -> Option<HttpResponse> {
    let state = req.app_data::<Data<State>>()?;
    let what = if error.code == ErrorCode::NotFound { Said::NoPage } else { Said::of(error) };
    said(state, req, (Place::Start, "", what), error).ok()
}

fn said(
    state: &State,
    req: &HttpRequest,
    (place, code, said): (Place, &str, Said),
    error: &ApiError,
) -> Result<HttpResponse, ApiError> {
    let page = state.pages.page(req);
    refused(req, &page, error, &EntryPage::new(page.clone(), place, (code, Some(said))))
}
