//! One document: how it stands, what the client gets, what happened to it.

use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::desk::{Desk, Place};
use super::standing::Standing;
use super::words::{document as words, events, frame, list};
use crate::domain::audit::AuditAction;
use crate::domain::dates;
use crate::domain::document::{ContentType, DeliveryState, Document, SecondFactor};
use crate::domain::language::{Language, Text};
use crate::domain::scope::DocumentsRead;
use crate::domain::words::EventKind;
use crate::platform::http::{ApiError, Signed};
use crate::platform::web::{Page, markdown};
use crate::roles::provider::State;
use crate::roles::provider::flows::documents as flow;
use crate::roles::provider::store::events::Event;
use crate::roles::provider::store::summaries::Summary;

/// Most lines of a history that are read.
const HISTORY_MAX: i64 = 5_000;
/// Most of them that are shown, the newest.
const LINES_MAX: usize = 200;

/// What the client gets.
struct Access {
    code: Option<String>,
    link: Option<String>,
    until: Option<String>,
    check: Option<Text>,
}

/// A line of the history.
struct Line {
    at: String,
    text: Text,
    version: Option<String>,
    detail: Option<String>,
    signed: bool,
}

/// What may be done now.
struct Steps {
    send: Option<Text>,
    revoke: bool,
    reissue: bool,
    expiry: bool,
}

#[derive(Template)]
#[template(path = "provider/document.html")]
struct DocumentPage<'a> {
    page: &'a Page,
    desk: &'a Desk,
    id: String,
    title: &'a str,
    recipient: Vec<String>,
    about: String,
    standing: Standing,
    opened: Option<String>,
    access: Option<Access>,
    steps: Steps,
    /// HTML that [`markdown::to_html`] made harmless.
    body: Option<String>,
    plain: &'a str,
    history: Vec<Line>,
    longer: Option<String>,
}

/// Shows a document.
pub async fn document_page(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsRead>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Documents);
    let done = show(&state, &req, &who, &desk, &id).await;
    desk.or_problem(&req, done)
}

async fn show(
    state: &State,
    req: &HttpRequest,
    who: &Signed<DocumentsRead>,
    desk: &Desk,
    id: &str,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&who.tenant).await?;
    let document = flow::load(state, &vault, id).await?;
    for action in [AuditAction::DocumentRead, AuditAction::HistoryRead] {
        state.audit.read(&who.tenant, &who.by, action, document.id);
    }
    let history = flow::history(state, &vault, document.id, HISTORY_MAX).await?;
    let template = DocumentPage::of(desk, &document, &history);
    desk.show(req, &template)
}

impl<'a> DocumentPage<'a> {
    fn of(desk: &'a Desk, document: &'a Document, history: &[Event]) -> Self {
        let (language, written) = (desk.page.language, &document.written);
        let when = |moment| dates::day_and_time(moment, language);
        let is_markdown = written.content_type == ContentType::Markdown;
        let longer = history.len() > LINES_MAX;
        Self {
            page: &desk.page,
            desk,
            id: document.id.to_string(),
            title: &written.title,
            recipient: recipient(document),
            about: words::VERSION_OF.with(language, &[&document.version, &when(document.updated_at)]),
            standing: Standing::of(&Summary::from(document.clone()), language),
            opened: document.delivery.opened_at.map(|at| words::OPENED_AT.with(language, &[&when(at)])),
            access: access(document, language),
            steps: steps(document),
            body: is_markdown.then(|| markdown::to_html(&written.content)),
            plain: &written.content,
            history: history.iter().rev().take(LINES_MAX).map(|event| line(event, language)).collect(),
            longer: longer.then(|| words::HISTORY_LONGER.with(language, &[&LINES_MAX])),
        }
    }
}

fn recipient(document: &Document) -> Vec<String> {
    let recipient = document.written.recipient.clone();
    recipient
        .map_or_else(Vec::new, |known| [known.name, known.email, known.phone].into_iter().flatten().collect())
}

/// Only what opens, or will: of an access that has ended there is nothing to hand over.
fn access(document: &Document, language: Language) -> Option<Access> {
    let ended = matches!(document.delivery.state, DeliveryState::Revoked | DeliveryState::Expired);
    if document.operation.is_none() || ended {
        return None;
    }
    let until = |at| words::VALID_UNTIL.with(language, &[&dates::day_and_time(at, language)]);
    Some(Access {
        code: document.access_code.clone(),
        link: document.link.clone(),
        until: document.expires_at.map(until),
        check: Some(document.written.second_factor).filter(|f| *f != SecondFactor::None).map(words::check),
    })
}

fn steps(document: &Document) -> Steps {
    let sent = document.operation.is_some();
    let ended = sent && document.check_accessible().is_err();
    let edited = document.sent_version.is_some_and(|version| version != document.version);
    let send = match document.delivery.state {
        DeliveryState::Queued | DeliveryState::Delivering if !edited => None,
        _ if !sent => Some(words::SEND),
        _ if ended && document.delivery.state != DeliveryState::Failed => Some(words::SEND_AGAIN),
        _ => edited.then_some(words::SEND_NEW),
    };
    Steps {
        send,
        revoke: document.check_revocable() == Ok(true) && document.delivery.state != DeliveryState::Expired,
        reissue: document.check_accessible().is_ok(),
        expiry: document.check_accessible().is_ok(),
    }
}

fn line(event: &Event, language: Language) -> Line {
    let text = EventKind::parse(&event.kind).map_or(events::EDITED, said);
    // Of what came back, the kind of operation stands in the detail.
    let told = matches!(event.kind.as_str(), "failed" | "reissued");
    Line {
        at: dates::day_and_time(event.at, language),
        text,
        version: event.version.map(|version| words::VERSION.with(language, &[&version])),
        detail: event.detail.clone().filter(|_| told),
        signed: event.receipt.is_some(),
    }
}

fn said(kind: EventKind) -> Text {
    match kind {
        EventKind::Created => events::CREATED,
        EventKind::Finalised => events::FINALISED,
        EventKind::Edited => events::EDITED,
        EventKind::Sent => events::SENT,
        EventKind::Delivered => events::DELIVERED,
        EventKind::Failed => events::FAILED,
        EventKind::Retried => events::RETRIED,
        EventKind::Revoked => events::REVOKED,
        EventKind::Reissued => events::REISSUED,
        EventKind::ExpiryChanged => events::EXPIRY_CHANGED,
        EventKind::Deleted => events::DELETED,
        EventKind::Opened => events::OPENED,
        EventKind::CodeWrong => events::CODE_WRONG,
        EventKind::CodeBlocked => events::CODE_BLOCKED,
        EventKind::OtpBlocked => events::OTP_BLOCKED,
        EventKind::FileFetched => events::FILE_FETCHED,
        EventKind::Expired => events::EXPIRED,
    }
}
