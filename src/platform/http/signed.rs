//! Who uses the pages of a role: by the session of their browser, or, without
//! authentication, anybody at this machine.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, LOCATION};
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest, HttpResponse};
use url::form_urlencoded;

use super::caller::{Recognised, anybody, tell_refused};
use super::error::{ApiError, ErrorCode};
use super::guard::admitted;
use crate::domain::ids::TenantId;
use crate::domain::scope::{Right, Scopes};
use crate::platform::audit::Who;
use crate::platform::web::forms::check_origin;

/// Where people sign in.
const SIGN_IN: &str = "/sign-in";

/// Somebody at the pages with the right `R`. A request that changes something is taken
/// from a page of this host only; its form has to show [`Signed::form_token`] as well.
#[derive(Debug)]
pub struct Signed<R> {
    /// The tenant.
    pub tenant: TenantId,
    /// Who it is; `None` without authentication.
    pub subject: Option<String>,
    /// What they may do.
    pub scopes: Scopes,
    /// The same and from where, for the audit trail.
    pub by: Who,
    /// What every form has to bring along; empty without authentication, where there
    /// is no session that somebody else could make use of.
    pub form_token: String,
    right: PhantomData<R>,
}

impl<R: Right + 'static> FromRequest for Signed<R> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(recognise(req))
    }
}

fn recognise<R: Right>(req: &HttpRequest) -> Result<Signed<R>, Error> {
    if !req.method().is_safe() {
        check_origin(req)?;
    }
    let signed = |tenant, subject: Option<String>, scopes, form_token| {
        let by = Who::of(req, subject.clone());
        Signed { tenant, subject, scopes, by, form_token, right: PhantomData }
    };
    let found = match req.extensions().get::<Recognised>() {
        Some(Recognised::Everybody) => {
            let (tenant, _) = anybody(req.headers())?;
            signed(tenant, None, Scopes::ALL, String::new())
        }
        Some(Recognised::Signed(session)) => {
            let person = session.person.clone();
            if !person.scopes.allow(R::SCOPE) {
                tell_refused(req, &person);
                return Err(elsewhere(req, "rights", ErrorCode::Forbidden));
            }
            signed(person.tenant, Some(person.subject), person.scopes, session.form_token.clone())
        }
        _ => return Err(elsewhere(req, "session", ErrorCode::Unauthenticated)),
    };
    admitted(req)?;
    Ok(found)
}

/// Sends a person to where they sign in, and tells a script why nothing was done.
fn elsewhere(req: &HttpRequest, why: &str, code: ErrorCode) -> Error {
    if wants_json(req) {
        return ApiError::new(code, "Sign in and try again").into();
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("why", why);
    if *req.method() == Method::GET {
        query.append_pair("next", req.uri().path_and_query().map_or("/", |path| path.as_str()));
    }
    let target = format!("{SIGN_IN}?{}", query.finish());
    let answer = HttpResponse::SeeOther().insert_header((LOCATION, target)).finish();
    InternalError::from_response("nobody is signed in", answer).into()
}

/// Whether a script of the pages asks, which reads JSON.
#[must_use]
pub fn wants_json(req: &HttpRequest) -> bool {
    req.headers().get(ACCEPT).is_some_and(|value| value.as_bytes().starts_with(b"application/json"))
}
