//! Health (contract: row *health*, **fixed**).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::web::{Data, ServiceConfig, get, resource};
use actix_web::{HttpResponse, Responder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::clock;
use crate::platform::db::Db;

/// Whether this process is on its way out.
#[derive(Debug, Clone, Default)]
pub struct Stopping(Arc<AtomicBool>);

impl Stopping {
    /// From now on the process is not ready.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Answer of `GET /api/health`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// Now, RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-11-20T17:57:06.120Z")]
    timestamp: String,
}

/// Answer of `GET /api/ready`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// `ready` or `not-ready`.
    #[schema(example = "ready")]
    status: &'static str,
    /// `connected` or `connection-failed`.
    #[schema(example = "connected")]
    database: &'static str,
    /// Why it is not ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'static str>,
}

/// Is the process alive? Touches nothing.
#[utoipa::path(get, path = "/api/health", tag = "health", operation_id = "health",
    responses((status = 200, description = "The process answers", body = Health)))]
pub async fn health() -> impl Responder {
    HttpResponse::Ok().json(Health { status: "ok", timestamp: clock::now().to_string() })
}

/// May it be given requests? Asks the database.
#[utoipa::path(get, path = "/api/ready", tag = "health", operation_id = "ready",
    responses(
        (status = 200, description = "Ready", body = Readiness),
        (status = 503, description = "Stopping, or the database can't be used", body = Readiness,
         example = json!({"status": "not-ready", "database": "connection-failed", "message": "The database can't be used; the log says why"})),
    ))]
pub async fn ready(db: Data<Db>, stopping: Data<Stopping>) -> impl Responder {
    if stopping.has_begun() {
        let message = Some("This process is stopping");
        return not_ready("connected", message);
    }
    if db.is_alive().await {
        HttpResponse::Ok().json(Readiness { status: "ready", database: "connected", message: None })
    } else {
        not_ready("connection-failed", Some("The database can't be used; the log says why"))
    }
}

fn not_ready(database: &'static str, message: Option<&'static str>) -> HttpResponse {
    HttpResponse::ServiceUnavailable().insert_header(("Retry-After", "1")).json(Readiness {
        status: "not-ready",
        database,
        message,
    })
}

/// Whether a route is asked by machines every few seconds.
#[must_use]
pub fn is_probe(route: &str) -> bool {
    matches!(route, "/api/health" | "/api/ready" | "/livez" | "/readyz")
}

/// Mounts the probes.
pub fn configure(cfg: &mut ServiceConfig) {
    for path in ["/api/health", "/livez"] {
        cfg.service(resource(path).route(get().to(health)));
    }
    for path in ["/api/ready", "/readyz"] {
        cfg.service(resource(path).route(get().to(ready)));
    }
}
