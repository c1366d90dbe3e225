//! `GET /metrics`.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL};
use actix_web::web::{Data, ServiceConfig, get};
use actix_web::{HttpRequest, web};

use super::{Format, exposition};
use crate::domain::scope::Admin;
use crate::platform::db::Db;
use crate::platform::http::{ApiError, Caller, ErrorBody};

/// Longest time that is spent on looking; what could not be looked at keeps its last value.
const LOOK: Duration = Duration::from_secs(2);
/// Of it, what a database may take to answer that counts as there.
const ALIVE: Duration = Duration::from_secs(1);

/// Looks at what can only be known by looking, before the metrics are written.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn() -> Looking + Send + Sync>);

type Looking = Pin<Box<dyn Future<Output = ()>>>;

impl Observer {
    /// An observer that looks at the database, and at what `look` looks at.
    pub fn new<F: Future<Output = ()> + 'static>(
        db: Db,
        look: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(move || {
            let (db, look) = (db.clone(), look());
            Box::pin(async move {
                db.observe(ALIVE).await;
                look.await;
            })
        }))
    }

    async fn look(&self) {
        if tokio::time::timeout(LOOK, (self.0)()).await.is_err() {
            log::debug!("not everything could be looked at in time for the metrics");
        }
    }
}

/// Numbers about this process, for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "operations", operation_id = "show_metrics",
    security(("bearer" = ["admin"])),
    responses(
        (status = 200, description = "The metrics, as text; OpenMetrics 1.0 for whoever accepts it", body = String, content_type = "text/plain"),
        (status = 400, description = "The header `X-Tenant` is broken", body = ErrorBody),
    ))]
pub async fn show_metrics(
    _caller: Caller<Admin>,
    req: HttpRequest,
    observer: Data<Observer>,
) -> Result<HttpResponse, ApiError> {
    written(&req, &observer).await
}

/// The same for everybody who can reach a port that is for scrapers alone.
async fn show_to_scraper(req: HttpRequest, observer: Data<Observer>) -> Result<HttpResponse, ApiError> {
    written(&req, &observer).await
}

async fn written(req: &HttpRequest, observer: &Observer) -> Result<HttpResponse, ApiError> {
    observer.look().await;
    let accept = req.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    let format = Format::accepted(accept);
    let text = exposition(format).map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok()
        .content_type(format.content_type())
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(text))
}

/// Mounts it for administrators.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(web::resource("/metrics").route(get().to(show_metrics)));
}

/// Mounts it for scrapers, on a port of its own.
pub fn configure_for_scrapers(cfg: &mut ServiceConfig) {
    cfg.service(web::resource("/metrics").route(get().to(show_to_scraper)));
}
