//! The library: texts that documents begin with.

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;
use uuid::Uuid;

use super::desk::{Desk, Notice, Place, go_to, once};
use super::words::{frame, list};
use crate::domain::dates;
use crate::domain::scope::{DocumentsRead, DocumentsWrite};
use crate::domain::template::Template as Saved;
use crate::platform::clock;
use crate::platform::http::{ApiError, ErrorCode, Signed};
use crate::platform::web::{Page, page};
use crate::roles::provider::State;
use crate::roles::provider::flows::{documents as flow, library};

/// A line of the library.
struct Line {
    id: Uuid,
    name: String,
    title: String,
    changed: String,
}

#[derive(Template)]
#[template(path = "provider/library.html")]
struct LibraryPage<'a> {
    page: &'a Page,
    desk: &'a Desk,
    lines: Vec<Line>,
}

#[derive(Template)]
#[template(path = "provider/keep.html")]
struct KeepPage<'a> {
    page: &'a Page,
    desk: &'a Desk,
    id: &'a str,
    name: &'a str,
    once: Uuid,
    is_broken: bool,
}

/// Shows the library.
pub async fn library_page(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsRead>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Library);
    let shown = async {
        let vault = state.tenants.vault(&who.tenant).await?;
        let found = library::list(&state, &vault).await?;
        let changed = |saved: &Saved| dates::day(saved.updated_at, desk.page.language);
        let line = |saved: Saved| Line {
            changed: changed(&saved),
            id: saved.id,
            name: saved.name,
            title: saved.title,
        };
        let lines = found.into_iter().map(line).collect();
        desk.show(&req, &LibraryPage { page: &desk.page, desk: &desk, lines })
    };
    let shown = shown.await;
    desk.or_problem(&req, shown)
}

/// Asks under which name a document's text is to be saved.
pub async fn keep_page(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsWrite>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Library);
    let shown = async {
        let vault = state.tenants.vault(&who.tenant).await?;
        let document = flow::load(&state, &vault, &id).await?;
        let name: String = document.written.title.chars().take(200).collect();
        let once = crate::platform::random::document_id().0;
        let template =
            KeepPage { page: &desk.page, desk: &desk, id: &id, name: &name, once, is_broken: false };
        desk.show(&req, &template)
    };
    let shown = shown.await;
    desk.or_problem(&req, shown)
}

/// Saves a document's text to the library.
pub async fn keep(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsWrite>,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Library);
    let kept = async {
        let form = desk.form(&req, payload).await?;
        let (name, once) = (form.required("name")?, once(&form)?);
        let vault = state.tenants.vault(&who.tenant).await?;
        let written = flow::load(&state, &vault, &id).await?.written;
        let body = json!({"name": name, "title": written.title, "content": written.content});
        let Ok(template) = Saved::parse(body, once, clock::now()) else {
            let template =
                KeepPage { page: &desk.page, desk: &desk, id: &id, name: &name, once, is_broken: true };
            return page::answer(&req, &desk.page, ErrorCode::ValidationFailed.status(), &template);
        };
        match library::save(&state, &vault, template).await {
            Err(error) if error.code == ErrorCode::InvalidDocumentState => {
                let notice = Some(Notice { tone: "error", text: list::LIBRARY_FULL });
                let desk = desk.clone().saying(notice);
                let template =
                    KeepPage { page: &desk.page, desk: &desk, id: &id, name: &name, once, is_broken: false };
                page::answer(&req, &desk.page, error.code.status(), &template)
            }
            saved => saved.map(|()| go_to("/library?done=kept")),
        }
    };
    let kept = kept.await;
    desk.or_problem(&req, kept)
}

/// Removes a text from the library.
pub async fn remove(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsWrite>,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Library);
    let removed = async {
        desk.form(&req, payload).await?;
        let vault = state.tenants.vault(&who.tenant).await?;
        library::delete(&state, &vault, &id).await?;
        Ok(go_to("/library?done=removed"))
    };
    let removed = removed.await;
    desk.or_problem(&req, removed)
}
