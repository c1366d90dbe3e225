//! Writing a document. A version is only ever put in the place of the one that was
//! edited: whoever was overtaken is shown both.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use super::desk::{Desk, Place, asked, go_to};
use super::words::{document as words, frame, list};
use super::written::{Typed, broken};
use crate::domain::audit::AuditAction;
use crate::domain::document::{Change, Document, SecondFactor, Written};
use crate::domain::language::{Language, Text};
use crate::domain::scope::DocumentsWrite;
use crate::platform::http::{ApiError, ErrorCode, Signed, wants_json};
use crate::platform::tenants::Vault;
use crate::platform::web::{Page, markdown, page};
use crate::platform::{clock, random};
use crate::roles::provider::State;
use crate::roles::provider::flows::{documents as flow, library};

#[derive(Template)]
#[template(path = "provider/editor.html")]
struct EditorPage<'a> {
    page: &'a Page,
    desk: &'a Desk,
    id: String,
    typed: Typed,
    errors: Vec<(&'static str, Text)>,
    was_sent: bool,
    preview: String,
}

impl EditorPage<'_> {
    /// What is wrong with a field.
    fn error(&self, name: &str) -> Option<&'static str> {
        self.errors.iter().find(|(field, _)| *field == name).map(|(_, text)| self.page.t(*text))
    }

    fn languages(&self) -> [(&'static str, &'static str, bool); 4] {
        let chosen = self.typed.recipient.get(3).map(String::as_str).and_then(Language::of_tag);
        Language::ALL.map(|language| (language.tag(), language.name(), chosen == Some(language)))
    }

    fn checks(&self) -> [(&'static str, &'static str, bool); 3] {
        [SecondFactor::None, SecondFactor::Sms, SecondFactor::Email].map(|factor| {
            let words = self.page.t(words::check(factor));
            (factor.as_str(), words, self.typed.asked() == factor.as_str())
        })
    }
}

#[derive(Template)]
#[template(path = "provider/conflict.html")]
struct ConflictPage<'a> {
    page: &'a Page,
    desk: &'a Desk,
    id: String,
    mine: &'a Typed,
    theirs: Typed,
}

/// An empty editor, or one that begins with a text of the library.
pub async fn new_page(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsWrite>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Documents);
    let begin = async || {
        let vault = state.tenants.vault(&who.tenant).await?;
        let mut typed = Typed::default();
        if let Some(id) = asked(&req, "template") {
            let template = library::find(&state, &vault, &id).await?;
            (typed.title, typed.content) = (template.title, template.content);
        }
        show(&req, &desk, (random::document_id().to_string(), typed), Vec::new(), false)
    };
    let begun = begin().await;
    desk.or_problem(&req, begun)
}

/// The editor of a document.
pub async fn editor_page(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsWrite>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Documents);
    let open = async || {
        let vault = state.tenants.vault(&who.tenant).await?;
        let document = flow::load(&state, &vault, &id).await?;
        state.audit.read(&who.tenant, &who.by, AuditAction::DocumentRead, document.id);
        let typed = Typed::of(&document);
        show(&req, &desk, (document.id.to_string(), typed), Vec::new(), document.operation.is_some())
    };
    let opened = open().await;
    desk.or_problem(&req, opened)
}

fn show(
    req: &HttpRequest,
    desk: &Desk,
    (id, typed): (String, Typed),
    errors: Vec<(&'static str, Text)>,
    was_sent: bool,
) -> Result<HttpResponse, ApiError> {
    let status = if errors.is_empty() { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    let preview = markdown::to_html(&typed.content);
    let template = EditorPage { page: &desk.page, desk, id, typed, errors, was_sent, preview };
    page::answer(req, &desk.page, status, &template)
}

/// Saves what was typed: for a form, which goes on to another page, and for the script
/// that saves while somebody types, which reads JSON.
pub async fn save(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsWrite>,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Documents);
    let saved = save_form(&state, &req, (&who, &desk), &id, payload).await;
    desk.or_problem(&req, saved)
}

async fn save_form(
    state: &State,
    req: &HttpRequest,
    (who, desk): (&Signed<DocumentsWrite>, &Desk),
    id: &str,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let form = desk.form(req, payload).await?;
    let typed = Typed::read(&form)?;
    let vault = state.tenants.vault(&who.tenant).await?;
    let script = wants_json(req);
    match write(state, &vault, who, id, &typed).await {
        Ok(document) if script => Ok(HttpResponse::Ok().json(json!({"version": document.version}))),
        Ok(document) => Ok(go_on(&document, form.field("step").as_deref())),
        Err(error) if error.code == ErrorCode::PreconditionFailed => {
            let theirs = Typed::of(&flow::load(state, &vault, id).await?);
            if script {
                return Ok(HttpResponse::PreconditionFailed().json(theirs.json()));
            }
            let template = ConflictPage { page: &desk.page, desk, id: id.to_owned(), mine: &typed, theirs };
            page::answer(req, &desk.page, StatusCode::PRECONDITION_FAILED, &template)
        }
        Err(error) if error.code == ErrorCode::ValidationFailed && !script => {
            show(req, desk, (id.to_owned(), typed), broken(&error.fields), false)
        }
        Err(error) => Err(error),
    }
}

/// Where somebody goes after saving.
fn go_on(document: &Document, step: Option<&str>) -> HttpResponse {
    match step {
        Some("send") => go_to(&format!("/documents/{}/send", document.id)),
        Some("show") => go_to(&format!("/documents/{}", document.id)),
        _ => go_to(&format!("/documents/{}/edit?done=saved", document.id)),
    }
}

/// Writes the document, or the next version in the place of the one that was edited.
async fn write(
    state: &State,
    vault: &Arc<Vault>,
    who: &Signed<DocumentsWrite>,
    id: &str,
    typed: &Typed,
) -> Result<Document, ApiError> {
    let by = state.audit.trace(&who.tenant, &who.by);
    let overtaken = || ApiError::new(ErrorCode::PreconditionFailed, "The document has changed since");
    if typed.version > 0 {
        let accepted = |version| if version == typed.version { Ok(()) } else { Err(overtaken()) };
        let change = Change::parse(typed.body())?;
        return flow::change(state, vault, (id, &accepted), &change, &by).await;
    }
    let written = Written::parse(typed.body())?;
    let document = Document::create(flow::parse_id(id)?, written, clock::now());
    let stored = flow::create(state, vault, document, by).await?;
    // The same form may have been sent before, by a browser that was told nothing.
    if Typed::of(&stored).says_the_same(typed) { Ok(Arc::unwrap_or_clone(stored)) } else { Err(overtaken()) }
}

/// A text as the client will see it: a piece of a page for the editor's script.
pub async fn preview(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsWrite>,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Documents);
    let form = desk.form(&req, payload).await?;
    let html = markdown::to_html(&form.required("content")?);
    Ok(HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html))
}
