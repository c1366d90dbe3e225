//! The pages of the second factor: have a number sent, type it. A session, which only a
//! right code begins, is needed for either, so a bot that presses buttons sends nothing.

use actix_web::http::StatusCode;
use actix_web::http::header::SET_COOKIE;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};

use super::pages::{DocumentPage, EntryPage, NumberPage, Place};
use super::session_cookie::SessionCookie;
use super::{explain, field, refused, render};
use crate::domain::session::Session;
use crate::domain::words::SecondFactor;
use crate::platform::audit::Who;
use crate::platform::http::{ApiError, ClientAddress, ErrorCode, is_from_elsewhere};
use crate::platform::messages::Messenger;
use crate::roles::client::State;
use crate::roles::client::flows::{Opened, second_factor, sessions};

/// The button: sends a number.
pub(super) async fn send_number_page(
    state: Data<State>,
    messenger: Data<Messenger>,
    req: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let sent = match token(&state, &req) {
        Ok(token) => second_factor::send_number(&state, &messenger, &token, &Who::of(&req, None)).await,
        Err(error) => Err(error),
    };
    match sent {
        Ok(sent) => {
            let page = render(StatusCode::OK, &NumberPage::sent(sent.channel, &sent.to))?;
            keep(&state, page, &sent.session)
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
    let opened = match (token(&state, &req), field("otp", &req, payload).await) {
        (Ok(token), Ok(typed)) => {
            let by = Who::of(&req, None);
            second_factor::verify_number(&state, (&token, &typed), ClientAddress::of(&req), &by).await
        }
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    match opened {
        Ok(opened) => show(&state, opened),
        Err(error) => problem(&state, &req, &error).await,
    }
}

/// The document, or what is asked for before it, with the session.
pub(super) fn show(state: &State, opened: Opened) -> Result<HttpResponse, ApiError> {
    match opened {
        Opened::Document(document, session) => {
            let page = render(StatusCode::OK, &DocumentPage::of(&document))?;
            keep(state, page, &session)
        }
        Opened::Asked(asked) => {
            let page = render(StatusCode::OK, &NumberPage::first(asked.channel, &asked.to))?;
            keep(state, page, &asked.session)
        }
    }
}

fn keep(state: &State, mut page: HttpResponse, session: &Session) -> Result<HttpResponse, ApiError> {
    let token = sessions::view(state, session)?.token;
    page.headers_mut().insert(SET_COOKIE, SessionCookie::of(&state.public_url).keep(&token)?);
    Ok(page)
}

fn token(state: &State, req: &HttpRequest) -> Result<String, ApiError> {
    let token = SessionCookie::of(&state.public_url).token(req).filter(|_| !is_from_elsewhere(req));
    token.ok_or_else(|| ApiError::new(ErrorCode::MalformedRequest, "There is no session"))
}

/// Says what went wrong where it can be mended: beside the number as long as one may be
/// typed, at the button if one has to be sent, at the code if the session is over.
async fn problem(state: &State, req: &HttpRequest, error: &ApiError) -> Result<HttpResponse, ApiError> {
    let raised = error.second_factor.as_ref().map(|asked| asked.session.token.clone());
    let asked = match raised.map_or_else(|| token(state, req), Ok) {
        Ok(token) => sessions::asked(state, &token).await.ok(),
        Err(_) => None,
    };
    let Some((asked, may_be_typed)) = asked else {
        return refused(error, &EntryPage::refused(Place::Start, "", explain(error)));
    };
    let page = if may_be_typed && error.code != ErrorCode::OtpBlocked {
        NumberPage::sent(asked.channel, &asked.to)
    } else {
        NumberPage::first(asked.channel, &asked.to)
    };
    let text = match error.code {
        ErrorCode::MalformedRequest | ErrorCode::PayloadTooLarge => "Please type the number.".to_owned(),
        ErrorCode::OtpNotSent if may_be_typed => {
            "The number may not have been sent. Please wait half a minute; if none arrives, have a new one sent."
                .to_owned()
        }
        _ => explain(error),
    };
    let mut page = refused(error, &page.with_error(text))?;
    if let Some(asked) = &error.second_factor {
        page.headers_mut()
            .insert(SET_COOKIE, SessionCookie::of(&state.public_url).keep(&asked.session.token)?);
    }
    Ok(page)
}

/// `to the telephone`, as the page says it.
pub(super) fn how(channel: SecondFactor) -> &'static str {
    match channel {
        SecondFactor::Email => "by mail to",
        _ => "to the telephone",
    }
}
