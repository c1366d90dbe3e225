//! Routes of the provider role: the table of contents.

pub mod documents;
pub mod letter;
pub mod lifecycle;
pub mod outbox;
pub mod send;
pub mod senders;
mod view;
mod webhook_view;
pub mod webhooks;

use actix_web::web::{Data, ServiceConfig, get, post, resource};

use super::State;
use crate::platform::audit::export_audit;
pub use view::{CreateDocument, DocumentPage, DocumentView, UpdateDocument};
pub use webhook_view::{CreateWebhook, UpdateWebhook, WebhookList, WebhookView};

/// Mounts the routes of one worker thread.
pub fn configure(cfg: &mut ServiceConfig, state: Data<State>) {
    cfg.app_data(Data::new(state.audit.clone()))
        .app_data(Data::new(state.tenants.clone()))
        .app_data(state)
        .service(resource("/api/audit").route(get().to(export_audit)))
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
        .service(resource("/api/documents/{id}/revoke").route(post().to(lifecycle::revoke_document)))
        .service(resource("/api/documents/{id}/reissue").route(post().to(lifecycle::reissue_document)))
        .service(resource("/api/documents/{id}/expiry").route(post().to(lifecycle::change_expiry)))
        .service(resource("/api/documents/{id}/letter.pdf").route(get().to(letter::print_letter)))
        .service(resource("/api/documents/{id}/qr.svg").route(get().to(letter::show_qr)))
        .service(resource("/api/documents/{id}/events").route(get().to(lifecycle::list_events)))
        .service(resource("/api/send").route(post().to(send::send_document)))
        .service(resource("/api/outbox").route(get().to(outbox::list_messages)))
        .service(resource("/api/outbox/{id}").route(get().to(outbox::find_message)))
        .service(resource("/api/outbox/{id}/retry").route(post().to(outbox::retry_message)))
        .service(
            resource("/api/sender")
                .route(get().to(senders::find_sender))
                .route(actix_web::web::put().to(senders::update_sender)),
        )
        .service(
            resource("/api/webhooks")
                .route(post().to(webhooks::create_webhook))
                .route(get().to(webhooks::list_webhooks)),
        )
        .service(
            resource("/api/webhooks/{id}")
                .route(get().to(webhooks::find_webhook))
                .route(actix_web::web::put().to(webhooks::update_webhook))
                .route(actix_web::web::delete().to(webhooks::delete_webhook)),
        )
        .service(resource("/api/webhooks/{id}/replay").route(post().to(webhooks::replay_webhook)))
        .service(resource("/api/webhooks/{id}/rotate").route(post().to(webhooks::rotate_webhook)));
}
