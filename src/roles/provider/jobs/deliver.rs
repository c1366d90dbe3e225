//! Brings operations on documents, and what recipients see of practices, to the client role.

use awc::http::Method;
use diesel::PgConnection;
use diesel::result::QueryResult;

use crate::domain::document::{DeliveryState, Operation};
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::{DELIVERIES_PATH, DeliveryReceipt, SENDER_PATH};
use crate::domain::words::EventKind;
use crate::platform::http::ApiError;
use crate::platform::http_client::{Answer, CallError};
use crate::platform::outbox::{self, Called, Courier, Entry, Leased, Opened, Settled, Settlement};
use crate::roles::provider::client_api::{Call, ClientApi};
use crate::roles::provider::jobs::refusals::failure;
use crate::roles::provider::store::operations::{self, Code, Ended, Ending, SealedCode};
use crate::roles::provider::{State, metrics};

/// Where the client role is, for the outbox.
pub const DESTINATION: &str = "client";

/// Topic of the messages that tell what recipients see of a practice.
pub const SENDER: &str = "sender.present";

/// Topic of the messages of an operation. A change of the expiry and a new code
/// go the same way.
#[must_use]
pub fn topic(operation: Operation) -> &'static str {
    match operation {
        Operation::Send => "document.deliver",
        Operation::Reissue => "document.reissue",
        Operation::Expiry => "document.expiry",
        Operation::Revoke => "document.revoke",
    }
}

/// The operation that a message is about; `None` if it is about no document.
#[must_use]
pub fn operation(topic: &str) -> Option<Operation> {
    Operation::WORDS
        .iter()
        .map(|(_, operation)| *operation)
        .find(|operation| self::topic(*operation) == topic)
}

/// Attempts every message that is due, each for itself, and tells how many attempts there were.
pub async fn run_due(state: &State) -> Result<usize, ApiError> {
    state.deliveries.run_due().await
}

/// Makes a call that is no message, under the same rules: not while the client
/// role has a rest, and what it tells about the client role counts.
pub(super) async fn through_gate<T>(
    state: &State,
    call: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    let gate = state.gates.of(DESTINATION);
    // A place is free as soon as any of the calls ends.
    let Entry::Come(_place) = gate.enter_within(state.outbox.call_timeout).await else {
        return Err(CallError::Unreachable("it has a rest, or no place".to_owned()));
    };
    let outcome = call.await;
    match &outcome {
        // It answers; what breaks down may be the rows of this tenant alone, which are asked for
        // again and again.
        Err(CallError::Status { status: 500, .. }) => gate.unused(),
        outcome => gate.tell(outcome.as_ref().is_err_and(CallError::is_about_destination)),
    }
    outcome
}

/// Calls the client role.
#[derive(Clone)]
pub struct ToClient(pub ClientApi);

impl ToClient {
    async fn ask(&self, message: &Leased, body: Vec<u8>) -> Result<Answer, CallError> {
        let (method, path) = match operation(&message.topic) {
            Some(Operation::Send) => (Method::POST, DELIVERIES_PATH.to_owned()),
            Some(Operation::Revoke) => {
                let (document, sequence) = (message.subject, message.sequence);
                (Method::DELETE, format!("{DELIVERIES_PATH}/{document}?sequence={sequence}"))
            }
            Some(Operation::Reissue | Operation::Expiry) => {
                (Method::PUT, format!("{DELIVERIES_PATH}/{}/access", message.subject))
            }
            None => (Method::PUT, SENDER_PATH.to_owned()),
        };
        let id = message.id.to_string();
        let call = Call { method, path: &path, request_id: Some(&id), body };
        self.0.call(&message.tenant, call).await
    }
}

/// What a success tells. Only one that holds what was asked for is believed: a
/// proxy on the way answers 200 to anything.
fn receipt(message: &Leased, answer: &Answer) -> Option<Option<DeliveryReceipt>> {
    if matches!(operation(&message.topic), Some(Operation::Revoke) | None) {
        return (answer.status == 204).then_some(None);
    }
    let receipt: DeliveryReceipt = serde_json::from_slice(&answer.body).ok()?;
    (!receipt.access_code.is_empty()).then_some(Some(receipt))
}

/// The code that a message names: the one that was promised.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct Promised {
    reserved_code: Option<String>,
}

/// What the client role gave: a code, sealed for the document, where there is one.
#[derive(Debug, Clone, Default)]
pub struct Given {
    code: SealedCode,
    /// Whether another one was promised.
    renewed: bool,
    /// Sequence and generation of what holds there, if the operation changed nothing.
    overtaken_by: Option<(i64, i32)>,
}

impl Given {
    fn seal(receipt: DeliveryReceipt, message: &Leased, opened: &Opened) -> Option<Self> {
        let promised: Option<Promised> = serde_json::from_slice(&opened.payload).ok();
        let promised = promised.and_then(|promised| promised.reserved_code);
        let renewed = promised.is_some_and(|code| code != receipt.access_code);
        let code = Code { access_code: receipt.access_code, link: receipt.link };
        Some(Self { code: code.seal(&opened.vault, message.subject).ok()?, renewed, overtaken_by: None })
    }
}

fn overtaken_by(answer: &Answer) -> Option<(i64, i32)> {
    let (sequence, generation) = answer.overtaken_by.as_deref()?.split_once('-')?;
    Some((sequence.parse().ok()?, generation.parse().ok()?))
}

impl Courier for ToClient {
    type Receipt = Given;

    async fn destinations(&self) -> Result<Vec<String>, ApiError> {
        Ok(vec![DESTINATION.to_owned()])
    }

    fn knows(&self, topic: &str) -> bool {
        operation(topic).is_some() || topic == SENDER
    }

    async fn call(&self, message: &Leased, opened: &Opened) -> Called<Self::Receipt> {
        let answered = self.ask(message, opened.payload.clone()).await;
        let (status, answer) = match &answered {
            Ok(answer) => (Some(answer.status), None),
            Err(CallError::Status { status, body, .. }) => (Some(*status), Some(body.clone())),
            Err(_) => (None, None),
        };
        let given = |answer: Answer| {
            let given = match receipt(message, &answer)? {
                Some(receipt) => Given::seal(receipt, message, opened)?,
                None => Given::default(),
            };
            Some(Given { overtaken_by: overtaken_by(&answer), ..given })
        };
        let receipt = answered.and_then(|answer| given(answer).ok_or(CallError::BadAnswer));
        if receipt.is_ok() && operation(&message.topic) == Some(Operation::Send) {
            metrics::sending().delivered(message.id);
        }
        Called { outcome: receipt.map_err(|error| failure(&error)), status, answer }
    }

    fn lock(conn: &mut PgConnection, messages: &[&Leased]) -> QueryResult<()> {
        let tenants: Vec<_> = messages.iter().map(|message| message.tenant.as_str()).collect();
        let ids: Vec<_> = messages.iter().map(|message| message.subject).collect();
        operations::lock(conn, &tenants, &ids)
    }

    fn record(
        conn: &mut PgConnection,
        settled: &[Settled<'_, Self::Receipt>],
        now: Timestamp,
    ) -> QueryResult<()> {
        let mut ended = Ended::at(now);
        for settled in settled {
            let message = settled.message;
            match operation(&message.topic) {
                Some(operation) => ended.push(ending(settled, operation)),
                // About no document: what it says holds instead of what failed before.
                None if *settled.how == Settlement::Delivered => {
                    let about = (message.subject, DESTINATION);
                    outbox::supersede_failed(conn, &message.tenant, about, now)?;
                }
                None => {}
            }
        }
        ended.record(conn).map(|_| ())
    }
}

/// What the end of an attempt means for the document.
fn ending(settled: &Settled<'_, Given>, operation: Operation) -> Ending {
    let message = settled.message;
    let word = operation.as_str().to_owned();
    let (state, due_at, error, event) = match settled.how {
        Settlement::Delivered => {
            let state = if operation == Operation::Revoke {
                DeliveryState::Revoked
            } else {
                DeliveryState::Delivered
            };
            (state, None, None, Some((EventKind::Delivered, word)))
        }
        Settlement::Retry { due_at, error } | Settlement::PutOff { due_at, error, .. } => {
            (DeliveryState::Queued, Some(*due_at), Some(error.clone()), None)
        }
        Settlement::Failed { error } => (
            DeliveryState::Failed,
            None,
            Some(error.clone()),
            Some((EventKind::Failed, format!("{word}: {error}"))),
        ),
    };
    let counted = if matches!(settled.how, Settlement::PutOff { .. }) { 0 } else { 1 };
    let given = settled.receipt;
    Ending {
        tenant: message.tenant.to_string(),
        id: message.subject,
        sequence: message.sequence,
        sending: operation == Operation::Send,
        state,
        attempt: message.attempt - 1 + counted,
        due_at,
        error,
        code: given.map(|given| given.code.clone()).unwrap_or_default(),
        renewed: given.is_some_and(|given| given.renewed),
        overtaken_by: given.and_then(|given| given.overtaken_by),
        event,
    }
}
