//! Documents for whoever has the code.

use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::bodies::PublicAccess as Access;
use crate::platform::audit::Who;
use crate::platform::http::{
    ApiError, ClientAddress, ErrorBody, ErrorCode, JsonBody, SessionView, is_from_strangers,
};
use crate::roles::client::State;
use crate::roles::client::flows::opening::OpenedDocument;
use crate::roles::client::flows::{self, Opened, Typed, sessions};

/// Answer of `GET /api/public/{accessCode}` (contract: **fixed** but for `meta`).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicDocument {
    /// The document's id.
    #[schema(format = Uuid, example = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")]
    id: String,
    /// Title.
    #[schema(example = "Exercises after knee surgery")]
    title: String,
    /// Text, written as `meta.contentType` says.
    #[schema(example = "# Week 1\n\nBend and stretch, three times a day.")]
    content: String,
    /// When it arrived.
    #[schema(format = DateTime, example = "2026-11-20T17:57:06.120Z")]
    created_at: String,
    /// What else there is to know.
    meta: PublicMeta,
    /// A session in which it can be opened again without the code; not there if the code stood in the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    session: Option<SessionView>,
}

/// What else there is to know about an open document.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PublicMeta {
    /// `text/markdown` or `text/plain`.
    #[schema(example = "text/markdown")]
    content_type: String,
    /// Version of the document.
    #[schema(example = 1)]
    version: i32,
    /// When this version arrived.
    #[schema(format = DateTime, example = "2026-11-20T17:57:06.120Z")]
    updated_at: String,
    /// When access ends.
    #[schema(format = DateTime, example = "2026-12-20T17:57:06.120Z")]
    expires_at: String,
}

impl From<OpenedDocument> for PublicDocument {
    fn from(document: OpenedDocument) -> Self {
        Self {
            id: document.id.to_string(),
            title: document.title,
            content: document.content,
            created_at: document.created_at.to_string(),
            meta: PublicMeta {
                content_type: document.content_type,
                version: document.version,
                updated_at: document.updated_at.to_string(),
                expires_at: document.expires_at.to_string(),
            },
            session: None,
        }
    }
}

/// The document and its session, or what is asked for before.
pub(super) fn answer(state: &State, opened: Opened) -> Result<PublicDocument, ApiError> {
    match opened {
        Opened::Document(document, session) => {
            Ok(PublicDocument { session: Some(sessions::view(state, &session)?), ..document.into() })
        }
        Opened::Asked(asked) => Err(otp_required().asking(sessions::asked_view(state, asked)?)),
    }
}

fn otp_required() -> ApiError {
    let message = "The code is right; a number that is sent to the recipient has to be typed, too";
    ApiError::new(ErrorCode::OtpRequired, message)
}

/// Opens a document with its code.
///
/// For existing front ends; a path may end up in somebody's log, so others use
/// `POST /api/public/access`.
#[utoipa::path(get, path = "/api/public/{accessCode}", tag = "public", operation_id = "open_public_document",
    params(("accessCode" = String, Path, description = "As typed: case, spaces and hyphens do not matter")),
    responses(
        (status = 200, description = "The document", body = PublicDocument),
        (status = 401, description = "The code is right, but a second factor is asked for, which `POST /api/public/access` leads to", body = ErrorBody),
        (status = 403, description = "A page of another origin has asked, which `CORS_ORIGINS` does not list", body = ErrorBody),
        (status = 404, description = "This code opens nothing: it is unknown, wrong, or was tried too often", body = ErrorBody),
        (status = 409, description = "The code is right, but its document has not arrived yet", body = ErrorBody),
        (status = 410, description = "The code is right, but access has ended or was withdrawn, or another code has taken its place", body = ErrorBody,
         example = json!({"statusCode": 410, "error": "ACCESS_CODE_EXPIRED", "message": "Access to this document has ended", "timestamp": "2026-11-20T17:57:06.120Z", "requestId": "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d"})),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn open_public_document(
    state: Data<State>,
    address: ClientAddress,
    by: Who,
    code: Path<String>,
    req: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    if is_from_strangers(&req) {
        let message = "Pages of this origin may not open documents; CORS_ORIGINS tells which may";
        return Err(ApiError::new(ErrorCode::Forbidden, message));
    }
    match flows::open_document(&state, Typed { link: None, code: &code, address }, &by).await? {
        Opened::Document(document, _) => Ok(HttpResponse::Ok().json(PublicDocument::from(document))),
        Opened::Asked(_) => Err(otp_required()),
    }
}

/// Body of `POST /api/public/access`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "describes the body; the handler reads it field by field")]
pub struct PublicAccess {
    /// As typed: case, spaces and hyphens do not matter. Required, unless there is a `session`, or a `linkToken`:
    /// then its absence is told by 401.
    #[schema(example = "K7QM-4T9X-WR5C", nullable = false)]
    access_code: Option<String>,
    /// The last part of a link, for those who came by one: what others try with the code alone does not block them.
    link_token: Option<String>,
    /// The token of a session that has begun: opens the same document again. Nothing else is looked at then.
    session: Option<String>,
}

/// Opens a document with its code, with a link and the code, or again within a session.
#[utoipa::path(post, path = "/api/public/access", tag = "public", operation_id = "open_with_code",
    request_body = PublicAccess,
    responses(
        (status = 200, description = "The document", body = PublicDocument),
        (status = 400, description = "A field is broken", body = ErrorBody),
        (status = 401, description = "The link needs its code, the link is right and the code is not, a second factor is asked for, or the session is over", body = ErrorBody,
         example = json!({"statusCode": 401, "error": "ACCESS_CODE_WRONG", "message": "This code is not right", "details": {"remainingAttempts": 9}, "timestamp": "2026-11-20T17:57:06.120Z", "requestId": "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d"})),
        (status = 403, description = "The link is right, but too many wrong codes were typed with it", body = ErrorBody),
        (status = 404, description = "This code opens nothing: it is unknown, wrong, or was tried too often", body = ErrorBody),
        (status = 409, description = "The code is right, but its document has not arrived yet", body = ErrorBody),
        (status = 410, description = "The code is right, but access has ended or was withdrawn, or another code has taken its place", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn open_with_code(
    state: Data<State>,
    address: ClientAddress,
    by: Who,
    JsonBody(body): JsonBody,
) -> Result<Json<PublicDocument>, ApiError> {
    let Access { link, code, session } = Access::parse(body)?;
    if let Some(token) = session {
        return answer(&state, sessions::open_again(&state, &token, &by).await?).map(Json);
    }
    let typed = Typed { link: link.as_deref(), code: code.as_deref().unwrap_or_default(), address };
    answer(&state, flows::open_document(&state, typed, &by).await?).map(Json)
}
