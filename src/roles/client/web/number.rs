//! The pages of the second factor: have a number sent, type it. A session, which only a
//! right code begins, is needed for either, so a bot that presses buttons sends nothing.

use actix_web::http::StatusCode;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::pages::{DocumentPage, NumberPage, Place};
use super::practice::pages;
use super::said::Said;
use super::{entry, session_cookie};
use crate::domain::language::Language;
use crate::domain::session::Session;
use crate::platform::audit::Who;
use crate::platform::clock;
use crate::platform::http::{ApiError, ClientAddress, ErrorCode, is_from_elsewhere};
use crate::platform::messages::Messenger;
use crate::platform::web::Form;
use crate::platform::web::page::{answer, refused};
use crate::roles::client::State;
use crate::roles::client::flows::{Asked, Opened, second_factor, sessions};

/// The button: sends a number.
pub(super) async fn send_number_page(
    state: Data<State>,
    messenger: Data<Messenger>,
    req: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let token = match token(&state, &req) {
        Ok(token) => token,
        Err(error) => return problem(&state, &req, &error).await,
    };
    // The button alone sends no fields, and bots send anything.
    if let Ok(form) = Form::read(&req, payload).await
        && let Some(language) = form.language()
    {
        return in_language(&state, &req, (&form, false), language).await;
    }
    match second_factor::send_number(&state, &messenger, &token, &Who::of(&req, None)).await {
        Ok(sent) => {
            let page = pages(&state, Some(&sent.session.tenant)).await.page(&req);
            let number = NumberPage::sent(page.clone(), sent.channel, &sent.to);
            keep(&state, answer(&req, &page, StatusCode::OK, &number)?, &sent.session)
        }
        Err(error) => problem(&state, &req, &error).await,
    }
}

/// The field: opens the document.
pub(super) async fn verify_number_page(
    state: Data<State>,
    req: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let (token, form) = match (token(&state, &req), Form::read(&req, payload).await) {
        (Ok(token), Ok(form)) => (token, form),
        (Err(error), _) | (_, Err(error)) => return problem(&state, &req, &error).await,
    };
    if let Some(language) = form.language() {
        return in_language(&state, &req, (&form, true), language).await;
    }
    let opened = match form.required("otp") {
        Ok(typed) => {
            let by = Who::of(&req, None);
            second_factor::verify_number(&state, (&token, &typed), ClientAddress::of(&req), &by).await
        }
        Err(error) => Err(error),
    };
    match opened {
        Ok(opened) => show(&state, &req, opened).await,
        Err(error) => problem(&state, &req, &error).await,
    }
}

/// The document, or what is asked for before it, with the session.
pub(super) async fn show(state: &State, req: &HttpRequest, opened: Opened) -> Result<HttpResponse, ApiError> {
    let (Opened::Document(_, session) | Opened::Asked(Asked { session, .. })) = &opened;
    let page = pages(state, Some(&session.tenant)).await.page(req);
    match opened {
        Opened::Document(document, session) => {
            let lasts = session.ends_at().since(clock::now()).as_secs();
            let template = DocumentPage::of(page.clone(), &document, &state.host, lasts);
            keep(state, answer(req, &page, StatusCode::OK, &template)?, &session)
        }
        Opened::Asked(asked) => {
            let template = NumberPage::first(page.clone(), asked.channel, &asked.to);
            keep(state, answer(req, &page, StatusCode::OK, &template)?, &asked.session)
        }
    }
}

fn keep(state: &State, mut page: HttpResponse, session: &Session) -> Result<HttpResponse, ApiError> {
    let token = sessions::view(state, session)?.token;
    page.headers_mut().append(SET_COOKIE, session_cookie(state).keep(&token)?);
    Ok(page)
}

/// The session of somebody who presses a button on a page of ours.
pub(super) fn token(state: &State, req: &HttpRequest) -> Result<String, ApiError> {
    let token = session_cookie(state).of(req).filter(|_| !is_from_elsewhere(req));
    token.ok_or_else(|| ApiError::new(ErrorCode::MalformedRequest, "There is no session"))
}

/// The same page in another language: nothing is sent and nothing is tried.
async fn in_language(
    state: &State,
    req: &HttpRequest,
    (form, sent): (&Form, bool),
    language: Language,
) -> Result<HttpResponse, ApiError> {
    let asked = match token(state, req) {
        Ok(token) => sessions::asked(state, &token).await,
        Err(error) => Err(error),
    };
    let mut shown = match asked {
        Ok((asked, _)) => {
            let page = pages(state, Some(&asked.session.tenant)).await.page_in(language);
            let said = form.field("said").and_then(|word| Said::parse(&word));
            let number = NumberPage::again(page.clone(), &asked, said, sent);
            let number = number.with_typed(&form.field("otp").unwrap_or_default());
            keep(state, answer(req, &page, StatusCode::OK, &number)?, &asked.session)?
        }
        Err(error) => entry::problem(state, req, (Place::Start, ""), &error).await?,
    };
    state.pages.remember(&mut shown, language)?;
    Ok(shown)
}

/// Says what went wrong where it can be mended: beside the number as long as one may be
/// typed, at the button if one has to be sent, at the code if the session is over.
async fn problem(state: &State, req: &HttpRequest, error: &ApiError) -> Result<HttpResponse, ApiError> {
    let raised = error.second_factor.as_ref().map(|asked| asked.session.token.clone());
    let asked = match raised.clone().map_or_else(|| token(state, req), Ok) {
        Ok(token) => sessions::asked(state, &token).await.ok(),
        Err(_) => None,
    };
    let Some((asked, may_be_typed)) = asked else {
        return entry::problem(state, req, (Place::Start, ""), error).await;
    };
    let page = pages(state, Some(&asked.session.tenant)).await.page(req);
    let may_be_typed = may_be_typed && error.code != ErrorCode::OtpBlocked;
    let said = Said::of_number(error, may_be_typed);
    let number = NumberPage::again(page.clone(), &asked, Some(said), may_be_typed);
    let mut shown = refused(req, &page, error, &number)?;
    if let Some(token) = raised {
        shown.headers_mut().append(SET_COOKIE, session_cookie(state).keep(&token)?);
    }
    Ok(shown)
}
