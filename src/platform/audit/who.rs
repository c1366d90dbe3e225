//! Who makes a request and from where, as long as it is being answered.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::header::USER_AGENT;
use actix_web::{FromRequest, HttpRequest};

use crate::domain::audit::{NOBODY, Trace, family, named, reduced};
use crate::domain::ids::TenantId;
use crate::platform::http::{ApiError, ClientAddress};
use crate::platform::secrets::SecretKeys;

/// Bytes of a mark that are kept.
const MARK_LEN: usize = 16;

/// A caller with its whole address and user agent. Never stored and never shown:
/// what is kept is a [`Trace`] of it.
#[derive(Clone, Default)]
pub struct Who {
    subject: Option<String>,
    address: Option<IpAddr>,
    agent: Option<String>,
}

impl std::fmt::Debug for Who {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Who(***)")
    }
}

impl FromRequest for Who {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::of(req, None)))
    }
}

impl Who {
    /// The caller of a request; `subject` is who its token says it is.
    #[must_use]
    pub fn of(req: &HttpRequest, subject: Option<String>) -> Self {
        let agent = req.headers().get(USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let address = req.peer_addr().map(|_| ClientAddress::of(req).0);
        Self { subject, address, agent: agent.map(std::borrow::Cow::into_owned) }
    }

    pub(super) fn trace(&self, keys: &SecretKeys, tenant: &TenantId) -> Trace {
        Trace {
            who: self.subject.as_deref().map_or_else(|| NOBODY.to_owned(), named),
            address: self.address.map(reduced),
            agent: self.agent.as_deref().map(family),
            mark: self.mark(keys, tenant),
        }
    }

    /// The same address and user agent have the same mark, within one tenant and
    /// as long as the first key stays.
    fn mark(&self, keys: &SecretKeys, tenant: &TenantId) -> Option<String> {
        let address = self.address?.to_canonical().to_string();
        let agent = self.agent.as_deref().unwrap_or_default();
        let parts: [&[u8]; 4] =
            [b"audit|mark", tenant.as_str().as_bytes(), address.as_bytes(), agent.as_bytes()];
        let hash = keys.first().ok()?.hash(&parts);
        Some(hash.iter().take(MARK_LEN).map(|byte| format!("{byte:02x}")).collect())
    }
}
