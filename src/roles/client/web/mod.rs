//! Pages for the people who open a document. Reading a page changes nothing and
//! tells nothing: only the form, with a code that a person has typed, opens a
//! document.

pub mod markdown;
mod pages;

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use actix_web::web::{Data, Path, Payload, ServiceConfig, get, head, post, resource};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use askama::Template;

use crate::domain::bodies;
use crate::platform::audit::Who;
use crate::platform::http::{ApiError, BodyLimit, ClientAddress, ErrorCode, read_body};
use crate::roles::client::State;
use crate::roles::client::flows::{self, Typed};
use pages::{DocumentPage, EntryPage, Place};

const STYLE: &str = include_str!("../../../../assets/client.css");

/// Also where older links lead, which hold a code: it is not taken over, since a
/// link alone must not open anything.
async fn entry_page() -> Result<HttpResponse, ApiError> {
    render(StatusCode::OK, &EntryPage::empty(Place::Start))
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
    let code = match typed_code(req, payload).await {
        Ok(code) => code,
        Err(error) => {
            let page = EntryPage::refused(place, "", explain(&error));
            return render(error.code.status(), &page);
        }
    };
    let typed = Typed { link, code: &code, address: ClientAddress::of(req) };
    match flows::open_document(state, typed, &Who::of(req, None)).await {
        Ok(document) => render(StatusCode::OK, &DocumentPage::of(&document)),
        Err(error) if error.code == ErrorCode::DocumentOnItsWay => {
            render(error.code.status(), &EntryPage::on_its_way(place, &code))
        }
        Err(error) => {
            if let Some(cause) = &error.cause {
                log::warn!("a page can't be shown: {cause}");
            }
            let mut page = render(error.code.status(), &EntryPage::refused(place, &code, explain(&error)))?;
            if let Some(wait) = error.retry_after {
                page.headers_mut().insert(RETRY_AFTER, wait.as_secs().max(1).into());
            }
            Ok(page)
        }
    }
}

/// The one field of the form, within the limits of size and time of every body.
async fn typed_code(req: &HttpRequest, payload: Payload) -> Result<String, ApiError> {
    let body = read_body(req, payload.into_inner()).await?;
    let no_form = || ApiError::new(ErrorCode::MalformedRequest, "The form holds no code");
    if !req.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Err(no_form());
    }
    bodies::code_of_form(&body).ok_or_else(no_form)
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

fn explain_wait(wait: Option<Duration>) -> String {
    let minutes = wait.map_or(1, |wait| wait.as_secs().div_ceil(60).max(1));
    let minutes = if minutes == 1 { "a minute".to_owned() } else { format!("{minutes} minutes") };
    format!(
        "Too many wrong codes were typed from here. Please wait {minutes}, then compare your code with the letter and try again."
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
        .service(
            resource("/d/{token}")
                .app_data(small.clone())
                .route(get().to(link_page))
                .route(head().to(link_page))
                .route(post().to(open_link_page)),
        )
        .service(resource("/assets/client.css").route(get().to(style)));
}
