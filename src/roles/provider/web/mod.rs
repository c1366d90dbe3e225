//! The workspace: pages for the people who write and send documents. They call the same
//! flows as the API, and everything that matters works without a script.

mod account;
mod dashboard;
mod desk;
mod document;
mod editor;
mod ending;
mod introduced;
mod library;
mod lost;
mod practice;
mod seen;
mod settings;
mod signing_in;
mod standing;
mod steps;
pub mod words;
mod written;

use actix_web::web::{Data, ServiceConfig, get, post, resource};

use crate::domain::document::CONTENT_MAX;
use crate::domain::sender::LOGO_MAX;
use crate::platform::http::{BodyLimit, ErrorPages};
use crate::platform::web::{Asset, Assets, assets};

/// The script of the workspace.
pub const SCRIPT: Asset = Asset::new(
    "workspace",
    "js",
    concat!(include_str!("../../../../assets/pictures.js"), include_str!("../../../../assets/workspace.js"))
        .as_bytes(),
);
/// What the workspace needs beside the stylesheet of every page.
pub const STYLE: Asset = Asset::new("workspace", "css", include_bytes!("../../../../assets/workspace.css"));

/// Routes that ask nobody who they are, as they are mounted.
pub const PUBLIC: &[&str] = &["/sign-in", "/sign-in/account", "/sign-in/return", "/sign-out", assets::ROUTE];

/// A form with a picture: room for one that is far too large, so that this is said beside its
/// field, and for the one before, as a text.
const PICTURE_FORM: usize = LOGO_MAX * 40;

/// Mounts the pages.
pub fn configure(cfg: &mut ServiceConfig, files: Data<Assets>) {
    // In a form, every sign may take nine bytes.
    let whole = Data::new(BodyLimit(CONTENT_MAX * 9));
    let step = |path| resource(path).route(get().to(steps::ask)).route(post().to(steps::take));
    cfg.app_data(Data::new(ErrorPages(lost::error_page)));
    assets::configure(cfg, files);
    cfg.service(resource("/").route(get().to(dashboard::dashboard_page)))
        .service(
            resource("/sign-in")
                .app_data(Data::new(BodyLimit(16_384)))
                .route(get().to(signing_in::sign_in_page))
                .route(post().to(signing_in::sign_in)),
        )
        .service(resource("/sign-in/account").route(get().to(account::begin_account)))
        .service(resource("/sign-in/return").route(get().to(account::return_account)))
        .service(resource("/sign-out").route(post().to(signing_in::sign_out)))
        .service(resource("/settings").route(get().to(settings::settings_page)))
        .service(
            resource("/settings/practice")
                .app_data(Data::new(BodyLimit(PICTURE_FORM)))
                .route(get().to(practice::practice_page))
                .route(post().to(practice::save_practice)),
        )
        .service(resource("/library").route(get().to(library::library_page)))
        .service(resource("/library/{id}/remove").route(post().to(library::remove)))
        .service(resource("/preview").app_data(whole.clone()).route(post().to(editor::preview)))
        .service(resource("/documents/new").route(get().to(editor::new_page)))
        .service(resource("/documents/{id}").route(get().to(document::document_page)))
        .service(
            resource("/documents/{id}/edit")
                .app_data(whole)
                .route(get().to(editor::editor_page))
                .route(post().to(editor::save)),
        )
        .service(step("/documents/{id}/send"))
        .service(step("/documents/{id}/revoke"))
        .service(step("/documents/{id}/reissue"))
        .service(
            resource("/documents/{id}/expiry").route(get().to(ending::ask)).route(post().to(ending::take)),
        )
        .service(resource("/documents/{id}/retry").route(post().to(steps::retry)))
        .service(
            resource("/documents/{id}/delete")
                .route(get().to(steps::ask_delete))
                .route(post().to(steps::delete)),
        )
        .service(
            resource("/documents/{id}/library")
                .route(get().to(library::keep_page))
                .route(post().to(library::keep)),
        );
}
