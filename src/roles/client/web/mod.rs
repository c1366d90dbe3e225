//! Pages for the people who open a document. Reading a page changes nothing;
//! only the form, sent by a person, opens a document.

mod markdown;
mod pages;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, Form, Path, ServiceConfig, get, post, resource};
use askama::Template;
use serde::Deserialize;

use crate::platform::http::{ApiError, ErrorCode};
use crate::roles::client::{State, flows};
use pages::{DocumentPage, EntryPage};

const STYLE: &str = include_str!("../../../../assets/client.css");

#[derive(Deserialize)]
struct CodeForm {
    code: String,
}

async fn entry_page() -> Result<HttpResponse, ApiError> {
    render(StatusCode::OK, &EntryPage::empty())
}

/// A link fills the code in; the person still has to open the document, so that
/// link previews and mail scanners open nothing.
async fn entry_page_with_code(code: Path<String>) -> Result<HttpResponse, ApiError> {
    render(StatusCode::OK, &EntryPage::with_code(&code))
}

async fn open_page(
    state: Data<State>,
    form: Result<Form<CodeForm>, actix_web::Error>,
) -> Result<HttpResponse, ApiError> {
    let Ok(form) = form else {
        return render(
            StatusCode::BAD_REQUEST,
            &EntryPage::refused("", "Please type your code and try again."),
        );
    };
    match flows::open_document(&state, &form.code).await {
        Ok(document) => render(StatusCode::OK, &DocumentPage::of(&document)),
        Err(error) => {
            if let Some(cause) = &error.cause {
                log::warn!("a page can't be shown: {cause}");
            }
            render(error.code.status(), &EntryPage::refused(&form.code, explain(error.code)))
        }
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
