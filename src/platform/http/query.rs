//! Query parameters, each of which may be broken on its own.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use url::form_urlencoded;

use super::error::ApiError;
use crate::domain::fields::{FieldError, Invalid};

/// The query string while it is being read. Of a repeated parameter the last counts.
#[derive(Debug)]
pub struct Query {
    pairs: Vec<(String, String)>,
    broken: Vec<FieldError>,
}

impl FromRequest for Query {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::parse(req.query_string())))
    }
}

impl Query {
    /// Reads `a=1&b=2`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        Self { pairs: form_urlencoded::parse(text.as_bytes()).into_owned().collect(), broken: Vec::new() }
    }

    /// A parameter that `read` makes something of; `expected` says what it takes.
    /// An empty parameter counts as absent.
    pub fn optional<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Option<T> {
        let (_, text) = self.pairs.iter().rev().find(|(key, value)| key == name && !value.is_empty())?;
        if text.contains('\0') {
            self.broken.push(FieldError::new(name, "characters", "must not hold null characters"));
            return None;
        }
        let value = read(text);
        if value.is_none() {
            self.broken.push(FieldError::new(name, "format", expected));
        }
        value
    }

    /// Ends the reading: an error that names every broken parameter, if there is one.
    pub fn finish(self) -> Result<(), Invalid> {
        if self.broken.is_empty() { Ok(()) } else { Err(Invalid(self.broken)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn broken_parameters_are_named_and_empty_ones_are_absent() {
        let mut query = Query::parse("limit=x&cursor=&q=a%00&q=b");
        let number = |text: &str| text.parse::<u8>().ok();
        assert_eq!(query.optional("limit", "must be a number", number), None);
        assert_eq!(query.optional("cursor", "must be a number", number), None);
        assert_eq!(query.optional("q", "must be text", |t| Some(t.to_owned())), Some("b".to_owned()));
        let Invalid(broken) = query.finish().unwrap_err();
        assert_eq!(broken.len(), 1);
        assert_eq!(broken[0].field, "limit");
    }
}
