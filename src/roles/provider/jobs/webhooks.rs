//! Tells the provider's own systems what happened: passes events on to the
//! outbox, and brings them from there to the webhooks.

use std::sync::Arc;
use std::time::Duration;

use diesel::PgConnection;
use diesel::result::QueryResult;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::ids::{TenantId, WebhookId};
use crate::domain::timestamp::Timestamp;
use crate::domain::webhook::{Notice, Webhook};
use crate::platform::clock;
use crate::platform::db::Db;
use crate::platform::http::ApiError;
use crate::platform::http_client::{Answer, CallError, GuardedClient};
use crate::platform::outbox::{self, Called, Courier, Failure, Leased, NewMessage, Opened, Settled};
use crate::platform::tenants::Vault;
use crate::platform::webhooks::SigningSecrets;
use crate::platform::webhooks::signature::{self, Headers};
use crate::roles::provider::store::relay::{self, News};
use crate::roles::provider::{State, store};

/// Topic of the messages to webhooks.
const TOPIC: &str = "webhook.post";
/// Events that one transaction passes on.
const BATCH: i64 = 200;

/// Where the messages to an endpoint go.
#[must_use]
pub fn destination(id: WebhookId) -> String {
    format!("webhook:{}", id.0)
}

/// Passes on every event that is new to an endpoint, and tells how many messages that made.
pub async fn pass_on(state: &State) -> Result<usize, ApiError> {
    let mut made = 0;
    loop {
        let behind = state.db.of_everybody().read(|conn| relay::behind(conn).map_err(ApiError::from)).await?;
        let mut passed = false;
        for (tenant, id) in behind {
            let max_age = state.outbox.retry.max_age;
            // It is passed everything once the tenant works again.
            let Some(vault) = state.tenants.active(&tenant).await? else { continue };
            let pass = move |conn: &mut PgConnection| pass_on_to(conn, &vault, id, max_age);
            if let Some(count) = state.db.of(&tenant).run_alone(pass).await? {
                made += count;
                passed = true;
            }
        }
        if !passed {
            return Ok(made);
        }
        state.webhook_wake.ring();
    }
}

/// Writes messages for the next events of an endpoint. `None` if there is
/// nothing to do, or another process does it.
fn pass_on_to(
    conn: &mut PgConnection,
    vault: &Arc<Vault>,
    id: WebhookId,
    max_age: Duration,
) -> Result<Option<usize>, ApiError> {
    let tenant = vault.tenant();
    let Some((wanted, cursor)) = relay::lock(conn, tenant, id)? else { return Ok(None) };
    let news = relay::news(conn, tenant, cursor, BATCH)?;
    let Some(last) = news.last() else { return Ok(None) };
    let mut made = 0;
    for event in &news {
        let Some(message) = message(vault, id, &wanted, event)? else { continue };
        made += usize::from(outbox::enqueue_once(conn, &message, clock::now(), max_age)?);
    }
    if made > 0 {
        outbox::notify(conn)?;
    }
    relay::advance(conn, tenant, id, last.cursor)?;
    Ok(Some(made))
}

fn message(
    vault: &Arc<Vault>,
    id: WebhookId,
    wanted: &[String],
    event: &News,
) -> Result<Option<NewMessage>, ApiError> {
    let Some(kind) = event.kind else { return Ok(None) };
    if !wanted.is_empty() && !wanted.iter().any(|word| word == kind.as_str()) {
        return Ok(None);
    }
    let News { id: name, document, at, version, cursor, .. } = *event;
    let notice = Notice { id: name, tenant: vault.tenant(), document, kind, at, version };
    Ok(Some(NewMessage {
        vault: Arc::clone(vault),
        topic: TOPIC,
        destination: destination(id),
        subject: document.0,
        sequence: cursor.position,
        payload: notice.body().map_err(ApiError::internal)?,
        trace_parent: None,
    }))
}

/// Calls webhooks.
#[derive(Clone)]
pub struct ToWebhooks {
    /// Calls of this thread, no further than they may lead.
    pub http: GuardedClient,
    /// Where the endpoints are.
    pub db: Db,
}

/// Why a webhook was not called, or did not take the message.
enum Unsent {
    Call(CallError),
    Own(String),
    Deleted,
}

impl ToWebhooks {
    async fn endpoint(&self, vault: &Arc<Vault>, id: WebhookId) -> Result<(Webhook, SigningSecrets), Unsent> {
        let own = Arc::clone(vault);
        let find = move |conn: &mut PgConnection| {
            let Some((webhook, sealed)) = store::webhooks::find_sealed(conn, own.tenant(), id)? else {
                return Ok(None);
            };
            let secrets = own.reading(conn, |vault| SigningSecrets::open(&sealed, vault, id.0))?;
            Ok::<_, ApiError>(Some((webhook, secrets)))
        };
        let found =
            self.db.of(vault.tenant()).read(find).await.map_err(|error| Unsent::Own(error.to_string()))?;
        found.ok_or(Unsent::Deleted)
    }

    async fn post(&self, message: &Leased, opened: &Opened, id: WebhookId) -> Result<u16, Unsent> {
        let (webhook, secrets) = self.endpoint(&opened.vault, id).await?;
        let now = clock::now();
        let name = event_id(message, &opened.payload);
        let signed = Headers::sign(&name, now, &opened.payload, secrets.active(now));
        let headers = [
            (signature::ID_HEADER, signed.id.as_str()),
            (signature::TIMESTAMP_HEADER, signed.timestamp.as_str()),
            (signature::SIGNATURE_HEADER, signed.signature.as_str()),
            ("Content-Type", "application/json"),
        ];
        let answer = self.http.post(&webhook.url, &headers, &opened.payload).await;
        let answer = answer.and_then(Answer::success).map_err(Unsent::Call)?;
        Ok(answer.status)
    }

    /// 410 says that nobody wants to be called there any more (Standard Webhooks, "Operational considerations").
    async fn switch_off(&self, tenant: &TenantId, id: WebhookId) {
        let own = tenant.clone();
        let reason = "The receiver answered 410 Gone";
        let off = move |conn: &mut PgConnection| relay::switch_off(conn, &own, id, reason, clock::now());
        if let Err(error) = self.db.of(tenant).run(move |conn| off(conn).map_err(ApiError::from)).await {
            log::warn!("a webhook can't be switched off: {error}");
        }
    }
}

/// The event's name: the same for every attempt, every endpoint and every replay.
fn event_id(message: &Leased, payload: &[u8]) -> String {
    let body: Option<Value> = serde_json::from_slice(payload).ok();
    let id = body.as_ref().and_then(|body| body.pointer("/data/id")?.as_str());
    id.map_or_else(|| message.id.to_string(), str::to_owned)
}

fn endpoint_of(destination: &str) -> Option<WebhookId> {
    Uuid::try_parse(destination.strip_prefix("webhook:")?).ok().map(WebhookId)
}

impl Courier for ToWebhooks {
    type Receipt = ();

    async fn destinations(&self) -> Result<Vec<String>, ApiError> {
        let enabled =
            self.db.of_everybody().read(|conn| relay::enabled(conn).map_err(ApiError::from)).await?;
        Ok(enabled.into_iter().map(destination).collect())
    }

    async fn call(&self, message: &Leased, opened: &Opened) -> Called<()> {
        let Some(id) = endpoint_of(&message.destination) else {
            return called(Err(Unsent::Deleted));
        };
        let sent = self.post(message, opened, id).await;
        if let Err(Unsent::Call(CallError::Status { status: 410, .. })) = &sent {
            self.switch_off(&message.tenant, id).await;
        }
        called(sent)
    }

    fn lock(_: &mut PgConnection, _: &[&Leased]) -> QueryResult<()> {
        Ok(())
    }

    fn record(_: &mut PgConnection, _: &[Settled<'_, ()>], _: Timestamp) -> QueryResult<()> {
        Ok(())
    }
}

fn called(sent: Result<u16, Unsent>) -> Called<()> {
    let (status, retry_after, why, temporary, in_trouble) = match sent {
        Ok(status) => return Called { outcome: Ok(()), status: Some(status), answer: None },
        Err(Unsent::Call(error)) => {
            let (status, retry_after) = match &error {
                CallError::Status { status, retry_after, .. } => (Some(*status), *retry_after),
                _ => (None, None),
            };
            // Whatever else a receiver says, it may be mended; nothing is lost meanwhile.
            (status, retry_after, format!("The webhook {error}"), status != Some(410), true)
        }
        Err(Unsent::Own(why)) => (None, None, format!("The webhook was not called: {why}"), true, false),
        Err(Unsent::Deleted) => (None, None, "The webhook was deleted".to_owned(), false, false),
    };
    let failure = Failure { why, temporary, destination_in_trouble: in_trouble, retry_after };
    Called { outcome: Err(failure), status, answer: None }
}
