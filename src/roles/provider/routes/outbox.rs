//! The outbox, for operators: what waits, what failed and why, start it again.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use diesel::PgConnection;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::audit::AuditAction;
use crate::domain::ids::{DocumentId, TenantId};
use crate::domain::scope::Admin;
use crate::domain::words::EventKind;
use crate::platform::audit;
use crate::platform::clock;
use crate::platform::http::{ApiError, Caller, ErrorBody, ErrorCode, Query};
use crate::platform::idempotency::{IdempotencyKey, Operation};
use crate::platform::outbox::inspect::{self, Attempt, Entry};
use crate::roles::provider::jobs::deliver::{self, DESTINATION};
use crate::roles::provider::{State, store};

/// Messages of a page where nobody says how many.
const PAGE: i64 = 50;
/// Most messages of a page.
const PAGE_MAX: i64 = 200;
/// States of a message.
pub const STATES: [&str; 5] = ["pending", "leased", "delivered", "failed", "superseded"];

/// A message to another service, without its content.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// Its id, the same through all attempts.
    #[schema(format = Uuid, example = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")]
    id: String,
    /// What kind.
    #[schema(example = "document.deliver")]
    topic: String,
    /// Where it goes.
    #[schema(example = "client")]
    destination: String,
    /// What it is about: the document; nothing but zeros where it is the practice itself.
    #[schema(format = Uuid, example = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")]
    subject_id: String,
    /// Its place among the messages about the subject.
    #[schema(example = 1)]
    sequence: i64,
    /// `pending`, `leased` (an attempt is under way), `delivered`, `failed` or `superseded`.
    #[schema(example = "failed")]
    state: String,
    /// Attempts begun so far.
    #[schema(example = 3)]
    attempts: i32,
    /// When it may be attempted.
    #[schema(format = DateTime, example = "2026-11-20T17:58:00.000Z")]
    due_at: String,
    /// Why the last attempt failed.
    last_error: Option<String>,
    /// When it was promised.
    #[schema(format = DateTime, example = "2026-11-20T17:57:00.000Z")]
    created_at: String,
    /// When it was delivered, given up or superseded.
    #[schema(format = DateTime)]
    settled_at: Option<String>,
}

/// A page of messages.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MessagePage {
    /// Newest first.
    items: Vec<Message>,
    /// Give it as `after` to get the next page; absent on the last one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")]
    next_after: Option<String>,
}

/// A message with its attempts.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageWithAttempts {
    /// The message.
    message: Message,
    /// Oldest first.
    attempts: Vec<AttemptView>,
}

/// One attempt that ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Attempt)]
pub struct AttemptView {
    /// Which one, from 1.
    #[schema(example = 1)]
    attempt: i32,
    /// When it ended.
    #[schema(format = DateTime, example = "2026-11-20T17:58:00.000Z")]
    ended_at: String,
    /// How long the call took, in milliseconds.
    #[schema(example = 12)]
    duration_ms: i32,
    /// HTTP status of the answer.
    #[schema(example = 503)]
    status: Option<i16>,
    /// Why it failed.
    error: Option<String>,
    /// The start of a refusal.
    answer: Option<String>,
}

/// Lists messages to other services, newest first.
#[utoipa::path(get, path = "/api/outbox", tag = "outbox", operation_id = "list_messages",
    security(("bearer" = ["admin"])),
    params(
        ("X-Tenant" = Option<String>, Header, description = "Whose messages"),
        ("limit" = Option<i64>, Query, minimum = 1, maximum = 200, description = "Messages per page, 50 by default"),
        ("after" = Option<String>, Query, format = Uuid, description = "`nextAfter` of the page before"),
        ("state" = Option<String>, Query, description = "Only messages in this state"),
    ),
    responses(
        (status = 200, description = "One page", body = MessagePage),
        (status = 400, description = "A parameter is broken", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn list_messages(
    state: Data<State>,
    Caller { tenant, .. }: Caller<Admin>,
    mut query: Query,
) -> Result<HttpResponse, ApiError> {
    let within = |text: &str| text.parse().ok().filter(|n| (1..=PAGE_MAX).contains(n));
    let limit = query.optional("limit", "must be a whole number from 1 to 200", within).unwrap_or(PAGE);
    let after =
        query.optional("after", "must be the nextAfter of an earlier page", |t| Uuid::try_parse(t).ok());
    let known = |text: &str| STATES.iter().copied().find(|state| *state == text);
    let wanted = query.optional("state", "must be a state of a message, such as failed", known);
    query.finish()?;
    let vault = state.tenants.vault(&tenant).await?;
    let list = move |conn: &mut PgConnection| inspect::list(conn, vault.tenant(), wanted, after, limit + 1);
    let found = state.db.of(&tenant).read(move |conn| list(conn).map_err(ApiError::from)).await?;
    let shown = usize::try_from(limit).unwrap_or(usize::MAX).min(found.len());
    let (items, rest) = found.split_at(shown);
    let next_after = items.last().filter(|_| !rest.is_empty()).map(|last| last.id.to_string());
    Ok(HttpResponse::Ok().json(MessagePage { items: items.iter().map(view).collect(), next_after }))
}

/// Shows a message and every attempt to deliver it.
#[utoipa::path(get, path = "/api/outbox/{id}", tag = "outbox", operation_id = "find_message",
    security(("bearer" = ["admin"])),
    params(("id" = String, Path, description = "The message"), ("X-Tenant" = Option<String>, Header, description = "Whose message")),
    responses(
        (status = 200, description = "The message", body = MessageWithAttempts),
        (status = 400, description = "The tenant is broken", body = ErrorBody),
        (status = 404, description = "There is no such message", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn find_message(
    state: Data<State>,
    Caller { tenant, .. }: Caller<Admin>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let id = parse_id(&id)?;
    let found = state
        .db
        .of(&tenant)
        .read(move |conn| inspect::show(conn, &vault, id).map_err(ApiError::from))
        .await?;
    let (message, attempts) = found.ok_or_else(no_message)?;
    let attempts = attempts.into_iter().map(attempt_view).collect();
    Ok(HttpResponse::Ok().json(MessageWithAttempts { message: view(&message), attempts }))
}

/// Starts a failed message again, with all its time ahead.
#[utoipa::path(post, path = "/api/outbox/{id}/retry", tag = "outbox", operation_id = "retry_message",
    security(("bearer" = ["admin"])),
    params(("id" = String, Path, description = "The message"), ("X-Tenant" = Option<String>, Header, description = "Whose message"),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "Names this request: its repetitions get the first answer, with `Idempotency-Replayed: true`")),
    responses(
        (status = 202, description = "It goes out again", body = Message),
        (status = 400, description = "It has not failed, or a replay has put it on its way once more", body = ErrorBody),
        (status = 404, description = "There is no such message", body = ErrorBody),
        (status = 409, description = "The request with this Idempotency-Key is still being answered", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used for another request", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn retry_message(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<Admin>,
    key: IdempotencyKey,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (request, idempotency) = (key.request(&vault, &Value::Null), state.idempotency.clone());
    let id = parse_id(&id)?;
    let max_age = state.outbox.retry.max_age;
    let entry = state.audit.trace(&tenant, &by).did(AuditAction::MessageRetried, id, clock::now());
    let work = async move |run: Operation| {
        let retry = move |conn: &mut PgConnection| -> Result<Entry, ApiError> {
            let (message, started) = retry(conn, vault.tenant(), id, max_age, run.again)?;
            if started {
                audit::note(conn, vault.tenant(), &entry)?;
            }
            Ok(message)
        };
        let message = state.db.of(&tenant).transaction(id, retry).await?;
        state.wake.ring();
        Ok(HttpResponse::Accepted().json(view(&message)))
    };
    idempotency.run(request, work).await
}

/// The message, and whether it was started again now.
fn retry(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: Uuid,
    max_age: std::time::Duration,
    again: bool,
) -> Result<(Entry, bool), ApiError> {
    let now = clock::now();
    let before = inspect::find(conn, tenant, id)?.ok_or_else(no_message)?;
    if again && before.state != "failed" {
        return Ok((before, false));
    }
    let of_document = before.destination == DESTINATION && deliver::operation(&before.topic).is_some();
    if of_document {
        // The document first, as everybody else does.
        store::operations::lock(conn, &[tenant.as_str()], &[before.subject_id])?;
    }
    let not_failed = || {
        let message =
            "Only a message that has failed can be started again, and none that is on its way once more";
        ApiError::new(ErrorCode::InvalidMessageState, message)
    };
    let message = inspect::retry(conn, tenant, id, now, max_age)?.ok_or_else(not_failed)?;
    if of_document {
        let subject = (message.subject_id, message.sequence);
        store::operations::requeue(conn, tenant, subject, now)?;
        let version = store::documents::version(conn, tenant, DocumentId(message.subject_id))?;
        let event = (EventKind::Retried, version.unwrap_or(1));
        store::events::note(conn, tenant, DocumentId(message.subject_id), event, now)?;
    }
    Ok((message, true))
}

fn parse_id(id: &str) -> Result<Uuid, ApiError> {
    Uuid::try_parse(id).map_err(|_| no_message())
}

fn no_message() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "There is no such message")
}

fn view(entry: &Entry) -> Message {
    Message {
        id: entry.id.to_string(),
        topic: entry.topic.clone(),
        destination: entry.destination.clone(),
        subject_id: entry.subject_id.to_string(),
        sequence: entry.sequence,
        state: entry.state.clone(),
        attempts: entry.attempts,
        due_at: entry.due_at.0.to_string(),
        last_error: entry.last_error.clone(),
        created_at: entry.created_at.0.to_string(),
        settled_at: entry.settled_at.map(|at| at.0.to_string()),
    }
}

fn attempt_view(attempt: Attempt) -> AttemptView {
    AttemptView {
        attempt: attempt.attempt,
        ended_at: attempt.ended_at.0.to_string(),
        duration_ms: attempt.duration_ms,
        status: attempt.status,
        error: attempt.error,
        answer: attempt.answer,
    }
}
