//! The cookie that keeps the session of somebody who uses the pages.
//!
//! A script can't read it, it goes to this host only, and no other site's form brings
//! it along (`SameSite=Lax`).

use actix_web::HttpRequest;
use actix_web::http::header::{COOKIE, HeaderValue};

use crate::domain::session::LONGEST;
use crate::platform::http::ApiError;

/// Browsers take a name with this beginning only over https, for exactly this host.
const SAFE_NAME: &str = "__Host-oc-session";
/// For the development on one machine without https.
const PLAIN_NAME: &str = "oc-session";

/// The cookie of a role that people reach over https, or not.
#[derive(Debug, Clone, Copy)]
pub(super) struct SessionCookie {
    pub(super) is_https: bool,
}

impl SessionCookie {
    /// The cookie of the role behind `public_url`.
    pub(super) fn of(public_url: &str) -> Self {
        Self { is_https: public_url.starts_with("https://") }
    }

    fn name(self) -> &'static str {
        if self.is_https { SAFE_NAME } else { PLAIN_NAME }
    }

    /// The token that a request brings along.
    pub(super) fn token(self, req: &HttpRequest) -> Option<String> {
        let lines = req.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == self.name()).map(|(_, token)| token.to_owned())
    }

    /// Keeps a token for as long as a session lasts at most.
    pub(super) fn keep(self, token: &str) -> Result<HeaderValue, ApiError> {
        self.line(token, LONGEST.as_secs())
    }

    /// Forgets it.
    pub(super) fn forget(self) -> Result<HeaderValue, ApiError> {
        self.line("", 0)
    }

    fn line(self, token: &str, seconds: u64) -> Result<HeaderValue, ApiError> {
        let secure = if self.is_https { "; Secure" } else { "" };
        let line =
            format!("{}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}", self.name());
        HeaderValue::from_str(&line).map_err(ApiError::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    #[test]
    fn the_cookie_is_read_back_under_its_own_name_only() {
        let request = |line: &str| TestRequest::get().insert_header((COOKIE, line)).to_http_request();
        let (safe, plain) = (SessionCookie { is_https: true }, SessionCookie { is_https: false });
        assert_eq!(safe.token(&request("a=b; __Host-oc-session=tok; c=d")).as_deref(), Some("tok"));
        assert_eq!(safe.token(&request("oc-session=tok")), None, "somebody else may have set it");
        assert_eq!(plain.token(&request("oc-session=tok")).as_deref(), Some("tok"));
        assert_eq!(plain.token(&request("oc-session")), None);
        let kept = safe.keep("tok").unwrap();
        let kept = kept.to_str().unwrap();
        assert_eq!(kept, "__Host-oc-session=tok; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure");
        assert!(!plain.keep("tok").unwrap().to_str().unwrap().contains("Secure"));
    }
}
