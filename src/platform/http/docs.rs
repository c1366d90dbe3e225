//! The API description and Swagger UI, both out of the binary.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Data, Path, ServiceConfig, get, resource};
use actix_web::{HttpResponse, Responder};
use utoipa_swagger_ui::Config;

use super::error::ApiError;

/// Swagger UI sets styles on its elements and draws its icons from data URLs.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A role's API description.
#[derive(Clone)]
pub struct ApiDescription {
    /// As JSON.
    pub json: String,
    /// As YAML.
    pub yaml: String,
}

/// Turns a description into its two forms.
pub fn describe(
    api: &utoipa::openapi::OpenApi,
) -> Result<ApiDescription, Box<dyn std::error::Error + Send + Sync>> {
    Ok(ApiDescription { json: api.to_pretty_json()? + "\n", yaml: api.to_yaml()? })
}

async fn json(api: Data<ApiDescription>) -> impl Responder {
    HttpResponse::Ok().content_type("application/json").body(api.json.clone())
}

async fn yaml(api: Data<ApiDescription>) -> impl Responder {
    HttpResponse::Ok().content_type("application/yaml").body(api.yaml.clone())
}

async fn to_docs() -> impl Responder {
    HttpResponse::PermanentRedirect().insert_header((header::LOCATION, "/docs/")).finish()
}

async fn swagger_ui(path: Path<String>) -> Result<HttpResponse, ApiError> {
    let config = Arc::new(Config::from("/docs/swagger.json"));
    let file = utoipa_swagger_ui::serve(&path, config).map_err(|e| ApiError::internal(e.to_string()))?;
    let Some(file) = file else { return super::error::not_found().await };
    let mut answer = HttpResponse::Ok();
    if file.gzpipped {
        answer.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    Ok(answer
        .insert_header((header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .content_type(file.content_type)
        .body(file.bytes.into_owned()))
}

/// Mounts `/docs`.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/docs/swagger.json").route(get().to(json)))
        .service(resource("/docs/swagger.yaml").route(get().to(yaml)))
        .service(resource("/docs").route(get().to(to_docs)))
        .service(resource("/docs/{file:.*}").route(get().to(swagger_ui)));
}
