//! Routes of the provider role: the table of contents.

pub mod documents;
pub mod send;
mod view;

use actix_web::web::{Data, ServiceConfig, get, post, resource};

use super::State;
pub use view::{CreateDocument, DocumentPage, DocumentView, UpdateDocument};

/// Mounts the routes of one worker thread.
pub fn configure(cfg: &mut ServiceConfig, state: Data<State>) {
    cfg.app_data(state)
        .service(
            resource("/api/documents")
                .route(post().to(documents::create_document))
                .route(get().to(documents::list_documents)),
        )
        .service(
            resource("/api/documents/{id}")
                .route(get().to(documents::find_document))
                .route(actix_web::web::put().to(documents::update_document))
                .route(actix_web::web::delete().to(documents::delete_document)),
        )
        .service(resource("/api/send").route(post().to(send::send_document)));
}
