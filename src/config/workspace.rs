//! Settings of the provider's pages.

use std::time::Duration;

use url::Url;

use super::identity::is_safe;
use super::values::{Problems, Secret, Values};

/// The pages of the provider role.
#[derive(Debug, Clone)]
pub struct Workspace {
    /// `WORKSPACE_SESSION_SECONDS`.
    pub session: Duration,
    /// Where people sign in with an account; `None` where they show a token.
    pub account: Option<Account>,
}

/// An identity provider that people have an account with (OpenID Connect).
#[derive(Debug, Clone)]
pub struct Account {
    /// `JWT_ISSUER`.
    pub issuer: String,
    /// `OIDC_CLIENT_ID`.
    pub client_id: String,
    /// `OIDC_CLIENT_SECRET`; without it, the workspace is a public client.
    pub client_secret: Option<Secret>,
    /// `OIDC_REDIRECT_URL`.
    pub redirect_url: String,
    /// `OIDC_SCOPES`.
    pub scopes: String,
}

impl Workspace {
    /// Checks these settings.
    pub(super) fn load(role: &str, values: &Values, problems: &mut Problems) -> Self {
        let seconds = values.number("WORKSPACE_SESSION_SECONDS", 300..=86_400, problems);
        let wanted = role == "provider" && values.get("AUTH") == Some("jwt");
        let account = values.get("OIDC_CLIENT_ID").filter(|_| wanted).map(str::to_owned);
        let account = account.map(|client_id| Account::load(client_id, values, problems));
        Self { session: Duration::from_secs(seconds), account }
    }
}

impl Account {
    fn load(client_id: String, values: &Values, problems: &mut Problems) -> Self {
        let safe = |text: &str| Url::parse(text).is_ok_and(|url| is_safe(&url));
        let issuer = values.get("JWT_ISSUER").unwrap_or_default().to_owned();
        if !safe(&issuer) {
            problems.add(
                "OIDC_CLIENT_ID",
                "is given, so JWT_ISSUER must be the https:// URL of the identity provider (or http:// at a loopback address)",
            );
        }
        let redirect_url = values.required("OIDC_REDIRECT_URL", problems);
        let is_good = safe(&redirect_url) && redirect_url.ends_with("/sign-in/return");
        if !redirect_url.is_empty() && !is_good {
            problems.add(
                "OIDC_REDIRECT_URL",
                "must start with https:// (or http:// and a loopback address) and end in /sign-in/return",
            );
        }
        Self {
            issuer,
            client_id,
            client_secret: values.get("OIDC_CLIENT_SECRET").map(|text| Secret::new(text.to_owned())),
            redirect_url,
            scopes: values.get("OIDC_SCOPES").unwrap_or("openid").to_owned(),
        }
    }
}
