//! The list of documents: search, views, how each stands.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use url::form_urlencoded;

use super::desk::{Desk, Place};
use super::standing::Standing;
use super::words::{frame, list};
use crate::domain::audit::{AuditAction, NOBODY};
use crate::domain::cursor::Cursor;
use crate::domain::dates;
use crate::domain::language::Text;
use crate::domain::scope::DocumentsRead;
use crate::platform::http::{ApiError, Query, Signed};
use crate::platform::web::Page;
use crate::roles::provider::State;
use crate::roles::provider::flows::documents as flow;
use crate::roles::provider::store::documents::Filter;
use crate::roles::provider::store::summaries::{Shown, Summary};

/// Documents of a page.
const PAGE: i64 = 25;
/// Longest text that is searched for, in characters.
const WANTED_MAX: usize = 200;

const VIEWS: [(&str, Text); 8] = [
    ("all", list::ALL),
    ("drafts", list::DRAFTS),
    ("ready", list::READY),
    ("underway", list::UNDERWAY),
    ("delivered", list::DELIVERED),
    ("opened", list::OPENED),
    ("failed", list::FAILED),
    ("ended", list::ENDED),
];

/// A line of the list.
struct Line {
    id: String,
    title: String,
    recipient: Option<String>,
    standing: Standing,
    changed: String,
}

impl Line {
    fn of(document: Summary, desk: &Desk) -> Self {
        let language = desk.page.language;
        let standing = Standing::of(&document, language);
        let recipient = document.recipient.and_then(|recipient| recipient.name.or(recipient.email));
        let changed = dates::day_and_time(document.updated_at, language);
        Self { id: document.id.to_string(), title: document.title, recipient, standing, changed }
    }
}

/// A view of the list, as a link.
struct View {
    path: String,
    text: Text,
    is_current: bool,
}

#[derive(Template)]
#[template(path = "provider/dashboard.html")]
struct DashboardPage<'a> {
    page: &'a Page,
    desk: &'a Desk,
    lines: Vec<Line>,
    views: Vec<View>,
    shown: &'static str,
    wanted: String,
    older: Option<String>,
    is_first: bool,
    is_narrowed: bool,
    live: bool,
}

/// Shows the list.
pub async fn dashboard_page(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsRead>,
    query: Query,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Documents);
    let done = show(&state, &req, &who, &desk, query).await;
    desk.or_problem(&req, done)
}

async fn show(
    state: &State,
    req: &HttpRequest,
    who: &Signed<DocumentsRead>,
    desk: &Desk,
    mut query: Query,
) -> Result<HttpResponse, ApiError> {
    let shown = query.optional("show", "must be a view", Shown::parse).unwrap_or_default();
    let after = query.optional("cursor", "must be the end of an earlier page", Cursor::decode);
    let text = |text: &str| (text.chars().count() <= WANTED_MAX).then(|| text.trim().to_owned());
    let wanted = query.optional("q", "must be at most 200 characters long", text).filter(|q| !q.is_empty());
    query.finish()?;
    let vault = state.tenants.vault(&who.tenant).await?;
    state.audit.read(&who.tenant, &who.by, AuditAction::DocumentsListed, NOBODY);
    let filter = Filter { after, shown, ..Filter::default() };
    let mut found = flow::list(state, &vault, (filter, wanted.clone()), PAGE + 1).await?;
    let more = i64::try_from(found.len()).unwrap_or(0) > PAGE;
    found.truncate(usize::try_from(PAGE).unwrap_or(25));
    let word = Shown::WORDS.iter().find(|(_, known)| *known == shown).map_or("all", |(word, _)| *word);
    let wanted = wanted.unwrap_or_default();
    let older =
        found.last().filter(|_| more).map(|last| path(word, &wanted, Some(&Cursor(last.id).encode())));
    let lines: Vec<_> = found.into_iter().map(|document| Line::of(document, desk)).collect();
    let view = |(known, text): (&'static str, Text)| View {
        path: path(known, &wanted, None),
        text,
        is_current: known == word,
    };
    let template = DashboardPage {
        page: &desk.page,
        desk,
        // A search opens every document: nobody repeats it unasked.
        live: wanted.is_empty() && lines.iter().any(|line| line.standing.moves),
        views: VIEWS.map(view).into(),
        shown: word,
        older,
        is_first: after.is_none(),
        is_narrowed: shown != Shown::All || !wanted.is_empty(),
        lines,
        wanted,
    };
    desk.show(req, &template)
}

fn path(shown: &str, wanted: &str, cursor: Option<&str>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if shown != "all" {
        query.append_pair("show", shown);
    }
    if !wanted.is_empty() {
        query.append_pair("q", wanted);
    }
    if let Some(cursor) = cursor {
        query.append_pair("cursor", cursor);
    }
    let query = query.finish();
    if query.is_empty() { "/".to_owned() } else { format!("/?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_keeps_what_is_searched_for() {
        assert_eq!(path("all", "", None), "/");
        assert_eq!(path("failed", "a b&c", Some("A1")), "/?show=failed&q=a+b%26c&cursor=A1");
    }
}
