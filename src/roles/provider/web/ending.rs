//! Another end of access for a document that was sent.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::desk::{Desk, Place, go_to};
use super::steps::{become_of, run};
use super::words::{frame, list, steps as said};
use crate::domain::dates;
use crate::domain::document::{Document, EXPIRES_IN_MAX, EXPIRES_IN_MIN};
use crate::domain::scope::DocumentsSend;
use crate::domain::timestamp::Timestamp;
use crate::platform::http::{ApiError, Signed};
use crate::platform::web::{Page, page};
use crate::platform::{clock, random};
use crate::roles::provider::State;
use crate::roles::provider::flows::{access, documents as flow};

#[derive(Template)]
#[template(path = "provider/expiry.html")]
struct ExpiryPage<'a> {
    page: &'a Page,
    desk: &'a Desk,
    id: String,
    title: &'a str,
    until: Option<String>,
    /// Days as fields of this kind hold them: what stands there, and from when to when it may be.
    day: String,
    first: String,
    last: String,
    hint: String,
    error: Option<String>,
    /// Names this sending of the form: pressed twice, it is done once.
    once: String,
}

/// The days that can be the last one: access ends with it, and lasts 90 days at most.
struct Days {
    now: Timestamp,
    latest: Timestamp,
}

impl Days {
    fn from(now: Timestamp) -> Self {
        Self { now, latest: now.plus(Duration::from_secs(EXPIRES_IN_MAX.unsigned_abs())) }
    }

    /// The moment at which a day ends that was typed; of the last possible day, not all is left.
    fn end(&self, typed: &str) -> Option<Timestamp> {
        let end = Timestamp::end_of_swiss_day(typed)?;
        let left = i64::try_from(end.since(self.now).as_secs()).unwrap_or(0);
        let is_last = typed.trim() == dates::iso_day(self.latest);
        (left >= EXPIRES_IN_MIN && (end <= self.latest || is_last)).then(|| end.min(self.latest))
    }
}

/// Asks for the day.
pub async fn ask(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsSend>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Documents);
    let asked = async {
        let vault = state.tenants.vault(&who.tenant).await?;
        let document = flow::load(&state, &vault, &id).await?;
        document.check_accessible()?;
        let days = Days::from(clock::now());
        let day = document.expires_at.filter(|at| *at > days.now).map(dates::iso_day).unwrap_or_default();
        show(&req, &desk, (&document, &days), (day, false))
    };
    let asked = asked.await;
    desk.or_problem(&req, asked)
}

fn show(
    req: &HttpRequest,
    desk: &Desk,
    (document, days): (&Document, &Days),
    (day, is_broken): (String, bool),
) -> Result<HttpResponse, ApiError> {
    let language = desk.page.language;
    let (from, to) = (dates::day(days.now, language), dates::day(days.latest, language));
    let template = ExpiryPage {
        page: &desk.page,
        desk,
        id: document.id.to_string(),
        title: &document.written.title,
        until: document.expires_at.map(|at| dates::day_and_time(at, language)),
        day,
        first: dates::iso_day(days.now),
        last: dates::iso_day(days.latest),
        hint: said::LAST_DAY_HINT.with(language, &[&from, &to]),
        error: is_broken.then(|| said::LAST_DAY_BROKEN.with(language, &[&from, &to])),
        once: random::uuid().to_string(),
    };
    let status = if is_broken { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    page::answer(req, &desk.page, status, &template)
}

/// Lets access end with the day that was typed, and goes on to the document.
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
        let (typed, days) = (form.required("day")?, Days::from(clock::now()));
        let Some(end) = days.end(&typed) else {
            let document = flow::load(&state, &vault, &id).await?;
            return show(&req, &desk, (&document, &days), (typed, true));
        };
        let document = access::change_expiry(&state, &vault, (&id, Some(end)), run, by).await?;
        Ok(go_to(&format!("/documents/{}?done={}", document.id, become_of(&document, "ending"))))
    };
    let taken = taken.await;
    desk.or_problem(&req, taken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_from_today_to_the_ninetieth_can_be_the_last() {
        let days = Days::from(Timestamp::parse("2026-11-20T12:00:00Z").unwrap());
        let end = |typed| days.end(typed).map(|end| end.to_string());
        assert_eq!(end("2026-11-20").as_deref(), Some("2026-11-20T22:59:59.000Z"));
        assert_eq!(end(" 2026-12-24 ").as_deref(), Some("2026-12-24T22:59:59.000Z"));
        assert_eq!(end("2027-02-17").as_deref(), Some("2027-02-17T22:59:59.000Z"));
        assert_eq!(end("2027-02-18").as_deref(), Some("2027-02-18T12:00:00.000Z"));
        for broken in ["", "2026-11-19", "2027-02-19", "24.12.2026", "2026-02-30", "9999-12-31"] {
            assert_eq!(end(broken), None, "{broken}");
        }
        let late = Days::from(Timestamp::parse("2026-11-20T22:59:30Z").unwrap());
        assert_eq!(late.end("2026-11-20"), None, "access lasts a minute at least");
    }
}
