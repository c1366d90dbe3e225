//! The letter with the code of a document, and its link as a QR code.
//!
//! Both want the right to send, as a letter hands out access like a sending. Whoever may
//! only read sees the code in the document, but makes nothing that is meant to leave
//! the house.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::web::{Data, Path};
use diesel::PgConnection;
use utoipa::ToSchema;

use crate::domain::audit::AuditAction;
use crate::domain::document::Document;
use crate::domain::language::Language;
use crate::domain::lifecycle::Opening;
use crate::domain::scope::DocumentsSend;
use crate::platform::audit;
use crate::platform::clock;
use crate::platform::http::{ApiError, Caller, ErrorBody};
use crate::roles::provider::State;
use crate::roles::provider::flows::documents::load;
use crate::roles::provider::flows::senders;
use crate::roles::provider::letter::{Letter, Qr};

/// A PDF file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "describes the answer")]
pub struct Pdf(Vec<u8>);

/// Makes the letter that brings the code to the recipient.
///
/// One sheet of A4 for the Swiss window envelope, address on the right, in the language of
/// the recipient: QR code and access code on two parts that can be taken apart. It says nothing
/// of what the document is about. A document that is still on its way has its letter already.
#[utoipa::path(get, path = "/api/documents/{id}/letter.pdf", tag = "documents", operation_id = "print_letter",
    security(("bearer" = ["documents:send"])),
    params(("id" = String, Path, description = "The document"), ("X-Tenant" = Option<String>, Header, description = "Whose document")),
    responses(
        (status = 200, description = "The letter, tagged as PDF/UA-1 asks for", body = Pdf, content_type = "application/pdf",
         headers(("Content-Disposition" = String, description = "A name for the file, made of the document's id"))),
        (status = 400, description = "It has no code yet, or access has ended", body = ErrorBody),
        (status = 404, description = "There is no such document", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn print_letter(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<DocumentsSend>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let document = load(&state, &vault, &id).await?;
    let (now, id) = (clock::now(), document.id);
    let opening = document.opening(now)?;
    let sender = senders::of(&state, &vault).await?;
    let letter = Letter {
        language: language(&document),
        sender,
        recipient: document.written.recipient.and_then(|recipient| recipient.name),
        opening,
        second_factor: document.written.second_factor,
        today: now,
    };
    let pdf = tokio::task::spawn_blocking(move || letter.to_pdf()).await.map_err(ApiError::internal)?;
    let pdf = pdf.map_err(ApiError::internal)?;
    // No letter leaves that nobody knows of.
    let entry = Arc::new(state.audit.trace(&tenant, &by).did(AuditAction::LetterPrinted, id, now));
    let whose = tenant.clone();
    let note =
        move |conn: &mut PgConnection| -> Result<(), ApiError> { Ok(audit::note(conn, &whose, &entry)?) };
    state.db.of(&tenant).transaction(id.0, note).await?;
    let name = format!("inline; filename=\"letter-{id}.pdf\"");
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/pdf"))
        .insert_header((CONTENT_DISPOSITION, name))
        .body(pdf))
}

/// Shows the link as a QR code.
///
/// It leads to the page on which the code is typed, and opens nothing without it.
#[utoipa::path(get, path = "/api/documents/{id}/qr.svg", tag = "documents", operation_id = "show_qr",
    security(("bearer" = ["documents:send"])),
    params(("id" = String, Path, description = "The document"), ("X-Tenant" = Option<String>, Header, description = "Whose document")),
    responses(
        (status = 200, description = "A picture that grows with its place", body = String, content_type = "image/svg+xml"),
        (status = 400, description = "It has no link yet, or access has ended", body = ErrorBody),
        (status = 404, description = "There is no such document", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn show_qr(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<DocumentsSend>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let document = load(&state, &vault, &id).await?;
    let Opening { link, .. } = document.opening(clock::now())?;
    let svg = Qr::of(&link).map_err(ApiError::internal)?.to_svg(language(&document));
    state.audit.read(&tenant, &by, AuditAction::DocumentRead, document.id);
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, "image/svg+xml")).body(svg))
}

/// The language of the recipient.
fn language(document: &Document) -> Language {
    let recipient = document.written.recipient.as_ref();
    let tag = recipient.and_then(|recipient| recipient.language.as_deref());
    tag.and_then(Language::of_tag).unwrap_or_default()
}
