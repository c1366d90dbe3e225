//! Errors of the workspace before it is known who asks: unknown addresses, limits.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::desk::explain;
use super::words::frame;
use crate::domain::language::Text;
use crate::platform::http::ApiError;
use crate::platform::web::{Page, page};
use crate::roles::provider::State;

/// What went wrong, to somebody who may not be signed in.
#[derive(Template)]
#[template(path = "provider/lost.html")]
struct LostPage<'a> {
    page: &'a Page,
    why: Text,
}

/// The page for an error of a request that a browser made.
pub fn error_page(req: &HttpRequest, error: &ApiError) -> Option<HttpResponse> {
    let page = req.app_data::<Data<State>>()?.pages.page(req);
    let lost = LostPage { page: &page, why: explain(error.code) };
    page::refused(req, &page, error, &lost).ok()
}
