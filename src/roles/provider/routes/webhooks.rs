//! Webhooks: register, list, read, change, give a new secret, delete.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::LOCATION;
use actix_web::web::{Data, Path};
use diesel::PgConnection;
use serde_json::Value;
use uuid::Uuid;

use super::webhook_view::{CreateWebhook, ReplayWebhook, UpdateWebhook, WebhookList, WebhookView};
use crate::domain::audit::{AuditAction, Trace};
use crate::domain::bodies;
use crate::domain::ids::WebhookId;
use crate::domain::scope::Admin;
use crate::domain::webhook::{ENDPOINTS_MAX, Webhook, WebhookChange};
use crate::platform::audit;
use crate::platform::clock;
use crate::platform::http::{ApiError, Caller, ErrorBody, ErrorCode, JsonBody};
use crate::platform::idempotency::{IdempotencyKey, Operation};
use crate::platform::outbox;
use crate::platform::tenants::Vault;
use crate::platform::webhooks::{SigningSecrets, WebhookSecret};
use crate::roles::provider::State;
use crate::roles::provider::jobs::webhooks::destination;
use crate::roles::provider::store::{relay, webhooks as store};

/// Registers a webhook. The answer shows its secret, and no other answer does.
#[utoipa::path(post, path = "/api/webhooks", tag = "webhooks", operation_id = "create_webhook",
    security(("bearer" = ["admin"])),
    params(("X-Tenant" = Option<String>, Header, description = "Whose webhook it is"),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "Names this request: its repetitions get the first answer, with `Idempotency-Replayed: true`")),
    request_body = CreateWebhook,
    responses(
        (status = 201, description = "Registered; holds the secret", body = WebhookView,
         headers(("Location" = String, description = "Path of the webhook"))),
        (status = 400, description = "A field is broken", body = ErrorBody),
        (status = 409, description = "There are 20 webhooks already, or the request with this Idempotency-Key is still being answered", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used for another request", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn create_webhook(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<Admin>,
    key: IdempotencyKey,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (request, idempotency) = (key.request(&vault, &body), state.idempotency.clone());
    let by = state.audit.trace(&tenant, &by);
    let draft = Webhook::parse(body, WebhookId(Uuid::nil()), state.webhook_reach, clock::now())?;
    let create = async move |operation: Operation| {
        let webhook = Webhook { id: WebhookId(operation.id), ..draft };
        let making = Making::new(&vault, operation, by)?;
        let (webhook, secret) = state
            .db
            .of(&tenant)
            .transaction(operation.id, move |conn| create(conn, &making, &webhook))
            .await?;
        let location = format!("/api/webhooks/{}", webhook.id);
        let view = WebhookView::of(&webhook).with_secret(secret);
        Ok(HttpResponse::Created().insert_header((LOCATION, location)).json(view))
    };
    idempotency.run(request, create).await
}

/// What making a secret takes.
struct Making {
    vault: Arc<Vault>,
    operation: Operation,
    secret: WebhookSecret,
    by: Trace,
}

impl Making {
    fn new(vault: &Arc<Vault>, operation: Operation, by: Trace) -> Result<Self, ApiError> {
        let secret = WebhookSecret::generate().map_err(ApiError::internal)?;
        Ok(Self { vault: Arc::clone(vault), operation, secret, by })
    }

    fn note(&self, conn: &mut PgConnection, action: AuditAction, id: WebhookId) -> Result<(), ApiError> {
        let entry = self.by.clone().did(action, id, clock::now());
        Ok(audit::note(conn, self.vault.tenant(), &entry)?)
    }

    fn seal(&self, secrets: &SigningSecrets, id: WebhookId) -> Result<Vec<u8>, ApiError> {
        secrets.seal(&self.vault, id.0).map_err(ApiError::internal)
    }

    fn open(
        &self,
        conn: &mut PgConnection,
        sealed: &[u8],
        id: WebhookId,
    ) -> Result<SigningSecrets, ApiError> {
        Ok(self.vault.reading(conn, |vault| SigningSecrets::open(sealed, vault, id.0))?)
    }
}

/// Writes a new webhook, or finds the one that an earlier run of the same request wrote.
fn create(
    conn: &mut PgConnection,
    making: &Making,
    webhook: &Webhook,
) -> Result<(Webhook, String), ApiError> {
    let (id, tenant) = (webhook.id, making.vault.tenant());
    if making.operation.again
        && let Some((stored, sealed)) = store::lock(conn, tenant, id)?
    {
        let secrets = making.open(conn, &sealed, id)?;
        let made = secrets.made_by(making.operation.id).ok_or_else(rotated_too_often)?;
        return Ok((stored, made.expose()));
    }
    // Requests at the same moment may go a little beyond it: it only keeps the list short.
    if store::count(conn, tenant)? >= ENDPOINTS_MAX {
        return Err(too_many());
    }
    let sealed = making.seal(&SigningSecrets::new(making.operation.id, making.secret.clone()), id)?;
    store::insert(conn, tenant, webhook, &sealed)?;
    making.note(conn, AuditAction::WebhookCreated, id)?;
    Ok((webhook.clone(), making.secret.expose()))
}

/// Lists the webhooks, the oldest first.
#[utoipa::path(get, path = "/api/webhooks", tag = "webhooks", operation_id = "list_webhooks",
    security(("bearer" = ["admin"])),
    params(("X-Tenant" = Option<String>, Header, description = "Whose webhooks")),
    responses(
        (status = 200, description = "All of them", body = WebhookList),
        (status = 400, description = "The tenant is broken", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn list_webhooks(
    state: Data<State>,
    Caller { tenant, .. }: Caller<Admin>,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let found = state
        .db
        .of(&tenant)
        .read(move |conn| store::list(conn, vault.tenant()).map_err(ApiError::from))
        .await?;
    Ok(HttpResponse::Ok().json(WebhookList { items: found.iter().map(WebhookView::of).collect() }))
}

/// Reads one webhook.
#[utoipa::path(get, path = "/api/webhooks/{id}", tag = "webhooks", operation_id = "find_webhook",
    security(("bearer" = ["admin"])),
    params(("id" = String, Path, description = "The webhook"), ("X-Tenant" = Option<String>, Header, description = "Whose webhook")),
    responses(
        (status = 200, description = "The webhook", body = WebhookView),
        (status = 400, description = "The tenant is broken", body = ErrorBody),
        (status = 404, description = "There is no such webhook", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn find_webhook(
    state: Data<State>,
    Caller { tenant, .. }: Caller<Admin>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let id = parse_id(&id)?;
    let found = state
        .db
        .of(&tenant)
        .read(move |conn| store::find(conn, vault.tenant(), id).map_err(ApiError::from))
        .await?;
    Ok(HttpResponse::Ok().json(WebhookView::of(&found.ok_or_else(no_webhook)?)))
}

/// Changes a webhook, switches it on or off.
#[utoipa::path(put, path = "/api/webhooks/{id}", tag = "webhooks", operation_id = "update_webhook",
    security(("bearer" = ["admin"])),
    params(("id" = String, Path, description = "The webhook"), ("X-Tenant" = Option<String>, Header, description = "Whose webhook")),
    request_body = UpdateWebhook,
    responses(
        (status = 200, description = "The webhook as it is now", body = WebhookView),
        (status = 400, description = "A field is broken", body = ErrorBody),
        (status = 404, description = "There is no such webhook", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn update_webhook(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<Admin>,
    id: Path<String>,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (change, id) = (WebhookChange::parse(body, state.webhook_reach)?, parse_id(&id)?);
    let entry = state.audit.trace(&tenant, &by).did(AuditAction::WebhookChanged, id, clock::now());
    let write = move |conn: &mut PgConnection| {
        let (stored, _) = store::lock(conn, vault.tenant(), id)?.ok_or_else(no_webhook)?;
        let changed = stored.changed(change.clone(), clock::now());
        store::update(conn, vault.tenant(), &changed)?;
        audit::note(conn, vault.tenant(), &entry)?;
        Ok::<_, ApiError>(changed)
    };
    let changed = state.db.of(&tenant).transaction(id.0, write).await?;
    Ok(HttpResponse::Ok().json(WebhookView::of(&changed)))
}

/// Gives a webhook a new secret; the old one signs too for 24 hours.
#[utoipa::path(post, path = "/api/webhooks/{id}/rotate", tag = "webhooks", operation_id = "rotate_webhook",
    security(("bearer" = ["admin"])),
    params(("id" = String, Path, description = "The webhook"), ("X-Tenant" = Option<String>, Header, description = "Whose webhook"),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "Names this request: its repetitions get the first answer, with `Idempotency-Replayed: true`")),
    responses(
        (status = 200, description = "The webhook with its new secret", body = WebhookView),
        (status = 400, description = "The tenant is broken", body = ErrorBody),
        (status = 404, description = "There is no such webhook", body = ErrorBody),
        (status = 409, description = "It was given three new secrets within 24 hours, or the request with this Idempotency-Key is still being answered", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used for another request", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn rotate_webhook(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<Admin>,
    id: Path<String>,
    key: IdempotencyKey,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (request, idempotency) = (key.request(&vault, &Value::Null), state.idempotency.clone());
    let (id, by) = (parse_id(&id)?, state.audit.trace(&tenant, &by));
    let rotate = async move |operation: Operation| {
        let making = Making::new(&vault, operation, by)?;
        let (webhook, secret) =
            state.db.of(&tenant).transaction(id.0, move |conn| rotate(conn, &making, id)).await?;
        Ok(HttpResponse::Ok().json(WebhookView::of(&webhook).with_secret(secret)))
    };
    idempotency.run(request, rotate).await
}

/// Puts a new secret in front, or finds the one that an earlier run of the same request made.
fn rotate(conn: &mut PgConnection, making: &Making, id: WebhookId) -> Result<(Webhook, String), ApiError> {
    let (now, tenant) = (clock::now(), making.vault.tenant());
    let (webhook, sealed) = store::lock(conn, tenant, id)?.ok_or_else(no_webhook)?;
    let secrets = making.open(conn, &sealed, id)?;
    if let Some(made) = secrets.made_by(making.operation.id) {
        return Ok((webhook, made.expose()));
    }
    let rotated = secrets.rotated(making.operation.id, making.secret.clone(), now);
    let sealed = making.seal(&rotated.map_err(|_| rotated_too_often())?, id)?;
    store::update_secrets(conn, tenant, id, &sealed, now)?;
    making.note(conn, AuditAction::WebhookRotated, id)?;
    Ok((Webhook { updated_at: now, ..webhook }, making.secret.expose()))
}

/// Calls a webhook again for everything that happened since a moment.
///
/// Each event has the same `webhook-id` as before, so a receiver recognises what it has.
#[utoipa::path(post, path = "/api/webhooks/{id}/replay", tag = "webhooks", operation_id = "replay_webhook",
    security(("bearer" = ["admin"])),
    params(("id" = String, Path, description = "The webhook"), ("X-Tenant" = Option<String>, Header, description = "Whose webhook"),
           ("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, description = "Names this request: its repetitions get the first answer, with `Idempotency-Replayed: true`")),
    request_body = ReplayWebhook,
    responses(
        (status = 202, description = "The webhook is called again", body = WebhookView),
        (status = 400, description = "A field is broken", body = ErrorBody),
        (status = 404, description = "There is no such webhook", body = ErrorBody),
        (status = 409, description = "The request with this Idempotency-Key is still being answered", body = ErrorBody),
        (status = 413, description = "The body is too large", body = ErrorBody),
        (status = 415, description = "The body is not JSON", body = ErrorBody),
        (status = 422, description = "The Idempotency-Key was used for another request", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn replay_webhook(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<Admin>,
    id: Path<String>,
    key: IdempotencyKey,
    JsonBody(body): JsonBody,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let (request, idempotency) = (key.request(&vault, &body), state.idempotency.clone());
    let (since, id) = (bodies::replay_since(body)?, parse_id(&id)?);
    let entry = state.audit.trace(&tenant, &by).did(AuditAction::WebhookReplayed, id, clock::now());
    let rewind = move |conn: &mut PgConnection| -> Result<Webhook, ApiError> {
        let (webhook, _) = store::lock(conn, vault.tenant(), id)?.ok_or_else(no_webhook)?;
        relay::rewind(conn, vault.tenant(), id, since)?;
        audit::note(conn, vault.tenant(), &entry)?;
        Ok(webhook)
    };
    let replay = async move |_| {
        // It may read much; nobody else's commit is to wait for that.
        let webhook = state.db.of(&tenant).run_alone(rewind).await?;
        Ok(HttpResponse::Accepted().json(WebhookView::of(&webhook)))
    };
    idempotency.run(request, replay).await
}

/// Deletes a webhook: it is not called any more.
#[utoipa::path(delete, path = "/api/webhooks/{id}", tag = "webhooks", operation_id = "delete_webhook",
    security(("bearer" = ["admin"])),
    params(("id" = String, Path, description = "The webhook"), ("X-Tenant" = Option<String>, Header, description = "Whose webhook")),
    responses(
        (status = 204, description = "Deleted"),
        (status = 400, description = "The tenant is broken", body = ErrorBody),
        (status = 404, description = "There is no such webhook", body = ErrorBody),
        (status = 503, description = "Busy, or the database is gone", body = ErrorBody),
    ))]
pub async fn delete_webhook(
    state: Data<State>,
    Caller { tenant, by, .. }: Caller<Admin>,
    id: Path<String>,
) -> Result<HttpResponse, ApiError> {
    let vault = state.tenants.vault(&tenant).await?;
    let id = parse_id(&id)?;
    let entry = state.audit.trace(&tenant, &by).did(AuditAction::WebhookDeleted, id, clock::now());
    let delete = move |conn: &mut PgConnection| -> Result<bool, ApiError> {
        // The row first: whoever passes events on to it holds its lock meanwhile.
        let deleted = store::delete(conn, vault.tenant(), id)?;
        outbox::withdraw(conn, vault.tenant(), &destination(id), clock::now())?;
        if deleted {
            audit::note(conn, vault.tenant(), &entry)?;
        }
        Ok(deleted)
    };
    let deleted = state.db.of(&tenant).transaction(id.0, delete).await?;
    if deleted { Ok(HttpResponse::NoContent().finish()) } else { Err(no_webhook()) }
}

fn parse_id(id: &str) -> Result<WebhookId, ApiError> {
    id.parse().map_err(|_| no_webhook())
}

fn no_webhook() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "There is no such webhook")
}

fn too_many() -> ApiError {
    let message = format!("There are {ENDPOINTS_MAX} webhooks already; delete one first");
    ApiError::new(ErrorCode::Conflict, message)
}

fn rotated_too_often() -> ApiError {
    let message = "Too many earlier secrets of this webhook still sign; try again when they are a day old";
    ApiError::new(ErrorCode::Conflict, message)
}
