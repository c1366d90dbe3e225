//! Documents for whoever has the code.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::http::{ApiError, ErrorBody};
use crate::roles::client::{State, flows};

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

/// Opens a document with its code.
#[utoipa::path(get, path = "/api/public/{accessCode}", tag = "public", operation_id = "open_public_document",
    params(("accessCode" = String, Path, description = "As typed: case, spaces and hyphens do not matter")),
    responses(
        (status = 200, description = "The document", body = PublicDocument),
        (status = 404, description = "This code opens nothing", body = ErrorBody),
        (status = 409, description = "The code is right, but its document has not arrived yet", body = ErrorBody),
        (status = 410, description = "The code is right, but access has ended or was withdrawn, or another code has taken its place", body = ErrorBody,
         example = json!({"statusCode": 410, "error": "ACCESS_CODE_EXPIRED", "message": "Access to this document has ended", "timestamp": "2026-11-20T17:57:06.120Z", "requestId": "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d"})),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn open_public_document(state: Data<State>, code: Path<String>) -> Result<HttpResponse, ApiError> {
    let document = flows::open_document(&state, &code).await?;
    Ok(HttpResponse::Ok().json(PublicDocument {
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
    }))
}
