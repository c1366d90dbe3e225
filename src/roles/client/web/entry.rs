//! The page with the one field, for everybody and behind a link.

use actix_web::http::StatusCode;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::pages::{EntryPage, Place};
use super::said::Said;
use super::{number, practice, session_cookie};
use crate::domain::ids::TenantId;
use crate::platform::audit::Who;
use crate::platform::http::{ApiError, ClientAddress, ErrorCode};
use crate::platform::web::page::{answer, refused};
use crate::platform::web::{Form, Page};
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

/// The same page for every link, so that it does not tell which ones there are, nor, to
/// whoever previews or forwards one, what practice somebody goes to.
pub(super) async fn link_page(state: Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let page = state.pages.page(&req);
    answer(&req, &page, StatusCode::OK, &EntryPage::empty(page.clone(), Place::Link))
}

/// The first page of a practice. One that is not here looks like one that has said nothing
/// about itself.
pub(super) async fn practice_page(
    state: Data<State>,
    tenant: Path<String>,
    req: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let tenant = TenantId::parse(&tenant).ok();
    let page = practice::pages(&state, tenant.as_ref()).await.page(&req);
    answer(&req, &page, StatusCode::OK, &EntryPage::empty(page.clone(), Place::Practice))
}

pub(super) async fn open_page(
    state: Data<State>,
    req: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    open(&state, &req, payload, At { place: Place::Start, link: None, practice: None }).await
}

pub(super) async fn open_practice_page(
    state: Data<State>,
    tenant: Path<String>,
    req: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let practice = TenantId::parse(&tenant).ok();
    open(&state, &req, payload, At { place: Place::Practice, link: None, practice }).await
}

pub(super) async fn open_link_page(
    state: Data<State>,
    token: Path<String>,
    req: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    open(&state, &req, payload, At { place: Place::Link, link: Some(&token), practice: None }).await
}

/// Where a code is typed.
struct At<'a> {
    place: Place,
    link: Option<&'a str>,
    /// What the page shows as who stands behind it.
    practice: Option<TenantId>,
}

async fn open(
    state: &State,
    req: &HttpRequest,
    payload: Payload,
    At { place, link, practice }: At<'_>,
) -> Result<HttpResponse, ApiError> {
    let form = match Form::read(req, payload).await {
        Ok(form) => form,
        Err(error) => return problem(state, req, (place, ""), &error).await,
    };
    // A page that has named a practice goes on doing so. That tells nobody anything: the name
    // of any practice can be had at its own page.
    let named = || form.field("practice").and_then(|name| TenantId::parse(&name).ok());
    let practice = practice.or_else(named);
    if let Some(language) = form.language() {
        let pages = practice::pages(state, practice.as_ref()).await;
        return in_language(state, req, (place, &form), &pages.page_in(language));
    }
    let opened = match form.required("code") {
        Ok(code) => {
            let typed = Typed { link, code: &code, address: ClientAddress::of(req) };
            flows::open_document(state, typed, &Who::of(req, None)).await
        }
        Err(error) => Err(error),
    };
    match opened {
        Ok(opened) => number::show(state, req, opened).await,
        Err(error) => {
            let code = form.field("code").unwrap_or_default();
            let error = ApiError { whose: error.whose.or(practice.map(Box::new)), ..error };
            problem(state, req, (place, &code), &error).await
        }
    }
}

/// The same page in another language, with what was typed and what was said about it.
fn in_language(
    state: &State,
    req: &HttpRequest,
    (place, form): (Place, &Form),
    page: &Page,
) -> Result<HttpResponse, ApiError> {
    let code = form.field("code").unwrap_or_default();
    let said = form.field("said").and_then(|word| Said::parse(&word));
    let entry = EntryPage::new(page.clone(), place, (&code, said));
    let mut shown = answer(req, page, StatusCode::OK, &entry)?;
    state.pages.remember(&mut shown, page.language)?;
    Ok(shown)
}

/// The page that says what is wrong, where a code can be typed once more, with the name of
/// the practice where the error says which.
pub(super) async fn problem(
    state: &State,
    req: &HttpRequest,
    (place, code): (Place, &str),
    error: &ApiError,
) -> Result<HttpResponse, ApiError> {
    let page = practice::pages(state, error.whose.as_deref()).await.page(req);
    let entry = EntryPage::new(page.clone(), place, (code, Some(Said::of_code(error, code))));
    refused(req, &page, error, &entry)
}

/// What a browser is shown that was refused before any page was asked, or at an address
/// where there is none.
pub(super) fn error_page(req: &HttpRequest, error: &ApiError) -> Option<HttpResponse> {
    let state = req.app_data::<Data<State>>()?;
    let what = if error.code == ErrorCode::NotFound { Said::NoPage } else { Said::of(error) };
    let page = state.pages.page(req);
    refused(req, &page, error, &EntryPage::new(page.clone(), Place::Start, ("", Some(what)))).ok()
}
