//! How everything is: the way to the clients, what waits, who is signed in.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::desk::{Desk, Place};
use super::seen::{Seen, standing};
use super::words::{events, frame, practice as words};
use crate::domain::scope::DocumentsRead;
use crate::platform::http::{ApiError, Signed};
use crate::platform::web::Page;
use crate::roles::provider::State;
use crate::roles::provider::flows::health::{self, Answering, Health};
use crate::roles::provider::flows::senders;

#[derive(Template)]
#[template(path = "provider/settings.html")]
struct SettingsPage<'a> {
    page: &'a Page,
    desk: &'a Desk,
    health: Health,
    /// `good`, `wait` or `error`, and what is said.
    tone: &'static str,
    said: String,
    address: &'a str,
    oldest: Option<String>,
    tenant: &'a str,
    rights: String,
    life: String,
    seen: Seen,
    /// Whether recipients see it so: `good`, `wait` or `error`, and what is said.
    shown: (&'static str, &'static str),
}

/// Shows it.
pub async fn settings_page(
    state: Data<State>,
    req: HttpRequest,
    who: Signed<DocumentsRead>,
) -> Result<HttpResponse, ApiError> {
    let desk = Desk::of(&state, &req, &who, Place::Settings);
    let shown = async {
        let vault = state.tenants.vault(&who.tenant).await?;
        let known = senders::look(&state, &vault).await?;
        let (shown, text) = standing(&known);
        let health = health::look(&state, &who.tenant).await?;
        let language = desk.page.language;
        let (tone, said) = match health.answering {
            Answering::Well(millis) => ("good", events::CLIENT_GOOD.with(language, &[&millis])),
            Answering::Badly => ("error", events::CLIENT_BROKEN.of(language).to_owned()),
            Answering::Not => ("error", events::CLIENT_AWAY.of(language).to_owned()),
        };
        let days = state.access_life.as_secs().div_ceil(86_400);
        let template = SettingsPage {
            page: &desk.page,
            desk: &desk,
            tone,
            said,
            address: &state.client.base_url,
            oldest: health.queue.oldest.map(|since| desk.page.span(health::waited(since))),
            tenant: who.tenant.as_str(),
            rights: who.scopes.words(),
            life: events::DAYS.with(language, &[&days]),
            health,
            seen: Seen::of(known.saved.as_ref().map_or(&state.sender, |saved| &saved.sender)),
            shown: (shown, text.of(language)),
        };
        desk.show(&req, &template)
    };
    let shown = shown.await;
    desk.or_problem(&req, shown)
}
