//! Who makes a request, for which tenant, and whether they may.
//!
//! Callers are recognised before the request is routed; whether they have the right
//! is asked by [`Caller`], which stands in the signature of every handler that is not
//! for everybody. It is ready at once, and nothing that stands behind it in the
//! signature is looked at before: whoever may not come in learns nothing about
//! what is wrong with the rest.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, FromRequest, HttpMessage as _, HttpRequest};

use super::error::{ApiError, ErrorCode};
use super::guard::{admitted, count};
use crate::domain::claims::{BadToken, Person};
use crate::domain::fields::Invalid;
use crate::domain::ids::TenantId;
use crate::domain::scope::Right;
use crate::domain::wire::TENANT_HEADER;
use crate::platform::audit::{Audit, Who};
use crate::platform::identity::{Door, Identity, Refusal, Session, Sessions};
use crate::platform::{clock, metrics};

/// The tenant of callers that name none. Only possible without authentication.
const UNNAMED: &str = "default";

/// How callers of one thread are recognised.
pub struct Access {
    /// By their tokens; `None` where `AUTH` is `none`.
    door: Option<Door>,
    /// By the sessions of the pages, where the role has such.
    pub(super) sessions: Option<Sessions>,
}

impl Access {
    /// What the settings say.
    #[must_use]
    pub fn of(identity: &Identity) -> Self {
        Self { door: identity.door(), sessions: identity.sessions() }
    }

    /// Whom a token names that somebody shows at the pages, instead of sending it along.
    pub async fn recognise_token(&self, token: &str) -> Result<Person, Refusal> {
        let door = self.door.as_ref().ok_or(BadToken("is not needed"))?;
        door.recognise(token, clock::now()).await
    }

    /// Whoever sends a token is known by it; a session counts where there is none.
    async fn recognise(&self, headers: &HeaderMap) -> Recognised {
        let Some(door) = &self.door else { return Recognised::Everybody };
        if !headers.contains_key(AUTHORIZATION)
            && let Some(session) = self.sessions.as_ref().and_then(|known| known.of(headers, clock::now()))
        {
            return Recognised::Signed(session);
        }
        let found = match bearer(headers) {
            Ok(token) => door.recognise(token, clock::now()).await,
            Err(bad) => Err(bad.into()),
        };
        found.map_or_else(Recognised::Nobody, Recognised::One)
    }
}

/// Who makes a request, kept beside it until a handler asks.
pub(super) enum Recognised {
    Everybody,
    One(Person),
    /// Somebody at the pages. A browser brings the session along whoever asks it to, so
    /// only routes that know about that take it: [`super::Signed`].
    Signed(Session),
    Nobody(Refusal),
}

/// The middleware that recognises and counts callers. Refuses nobody: there are routes
/// for everybody, and whoever lacks a right is told that first.
pub async fn authenticate(
    req: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    if let Some(access) = req.app_data::<Data<Access>>().cloned() {
        let recognised = access.recognise(req.headers()).await;
        match &recognised {
            Recognised::Everybody => count_anybody(&req).await,
            Recognised::One(person) => count(&req, Some(&person.tenant)).await,
            Recognised::Signed(session) => count(&req, Some(&session.person.tenant)).await,
            Recognised::Nobody(Refusal::Bad(_)) => count(&req, None).await,
            // Not the caller's fault.
            Recognised::Nobody(Refusal::NoKeys) => {}
        }
        req.extensions_mut().insert(recognised);
    }
    next.call(req).await
}

async fn count_anybody(req: &ServiceRequest) {
    if let Ok((tenant, _)) = anybody(req.headers()) {
        count(req, Some(&tenant)).await;
    }
}

/// The token of `Authorization: Bearer TOKEN` (RFC 6750, section 2.1).
fn bearer(headers: &HeaderMap) -> Result<&str, BadToken> {
    let mut values = headers.get_all(AUTHORIZATION);
    let value = values.next().ok_or(BadToken("is not there"))?;
    if values.next().is_some() {
        return Err(BadToken("is there twice"));
    }
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("Bearer") {
        return Err(BadToken("is not there, but other credentials are"));
    }
    Ok(token.trim_start_matches(' '))
}

/// A caller with the right `R`, and the tenant that the request acts for; every
/// store function asks for it.
#[derive(Debug)]
pub struct Caller<R> {
    /// The tenant.
    pub tenant: TenantId,
    /// Who it is, in the words of whoever made the token; `None` without authentication.
    pub subject: Option<String>,
    /// The same and from where, for the audit trail.
    pub by: Who,
    right: PhantomData<R>,
}

impl<R: Right + 'static> FromRequest for Caller<R> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let recognised = match req.extensions().get::<Recognised>() {
            Some(Recognised::Everybody) => anybody(req.headers()),
            Some(Recognised::One(person)) => {
                authorised::<R>(person, req.headers()).inspect_err(|_| tell_refused(req, person))
            }
            // Whoever tries too often is not even told that.
            Some(Recognised::Nobody(refusal)) => admitted(req).and_then(|()| Err(unrecognised(*refusal))),
            // Reading is harmless, whoever has made the browser do it: no other site is
            // told the answer. So pages can show what the API makes.
            Some(Recognised::Signed(session)) if req.method().is_safe() => {
                let person = &session.person;
                authorised::<R>(person, req.headers()).inspect_err(|_| tell_refused(req, person))
            }
            Some(Recognised::Signed(_)) => {
                Err(unrecognised(BadToken("is not there, but a session is").into()))
            }
            None => Err(unrecognised(BadToken("was not looked at").into())),
        };
        let admitted = recognised.and_then(|known| admitted(req).map(|()| known));
        ready(admitted.map(|(tenant, subject)| {
            let by = Who::of(req, subject.clone());
            Self { tenant, subject, by, right: PhantomData }
        }))
    }
}

/// Somebody who is known wanted what they have no right to.
pub(super) fn tell_refused(req: &HttpRequest, person: &Person) {
    if let Some(audit) = req.app_data::<Data<Audit>>() {
        let route = req.match_pattern().unwrap_or_default();
        let who = Who::of(req, Some(person.subject.clone()));
        audit.refused(&person.tenant, &who, &format!("{} {route}", req.method()));
    }
}

pub(super) type Known = (TenantId, Option<String>);

pub(super) fn anybody(headers: &HeaderMap) -> Result<Known, ApiError> {
    let header = headers.get(TENANT_HEADER).map(|value| value.to_str().unwrap_or(""));
    let tenant = TenantId::parse(header.unwrap_or(UNNAMED));
    tenant
        .map(|tenant| (tenant, None))
        .map_err(|why| Invalid::field(TENANT_HEADER, "format", why.to_string()).into())
}

fn authorised<R: Right>(person: &Person, headers: &HeaderMap) -> Result<Known, ApiError> {
    if headers.get_all(TENANT_HEADER).any(|value| value.as_bytes() != person.tenant.as_str().as_bytes()) {
        let message = format!("{TENANT_HEADER} names another tenant than the token");
        return Err(ApiError::new(ErrorCode::TenantMismatch, message));
    }
    if !person.scopes.allow(R::SCOPE) {
        let message = format!("The token lacks the scope {}", R::SCOPE.as_str());
        return Err(ApiError::new(ErrorCode::Forbidden, message));
    }
    Ok((person.tenant.clone(), Some(person.subject.clone())))
}

/// One answer for every token that is not good, and for none; why is logged.
fn unrecognised(refusal: Refusal) -> ApiError {
    metrics::protection().token_refused(matches!(refusal, Refusal::NoKeys));
    match refusal {
        Refusal::Bad(bad) => {
            let message = "A valid token is needed: send the header Authorization: Bearer TOKEN";
            ApiError { cause: Some(bad.into()), ..ApiError::new(ErrorCode::Unauthenticated, message) }
        }
        Refusal::NoKeys => {
            let message = "Tokens can't be checked at the moment; please try again";
            let cause = "the keys that tokens are checked with are not there";
            ApiError { cause: Some(cause.into()), ..ApiError::new(ErrorCode::IdentityUnavailable, message) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::scope::{DocumentsRead, Scopes};
    use actix_web::test::TestRequest;

    fn asked(request: TestRequest, recognised: Option<Recognised>) -> Result<Known, ErrorCode> {
        let request = request.to_http_request();
        if let Some(recognised) = recognised {
            request.extensions_mut().insert(recognised);
        }
        let caller = Caller::<DocumentsRead>::from_request(&request, &mut Payload::None).into_inner();
        caller.map(|caller| (caller.tenant, caller.subject)).map_err(|error| error.code)
    }

    fn anna(scope: &str) -> Option<Recognised> {
        let tenant = TenantId::parse("praxis").unwrap();
        let (subject, scopes) = ("anna".to_owned(), Scopes::parse(scope));
        let until = clock::now();
        Some(Recognised::One(Person { tenant, subject, scopes, until }))
    }

    fn for_tenants(tenants: &[&str]) -> TestRequest {
        let add = |request: TestRequest, tenant: &&str| request.append_header((TENANT_HEADER, *tenant));
        tenants.iter().fold(TestRequest::get(), add)
    }

    #[test]
    fn a_request_that_nobody_looked_at_is_refused() {
        assert_eq!(asked(TestRequest::get(), None), Err(ErrorCode::Unauthenticated));
    }

    #[test]
    fn a_verified_tenant_wins_and_another_one_is_refused() {
        for tenants in [&[][..], &["praxis"]] {
            let (tenant, subject) = asked(for_tenants(tenants), anna("documents:read")).unwrap();
            assert_eq!((tenant.as_str(), subject.as_deref()), ("praxis", Some("anna")));
        }
        for tenants in [&["other"][..], &["praxis", "other"], &["PRAXIS"], &[""]] {
            let refused = asked(for_tenants(tenants), anna("documents:read"));
            assert_eq!(refused, Err(ErrorCode::TenantMismatch), "{tenants:?}");
        }
        assert_eq!(asked(for_tenants(&[]), anna("documents:write admin")), Err(ErrorCode::Forbidden));
    }

    #[test]
    fn without_authentication_the_header_says_whose_request_it_is() {
        let open = || Some(Recognised::Everybody);
        assert_eq!(asked(for_tenants(&["praxis"]), open()).unwrap().0.as_str(), "praxis");
        assert_eq!(asked(for_tenants(&[]), open()).unwrap(), (TenantId::parse(UNNAMED).unwrap(), None));
        assert_eq!(asked(for_tenants(&["NO TENANT"]), open()), Err(ErrorCode::ValidationFailed));
    }

    #[test]
    fn one_token_is_read_and_no_other_credentials() {
        let read = |values: &[&str]| {
            let add = |request: TestRequest, value: &&str| request.append_header((AUTHORIZATION, *value));
            let request = values.iter().fold(TestRequest::get(), add).to_http_request();
            bearer(request.headers()).map(str::to_owned)
        };
        assert_eq!(read(&["Bearer a.b.c"]).as_deref(), Ok("a.b.c"));
        assert_eq!(read(&["bearer  a.b.c"]).as_deref(), Ok("a.b.c"));
        for bad in [&[][..], &["a.b.c"], &["Basic YTpi"], &["Bearer"], &["Bearer a", "Bearer a"]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
