//! Routes of the client role: the table of contents.

pub mod deliveries;
pub mod exchange;
pub mod public;

use actix_web::web::{Data, ServiceConfig, delete, get, post, put, resource};

use super::State;

/// Mounts the API.
pub fn configure(cfg: &mut ServiceConfig, state: Data<State>) {
    cfg.app_data(state);
    // Both paths are spoken by existing senders (contract: *Client role*).
    for base in ["", "/api"] {
        cfg.service(resource(format!("{base}/v1/documents")).route(post().to(deliveries::receive_document)))
            .service(
                resource(format!("{base}/v1/documents/{{id}}"))
                    .route(put().to(deliveries::replace_document))
                    .route(delete().to(deliveries::withdraw_document)),
            )
            .service(
                resource(format!("{base}/v1/documents/{{id}}/access"))
                    .route(put().to(deliveries::change_access)),
            )
            .service(
                resource(format!("{base}/v1/access-codes/reservations"))
                    .route(post().to(exchange::reserve_codes)),
            )
            .service(resource(format!("{base}/v1/receipts")).route(get().to(exchange::list_receipts)));
    }
    cfg.service(resource("/api/public/{accessCode}").route(get().to(public::open_public_document)));
}
