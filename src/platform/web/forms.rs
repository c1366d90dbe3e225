//! Forms of our own pages.

use actix_web::web::{BytesMut, Payload};
use actix_web::{HttpMessage as _, HttpRequest};

use super::language;
use crate::domain::bodies;
use crate::domain::language::Language;
use crate::platform::http::{ApiError, ErrorCode, is_from_elsewhere, read_body};

/// The fields of a form as they were sent.
#[derive(Debug)]
pub struct Form(BytesMut);

impl Form {
    /// Reads a form, within the limits of size and time of every body.
    pub async fn read(req: &HttpRequest, payload: Payload) -> Result<Self, ApiError> {
        let body = read_body(req, payload.into_inner()).await?;
        if req.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Ok(Self(body))
        } else {
            Err(ApiError::new(ErrorCode::MalformedRequest, "This is not a form"))
        }
    }

    /// The one field of this name; `None` if there is none, or several.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        bodies::field_of_form(&self.0, name)
    }

    /// The one field of this name, which has to be there.
    pub fn required(&self, name: &str) -> Result<String, ApiError> {
        let lacking = || ApiError::new(ErrorCode::MalformedRequest, "The form lacks its field");
        self.field(name).ok_or_else(lacking)
    }

    /// The language of the button `lang`, if that was pressed: the page is wanted in
    /// another language as it stands, and nothing else is to be done.
    #[must_use]
    pub fn language(&self) -> Option<Language> {
        self.field(language::NAME).and_then(|tag| Language::of_tag(&tag))
    }
}

/// Refuses a form that stands on a page of somebody else.
pub fn check_origin(req: &HttpRequest) -> Result<(), ApiError> {
    let message = "This form stands on a page of somebody else; nothing was done";
    if is_from_elsewhere(req) { Err(ApiError::new(ErrorCode::Forbidden, message)) } else { Ok(()) }
}
