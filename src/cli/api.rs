//! The HTTP APIs of both roles as `oc send`, `oc open` and `oc dev` use them.

use std::time::Duration;

use awc::http::Method;
use clap::Args;
use serde_json::{Value, json};

use super::{FAILED, Failure, USAGE, token};
use crate::config::Jwt;
use crate::domain::ids::TenantId;
use crate::domain::wire::TENANT_HEADER;
use crate::platform::http_client::{Answer, HttpClient};

/// Longest wait for one answer; longer than the provider waits for the client role.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Whom a token that is signed here is for, where nobody says so.
const TENANT: &str = "default";
/// How long it is good, in seconds.
const LIFE: i64 = 300;

/// Who calls.
#[derive(Args, Clone, Default)]
pub struct Credentials {
    /// The tenant to act for; a token names it by itself
    #[arg(long, global = true, env = "OC_TENANT")]
    tenant: Option<String>,
    /// The token to show; `oc token` makes one
    #[arg(long, global = true, env = "OC_TOKEN", hide_env_values = true)]
    token: Option<String>,
}

impl Credentials {
    /// With a token that is signed here, if none was given.
    pub fn or_signed(self, subject: &str, jwt: &Jwt) -> Result<Self, Failure> {
        if self.token.as_deref().is_some_and(|token| !token.trim().is_empty()) {
            return Ok(self);
        }
        let tenant = self.tenant.as_deref().map_or(TENANT, str::trim);
        let tenant = TenantId::parse(tenant).map_err(|why| Failure::new(USAGE, why.to_string()))?;
        Ok(Self { token: Some(token::sign(jwt, &tenant, subject, token::SCOPE, LIFE)?), ..self })
    }
}

/// One role at one address.
pub struct Api {
    http: HttpClient,
    base: String,
    /// Headers of every call.
    headers: Vec<(&'static str, String)>,
}

/// A status and a JSON body.
pub struct Reply {
    pub status: u16,
    pub body: Value,
}

impl Reply {
    /// The text at a JSON pointer (RFC 6901), `/items/0/title`.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.body.pointer(pointer).and_then(Value::as_str)
    }
}

impl Api {
    /// The role at `base`, such as `http://127.0.0.1:3001`.
    pub fn new(base: &str, who: &Credentials) -> Result<Self, Failure> {
        let parsed =
            url::Url::parse(base).ok().filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
        if parsed.is_none() {
            return Err(Failure::new(
                USAGE,
                format!("{base} is no address; it must start with http:// or https://"),
            ));
        }
        let given = |value: &Option<String>| value.as_deref().map(str::trim).map(str::to_owned);
        let given = |value| given(value).filter(|text| !text.is_empty());
        let tenant = given(&who.tenant).map(|tenant| (TENANT_HEADER, tenant));
        let token = given(&who.token).map(|token| ("Authorization", format!("Bearer {token}")));
        Ok(Self {
            http: HttpClient::new(base, TIMEOUT)?,
            base: base.trim_end_matches('/').to_owned(),
            headers: tenant.into_iter().chain(token).collect(),
        })
    }

    /// Calls `path` and returns the answer if its status is one of `expected`.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        expected: &[u16],
    ) -> Result<Reply, Failure> {
        let url = format!("{}{path}", self.base);
        let mut headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        if body.is_some() {
            headers.push(("Content-Type", "application/json"));
        }
        let bytes = body.map_or_else(Vec::new, |body| body.to_string().into_bytes());
        let answer = self.http.send(method, &url, &headers, bytes).await.map_err(|error| {
            Failure::new(FAILED, format!("{} {error}; is it running? `oc dev` starts both roles", self.base))
        })?;
        let Answer { status, body, .. } = answer;
        let body: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if expected.contains(&status) {
            return Ok(Reply { status, body });
        }
        let message = body.get("message").and_then(Value::as_str).unwrap_or("no reason given");
        Err(Failure::new(FAILED, format!("{} answered {status}: {message}", self.base)))
    }

    /// Creates a document, finalises it and sends it.
    pub async fn hand_over(&self, document: &Value) -> Result<Reply, Failure> {
        let id = self.write(document, false).await?;
        self.send(&id).await
    }

    /// Finalises a document and sends it.
    pub async fn send(&self, id: &str) -> Result<Reply, Failure> {
        self.finalise(id).await?;
        self.call(Method::POST, "/api/send", Some(&json!({ "documentId": id })), &[200, 202]).await
    }

    async fn finalise(&self, id: &str) -> Result<Reply, Failure> {
        let path = format!("/api/documents/{id}");
        self.call(Method::PUT, &path, Some(&json!({"status": "final"})), &[200]).await
    }

    /// Creates a document and returns its id.
    pub async fn write(&self, document: &Value, finalise: bool) -> Result<String, Failure> {
        let created = self.call(Method::POST, "/api/documents", Some(document), &[201]).await?;
        let id = created.text("/id").unwrap_or_default().to_owned();
        if finalise {
            self.finalise(&id).await?;
        }
        Ok(id)
    }
}
