//! The API description and Swagger UI, both out of the binary.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Data, Path, ServiceConfig, get, resource};
use actix_web::{HttpResponse, Responder};
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
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

/// Says what a token is, and how every operation that asks for one refuses.
#[must_use]
pub fn with_security(mut api: OpenApi) -> OpenApi {
    let mut http = Http::new(HttpAuthScheme::Bearer);
    http.bearer_format = Some("JWT".to_owned());
    http.description = Some(
        "A signed token with `tenant_id`, `sub` and `scope`. Each operation names the scopes that it asks for. \
         A role that was started with `--auth none` asks for no token."
            .to_owned(),
    );
    api.components
        .get_or_insert_with(Components::new)
        .add_security_scheme("bearer", SecurityScheme::Http(http));
    let refusals = [
        ("401", "There is no token, or it is not good"),
        ("403", "The token lacks the scope, or `X-Tenant` names another tenant"),
    ];
    for operation in api.paths.paths.values_mut().flat_map(operations).filter(|o| o.security.is_some()) {
        for (status, description) in refusals {
            let refusal = RefOr::T(refusal(description));
            operation.responses.responses.entry(status.to_owned()).or_insert(refusal);
        }
    }
    api
}

fn operations(item: &mut utoipa::openapi::PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.delete].into_iter().flatten()
}

fn refusal(description: &str) -> Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
    ResponseBuilder::new().description(description).content("application/json", content).build()
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
