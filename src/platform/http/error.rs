//! The one error body (contract: row *error body*) and its closed list of codes.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::document::Refusal;
use crate::domain::fields::{FieldError, Invalid};
use crate::domain::ids::TenantId;
use crate::platform::db::DbError;
use crate::platform::limits::TooMany;

/// Stable names of everything that can go wrong. A new one does not compile
/// until [`ErrorCode::status`] gives it a status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ErrorCode {
    /// At least one field is broken; `details.fields` names each.
    ValidationFailed,
    /// The request can't be read at all.
    MalformedRequest,
    /// The document's state does not allow it.
    InvalidDocumentState,
    /// The message's state does not allow it.
    InvalidMessageState,
    /// There is no token, or it is not good.
    Unauthenticated,
    /// The token does not allow this.
    Forbidden,
    /// `X-Tenant` names another tenant than the token.
    TenantMismatch,
    /// There is no such tenant, or not any more.
    TenantUnknown,
    /// The tenant is suspended.
    TenantSuspended,
    /// There is no such thing.
    NotFound,
    /// The path exists, but not for this method.
    MethodNotAllowed,
    /// The body took too long to arrive.
    RequestTimeout,
    /// The link is not enough: a code has to be typed, too.
    AccessCodeRequired,
    /// The link is right, the code is not; `details.remainingAttempts` tells how often it may be tried.
    AccessCodeWrong,
    /// The link is right, but too many wrong codes were typed with it.
    AccessCodeBlocked,
    /// The code is right, but access has ended.
    AccessCodeExpired,
    /// The code is right, but access was withdrawn.
    AccessCodeRevoked,
    /// The code is right, but its document has not arrived yet.
    DocumentOnItsWay,
    /// The code is right, and a number that is sent to the recipient has to be typed, too.
    OtpRequired,
    /// The number is not right; `details.remainingAttempts` tells how often it may be tried.
    OtpWrong,
    /// No number that was sent is good any more: a new one has to be sent.
    OtpExpired,
    /// Too many wrong numbers were typed.
    OtpBlocked,
    /// The number could not be sent; try again after `Retry-After` seconds.
    OtpNotSent,
    /// The session is over: the code has to be typed again.
    SessionEnded,
    /// The sender has withdrawn the document.
    DocumentRevoked,
    /// The text of the document is not here any more.
    DocumentGone,
    /// `If-Match` names another version than the stored one.
    PreconditionFailed,
    /// The body is larger than the server takes.
    PayloadTooLarge,
    /// The path is longer than the server takes.
    UriTooLong,
    /// The headers are larger than the server takes.
    HeadersTooLarge,
    /// Without authentication, a request to another name than one of this machine.
    MisdirectedRequest,
    /// Asked for too much; try again after `Retry-After` seconds.
    RateLimited,
    /// The body is not JSON by its `Content-Type`.
    UnsupportedMediaType,
    /// Another request changed the same thing at the same time, again and again.
    Conflict,
    /// A request with this `Idempotency-Key` is still being answered.
    IdempotencyInProgress,
    /// This `Idempotency-Key` was used for a request with another body.
    IdempotencyKeyReused,
    /// The client role refuses the document for good.
    ClientRefused,
    /// Something broke on our side.
    InternalError,
    /// Too much to do; try again after `Retry-After` seconds.
    Overloaded,
    /// The database is gone; try again after `Retry-After` seconds.
    DatabaseUnavailable,
    /// The keys that tokens are checked with are not there; try again after `Retry-After` seconds.
    IdentityUnavailable,
}

impl ErrorCode {
    /// The HTTP status that goes with it.
    #[must_use]
    pub fn status(self) -> StatusCode {
        match self {
            Self::ValidationFailed
            | Self::MalformedRequest
            | Self::InvalidDocumentState
            | Self::InvalidMessageState => StatusCode::BAD_REQUEST,
            Self::Unauthenticated
            | Self::AccessCodeRequired
            | Self::AccessCodeWrong
            | Self::OtpRequired
            | Self::OtpWrong
            | Self::SessionEnded => StatusCode::UNAUTHORIZED,
            Self::Forbidden
            | Self::TenantMismatch
            | Self::TenantUnknown
            | Self::TenantSuspended
            | Self::AccessCodeBlocked
            | Self::OtpBlocked => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::RequestTimeout => StatusCode::REQUEST_TIMEOUT,
            Self::AccessCodeExpired
            | Self::AccessCodeRevoked
            | Self::OtpExpired
            | Self::DocumentRevoked
            | Self::DocumentGone => StatusCode::GONE,
            Self::PreconditionFailed => StatusCode::PRECONDITION_FAILED,
            Self::PayloadTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UriTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::MisdirectedRequest => StatusCode::MISDIRECTED_REQUEST,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Conflict | Self::DocumentOnItsWay | Self::IdempotencyInProgress => StatusCode::CONFLICT,
            Self::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
            Self::ClientRefused => StatusCode::BAD_GATEWAY,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Overloaded | Self::DatabaseUnavailable | Self::IdentityUnavailable | Self::OtpNotSent => {
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }

    /// The code for an answer that the web framework made by itself.
    #[must_use]
    pub(super) fn of_framework(status: StatusCode) -> Self {
        match status {
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::PayloadTooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::SERVICE_UNAVAILABLE => Self::Overloaded,
            other if other.is_server_error() => Self::InternalError,
            _ => Self::MalformedRequest,
        }
    }
}

/// An error on its way to an answer. The cause is logged once and never sent.
#[derive(Debug)]
pub struct ApiError {
    /// Which one.
    pub code: ErrorCode,
    /// For people: what is wrong and what to do.
    pub message: String,
    /// Broken fields, for `VALIDATION_FAILED`.
    pub fields: Vec<FieldError>,
    /// Tries that are left, for `ACCESS_CODE_WRONG` and `OTP_WRONG`.
    pub remaining_attempts: Option<i32>,
    /// What is asked beside the code, for `OTP_REQUIRED`, and after a right number that opened
    /// nothing because of us: then the session needs no further one.
    pub second_factor: Option<Box<SecondFactorAsked>>,
    /// How long to wait before trying again, if that is known.
    pub retry_after: Option<Duration>,
    /// Whom it is about, for pages that show it to somebody who has been told; never sent.
    pub whose: Option<Box<TenantId>>,
    /// For the log.
    pub cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl ApiError {
    /// An error of this code.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            fields: Vec::new(),
            remaining_attempts: None,
            second_factor: None,
            retry_after: None,
            whose: None,
            cause: None,
        }
    }

    /// The same with what is asked beside the code.
    #[must_use]
    pub fn asking(self, asked: SecondFactorAsked) -> Self {
        Self { second_factor: Some(Box::new(asked)), ..self }
    }

    /// The same, said about a tenant to somebody who may know whose document it is.
    #[must_use]
    pub fn of_tenant(self, tenant: &TenantId) -> Self {
        Self { whose: Some(Box::new(tenant.clone())), ..self }
    }

    /// Too many requests; `wait` until the next one may come.
    #[must_use]
    pub fn rate_limited(wait: Duration) -> Self {
        let message = "Too many requests; please try again after the time that Retry-After tells";
        Self { retry_after: Some(wait), ..Self::new(ErrorCode::RateLimited, message) }
    }

    /// There is no such document.
    pub fn no_document(id: &str) -> Self {
        let shown: String = id.chars().filter(|c| !c.is_control()).take(80).collect();
        Self::new(ErrorCode::NotFound, format!("Document {shown} not found"))
    }

    /// Something broke on our side; `cause` goes to the log.
    pub fn internal(cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let message = "Something went wrong on our side; the request id helps us to find it";
        Self { cause: Some(cause.into()), ..Self::new(ErrorCode::InternalError, message) }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The envelope writes the body, because only it knows the request's id.
impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::new(self.status_code())
    }
}

impl From<DbError> for ApiError {
    fn from(error: DbError) -> Self {
        let (code, message) = match error {
            DbError::Busy => (ErrorCode::Overloaded, "The server is busy; please try again in a moment"),
            DbError::Unavailable(_) => (
                ErrorCode::DatabaseUnavailable,
                "The database can't be reached at the moment; please try again",
            ),
            DbError::Query(_) | DbError::Shared(_) | DbError::Panicked => return Self::internal(error),
        };
        Self { cause: Some(error.into()), ..Self::new(code, message) }
    }
}

impl From<diesel::result::Error> for ApiError {
    fn from(error: diesel::result::Error) -> Self {
        DbError::from(error).into()
    }
}

impl From<TooMany> for ApiError {
    fn from(TooMany(wait): TooMany) -> Self {
        let message = "Too many wrong codes; please try again after the time that Retry-After tells";
        Self { retry_after: Some(wait), ..Self::new(ErrorCode::RateLimited, message) }
    }
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        let message = invalid.to_string();
        Self { fields: invalid.0, ..Self::new(ErrorCode::ValidationFailed, message) }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        Self::new(ErrorCode::InvalidDocumentState, refusal.message())
    }
}

/// The body of every error (contract: row *error body*, **fixed**).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    /// The HTTP status once more.
    #[schema(example = 404)]
    pub status_code: u16,
    /// Stable name of what went wrong.
    pub error: ErrorCode,
    /// For people.
    #[schema(example = "Document 0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d not found")]
    pub message: String,
    /// What exactly is broken, where that helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub details: Option<ErrorDetails>,
    /// When it happened, RFC 3339 in UTC.
    #[schema(format = DateTime, example = "2026-11-20T17:57:06.120Z")]
    pub timestamp: String,
    /// Names this request in the logs.
    #[schema(example = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")]
    pub request_id: String,
}

/// What exactly is broken.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorDetails {
    /// Every broken field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FieldProblem>,
    /// How often a code or a number may still be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 9)]
    pub remaining_attempts: Option<i32>,
    /// How a number is going to be sent: `sms` or `email`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "sms")]
    pub channel: Option<&'static str>,
    /// As much of the address that it goes to as the recipient recognises.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "••• •• 67")]
    pub to: Option<String>,
    /// The session in which the number is asked for and typed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<SessionView>,
}

/// A number is to be sent, and where to.
#[derive(Debug, Clone)]
pub struct SecondFactorAsked {
    /// `sms` or `email`.
    pub channel: &'static str,
    /// As much of the address as the recipient recognises.
    pub to: String,
    /// The session in which the number is asked for and typed.
    pub session: SessionView,
}

/// A short session of somebody whose code was right.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub struct SessionView {
    /// Opaque and secret; each use answers a newer one.
    #[schema(
        example = "AaH8SeWUcJasT2MxZFOzogGh_EnlnnJsoBFV_3UYM1kAAAGh_EnlngAAAaH8SeWeAGRlZmF1bHTYOchFri6sBcOzeIYL9MG2OmXqbzBHKQXy0wMJq9xRwA"
    )]
    pub token: String,
    /// When it ends unless it is used.
    #[schema(format = DateTime, example = "2026-11-20T18:12:06.120Z")]
    pub expires_at: String,
}

/// One broken field.
#[derive(Debug, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Path of the field; `body` for the body as a whole.
    #[schema(example = "recipient.email")]
    pub field: String,
    /// Which rule it breaks.
    #[schema(example = "format")]
    pub rule: String,
    /// What to do about it.
    #[schema(example = "must be an e-mail address")]
    pub message: String,
}

/// The answer for a path that does not exist.
pub async fn not_found() -> Result<HttpResponse, ApiError> {
    Err(ApiError::new(ErrorCode::NotFound, "There is nothing at this path; /docs lists what there is"))
}
