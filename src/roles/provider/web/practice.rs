//! The form in which a practice says how its recipients see it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::desk::{Desk, Notice, Place, go_to};
use super::introduced::{Broken, Typed};
use super::seen::Seen;
use super::words::{document, frame, practice as words};
use crate::domain::scope::Admin;
use crate::domain::sender::{Introduction, Logo, Sender};
use crate::platform::http::{ApiError, ErrorCode, Signed};
use crate::platform::web::{Page, page};
use crate::roles::provider::State;
use crate::roles::provider::flows::senders;

#[derive(Template)]
#[template(path = "provider/practice.html")]
struct PracticePage<'a> {
    page: &'a Page,
    desk: &'a Desk,
    typed: &'a Typed,
    seen: Seen,
    errors: Vec<Broken>,
}

impl PracticePage<'_> {
    fn error(&self, field: &str) -> Option<&str> {
        self.errors.iter().find(|(name, _)| *name == field).map(|(_, text)| text.as_str())
    }

    /// What describes a field: its hint, if it has one, and what is wrong with it.
    fn described(&self, field: &str, has_hint: bool) -> String {
        let hint = has_hint.then(|| format!("{field}-hint"));
        let error = self.error(field).map(|_| format!("{field}-error"));
        [hint, error].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// Shows the form.
pub async fn practice_page(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<Admin>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Settings);
    let shown = async {
        let vault = state.tenants.vault(&who.tenant).await?;
        let known = senders::look(&state, &vault).await?;
        // What holds for the whole installation is not the practice's own to save.
        let nothing = Sender::default();
        let sender = known.saved.as_ref().map_or(&nothing, |saved| &saved.sender);
        let typed = Typed::of(sender, known.version());
        let logo = sender.logo.as_ref();
        show(&req, &desk, (&typed, logo), (StatusCode::OK, Vec::new()))
    };
    let shown = shown.await;
    desk.or_problem(&req, shown)
}

fn show(
    req: &HttpRequest,
    desk: &Desk,
    (typed, logo): (&Typed, Option<&Logo>),
    (status, errors): (StatusCode, Vec<Broken>),
) -> Result<HttpResponse, ApiError> {
    let template = PracticePage { page: &desk.page, desk, typed, seen: typed.seen(logo), errors };
    page::answer(req, &desk.page, status, &template)
}

/// Saves what was typed, or shows how it would look.
pub async fn save_practice(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<Admin>,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Settings);
    let saved = save_form(&state, &req, (&who, &desk), payload).await;
    desk.or_problem(&req, saved)
}

async fn save_form(
    state: &State,
    req: &HttpRequest,
    (who, desk): (&Signed<Admin>, &Desk),
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let form = desk.form_with_files(req, payload).await?;
    let typed = Typed::read(&form)?;
    let vault = state.tenants.vault(&who.tenant).await?;
    let saved = if form.field("step").as_deref() == Some("try") {
        Introduction::parse(typed.body()).map(drop).map_err(ApiError::from)
    } else {
        let by = state.audit.trace(&who.tenant, &who.by);
        let version = typed.version;
        let accepted = move |stored| if stored == version { Ok(()) } else { Err(overtaken()) };
        match senders::save(state, &vault, typed.body(), accepted, by).await {
            Ok(_) => return Ok(go_to("/settings?done=practice")),
            Err(error) => Err(error),
        }
    };
    let known = senders::look(state, &vault).await?;
    let logo = known.saved.as_ref().and_then(|saved| saved.sender.logo.as_ref());
    match saved {
        Ok(()) => show(req, desk, (&typed, logo), (StatusCode::OK, Vec::new())),
        Err(error) if error.code == ErrorCode::ValidationFailed => {
            let errors = typed.broken(&error.fields, desk.page.language);
            show(req, desk, (&typed, logo), (StatusCode::BAD_REQUEST, errors))
        }
        Err(error) if error.code == ErrorCode::PreconditionFailed => {
            let typed = Typed { version: known.version(), ..typed.clone() };
            let notice = Notice { tone: "error", text: words::OVERTAKEN };
            let desk = desk.clone().saying(Some(notice));
            show(req, &desk, (&typed, logo), (error.code.status(), Vec::new()))
        }
        Err(error) => Err(error),
    }
}

fn overtaken() -> ApiError {
    ApiError::new(ErrorCode::PreconditionFailed, "It has changed since")
}
