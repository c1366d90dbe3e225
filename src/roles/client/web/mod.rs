//! Pages for the people who open a document. Reading a page changes nothing;
//! only the form, sent by a person, opens a document.

mod markdown;
mod pages;

use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, Path, Payload, ServiceConfig, get, post, resource};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use askama::Template;
use url::form_urlencoded;

use crate::platform::http::{ApiError, ErrorCode, read_body};
use crate::roles::client::{State, flows};
use pages::{DocumentPage, EntryPage};

const STYLE: &str = include_str!("../../../../assets/client.css");

async fn entry_page() -> Result<HttpResponse, ApiError> {
    render(StatusCode::OK, &EntryPage::empty())
}

/// A link fills the code in; the person still has to open the document, so that
/// link previews and mail scanners open nothing.
async fn entry_page_with_code(code: Path<String>) -> Result<HttpResponse, ApiError> {
    render(StatusCode::OK, &EntryPage::with_code(&code))
}

async fn open_page(state: Data<State>, req: HttpRequest, payload: Payload) -> Result<HttpResponse, ApiError> {
    let code = match typed_code(&req, payload).await {
        Ok(code) => code,
        Err(error) => {
            let page = EntryPage::refused("", "Please type your code and try again.");
            return render(error.code.status(), &page);
        }
    };
    match flows::open_document(&state, &code).await {
        Ok(document) => render(StatusCode::OK, &DocumentPage::of(&document)),
        Err(error) if error.code == ErrorCode::DocumentOnItsWay => {
            render(error.code.status(), &EntryPage::on_its_way(&code))
        }
        Err(error) => {
            if let Some(cause) = &error.cause {
                log::warn!("a page can't be shown: {cause}");
            }
            render(error.code.status(), &EntryPage::refused(&code, explain(error.code)))
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
    let mut codes = form_urlencoded::parse(&body).filter(|(name, _)| name == "code");
    match (codes.next(), codes.next()) {
        (Some((_, code)), None) => Ok(code.into_owned()),
        _ => Err(no_form()),
    }
}

fn explain(code: ErrorCode) -> &'static str {
    match code {
        ErrorCode::NotFound => {
            "This code does not open a document. Please compare it with your letter, sign by sign, and try again."
        }
        ErrorCode::AccessCodeExpired => {
            "The time to read this document is over. Please ask your practice for a new code."
        }
        ErrorCode::AccessCodeRevoked => {
            "This code is no longer valid. If your practice has given you a newer one, please use that; otherwise call them."
        }
        _ => "The document can't be shown at the moment. Nothing is lost: please try again in a minute.",
    }
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
    cfg.service(resource("/").route(get().to(entry_page)).route(post().to(open_page)))
        .service(resource("/view/{code}").route(get().to(entry_page_with_code)))
        .service(resource("/assets/client.css").route(get().to(style)));
}
