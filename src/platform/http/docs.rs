//! The API description and Swagger UI, both out of the binary.

use std::borrow::Cow;
use std::convert::Infallible;
use std::sync::Arc;

use actix_web::body::{MessageBody, SizedStream};
use actix_web::http::header;
use actix_web::web::{Bytes, Data, Path, ServiceConfig, get, resource};
use actix_web::{HttpResponse, Responder};
use futures_util::stream;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::Operation;
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder};
use utoipa_swagger_ui::Config;

use super::described;
use super::error::ApiError;

/// Swagger UI draws its icons from data URLs. The styles that its script sets on
/// elements are no inline styles in the sense of the policy.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// Bytes of a large body that are handed over at a time.
const SLICE: usize = 16 * 1_024;

/// A role's API description.
#[derive(Clone)]
pub struct ApiDescription {
    /// As JSON.
    pub json: Bytes,
    /// As YAML.
    pub yaml: Bytes,
}

/// Turns a description into its two forms.
pub fn describe(api: &OpenApi) -> Result<ApiDescription, Box<dyn std::error::Error + Send + Sync>> {
    Ok(ApiDescription { json: (api.to_pretty_json()? + "\n").into(), yaml: api.to_yaml()?.into() })
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
        (
            "403",
            "The token lacks the scope, `X-Tenant` names another tenant, or there is no such tenant or it is suspended",
        ),
    ];
    for operation in api.paths.paths.values_mut().flat_map(operations).filter(|o| o.security.is_some()) {
        for (status, description) in refusals {
            let refusal = RefOr::T(refusal(description));
            operation.responses.responses.entry(status.to_owned()).or_insert(refusal);
        }
    }
    api
}

/// Adds to every operation what the server in front of all handlers may answer, and
/// what the headers look like that it reads.
/// Operations that answer no error at all, such as the probes, are left alone.
#[must_use]
pub fn with_common_answers(mut api: OpenApi) -> OpenApi {
    for operation in api.paths.paths.values_mut().flat_map(operations) {
        let is_probe = operation.tags.as_ref().is_some_and(|tags| tags.iter().any(|tag| tag == "health"));
        if !is_probe {
            operation.responses.responses.insert("429".to_owned(), too_many_requests().into());
        }
    }
    described::header_forms(&mut api);
    api
}

pub(super) fn operations(item: &mut utoipa::openapi::PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.delete, &mut item.patch].into_iter().flatten()
}

fn refusal(description: &str) -> Response {
    refused(description).build()
}

fn refused(description: &str) -> ResponseBuilder {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorBody"))).build();
    ResponseBuilder::new().description(description).content("application/json", content)
}

fn too_many_requests() -> Response {
    let header = |text: &str| {
        let schema = Object::with_type(Type::String);
        HeaderBuilder::new().description(Some(text)).schema(Some(schema)).build()
    };
    refused("Too many requests")
        .header("Retry-After", header("Seconds to wait"))
        .header(
            "RateLimit",
            header("How the budget stands: name, what is left, seconds until all is there again"),
        )
        .header("RateLimit-Policy", header("The budget: name, requests, seconds"))
        .build()
}

async fn json(api: Data<ApiDescription>) -> impl Responder {
    HttpResponse::Ok().content_type("application/json").body(in_slices(api.json.clone()))
}

async fn yaml(api: Data<ApiDescription>) -> impl Responder {
    HttpResponse::Ok().content_type("application/yaml").body(in_slices(api.yaml.clone()))
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
        .body(in_slices(match file.bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        })))
}

/// A body that nobody holds a copy of: whoever reads slowly keeps a few slices waiting,
/// not all of it.
fn in_slices(mut whole: Bytes) -> impl MessageBody {
    let size = u64::try_from(whole.len()).unwrap_or(u64::MAX);
    let slices = std::iter::from_fn(move || {
        let slice = whole.split_to(whole.len().min(SLICE));
        (!slice.is_empty()).then_some(Ok::<_, Infallible>(slice))
    });
    SizedStream::new(size, stream::iter(slices))
}

/// Mounts `/docs`.
pub fn configure(cfg: &mut ServiceConfig) {
    cfg.service(resource("/docs/swagger.json").route(get().to(json)))
        .service(resource("/docs/swagger.yaml").route(get().to(yaml)))
        .service(resource("/docs").route(get().to(to_docs)))
        .service(resource("/docs/{file:.*}").route(get().to(swagger_ui)));
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::pin::pin;

    use actix_web::body::BodySize;

    use super::*;

    #[actix_web::test]
    async fn a_large_file_is_handed_over_in_slices_that_are_no_copies() {
        let file = utoipa_swagger_ui::serve("swagger-ui-bundle.js", Arc::new(Config::default()));
        let Cow::Borrowed(file) = file.unwrap().unwrap().bytes else { panic!("a copy") };
        let mut body = pin!(in_slices(Bytes::from_static(file)));
        assert_eq!(body.size(), BodySize::Sized(file.len() as u64));
        let mut at = file.as_ptr();
        let mut sizes = Vec::new();
        while let Some(slice) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
            let Ok(slice) = slice else { panic!("it broke off") };
            assert_eq!(slice.as_ptr(), at);
            at = at.wrapping_add(slice.len());
            sizes.push(slice.len());
        }
        assert_eq!(sizes.iter().sum::<usize>(), file.len());
        assert!(sizes.len() > 10 && sizes.iter().all(|size| *size <= SLICE), "{sizes:?}");
    }
}
