//! Calls to the client role, each for one tenant and with a token that says so.

use awc::http::Method;

use crate::domain::ids::TenantId;
use crate::domain::wire::{REQUEST_ID_HEADER, TENANT_HEADER};
use crate::platform::clock;
use crate::platform::http_client::{Answer, CallError, HttpClient};
use crate::platform::identity::ServiceTokens;

/// The way to the client role, for one thread.
#[derive(Clone)]
pub struct ClientApi {
    /// Its connections.
    pub http: HttpClient,
    /// `CLIENT_BASE_URL`.
    pub base_url: String,
    /// Tokens to show; without them the client role has to take everybody.
    pub tokens: Option<ServiceTokens>,
}

/// One call.
pub struct Call<'a> {
    /// How.
    pub method: Method,
    /// What, under [`ClientApi::base_url`].
    pub path: &'a str,
    /// Names it in the logs of both roles.
    pub request_id: Option<&'a str>,
    /// JSON.
    pub body: Vec<u8>,
}

impl ClientApi {
    /// Makes a call and returns the answer if it is a success.
    pub async fn call(&self, tenant: &TenantId, call: Call<'_>) -> Result<Answer, CallError> {
        let token = self.tokens.as_ref().and_then(|tokens| tokens.mint(tenant, clock::now()));
        let credentials = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![(TENANT_HEADER, tenant.as_str()), ("Content-Type", "application/json")];
        headers.extend(credentials.as_deref().map(|credentials| ("Authorization", credentials)));
        headers.extend(call.request_id.map(|id| (REQUEST_ID_HEADER, id)));
        let url = format!("{}{}", self.base_url, call.path);
        self.http.send(call.method, &url, &headers, call.body).await?.success()
    }
}
