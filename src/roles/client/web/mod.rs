//! Pages for the people who open a document. Reading a page changes nothing and
//! tells nothing: only the form, with a code that a person has typed, opens a
//! document. Every form also has buttons for other languages, which do nothing else.

mod document;
mod entry;
mod number;
mod pages;
mod practice;
mod said;
mod texts;

use actix_web::web::{Data, ServiceConfig, get, head, post, resource};

use crate::domain::session::LONGEST;
use crate::platform::http::{BodyLimit, ErrorPages};
use crate::platform::web::{Asset, HostCookie, assets};
use crate::roles::client::State;

/// What betters the pages where scripts run: hyphens while a code is typed, a button that
/// prints, words where the browser is offline, and a warning before a session ends.
pub const SCRIPT: Asset = Asset::new("client", "js", include_bytes!("../../../../assets/client.js"));

/// The cookie that keeps the session of somebody who uses the pages.
fn session_cookie(state: &State) -> HostCookie {
    let is_https = state.public_url.starts_with("https://");
    HostCookie { name: "oc-session", seconds: LONGEST.as_secs(), is_https }
}

/// Mounts the pages.
pub fn configure(cfg: &mut ServiceConfig, state: &State) {
    let small = Data::new(BodyLimit::PUBLIC);
    let page = |path| resource(path).app_data(small.clone());
    let entry = |path| page(path).route(get().to(entry::entry_page)).route(head().to(entry::entry_page));
    cfg.service(entry("/").route(post().to(entry::open_page)))
        .service(entry("/view/{code}"))
        .service(entry("/otp").route(post().to(number::send_number_page)))
        .service(entry("/otp/verify").route(post().to(number::verify_number_page)))
        .service(
            page("/d/{token}")
                .route(get().to(entry::link_page))
                .route(head().to(entry::link_page))
                .route(post().to(entry::open_link_page)),
        )
        .service(
            page("/p/{tenant}")
                .route(get().to(entry::practice_page))
                .route(head().to(entry::practice_page))
                .route(post().to(entry::open_practice_page)),
        )
        .service(
            resource("/p/{tenant}/logo/{version}")
                .route(get().to(practice::logo))
                .route(head().to(practice::logo)),
        )
        .service(
            page("/document").route(get().to(document::read_again)).route(head().to(document::read_again)),
        )
        .service(
            page("/finish")
                .route(get().to(document::finished_page))
                .route(head().to(document::finished_page))
                .route(post().to(document::finish)),
        );
    cfg.app_data(Data::new(ErrorPages(entry::error_page)));
    assets::configure(cfg, Data::new(state.assets.clone()));
}
