//! Pages for the people who open a document. Reading a page changes nothing and
//! tells nothing: only the form, with a code that a person has typed, opens a
//! document.

pub mod markdown;
mod number;
mod pages;
mod session_cookie;

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER, SET_COOKIE};
use actix_web::web::{Data, Path, Payload, ServiceConfig, get, head, post, resource};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::bodies;
use crate::platform::audit::Who;
use crate::platform::http::{ApiError, BodyLimit, ClientAddress, ErrorCode, is_from_elsewhere, read_body};
use crate::roles::client::State;
use crate::roles::client::flows::{self, Typed};
use pages::{EntryPage, Place};
use session_cookie::SessionCookie;

const STYLE: &str = include_str!("../../../../assets/client.css");

/// Also where older links lead, which hold a code: it is not taken over, since a
/// link alone must not open anything.
///
/// Whoever comes back here has closed the document: the session is forgotten.
async fn entry_page(state: Data<State>, req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let mut page = render(StatusCode::OK, &EntryPage::empty(Place::Start))?;
    let cookie = SessionCookie::of(&state.public_url);
    if cookie.token(&req).is_some() {
        page.headers_mut().insert(SET_COOKIE, cookie.forget()?);
    }
    Ok(page)
}

/// The same page for every link, so that it does not tell which ones there are.
async fn link_page() -> Result<HttpResponse, ApiError> {
    render(StatusCode::OK, &EntryPage::empty(Place::Link))
}

async fn open_page(state: Data<State>, req: HttpRequest, payload: Payload) -> Result<HttpResponse, ApiError> {
    answer(&state, &req, payload, None).await
}

async fn open_link_page(
    state: Data<State>,
    token: Path<String>,
    req: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    answer(&state, &req, payload, Some(&token)).await
}

async fn answer(
    state: &State,
    req: &HttpRequest,
    payload: Payload,
    link: Option<&str>,
) -> Result<HttpResponse, ApiError> {
    let place = if link.is_some() { Place::Link } else { Place::Start };
    // A page of somebody else must not make its visitors guess.
    if is_from_elsewhere(req) {
        let error = ApiError::new(ErrorCode::MalformedRequest, "This form has to be sent from this page");
        return refused(&error, &EntryPage::refused(place, "", explain(&error)));
    }
    let code = match field("code", req, payload).await {
        Ok(code) => code,
        Err(error) => return refused(&error, &EntryPage::refused(place, "", explain(&error))),
    };
    let typed = Typed { link, code: &code, address: ClientAddress::of(req) };
    match flows::open_document(state, typed, &Who::of(req, None)).await {
        Ok(opened) => number::show(state, opened),
        Err(error) if error.code == ErrorCode::DocumentOnItsWay => {
            render(error.code.status(), &EntryPage::on_its_way(place, &code))
        }
        Err(error) => refused(&error, &EntryPage::refused(place, &code, explain(&error))),
    }
}

/// A page that says why something was refused.
fn refused(error: &ApiError, page: &impl Template) -> Result<HttpResponse, ApiError> {
    if let Some(cause) = &error.cause {
        log::warn!("a page can't be shown: {cause}");
    }
    let mut page = render(error.code.status(), page)?;
    if let Some(wait) = error.retry_after {
        page.headers_mut().insert(RETRY_AFTER, wait.as_secs().max(1).into());
    }
    Ok(page)
}

/// The one field of a form, within the limits of size and time of every body.
async fn field(name: &str, req: &HttpRequest, payload: Payload) -> Result<String, ApiError> {
    let body = read_body(req, payload.into_inner()).await?;
    let no_form = || ApiError::new(ErrorCode::MalformedRequest, "The form lacks its field");
    if !req.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(no_form());
    }
    bodies::field_of_form(&body, name).ok_or_else(no_form)
}

fn explain(error: &ApiError) -> String {
    let text = match error.code {
        ErrorCode::NotFound => {
            "This code does not open a document. Please compare it with your letter, sign by sign, and try again. \
             After several wrong tries a code is blocked; your practice will then give you a new one."
        }
        ErrorCode::AccessCodeRequired | ErrorCode::MalformedRequest | ErrorCode::PayloadTooLarge => {
            "Please type your code and try again."
        }
        ErrorCode::AccessCodeWrong => return explain_wrong(error.remaining_attempts),
        ErrorCode::RateLimited => return explain_wait(error.retry_after),
        ErrorCode::OtpWrong => return explain_wrong_number(error.remaining_attempts),
        ErrorCode::OtpExpired => {
            "This number is not valid any more. Please have a new one sent, and type the newest one."
        }
        ErrorCode::OtpBlocked => {
            "Too many wrong numbers were typed, so this code is blocked. Please call your practice: it will give you a new one."
        }
        ErrorCode::OtpNotSent => {
            "The number could not be sent at the moment. Nothing is lost: please try again in a minute."
        }
        ErrorCode::SessionEnded => "You were away for a while. Please type your code again.",
        ErrorCode::AccessCodeBlocked => {
            "Too many wrong codes were typed here, so this link is blocked. Please call your practice: it will give you a new one."
        }
        ErrorCode::AccessCodeExpired => {
            "The time to read this document is over. Please ask your practice for a new code."
        }
        ErrorCode::AccessCodeRevoked => {
            "This code is no longer valid. If your practice has given you a newer one, please use that; otherwise call them."
        }
        _ => "The document can't be shown at the moment. Nothing is lost: please try again in a minute.",
    };
    text.to_owned()
}

fn explain_wrong(left: Option<i32>) -> String {
    let left = match left {
        Some(1) => "You can try once more".to_owned(),
        Some(left) => format!("You can try {left} more times"),
        None => "You can try again".to_owned(),
    };
    format!(
        "This code is not right. Please compare it with your letter, sign by sign. {left}; then this link is blocked."
    )
}

fn explain_wrong_number(left: Option<i32>) -> String {
    let what = match left {
        Some(0) | None => "Please have a new one sent.",
        Some(1) => "You can try this number once more.",
        Some(_) => "Please look at the newest message and try again.",
    };
    format!("This number is not right. {what}")
}

fn explain_wait(wait: Option<Duration>) -> String {
    let minutes = wait.map_or(1, |wait| wait.as_secs().div_ceil(60).max(1));
    let minutes = match minutes {
        1 => "a minute".to_owned(),
        ..100 => format!("{minutes} minutes"),
        _ => format!("{} hours", minutes.div_ceil(60)),
    };
    format!(
        "That was too often or too fast. Please wait {minutes}, then compare what you type and try again."
    )
}

async fn style() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .insert_header((CACHE_CONTROL, "public, max-age=3600"))
        .body(STYLE)
}

fn render(status: StatusCode, page: &impl Template) -> Result<HttpResponse, ApiError> {
    let html = page.render().map_err(ApiError::internal)?;
    Ok(HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("X-Robots-Tag", "noindex"))
        .body(html))
}

/// Mounts the pages.
pub fn configure(cfg: &mut ServiceConfig) {
    let small = Data::new(BodyLimit::PUBLIC);
    let entry = |path| {
        resource(path).app_data(small.clone()).route(get().to(entry_page)).route(head().to(entry_page))
    };
    cfg.service(entry("/").route(post().to(open_page)))
        .service(entry("/view/{code}"))
        .service(entry("/otp").route(post().to(number::send_number_page)))
        .service(entry("/otp/verify").route(post().to(number::verify_number_page)))
        .service(
            resource("/d/{token}")
                .app_data(small.clone())
                .route(get().to(link_page))
                .route(head().to(link_page))
                .route(post().to(open_link_page)),
        )
        .service(resource("/assets/client.css").route(get().to(style)));
}
