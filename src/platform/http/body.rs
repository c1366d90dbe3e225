//! Reads a JSON body within limits of size and time.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::web::{BytesMut, Data};
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use futures_util::StreamExt as _;
use serde_json::Value;

use super::error::{ApiError, ErrorCode};
use crate::domain::fields::Invalid;

/// Longest time for a body to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// What is too large is read to this size at least, and thrown away.
const DRAINED: usize = 16 * 1_048_576;

/// `MAX_BODY_BYTES`, shared with the extractors; routes may have a limit of their own.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit(pub usize);

impl BodyLimit {
    /// Where nobody is asked who they are: a code and a link are much shorter.
    pub const PUBLIC: Self = Self(4_096);
}

/// A request's JSON body, not yet checked.
#[derive(Debug)]
pub struct JsonBody(pub Value);

impl FromRequest for JsonBody {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (req, payload) = (req.clone(), payload.take());
        Box::pin(async move {
            if !is_json(&req) {
                let message = "The body must be JSON: send the header Content-Type: application/json";
                return Err(ApiError::new(ErrorCode::UnsupportedMediaType, message));
            }
            let bytes = read_body(&req, payload).await?;
            parse_json(&bytes).map(Self)
        })
    }
}

/// The whole body, at most [`BodyLimit`] bytes.
pub async fn read_body(req: &HttpRequest, payload: Payload) -> Result<BytesMut, ApiError> {
    let limit = req.app_data::<Data<BodyLimit>>().map_or(0, |limit| limit.0);
    match tokio::time::timeout(BODY_TIMEOUT, collect(req, payload, limit)).await {
        Ok(body) => body,
        Err(_) => Err(ApiError::new(ErrorCode::RequestTimeout, "The body took too long to arrive")),
    }
}

async fn collect(req: &HttpRequest, mut payload: Payload, limit: usize) -> Result<BytesMut, ApiError> {
    let announced = req.headers().get(header::CONTENT_LENGTH).and_then(|v| v.to_str().ok()?.parse().ok());
    let announced: usize = announced.unwrap_or(0);
    let mut bytes = BytesMut::with_capacity(announced.min(limit));
    let (mut size, mut read) = (announced, 0_usize);
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|_| ApiError::new(ErrorCode::MalformedRequest, "The body broke off"))?;
        read = read.saturating_add(chunk.len());
        size = size.max(read);
        // What is too large is read to its end all the same, up to a bound, so
        // that the sender gets to read the answer instead of a reset connection.
        if size <= limit {
            bytes.extend_from_slice(&chunk);
        } else if size > limit.saturating_mul(16).max(DRAINED) {
            break;
        }
    }
    if size > limit {
        let message = format!("The body may have at most {limit} bytes");
        return Err(ApiError::new(ErrorCode::PayloadTooLarge, message));
    }
    Ok(bytes)
}

fn is_json(req: &HttpRequest) -> bool {
    let kind = req.content_type().trim().to_ascii_lowercase();
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Reads a body as JSON; the error says where it breaks and never repeats it.
pub fn parse_json(bytes: &[u8]) -> Result<Value, ApiError> {
    let broken = |message: String| ApiError::from(Invalid::field("body", "json", message));
    if bytes.is_empty() {
        return Err(broken("must not be empty".to_owned()));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        broken(format!("must be JSON in UTF-8, at most 127 levels deep; it breaks at {place}"))
    })
}
