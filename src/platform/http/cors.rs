//! Calls of pages of other origins (Fetch standard, *CORS protocol*): refused by
//! browsers unless `CORS_ORIGINS` lists exactly the page's origin. Cookies are
//! never allowed with them.

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};

use super::guard::Guard;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, DELETE");
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, idempotency-key, if-match, x-request-id, x-tenant",
);
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "etag, idempotency-replayed, location, ratelimit, ratelimit-policy, retry-after, x-request-id",
);
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// The request's origin, if it is one of those that are allowed.
fn allowed<'a>(headers: &'a HeaderMap, origins: &[String]) -> Option<&'a HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then_some(origin)
}

/// The answer to the question that a browser asks before a call, if this is one of
/// an allowed origin. [`mark`] makes it complete.
pub(super) fn preflight(req: &ServiceRequest, origins: &[String]) -> Option<HttpResponse> {
    let asks =
        req.method() == Method::OPTIONS && req.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !asks || allowed(req.headers(), origins).is_none() {
        return None;
    }
    let mut answer = HttpResponse::NoContent().finish();
    let headers = answer.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    Some(answer)
}

/// Says in an answer which origin may read it. As the answer depends on the
/// origin, caches are told so, also where there is none.
pub(super) fn mark(answer: &mut HeaderMap, request: &HeaderMap, origins: &[String]) {
    if origins.is_empty() {
        return;
    }
    answer.append(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(origin) = allowed(request, origins) {
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        answer.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}

/// Whether a browser says that a page of somebody else has caused the request. The origin
/// alone does not tell: `Referrer-Policy: no-referrer` makes browsers leave it out.
pub fn is_from_elsewhere(req: &HttpRequest) -> bool {
    let site = req.headers().get("Sec-Fetch-Site");
    site.is_some_and(|site| !matches!(site.as_bytes(), b"same-origin" | b"none"))
}

/// The same, unless `CORS_ORIGINS` lists that page's origin.
pub fn is_from_strangers(req: &HttpRequest) -> bool {
    let guard = req.app_data::<Data<Guard>>();
    let listed = guard.is_some_and(|guard| allowed(req.headers(), &guard.web.cors_origins).is_some());
    !listed && is_from_elsewhere(req)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn a_request_of_another_site_is_noticed() {
        let from = |site: &'static str| {
            is_from_elsewhere(&TestRequest::post().insert_header(("Sec-Fetch-Site", site)).to_http_request())
        };
        assert!(from("cross-site") && from("same-site") && !from("same-origin") && !from("none"));
        assert!(!is_from_elsewhere(&TestRequest::post().to_http_request()), "older browsers do not say");
    }
}
