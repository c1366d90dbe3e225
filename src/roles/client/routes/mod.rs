//! Routes of the client role: the table of contents.

pub mod deliveries;
pub mod exchange;
pub mod jwks;
pub mod public;
pub mod second_factor;
pub mod senders;
pub mod standings;

use actix_web::web::{Data, ServiceConfig, delete, get, post, put, resource};

use super::State;
use crate::platform::audit::export_audit;
use crate::platform::http::BodyLimit;

/// Mounts the API.
pub fn configure(cfg: &mut ServiceConfig, state: Data<State>) {
    let (audit, tenants) = (Data::new(state.audit.clone()), Data::new(state.tenants.clone()));
    cfg.app_data(audit).app_data(tenants).app_data(state);
    cfg.service(resource("/.well-known/jwks.json").route(get().to(jwks::list_keys)));
    cfg.service(resource("/api/audit").route(get().to(export_audit)));
    // Both paths are spoken by existing senders (contract: *Client role*).
    for path in ["/v1/documents", "/api/v1/documents"] {
        cfg.service(
            resource(path)
                .route(post().to(deliveries::receive_document))
                .route(get().to(standings::list_standings)),
        );
    }
    for path in ["/v1/documents/{id}", "/api/v1/documents/{id}"] {
        cfg.service(
            resource(path)
                .route(put().to(deliveries::replace_document))
                .route(delete().to(deliveries::withdraw_document)),
        );
    }
    for path in ["/v1/documents/{id}/access", "/api/v1/documents/{id}/access"] {
        cfg.service(resource(path).route(put().to(deliveries::change_access)));
    }
    for path in ["/v1/access-codes/reservations", "/api/v1/access-codes/reservations"] {
        cfg.service(resource(path).route(post().to(exchange::reserve_codes)));
    }
    for path in ["/v1/receipts", "/api/v1/receipts"] {
        cfg.service(resource(path).route(get().to(exchange::list_receipts)));
    }
    for path in ["/v1/sender", "/api/v1/sender"] {
        cfg.service(resource(path).route(put().to(senders::replace_sender)));
    }
    let small = Data::new(BodyLimit::PUBLIC);
    for (path, route) in [
        ("/api/public/access", post().to(public::open_with_code)),
        ("/api/public/otp", post().to(second_factor::send_number)),
        ("/api/public/otp/verify", post().to(second_factor::verify_number)),
    ] {
        cfg.service(resource(path).app_data(small.clone()).route(route));
    }
    cfg.service(resource("/api/public/{accessCode}").route(get().to(public::open_public_document)));
}
