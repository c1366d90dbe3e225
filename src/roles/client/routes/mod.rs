//! Routes of the client role: the table of contents.

pub mod deliveries;
pub mod public;

use actix_web::web::{Data, ServiceConfig, get, post, resource};

use super::State;

/// Mounts the API.
pub fn configure(cfg: &mut ServiceConfig, state: Data<State>) {
    cfg.app_data(state);
    // Both paths are spoken by existing senders (contract: *Client role*).
    for path in ["/v1/documents", "/api/v1/documents"] {
        cfg.service(resource(path).route(post().to(deliveries::receive_document)));
    }
    cfg.service(resource("/api/public/{accessCode}").route(get().to(public::open_public_document)));
}
