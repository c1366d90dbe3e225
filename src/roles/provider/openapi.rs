//! The provider role's API description.

use utoipa::OpenApi;

use super::routes::{documents, letter, lifecycle, outbox, send, senders, webhooks};
use crate::domain::document::{Change, ContentType, DeliveryState, Operation, Status};
use crate::domain::webhook::WebhookChange;
use crate::domain::words::{EventKind, SecondFactor};
use crate::platform::audit;
use crate::platform::http::{described, docs, health};
use crate::platform::metrics::route;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "oc provider",
        description = "Providers write documents and send them to their clients. Every error has the same body, `ErrorBody`."
    ),
    paths(
        health::health,
        health::ready,
        route::show_metrics,
        audit::export_audit,
        documents::create_document,
        documents::list_documents,
        documents::find_document,
        documents::update_document,
        documents::delete_document,
        send::send_document,
        lifecycle::revoke_document,
        lifecycle::reissue_document,
        lifecycle::change_expiry,
        lifecycle::list_events,
        letter::print_letter,
        letter::show_qr,
        senders::find_sender,
        senders::update_sender,
        outbox::list_messages,
        outbox::find_message,
        outbox::retry_message,
        webhooks::create_webhook,
        webhooks::list_webhooks,
        webhooks::find_webhook,
        webhooks::update_webhook,
        webhooks::rotate_webhook,
        webhooks::replay_webhook,
        webhooks::delete_webhook
    ),
    tags(
        (name = "documents", description = "Write, finalise, send"),
        (name = "sender", description = "What recipients see of the practice"),
        (name = "webhooks", description = "Tell your own systems what happened to documents (Standard Webhooks)"),
        (name = "outbox", description = "For operators: messages on their way to other services"),
        (name = "audit", description = "Who did what, in a chain of hashes"),
        (name = "operations", description = "For operators: numbers about this process"),
        (name = "health", description = "For load balancers and operators")
    )
)]
struct Api;

/// The description, OpenAPI 3.1.
#[must_use]
pub fn api() -> utoipa::openapi::OpenApi {
    let mut api = docs::with_common_answers(docs::with_security(Api::openapi()));
    for schema in ["Document", "UpdateDocument"] {
        described::field_words(&mut api, (schema, "status"), Status::WORDS);
    }
    for schema in ["Document", "CreateDocument", "UpdateDocument"] {
        described::field_words(&mut api, (schema, "contentType"), ContentType::WORDS);
    }
    described::field_words(&mut api, ("Delivery", "state"), DeliveryState::WORDS);
    described::field_words(&mut api, ("Delivery", "operation"), Operation::WORDS);
    described::field_words(&mut api, ("Protection", "secondFactor"), SecondFactor::WORDS);
    described::field_words(&mut api, ("Event", "kind"), EventKind::WORDS);
    for schema in ["Webhook", "CreateWebhook", "UpdateWebhook"] {
        described::field_words(&mut api, (schema, "events"), EventKind::WORDS);
    }
    described::query_words(&mut api, ("/api/documents", "status"), Status::WORDS);
    described::query_words(&mut api, ("/api/documents", "state"), DeliveryState::WORDS);
    described::field_words(&mut api, ("Sender", "delivery"), &senders::STATES.map(|state| (state, ())));
    let states = outbox::STATES.map(|state| (state, ()));
    described::field_words(&mut api, ("Message", "state"), &states);
    described::query_words(&mut api, ("/api/outbox", "state"), &states);
    described::at_least_one(&mut api, "UpdateDocument", &Change::NAMES);
    described::at_least_one(&mut api, "UpdateWebhook", &WebhookChange::NAMES);
    api
}
