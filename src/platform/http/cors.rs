//! Calls of pages of other origins (Fetch standard, *CORS protocol*): refused by
//! browsers unless `CORS_ORIGINS` lists exactly the page's origin. Cookies are
//! never allowed with them.

use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderValue};
use actix_web::http::uri::{Authority, Uri};
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

/// Whether a browser says that a page of somebody else has caused the request. Older ones do
/// not send `Sec-Fetch-Site`; their `Origin` is `null` for our own pages, since
/// `Referrer-Policy: no-referrer` hides it, so only one that is named tells anything.
#[must_use]
pub fn is_from_elsewhere(req: &HttpRequest) -> bool {
    if let Some(site) = req.headers().get("Sec-Fetch-Site") {
        return !matches!(site.as_bytes(), b"same-origin" | b"none");
    }
    let text = |name| req.headers().get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN).filter(|origin| *origin != "null") else { return false };
    let of_origin = origin.parse::<Uri>().ok().and_then(|uri| uri.authority().map(ToString::to_string));
    let own = text(header::HOST).and_then(|host| host.parse::<Authority>().ok()).map(|host| host.to_string());
    own.is_none() || of_origin != own
}

/// Whether a browser says for sure that a page has caused the request whose origin
/// `CORS_ORIGINS` does not list.
pub fn is_from_strangers(req: &HttpRequest) -> bool {
    let guard = req.app_data::<Data<Guard>>();
    let listed = guard.is_some_and(|guard| allowed(req.headers(), &guard.web.cors_origins).is_some());
    !listed && req.headers().contains_key("Sec-Fetch-Site") && is_from_elsewhere(req)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HOST, ORIGIN};
    use actix_web::test::TestRequest;

    #[test]
    fn a_request_of_another_site_is_noticed() {
        let from = |site: &'static str| {
            is_from_elsewhere(&TestRequest::post().insert_header(("Sec-Fetch-Site", site)).to_http_request())
        };
        assert!(from("cross-site") && from("same-site") && !from("same-origin") && !from("none"));
        assert!(!is_from_elsewhere(&TestRequest::post().to_http_request()), "programs do not say");
    }

    #[test]
    fn older_browsers_are_judged_by_the_origin_that_they_name() {
        let from = |origin: &'static str| {
            let request = TestRequest::post().insert_header((HOST, "client.example"));
            is_from_elsewhere(&request.insert_header((ORIGIN, origin)).to_http_request())
        };
        assert!(!from("https://client.example") && !from("null"));
        assert!(from("https://evil.example") && from("https://client.example:8443") && from("x"));
    }
}
