//! What a request must pass before any route sees it: bounds of size, the
//! questions of browsers, the limit of its address where nobody is asked who
//! they are.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HOST, HeaderValue};
use actix_web::http::uri::Authority;
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpMessage as _, HttpRequest};

use super::address::ClientAddress;
use super::cors;
use super::error::{ApiError, ErrorCode};
use super::health::is_probe;
use crate::config::{Web, is_this_machine};
use crate::domain::ids::TenantId;
use crate::platform::limits::{Limits, Standing};
use crate::platform::telemetry::acts_for;

/// Paths of every role that ask nobody who they are.
const PUBLIC: [&str; 4] = ["/docs", "/docs/swagger.json", "/docs/swagger.yaml", "/docs/{file:.*}"];

/// What stands between the network and the routes.
#[derive(Debug, Clone)]
pub struct Guard {
    /// How much anybody may ask for.
    pub limits: Limits,
    /// What is taken from whom.
    pub web: Web,
    /// The role's routes that ask nobody who they are, as they are mounted.
    pub public: &'static [&'static str],
}

/// The middleware inside the envelope.
pub(crate) async fn guard(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let Some(guard) = req.app_data::<Data<Guard>>().cloned() else {
        return Ok(next.call(req).await?.map_into_boxed_body());
    };
    let accepted = within_bounds(req.request(), &guard.web).and_then(|()| at_home(req.request(), &guard.web));
    if let Err(error) = accepted {
        return Ok(req.error_response(error));
    }
    if let Some(answer) = cors::preflight(&req, &guard.web.cors_origins) {
        return Ok(req.into_response(answer));
    }
    if guard.limits.settings().address_per_minute > 0
        && guard.is_public(&req)
        && let Some(standing) = guard.limits.take_of_address(ClientAddress::of(req.request()).0).await
    {
        req.extensions_mut().insert(standing);
        if let Err(error) = admitted(req.request()) {
            return Ok(req.error_response(error));
        }
    }
    Ok(next.call(req).await?.map_into_boxed_body())
}

impl Guard {
    /// Whether nobody is asked who they are: also where there is no route at all.
    fn is_public(&self, req: &ServiceRequest) -> bool {
        let route = req.match_pattern();
        route.is_none_or(|route| {
            !is_probe(&route) && (PUBLIC.contains(&route.as_str()) || self.public.contains(&route.as_str()))
        })
    }
}

/// Takes a request that asks who calls out of the budget that its tenant has at this
/// route or, if nobody good calls, of its address: trying tokens is not free. Whether
/// there was something left, [`admitted`] says.
pub(super) async fn count(req: &ServiceRequest, tenant: Option<&TenantId>) {
    let Some(guard) = req.app_data::<Data<Guard>>().cloned() else { return };
    let Some(route) = req.match_pattern().filter(|route| !is_probe(route) && !guard.is_public(req)) else {
        return;
    };
    if let Some(tenant) = tenant {
        acts_for(tenant);
    }
    let standing = match tenant {
        Some(tenant) => guard.limits.take_of_tenant(tenant, &format!("{} {route}", req.method())).await,
        None => guard.limits.take_of_address(ClientAddress::of(req.request()).0).await,
    };
    if let Some(standing) = standing {
        req.extensions_mut().insert(standing);
    }
}

/// Refuses a request whose budget was used up.
pub(super) fn admitted(req: &HttpRequest) -> Result<(), ApiError> {
    let wait = req.extensions().get::<Standing>().map(|standing| standing.found.wait);
    wait.filter(|wait| !wait.is_zero()).map_or(Ok(()), |wait| Err(ApiError::rate_limited(wait)))
}

/// Where nobody is asked who they are, a page of any origin could speak for whoever
/// looks at it, once the page's own name leads to this machine (DNS rebinding).
fn at_home(req: &HttpRequest, web: &Web) -> Result<(), ApiError> {
    let is_ours = |host: &str| is_this_machine(host) || host.to_ascii_lowercase().ends_with(".localhost");
    let named = |value: &HeaderValue| {
        let authority = value.to_str().ok().and_then(|text| text.parse::<Authority>().ok());
        authority.is_some_and(|authority| is_ours(authority.host()))
    };
    let ours = req.headers().get_all(HOST).all(named) && req.uri().host().is_none_or(is_ours);
    if web.only_this_machine && !ours {
        let message =
            "Without authentication only localhost and loopback addresses are answered; use one of them";
        return Err(ApiError::new(ErrorCode::MisdirectedRequest, message));
    }
    Ok(())
}

/// What the web framework would let pass.
fn within_bounds(req: &HttpRequest, web: &Web) -> Result<(), ApiError> {
    if req.uri().path_and_query().map_or(0, |path| path.as_str().len()) > web.max_uri_bytes {
        let message = format!("The path may have at most {} bytes", web.max_uri_bytes);
        return Err(ApiError::new(ErrorCode::UriTooLong, message));
    }
    let headers: usize = req.headers().iter().map(|(name, value)| name.as_str().len() + value.len()).sum();
    if headers > web.max_header_bytes {
        let message = format!("All headers together may have at most {} bytes", web.max_header_bytes);
        return Err(ApiError::new(ErrorCode::HeadersTooLarge, message));
    }
    Ok(())
}
