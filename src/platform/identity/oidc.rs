//! Signing in with an account: the authorization code flow of OpenID Connect with PKCE
//! (RFC 6749, section 4.1; RFC 7636; OpenID Connect Discovery 1.0). What an identity
//! provider vouches for is its access token, checked like one that a program sends.

use std::time::Duration;

use awc::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use url::Url;
use url::form_urlencoded::Serializer;

use crate::config::Account;
use crate::domain::timestamp::Timestamp;
use crate::platform::http_client::{CallError, HttpClient};
use crate::platform::random::{self, NoRandomness};

/// Longest time for one call to the identity provider.
const CALL_TIMEOUT: Duration = Duration::from_secs(5);
/// Largest answer that is taken.
const ANSWER_MAX: usize = 64 * 1_024;
/// How long somebody may take to sign in.
const PATIENCE: Duration = Duration::from_secs(600);

/// Where an identity provider is asked.
#[derive(Debug, Deserialize)]
pub struct Endpoints {
    issuer: String,
    authorization_endpoint: String,
    token_endpoint: String,
}

/// A signing-in that has begun; kept sealed by the browser that has begun it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Begun {
    /// What the identity provider has to send back.
    state: String,
    /// What proves to it that the same browser comes back.
    verifier: String,
    /// The page that was wanted.
    pub next: String,
    until: i64,
}

/// What the identity provider sends back with a browser.
#[derive(Debug, Default)]
pub struct Returned {
    /// `state`.
    pub state: Option<String>,
    /// `code`.
    pub code: Option<String>,
    /// `iss` (RFC 9207).
    pub issuer: Option<String>,
}

#[derive(Deserialize)]
struct Tokens {
    access_token: String,
}

impl Begun {
    /// Begins at `now`.
    pub fn new(next: String, now: Timestamp) -> Result<Self, NoRandomness> {
        let (state, verifier): ([u8; 16], [u8; 32]) = (random::bytes()?, random::bytes()?);
        Ok(Self {
            state: URL_SAFE_NO_PAD.encode(state),
            verifier: URL_SAFE_NO_PAD.encode(verifier),
            next,
            until: now.plus(PATIENCE).as_millis(),
        })
    }

    /// How long it is kept.
    #[must_use]
    pub fn patience() -> Duration {
        PATIENCE
    }

    /// Whether what came back belongs to it, at `now`.
    #[must_use]
    pub fn takes(&self, returned: &Returned, account: &Account, now: Timestamp) -> bool {
        returned.state.as_deref() == Some(self.state.as_str())
            && returned.issuer.as_ref().is_none_or(|issuer| *issuer == account.issuer)
            && now.as_millis() < self.until
    }

    /// Where the browser goes.
    #[must_use]
    pub fn url(&self, account: &Account, endpoints: &Endpoints) -> Option<String> {
        let challenge = URL_SAFE_NO_PAD.encode(digest(&SHA256, self.verifier.as_bytes()));
        let mut url = Url::parse(&endpoints.authorization_endpoint).ok()?;
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &account.client_id)
            .append_pair("redirect_uri", &account.redirect_url)
            .append_pair("scope", &account.scopes)
            .append_pair("state", &self.state)
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        Some(url.into())
    }
}

/// Asks the identity provider where it is to be asked.
pub async fn discover(account: &Account) -> Result<Endpoints, CallError> {
    let url = format!("{}/.well-known/openid-configuration", account.issuer.trim_end_matches('/'));
    let found: Endpoints = call(Method::GET, &url, Vec::new()).await?;
    // Whoever answers for somebody else is not asked for tokens.
    if found.issuer == account.issuer { Ok(found) } else { Err(CallError::BadAnswer) }
}

/// Exchanges the code that came back for an access token.
pub async fn redeem(
    account: &Account,
    endpoints: &Endpoints,
    begun: &Begun,
    code: &str,
) -> Result<String, CallError> {
    let mut form = Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &account.redirect_url)
        .append_pair("client_id", &account.client_id)
        .append_pair("code_verifier", &begun.verifier);
    if let Some(secret) = &account.client_secret {
        form.append_pair("client_secret", secret.expose());
    }
    let tokens: Tokens = call(Method::POST, &endpoints.token_endpoint, form.finish().into_bytes()).await?;
    Ok(tokens.access_token)
}

/// Rare enough for a connection of its own.
async fn call<T: serde::de::DeserializeOwned>(
    method: Method,
    url: &str,
    body: Vec<u8>,
) -> Result<T, CallError> {
    let client = HttpClient::new(url, CALL_TIMEOUT)?;
    let headers = [("Accept", "application/json"), ("Content-Type", "application/x-www-form-urlencoded")];
    let headers = if method == Method::GET { headers.get(..1) } else { headers.get(..) };
    let answer = client.send(method, url, headers.unwrap_or_default(), body).await?.success()?;
    let small = answer.body.len() <= ANSWER_MAX;
    small.then(|| serde_json::from_slice(&answer.body).ok()).flatten().ok_or(CallError::BadAnswer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account() -> Account {
        Account {
            issuer: "https://id.example".to_owned(),
            client_id: "workspace".to_owned(),
            client_secret: None,
            redirect_url: "https://provider.example/sign-in/return".to_owned(),
            scopes: "openid documents:read".to_owned(),
        }
    }

    #[test]
    fn only_what_was_begun_here_and_in_time_is_taken() {
        let begun = Begun::new("/".to_owned(), Timestamp::EPOCH).unwrap();
        let returned = |state: &str, issuer: Option<&str>| Returned {
            state: Some(state.to_owned()),
            code: Some("c".to_owned()),
            issuer: issuer.map(str::to_owned),
        };
        let at = |second: i64| Timestamp::from_millis(second * 1_000).unwrap();
        assert!(begun.takes(&returned(&begun.state, None), &account(), at(599)));
        assert!(begun.takes(&returned(&begun.state, Some("https://id.example")), &account(), at(1)));
        assert!(!begun.takes(&returned(&begun.state, None), &account(), at(600)));
        assert!(!begun.takes(&returned(&begun.state, Some("https://evil.example")), &account(), at(1)));
        assert!(!begun.takes(&returned("other", None), &account(), at(1)));
        assert!(!begun.takes(&Returned::default(), &account(), at(1)));
    }

    #[test]
    fn the_browser_is_sent_on_with_a_challenge_and_without_the_verifier() {
        let begun = Begun::new("/".to_owned(), Timestamp::EPOCH).unwrap();
        let endpoints = Endpoints {
            issuer: "https://id.example".to_owned(),
            authorization_endpoint: "https://id.example/authorize?tenant=x".to_owned(),
            token_endpoint: "https://id.example/token".to_owned(),
        };
        let url = begun.url(&account(), &endpoints).unwrap();
        assert!(
            url.starts_with("https://id.example/authorize?tenant=x&response_type=code&client_id=workspace&")
        );
        assert!(url.contains("code_challenge_method=S256") && !url.contains(&begun.verifier), "{url}");
    }
}
