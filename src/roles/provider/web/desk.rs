//! What every page of the workspace has around it, and what becomes of errors there.

use actix_web::http::StatusCode;
use actix_web::http::header::LOCATION;
use actix_web::web::Payload;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use uuid::Uuid;

use super::words::{document, frame, list, practice, steps};
use crate::domain::language::Text;
use crate::domain::scope::{Scope, Scopes};
use crate::platform::http::{ApiError, ErrorCode, Signed, wants_json};
use crate::platform::web::{Form, Page, page};
use crate::roles::provider::State;

/// Part of the workspace that a page belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Documents.
    Documents,
    /// Texts that documents begin with.
    Library,
    /// Health, and who is signed in.
    Settings,
}

/// A link to a part of the workspace.
#[derive(Debug, Clone, Copy)]
pub struct Link {
    /// Where it leads.
    pub path: &'static str,
    /// What it says.
    pub text: Text,
    /// Whether the page belongs there.
    pub is_current: bool,
}

/// Something to say above a page: what was done, or what went wrong.
#[derive(Debug, Clone, Copy)]
pub struct Notice {
    /// `good`, `wait` or `error`.
    pub tone: &'static str,
    /// What it says.
    pub text: Text,
}

/// What was done, by the word that stands in `?done=`.
const DONE: [(&str, &str, Text); 11] = [
    ("saved", "good", document::SAVED_ALL),
    ("sent", "good", steps::DONE_SENT),
    ("queued", "wait", steps::DONE_QUEUED),
    ("failed", "error", steps::DONE_FAILED),
    ("revoked", "good", steps::DONE_REVOKED),
    ("reissued", "good", steps::DONE_REISSUED),
    ("ending", "good", steps::DONE_EXPIRY),
    ("deleted", "good", steps::DONE_DELETED),
    ("kept", "good", list::SAVED_TO_LIBRARY),
    ("removed", "good", list::REMOVED_TEXT),
    ("practice", "good", practice::SAVED),
];

/// The frame of one page for somebody who is signed in; templates know it as `desk`.
#[derive(Debug, Clone)]
pub struct Desk {
    /// Layout and language.
    pub page: Page,
    /// What its forms bring along.
    pub form_token: String,
    /// Who it is; `None` without authentication.
    pub subject: Option<String>,
    /// What they may do.
    pub scopes: Scopes,
    /// Above the page.
    pub notice: Option<Notice>,
    at: Place,
}

impl Desk {
    /// The frame for whoever makes a request.
    pub fn of<R>(state: &State, req: &HttpRequest, who: &Signed<R>, at: Place) -> Self {
        Self {
            page: state.pages.page(req),
            form_token: who.form_token.clone(),
            subject: who.subject.clone(),
            scopes: who.scopes,
            notice: done(req),
            at,
        }
    }

    /// The same with this above the page.
    pub fn saying(self, notice: Option<Notice>) -> Self {
        Self { notice, ..self }
    }

    /// Who is signed in, in words.
    pub fn signed_in_as(&self) -> String {
        let subject = self.subject.as_deref().unwrap_or_default();
        frame::SIGNED_IN_AS.with(self.page.language, &[&subject])
    }

    /// Links to the parts of the workspace.
    pub fn places(&self) -> [Link; 3] {
        let link = |path, text, place| Link { path, text, is_current: self.at == place };
        [
            link("/", frame::DOCUMENTS, Place::Documents),
            link("/library", frame::LIBRARY, Place::Library),
            link("/settings", frame::SETTINGS, Place::Settings),
        ]
    }

    /// Whether they may write documents.
    pub fn writes(&self) -> bool {
        self.scopes.allow(Scope::DocumentsWrite)
    }

    /// Whether they may send documents.
    pub fn sends(&self) -> bool {
        self.scopes.allow(Scope::DocumentsSend)
    }

    /// Whether they look after the practice as a whole.
    pub fn administers(&self) -> bool {
        self.scopes.allow(Scope::Admin)
    }

    /// Refuses what the right is lacking for.
    pub fn require(&self, scope: Scope) -> Result<(), ApiError> {
        let message = || format!("This needs the right {}", scope.as_str());
        if self.scopes.allow(scope) { Ok(()) } else { Err(ApiError::new(ErrorCode::Forbidden, message())) }
    }

    /// Reads a form, which has to stand on a page of this session.
    pub async fn form(&self, req: &HttpRequest, payload: Payload) -> Result<Form, ApiError> {
        self.own(Form::read(req, payload).await?)
    }

    /// Like [`Desk::form`], with files that were chosen.
    pub async fn form_with_files(&self, req: &HttpRequest, payload: Payload) -> Result<Form, ApiError> {
        self.own(Form::read_with_files(req, payload).await?)
    }

    fn own(&self, form: Form) -> Result<Form, ApiError> {
        if form.field("form-token").unwrap_or_default() == self.form_token {
            return Ok(form);
        }
        let message = "The form does not belong to this session; please load the page again";
        Err(ApiError::new(ErrorCode::TenantMismatch, message))
    }

    /// Shows a page.
    pub fn show(&self, req: &HttpRequest, template: &impl Template) -> Result<HttpResponse, ApiError> {
        page::answer(req, &self.page, StatusCode::OK, template)
    }

    /// Says what went wrong, on a page to people and as an error body to scripts.
    pub fn or_problem(
        &self,
        req: &HttpRequest,
        done: Result<HttpResponse, ApiError>,
    ) -> Result<HttpResponse, ApiError> {
        match done {
            Err(error) if !wants_json(req) => {
                let problem = ProblemPage { page: &self.page, desk: self, why: explain(error.code) };
                page::refused(req, &self.page, &error, &problem)
            }
            done => done,
        }
    }
}

/// What went wrong.
#[derive(Template)]
#[template(path = "provider/problem.html")]
struct ProblemPage<'a> {
    page: &'a Page,
    desk: &'a Desk,
    why: Text,
}

/// What a form is called, so that it is done once however often it is sent.
pub fn once(form: &Form) -> Result<Uuid, ApiError> {
    let broken = |_| ApiError::new(ErrorCode::MalformedRequest, "The form lacks its name");
    Uuid::try_parse(&form.required("once")?).map_err(broken)
}

/// Sends a browser on, so that loading the page again repeats nothing.
pub fn go_to(path: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, path)).finish()
}

/// A parameter of the address.
pub fn asked(req: &HttpRequest, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(req.query_string().as_bytes());
    pairs.find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

fn done(req: &HttpRequest) -> Option<Notice> {
    let word = asked(req, "done")?;
    DONE.iter().find(|(known, ..)| *known == word).map(|&(_, tone, text)| Notice { tone, text })
}

/// What a person can do about an error.
pub fn explain(code: ErrorCode) -> Text {
    match code {
        ErrorCode::NotFound => frame::NOT_FOUND,
        ErrorCode::TenantMismatch => frame::STALE_FORM,
        ErrorCode::Forbidden | ErrorCode::TenantUnknown | ErrorCode::TenantSuspended => frame::RIGHTS_LACKING,
        ErrorCode::PayloadTooLarge => frame::TOO_LARGE,
        ErrorCode::InvalidDocumentState | ErrorCode::PreconditionFailed | ErrorCode::Conflict => {
            frame::NOT_ALLOWED_NOW
        }
        ErrorCode::Overloaded | ErrorCode::DatabaseUnavailable | ErrorCode::RateLimited => frame::BUSY,
        _ => frame::BROKEN,
    }
}
