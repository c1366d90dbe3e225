//! `If-Match` (RFC 9110, section 13.1.1): change only what has not changed since.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::IF_MATCH;
use actix_web::{FromRequest, HttpRequest};

use super::error::{ApiError, ErrorCode};

/// The versions that the caller accepts; any if it names none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Option<Vec<String>>);

impl FromRequest for IfMatch {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let header = req.headers().get(IF_MATCH).map(|value| value.to_str().unwrap_or(""));
        ready(Ok(Self(header.filter(|text| text.trim() != "*").map(tags))))
    }
}

fn tags(text: &str) -> Vec<String> {
    text.split(',').map(|tag| tag.trim().to_owned()).collect()
}

impl IfMatch {
    /// Whether `version` is one of them.
    pub fn check(&self, version: i32) -> Result<(), ApiError> {
        let tag = format!("\"{version}\"");
        match &self.0 {
            Some(tags) if !tags.contains(&tag) => Err(ApiError::new(
                ErrorCode::PreconditionFailed,
                format!("It has changed since; its ETag is now {tag}. Read it again before you change it"),
            )),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_named_version_passes() {
        assert!(IfMatch(None).check(1).is_ok());
        assert!(IfMatch(Some(tags("\"1\", \"2\""))).check(2).is_ok());
        for stale in ["\"1\"", "", "W/\"2\"", "2"] {
            assert!(IfMatch(Some(tags(stale))).check(2).is_err(), "{stale}");
        }
    }
}
