//! Forms of our own pages.

use std::convert::Infallible;

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpMessage as _, HttpRequest};
use futures_util::stream;
use multer::Multipart;

use super::language;
use crate::domain::bodies;
use crate::domain::language::Language;
use crate::platform::http::{ApiError, ErrorCode, is_from_elsewhere, read_body};

/// Most parts of a form with files.
const PARTS_MAX: usize = 50;

/// The fields of a form as they were sent.
#[derive(Debug)]
pub struct Form(Sent);

#[derive(Debug)]
enum Sent {
    /// In one piece.
    Fields(BytesMut),
    /// Each for itself, by its name, as `multipart/form-data` (RFC 7578).
    Parts(Vec<(String, Bytes)>),
}

impl Form {
    /// Reads a form, within the limits of size and time of every body.
    pub async fn read(req: &HttpRequest, payload: Payload) -> Result<Self, ApiError> {
        let body = read_body(req, payload.into_inner()).await?;
        if req.content_type().eq_ignore_ascii_case("application/x-www-form-urlencoded") {
            Ok(Self(Sent::Fields(body)))
        } else {
            Err(no_form())
        }
    }

    /// Like [`Form::read`], for a form in which files can be chosen.
    pub async fn read_with_files(req: &HttpRequest, payload: Payload) -> Result<Self, ApiError> {
        let kind = req.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let boundary = kind.and_then(|kind| multer::parse_boundary(kind).ok());
        let body = read_body(req, payload.into_inner()).await?.freeze();
        let boundary = boundary.ok_or_else(no_form)?;
        let mut read = Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
        let mut parts = Vec::new();
        while let Some(part) = read.next_field().await.map_err(|_| no_form())? {
            let name = part.name().unwrap_or_default().to_owned();
            parts.push((name, part.bytes().await.map_err(|_| no_form())?));
            if parts.len() > PARTS_MAX {
                return Err(no_form());
            }
        }
        Ok(Self(Sent::Parts(parts)))
    }

    /// The one field of this name; `None` if there is none, or several.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<String> {
        match &self.0 {
            Sent::Fields(body) => bodies::field_of_form(body, name),
            Sent::Parts(_) => String::from_utf8(self.file(name)?.to_vec()).ok(),
        }
    }

    /// What is in the one file of this name; empty if none was chosen, `None` if there is no
    /// such field, or several.
    #[must_use]
    pub fn file(&self, name: &str) -> Option<&[u8]> {
        let Sent::Parts(parts) = &self.0 else { return None };
        let mut named = parts.iter().filter(|(known, _)| known == name);
        match (named.next(), named.next()) {
            (Some((_, bytes)), None) => Some(bytes),
            _ => None,
        }
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

fn no_form() -> ApiError {
    ApiError::new(ErrorCode::MalformedRequest, "This is not a form")
}

/// Refuses a form that stands on a page of somebody else.
pub fn check_origin(req: &HttpRequest) -> Result<(), ApiError> {
    let message = "This form stands on a page of somebody else; nothing was done";
    if is_from_elsewhere(req) { Err(ApiError::new(ErrorCode::Forbidden, message)) } else { Ok(()) }
}
