//! Whose request it is.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use super::error::ApiError;
use crate::domain::fields::Invalid;
use crate::domain::ids::TenantId;
use crate::domain::wire::TENANT_HEADER;

/// The tenant of callers that name none. Only possible without authentication.
const UNNAMED: &str = "default";

/// The tenant that a request acts for; every store function asks for it.
#[derive(Debug, Clone)]
pub struct Tenant(pub TenantId);

impl FromRequest for Tenant {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = req.headers().get(TENANT_HEADER).map(|value| value.to_str().unwrap_or(""));
        let tenant = TenantId::parse(header.unwrap_or(UNNAMED));
        ready(tenant.map(Self).map_err(|why| Invalid::field(TENANT_HEADER, "format", why.to_string()).into()))
    }
}
