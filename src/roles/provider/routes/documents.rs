//! Documents: create, list, read, change, delete.

use actix_web::http::header::{ContentType, ETAG, LOCATION};
use actix_web::web::{Data, Path};
use actix_web::{HttpResponse, HttpResponseBuilder};

use super::view::{CreateDocument, DocumentPage, DocumentView, UpdateDocument};
use crate::domain::audit::{AuditAction, NOBODY};
use crate::domain::cursor::Cursor;
use crate::domain::document::{Change, DeliveryState, Document, Status, Written};
use crate::domain::ids::DocumentId;
use crate::domain::scope::{DocumentsRead, DocumentsWrite};
use crate::domain::timestamp::Timestamp;
use crate::platform::clock;
use crate::platform::http::{ApiError, Caller, ErrorBody, IfMatch, JsonBody, Query};
use crate::platform::idempotency::{IdempotencyKey, Operation as Run};
use crate::roles::provider::State;
use crate::roles::provider::flows::documents as flow;
use crate::roles::provider::store::documents::{self as store, Filter};

/// Documents of a page where nobody says how many.
const PAGE: i64 = 20;
/// Most documents of a page.
const PAGE_MAX: i64 = 50;

/// Creates a draft.
#[utoipa::path(post, path = "/api/documents", tag = "documents", operation_id = "create_document",
    security(("bearer" = ["documents:write"])),
    params(("X-Tenant" = Option<String>, Header, description = "Whose document it is"),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "Names this request: its repetitions get the first answer, with `Idempotency-Replayed: true`")),
    request_body = CreateDocument,
    responses(
        (status = 201, description = "Created", body = DocumentView,
         headers(("Location" = String, description = "Path of the document"), ("ETag" = String, description = "Its version"))),
        (status = 400, description = "A field is broken", body = ErrorBody),
        (status = 409, description = "The request with this Idempotency-Key is still being answered", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used for another request", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn create_document(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<DocumentsWrite>,
    key: IdempotencyKey,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (request, idempotency) = (key.request(&vault, &body), state.idempotency.clone());
    let (written, by) = (Written::parse(body)?, state.audit.trace(&tenant, &by));
    let create = async move |run: Run| {
        let document = Document::create(DocumentId(run.id), written, clock::now());
        let document = flow::create(&state, &vault, document, by).await?;
        let location = format!("/api/documents/{}", document.id);
        Ok(answer(HttpResponse::Created().insert_header((LOCATION, location)), &document))
    };
    idempotency.run(request, create).await
}

/// Lists documents, newest first.
#[utoipa::path(get, path = "/api/documents", tag = "documents", operation_id = "list_documents",
    security(("bearer" = ["documents:read"])),
    params(
        ("X-Tenant" = Option<String>, Header, description = "Whose documents"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 50, description = "Documents per page, 20 by default"),
        ("cursor" = Option<String>, Query, pattern = "^A[Q-Za-f][A-Za-z0-9_-]{20}[AEIMQUYcgkosw048]$", description = "`nextCursor` of the page before"),
        ("status" = Option<String>, Query, description = "`draft` or `final`"),
        ("state" = Option<String>, Query, description = "A state of delivery"),
        ("q" = Option<String>, Query, max_length = 200, description = "Text in the title or in the recipient's name or e-mail address"),
        ("updatedSince" = Option<String>, Query, format = DateTime, description = "RFC 3339"),
    ),
    responses(
        (status = 200, description = "One page", body = DocumentPage),
        (status = 400, description = "A parameter is broken", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn list_documents(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<DocumentsRead>,
    mut query: Query,
) -> Result<HttpResponse, ApiError> {
    let within = |text: &str| text.parse().ok().filter(|n| (1..=PAGE_MAX).contains(n));
    let limit = query.optional("limit", "must be a whole number from 1 to 50", within).unwrap_or(PAGE);
    let (filter, wanted) = (read_filter(&mut query), read_search(&mut query));
    query.finish()?;
    let vault = state.tenants.vault(&tenant).await?;
    state.audit.read(&tenant, &by, AuditAction::DocumentsListed, NOBODY);
    if let Some(wanted) = wanted {
        let found = flow::search(&state, &tenant, (filter, wanted), limit + 1).await?;
        let page = render_page(&found, limit)?;
        return Ok(HttpResponse::Ok().content_type(ContentType::json()).body(page));
    }
    // A page is large: it is rendered where it was read instead of being handed
    // to another thread in a thousand pieces.
    let page = state
        .db
        .of(&tenant)
        .read(move |conn| render_page(&store::list(conn, &vault, &filter, limit + 1)?, limit))
        .await?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(page))
}

/// The first `limit` documents as JSON, with a cursor if there are more.
fn render_page(found: &[Document], limit: i64) -> Result<Vec<u8>, ApiError> {
    let shown = usize::try_from(limit).unwrap_or(usize::MAX).min(found.len());
    let (items, rest) = found.split_at(shown);
    let next_cursor = items.last().filter(|_| !rest.is_empty()).map(|last| Cursor(last.id).encode());
    let size = items.iter().map(|document| document.written.content.len() + 1_024).sum();
    let mut json = Vec::with_capacity(size);
    let page = DocumentPage { items: items.iter().map(DocumentView::of).collect(), next_cursor };
    serde_json::to_writer(&mut json, &page).map_err(ApiError::internal)?;
    Ok(json)
}

fn read_search(query: &mut Query) -> Option<String> {
    let words = "must be at most 200 characters long";
    query.optional("q", words, |text| (text.chars().count() <= 200).then(|| text.to_owned()))
}

fn read_filter(query: &mut Query) -> Filter {
    Filter {
        after: query.optional("cursor", "must be the nextCursor of an earlier page", Cursor::decode),
        status: query.optional("status", "must be draft or final", Status::parse),
        state: query.optional("state", "must be a state of delivery, such as queued", DeliveryState::parse),
        updated_since: query.optional(
            "updatedSince",
            "must be a time such as 2026-11-20T18:00:00Z",
            Timestamp::parse,
        ),
        ..Filter::default()
    }
}

/// Reads one document.
#[utoipa::path(get, path = "/api/documents/{id}", tag = "documents", operation_id = "find_document",
    security(("bearer" = ["documents:read"])),
    params(("id" = String, Path, description = "The document"), ("X-Tenant" = Option<String>, Header, description = "Whose document")),
    responses(
        (status = 200, description = "The document", body = DocumentView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, description = "The tenant is broken", body = ErrorBody),
        (status = 404, description = "There is no such document", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn find_document(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<DocumentsRead>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let document = flow::load(&state, &vault, &id).await?;
    state.audit.read(&tenant, &by, AuditAction::DocumentRead, document.id);
    Ok(answer(&mut HttpResponse::Ok(), &document))
}

/// Changes a document; `status: "final"` makes it ready to be sent.
#[utoipa::path(put, path = "/api/documents/{id}", tag = "documents", operation_id = "update_document",
    security(("bearer" = ["documents:write"])),
    params(("id" = String, Path, description = "The document"), ("X-Tenant" = Option<String>, Header, description = "Whose document"),
           ("If-Match" = Option<String>, Header, description = "Only if this is still its ETag")),
    request_body = UpdateDocument,
    responses(
        (status = 200, description = "The document as it is now", body = DocumentView, headers(("ETag" = String, description = "Its version"))),
        (status = 400, description = "A field is broken, or the state does not allow it", body = ErrorBody),
        (status = 404, description = "There is no such document", body = ErrorBody),
        (status = 409, description = "Others keep changing the document", body = ErrorBody),
        (status = 412, description = "It has changed since", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn update_document(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<DocumentsWrite>,
    id: Path<String>,
    if_match: IfMatch,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (change, by) = (Change::parse(body)?, state.audit.trace(&tenant, &by));
    let accepted = |version| if_match.check(version);
    let changed = flow::change(&state, &vault, (&id, &accepted), &change, &by).await?;
    Ok(answer(&mut HttpResponse::Ok(), &changed))
}

/// Deletes a document. One that was sent is revoked at the client role and kept,
/// out of sight, until its retention date.
#[utoipa::path(delete, path = "/api/documents/{id}", tag = "documents", operation_id = "delete_document",
    security(("bearer" = ["documents:write"])),
    params(("id" = String, Path, description = "The document"), ("X-Tenant" = Option<String>, Header, description = "Whose document"),
           ("If-Match" = Option<String>, Header, description = "Only if this is still its ETag")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 400, description = "The tenant is broken", body = ErrorBody),
        (status = 404, description = "There is no such document", body = ErrorBody),
        (status = 409, description = "Others keep changing the document", body = ErrorBody),
        (status = 412, description = "It has changed since", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn delete_document(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<DocumentsWrite>,
    id: Path<String>,
    if_match: IfMatch,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (accepted, by) = (|version| if_match.check(version), state.audit.trace(&tenant, &by));
    flow::delete(&state, &vault, (&id, &accepted), &by).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn answer(response: &mut HttpResponseBuilder, document: &Document) -> HttpResponse {
    response.insert_header((ETAG, format!("\"{}\"", document.version))).json(DocumentView::of(document))
}
