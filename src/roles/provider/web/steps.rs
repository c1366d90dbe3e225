//! Steps in the life of a document that somebody confirms: send, withdraw, a new code,
//! delete. And the button that tries again.

use std::sync::Arc;

use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::json;

use super::desk::{Desk, Place, go_to, once};
use super::words::{document, events, frame, list, steps as said};
use crate::domain::document::{Change, DeliveryState, Document, Status};
use crate::domain::language::Text;
use crate::domain::scope::{DocumentsSend, DocumentsWrite, Scope};
use crate::platform::http::{ApiError, ErrorCode, Signed};
use crate::platform::idempotency::Operation as Run;
use crate::platform::random;
use crate::platform::tenants::Vault;
use crate::platform::web::{Form, Page};
use crate::roles::provider::State;
use crate::roles::provider::flows::{access, documents as flow};

/// A step that is asked for before it is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Send the current version.
    Send,
    /// End access.
    Revoke,
    /// Another code.
    Reissue,
    /// Delete the document.
    Delete,
}

impl Step {
    /// The step of a path: its last part.
    fn of(req: &HttpRequest) -> Self {
        match req.path().rsplit('/').next() {
            Some("revoke") => Self::Revoke,
            Some("reissue") => Self::Reissue,
            Some("delete") => Self::Delete,
            _ => Self::Send,
        }
    }

    /// Question, explanation, button.
    fn words(self) -> [Text; 3] {
        match self {
            Self::Send => [said::SEND_ASK, said::SEND_LEAD, said::SEND_YES],
            Self::Revoke => [said::REVOKE_ASK, said::REVOKE_LEAD, said::REVOKE_YES],
            Self::Reissue => [said::REISSUE_ASK, said::REISSUE_LEAD, said::REISSUE_YES],
            Self::Delete => [said::DELETE_ASK, said::DELETE_LEAD, said::DELETE_YES],
        }
    }
}

#[derive(Template)]
#[template(path = "provider/step.html")]
struct StepPage<'a> {
    page: &'a Page,
    desk: &'a Desk,
    id: String,
    title: &'a str,
    recipient: Vec<&'a str>,
    check: Option<Text>,
    lasts: Option<String>,
    version: i32,
    words: [Text; 3],
    /// Names this sending of the form: pressed twice, it is done once.
    once: String,
    is_harmful: bool,
}

/// Asks before a step of somebody who may send.
pub async fn ask(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsSend>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Documents);
    let asked = question(&state, &req, &desk, (&who.tenant, &id)).await;
    desk.or_problem(&req, asked)
}

/// Asks before a deletion.
pub async fn ask_delete(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsWrite>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Documents);
    let asked = question(&state, &req, &desk, (&who.tenant, &id)).await;
    desk.or_problem(&req, asked)
}

async fn question(
    state: &State,
    req: &HttpRequest,
    desk: &Desk,
    (tenant, id): (&crate::domain::ids::TenantId, &str),
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(tenant).await?;
    let (stored, step) = (flow::load(state, &vault, id).await?, Step::of(req));
    let written = &stored.written;
    let known = written.recipient.as_ref();
    let parts = known.map(|known| [&known.name, &known.email, &known.phone]);
    let life = written.expires_in.map_or(state.access_life.as_secs(), i64::unsigned_abs);
    let days = life.div_ceil(86_400);
    let template = StepPage {
        page: &desk.page,
        desk,
        id: stored.id.to_string(),
        title: &written.title,
        recipient: parts.into_iter().flatten().filter_map(|part| part.as_deref()).collect(),
        check: (step == Step::Send).then(|| document::check(written.second_factor)),
        lasts: matches!(step, Step::Send | Step::Reissue)
            .then(|| events::DAYS.with(desk.page.language, &[&days])),
        version: stored.version,
        words: step.words(),
        once: random::uuid().to_string(),
        is_harmful: matches!(step, Step::Revoke | Step::Delete),
    };
    desk.show(req, &template)
}

/// Takes a step, and goes on to the document.
pub async fn take(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsSend>,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Documents);
    let taken = async {
        let form = desk.form(&req, payload).await?;
        let vault = state.tenants.vault(&who.tenant).await?;
        let (run, by) = (run(&form)?, state.audit.trace(&who.tenant, &who.by));
        let document = match Step::of(&req) {
            Step::Revoke => access::revoke(&state, &vault, &id, run, by).await?,
            Step::Reissue => access::reissue(&state, &vault, &id, run, by).await?,
            _ => {
                finalise(&state, &vault, (&desk, &who), &id, &form).await?;
                access::send(&state, &vault, &id, run, by).await?
            }
        };
        Ok(go_to(&format!("/documents/{}?done={}", document.id, done(Step::of(&req), &document))))
    };
    let taken = taken.await;
    desk.or_problem(&req, taken)
}

/// A draft becomes final by being sent: as it was shown when that was confirmed.
async fn finalise(
    state: &State,
    vault: &Arc<Vault>,
    (desk, who): (&Desk, &Signed<DocumentsSend>),
    id: &str,
    form: &Form,
) -> Result<(), ApiError> {
    let document = flow::load(state, vault, id).await?;
    let shown: i32 = form.required("version")?.parse().unwrap_or(0);
    let overtaken = || ApiError::new(ErrorCode::PreconditionFailed, "The document has changed since");
    if document.status == Status::Final {
        // Pressed twice, the second finds the version that the first has made final.
        let same = document.version == shown || document.sent_version == Some(document.version);
        return if same || document.version == shown + 1 { Ok(()) } else { Err(overtaken()) };
    }
    desk.require(Scope::DocumentsWrite)?;
    let by = state.audit.trace(&who.tenant, &who.by);
    let accepted = |version| if version == shown { Ok(()) } else { Err(overtaken()) };
    let change = Change::parse(json!({"status": "final"}))?;
    flow::change(state, vault, (id, &accepted), &change, &by).await.map(drop)
}

fn done(step: Step, document: &Document) -> &'static str {
    match step {
        Step::Revoke => become_of(document, "revoked"),
        Step::Reissue => become_of(document, "reissued"),
        Step::Send | Step::Delete => become_of(document, "sent"),
    }
}

/// The word for what has become of a step; `confirmed` where the client role has confirmed it.
pub fn become_of(document: &Document, confirmed: &'static str) -> &'static str {
    match document.delivery.state {
        DeliveryState::Failed => "failed",
        DeliveryState::Queued | DeliveryState::Delivering => "queued",
        _ => confirmed,
    }
}

/// What a form is called: its repetitions are recognised in the history.
pub fn run(form: &Form) -> Result<Run, ApiError> {
    Ok(Run { id: once(form)?, again: true })
}

/// Tries again what waits or was given up, and goes back to where the button was pressed.
pub async fn retry(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsSend>,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Documents);
    let tried = async {
        desk.form(&req, payload).await?;
        let vault = state.tenants.vault(&who.tenant).await?;
        let by = state.audit.trace(&who.tenant, &who.by);
        let run = Run { id: random::uuid(), again: false };
        let document = match access::again(&state, &vault, &id, run, by).await {
            // It was delivered while somebody looked at the button.
            Err(error) if error.code == ErrorCode::InvalidDocumentState => {
                flow::load(&state, &vault, &id).await?
            }
            tried => tried?,
        };
        Ok(go_to(&format!("/documents/{}?done={}", document.id, done(Step::Send, &document))))
    };
    let tried = tried.await;
    desk.or_problem(&req, tried)
}

/// Deletes the document.
pub async fn delete(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsWrite>,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Documents);
    let deleted = async {
        desk.form(&req, payload).await?;
        let vault = state.tenants.vault(&who.tenant).await?;
        let by = state.audit.trace(&who.tenant, &who.by);
        match flow::delete(&state, &vault, (&id, &|_| Ok(())), &by).await {
            // Pressed twice.
            Err(error) if error.code == ErrorCode::NotFound => {}
            done => done?,
        }
        Ok(go_to("/?done=deleted"))
    };
    let deleted = deleted.await;
    desk.or_problem(&req, deleted)
}
