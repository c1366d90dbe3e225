//! Brings documents to the client role.

use awc::http::Method;

use crate::domain::document::Document;
use crate::domain::ids::DocumentId;
use crate::domain::wire::{DELIVERIES_PATH, DeliveryReceipt, REQUEST_ID_HEADER, TENANT_HEADER};
use crate::platform::http::ApiError;
use crate::platform::http_client::CallError;
use crate::platform::outbox::{self, Leased, Settlement, lease_time, retry};
use crate::platform::{clock, random};
use crate::roles::provider::{State, store};

/// Topic of the outbox messages that carry a document.
pub const TOPIC: &str = "document.deliver";

/// Messages that one look takes on.
const BATCH: i64 = 8;

/// Attempts every message that is due, each for itself, and tells how many there were.
pub async fn run_due(state: &State) -> Result<usize, ApiError> {
    let lease = lease_time(state.client.send_timeout);
    let claimed = state
        .db
        .run(move |conn| outbox::claim_due(conn, TOPIC, BATCH, clock::now(), lease).map_err(ApiError::from))
        .await?;
    let count = claimed.len();
    let attempts = claimed.into_iter().map(|message| attempt(state, message));
    for outcome in futures_util::future::join_all(attempts).await {
        if let Err(error) = outcome {
            log::warn!("a delivery attempt can't be recorded: {error}");
        }
    }
    Ok(count)
}

/// One attempt: calls the client role with no transaction open, then records
/// how it ended in the message and in the document. `None` if the document is
/// gone or another attempt has taken over.
pub async fn attempt(state: &State, message: Leased) -> Result<Option<Document>, ApiError> {
    let outcome = call(state, &message).await;
    if let Err(error) = &outcome {
        log::warn!(request_id = message.id.to_string().as_str(), document = message.subject.to_string().as_str(), attempt = message.attempt; "the client role {error}");
    }
    state.db.transaction(message.subject, move |conn| record(conn, &message, &outcome)).await
}

async fn call(state: &State, message: &Leased) -> Result<DeliveryReceipt, CallError> {
    let url = format!("{}{DELIVERIES_PATH}", state.client.base_url);
    let key = message.id.to_string();
    let headers = [
        (TENANT_HEADER, message.tenant.as_str()),
        ("Idempotency-Key", key.as_str()),
        (REQUEST_ID_HEADER, key.as_str()),
        ("Content-Type", "application/json"),
    ];
    let answer = state.http.send(Method::POST, &url, &headers, message.payload.clone()).await?;
    if !(200..300).contains(&answer.status) {
        return Err(CallError::Status(answer.status));
    }
    serde_json::from_slice(&answer.body).map_err(|_| CallError::BadAnswer)
}

fn record(
    conn: &mut diesel::PgConnection,
    message: &Leased,
    outcome: &Result<DeliveryReceipt, CallError>,
) -> Result<Option<Document>, ApiError> {
    let now = clock::now();
    let id = DocumentId(message.subject);
    let settlement = match outcome {
        Ok(_) => Settlement::Delivered,
        Err(error) if error.is_temporary() => {
            let random = u16::from_ne_bytes(random::bytes().map_err(ApiError::internal)?);
            let due_at = now.plus(retry::pause(message.attempt, random));
            Settlement::Retry { due_at, error: format!("The client role {error}") }
        }
        Err(error) => Settlement::Failed { error: format!("The client role {error}") },
    };
    // The document first, as the sending does, so that the two never wait for each other.
    store::documents::lock(conn, &message.tenant, id)?;
    if !outbox::settle(conn, message, &settlement, now)? {
        return Ok(store::documents::find(conn, &message.tenant, id)?);
    }
    let receipt = outcome.as_ref().ok();
    Ok(store::documents::record_attempt(conn, message, receipt, &settlement, now)?)
}
