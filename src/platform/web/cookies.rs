//! Cookies that a script can't read and that go to this host only; no other site's form
//! brings them along (`SameSite=Lax`).

use actix_web::HttpRequest;
use actix_web::http::header::{COOKIE, HeaderValue};

use crate::platform::http::ApiError;

/// A cookie of a role that people reach over https, or not.
#[derive(Debug, Clone, Copy)]
pub struct HostCookie {
    /// Its name. Over https it begins with `__Host-`, which browsers take only over
    /// https, for exactly this host.
    pub name: &'static str,
    /// How long it is kept, in seconds.
    pub seconds: u64,
    /// Whether people come over https.
    pub is_https: bool,
}

impl HostCookie {
    fn full_name(self) -> String {
        format!("{}{}", if self.is_https { "__Host-" } else { "" }, self.name)
    }

    /// The value that a request brings along.
    #[must_use]
    pub fn of(self, req: &HttpRequest) -> Option<String> {
        let own = self.full_name();
        let lines = req.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
        let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(name, _)| *name == own).map(|(_, value)| value.to_owned())
    }

    /// The line of `Set-Cookie` that keeps a value.
    pub fn keep(self, value: &str) -> Result<HeaderValue, ApiError> {
        self.line(value, self.seconds)
    }

    /// The line of `Set-Cookie` that forgets it.
    pub fn forget(self) -> Result<HeaderValue, ApiError> {
        self.line("", 0)
    }

    fn line(self, value: &str, seconds: u64) -> Result<HeaderValue, ApiError> {
        let (name, secure) = (self.full_name(), if self.is_https { "; Secure" } else { "" });
        let line = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
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
        let plain = HostCookie { name: "oc-session", seconds: 3_600, is_https: false };
        let safe = HostCookie { is_https: true, ..plain };
        assert_eq!(safe.of(&request("a=b; __Host-oc-session=tok; c=d")).as_deref(), Some("tok"));
        assert_eq!(safe.of(&request("oc-session=tok")), None, "somebody else may have set it");
        assert_eq!(plain.of(&request("oc-session=tok")).as_deref(), Some("tok"));
        assert_eq!(plain.of(&request("oc-session")), None);
        let kept = safe.keep("tok").unwrap();
        let kept = kept.to_str().unwrap();
        assert_eq!(kept, "__Host-oc-session=tok; Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure");
        assert!(!plain.keep("tok").unwrap().to_str().unwrap().contains("Secure"));
    }
}
