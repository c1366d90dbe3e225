//! Wraps every request: gives it an id, logs it in one line, turns every error
//! into the one error body, adds the headers that every answer bears.

use std::rc::Rc;
use std::time::{Duration, Instant};

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse};

use super::cors;
use super::error::{ApiError, ErrorBody, ErrorCode, ErrorDetails, FieldProblem};
use super::guard::Guard;
use crate::domain::fields::FieldError;
use crate::platform::limits::Standing;
use crate::platform::telemetry::trace::{self, Span, SpanKind};
use crate::platform::telemetry::{Context, within};
use crate::platform::{clock, metrics, random};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Without the other names below this one: they are somebody else's to decide about.
const ONE_YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");
/// What every answer bears unless its handler says otherwise.
const HARDENING: [(HeaderName, &str); 9] = [
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::CACHE_CONTROL, "no-store"),
    (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::PERMISSIONS_POLICY, "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    (header::CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
    (header::CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];
/// Enough for our own pages, which bring one stylesheet in their head and no script.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Names one request in logs and in error bodies.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// How a role shows errors to people: the page for an error, if it has one. It is asked
/// where a browser asks for a page, so that limits and unknown addresses are told in words.
#[derive(Clone, Copy)]
pub struct ErrorPages(pub fn(&HttpRequest, &ApiError) -> Option<HttpResponse>);

/// The middleware around every route.
pub async fn envelope(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (started, _in_flight) = (Instant::now(), metrics::http().arrived());
    let id = request_id(&req);
    req.extensions_mut().insert(RequestId(id.clone()));
    let (work, span) = work(&req, &id);
    within(Rc::clone(&work), answer(req, next, &id, &work, (started, span))).await
}

/// What is worked on, within a span of the caller's trace if it has one.
fn work(req: &ServiceRequest, id: &str) -> (Rc<Context>, Span) {
    if !trace::is_on() || super::health::is_probe(req.match_pattern().as_deref().unwrap_or_default()) {
        return (Context::new(id.to_owned(), None), Span::default());
    }
    let given = req.headers().get(trace::TRACE_PARENT).and_then(|value| value.to_str().ok());
    let span = Span::begin(
        metrics::known_method(req.method()),
        SpanKind::Server,
        given.and_then(trace::read).as_ref(),
    );
    (Context::new(id.to_owned(), span.context()), span)
}

async fn answer(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
    id: &str,
    work: &Context,
    (started, mut span): (Instant, Span),
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = next.call(req).await?;
    let status = response.status();
    let response = if status.is_client_error() || status.is_server_error() {
        with_error_body(response, id)
    } else {
        response.map_into_boxed_body()
    };
    let response = with_headers(response, id);
    tell(&response, work, started, &mut span);
    Ok(response)
}

/// The caller's id where it is harmless, a new one otherwise.
fn request_id(req: &ServiceRequest) -> String {
    let given = req.headers().get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let harmless = |id: &&str| {
        (1..=64).contains(&id.len())
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
    };
    given.filter(harmless).map_or_else(|| random::uuid().to_string(), str::to_owned)
}

fn with_error_body(
    response: ServiceResponse<impl MessageBody + 'static>,
    id: &str,
) -> ServiceResponse<BoxBody> {
    let status = response.status();
    if let Some(error) = response.response().error().and_then(|e| e.as_error::<ApiError>()) {
        log_cause(error, id);
        if let Some(page) = error_page(response.request(), error) {
            return response.into_response(page);
        }
        let body = error_body(error.code, error.message.clone(), details(error), id);
        let wait = error.retry_after;
        return rewritten(response, status, &body, wait);
    }
    if response.headers().contains_key(header::CONTENT_TYPE) && response.response().error().is_none() {
        // A page or a readiness answer that was written on purpose.
        return response.map_into_boxed_body();
    }
    let code = ErrorCode::of_framework(status);
    let message = match code {
        ErrorCode::MethodNotAllowed => "This path exists, but not for this method".to_owned(),
        _ => status.canonical_reason().unwrap_or("The request can't be answered").to_owned(),
    };
    rewritten(response, status, &error_body(code, message, None, id), None)
}

/// Which budget was used up: one that the request was taken out of, or one of guesses.
fn count_limited(req: &HttpRequest) {
    let used_up = |standing: &Standing| (!standing.found.wait.is_zero()).then_some(standing.policy);
    let policy = req.extensions().get::<Standing>().and_then(used_up);
    metrics::protection().rate_limited(policy.unwrap_or("guesses"));
}

/// The page for an error, for somebody who looks at pages.
fn error_page(req: &HttpRequest, error: &ApiError) -> Option<HttpResponse> {
    let pages = req.app_data::<Data<ErrorPages>>()?;
    let accepted = req.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    let is_browser = accepted.is_some_and(|kinds| kinds.contains("text/html"));
    let is_api = ["/api/", "/v1/", "/docs"].iter().any(|place| req.path().starts_with(place));
    if is_browser && !is_api { (pages.0)(req, error) } else { None }
}

/// What there is to say beside the code and the message.
fn details(error: &ApiError) -> Option<ErrorDetails> {
    let problem = |e: &FieldError| FieldProblem {
        field: e.field.clone(),
        rule: e.rule.to_owned(),
        message: e.message.clone(),
    };
    let fields: Vec<_> = error.fields.iter().map(problem).collect();
    let remaining_attempts = error.remaining_attempts;
    let asked = error.second_factor.as_deref();
    let details = ErrorDetails {
        fields,
        remaining_attempts,
        channel: asked.map(|asked| asked.channel),
        to: asked.map(|asked| asked.to.clone()),
        session: asked.map(|asked| asked.session.clone()),
    };
    (!details.fields.is_empty() || remaining_attempts.is_some() || asked.is_some()).then_some(details)
}

fn error_body(code: ErrorCode, message: String, details: Option<ErrorDetails>, id: &str) -> ErrorBody {
    ErrorBody {
        status_code: code.status().as_u16(),
        error: code,
        message,
        details,
        timestamp: clock::now().to_string(),
        request_id: id.to_owned(),
    }
}

fn rewritten(
    response: ServiceResponse<impl MessageBody + 'static>,
    status: StatusCode,
    body: &ErrorBody,
    wait: Option<Duration>,
) -> ServiceResponse<BoxBody> {
    let mut answer = HttpResponse::build(status).json(body);
    if let Some(wait) = wait {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds(wait).max(1).into());
    } else if status == StatusCode::SERVICE_UNAVAILABLE || body.error == ErrorCode::IdempotencyInProgress {
        answer.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS);
    }
    if body.error == ErrorCode::Unauthenticated {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if let Some(allow) = response.headers().get(header::ALLOW) {
        answer.headers_mut().insert(header::ALLOW, allow.clone());
    }
    response.into_response(answer)
}

fn with_headers(mut response: ServiceResponse<BoxBody>, id: &str) -> ServiceResponse<BoxBody> {
    let request = response.request().clone();
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(id) {
        headers.insert(REQUEST_ID, id);
    }
    for (name, value) in HARDENING {
        if !headers.contains_key(&name) {
            headers.insert(name, HeaderValue::from_static(value));
        }
    }
    if let Some(standing) = request.extensions().get::<Standing>() {
        with_standing(headers, standing);
    }
    if let Some(guard) = request.app_data::<Data<Guard>>() {
        if guard.web.is_https {
            headers.insert(header::STRICT_TRANSPORT_SECURITY, ONE_YEAR);
        }
        cors::mark(headers, request.headers(), &guard.web.cors_origins);
    }
    response
}

/// How the budget of a request stands (draft-ietf-httpapi-ratelimit-headers).
fn with_standing(headers: &mut HeaderMap, Standing { policy, rule, found }: &Standing) {
    let values = [
        (RATE_LIMIT_POLICY, format!("\"{policy}\";q={};w={}", rule.burst, seconds(rule.per))),
        (RATE_LIMIT, format!("\"{policy}\";r={};t={}", found.left, seconds(found.reset))),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

/// Whole seconds, rounded up.
fn seconds(span: Duration) -> u64 {
    span.as_secs() + u64::from(span.subsec_nanos() > 0)
}

fn log_cause(error: &ApiError, id: &str) {
    match (&error.cause, error.code) {
        (Some(cause), ErrorCode::InternalError) => log::error!(request_id = id; "request failed: {cause}"),
        (Some(cause), _) => log::warn!(request_id = id; "request refused: {cause}"),
        (None, _) => {}
    }
}

/// Counts the request, writes its one log line, and tells its span: with the route's
/// template, never its path, since paths hold access codes.
fn tell(response: &ServiceResponse<BoxBody>, work: &Context, started: Instant, span: &mut Span) {
    let (request, status) = (response.request(), response.status());
    let route = request.match_pattern().unwrap_or_else(|| "(no route)".to_owned());
    let (method, took) = (request.method(), started.elapsed());
    metrics::http().answered(method, &route, status.as_u16(), took);
    if status == StatusCode::TOO_MANY_REQUESTS {
        count_limited(request);
    }
    let level = if super::health::is_probe(&route) { log::Level::Debug } else { log::Level::Info };
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    log::log!(
        target: "oc::access", level,
        status = status.as_u16(), micros = micros, request_id = work.request_id.as_str();
        "{method} {route}"
    );
    let method = metrics::known_method(method);
    span.rename(format!("{method} {route}"));
    span.tell("http.request.method", method);
    span.tell("http.route", route);
    span.tell("http.response.status_code", i64::from(status.as_u16()));
    span.tell("request_id", work.request_id.clone());
    if let Some(tenant) = work.tenant() {
        span.tell("tenant_id", tenant.as_str().to_owned());
    }
    if status.is_server_error() {
        span.fail(status.canonical_reason().unwrap_or("error"));
    }
}
