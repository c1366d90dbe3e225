//! Telling webhooks what happened, with a receiver in place of the provider's own system.

use std::time::Duration;

use oc::domain::timestamp::Timestamp;
use oc::platform::webhooks::WebhookSecret;
use oc::platform::webhooks::signature::Headers;
use oc::roles::provider::jobs::webhooks::pass_on;
use serde_json::{Value, json};

use super::{Provider, id_of};
use crate::support::http::Call;
use crate::support::receiver::{Behaviour, Receiver};
use crate::support::waiting::until_async;

fn ok() -> Behaviour {
    Behaviour::Answer(204, String::new())
}

async fn provider() -> Provider {
    Provider::with(&[
        ("WEBHOOK_ALLOW_PRIVATE", "true"),
        ("CLIENT_BASE_URL", "http://127.0.0.1:1/api/"),
        ("RETRY_FIRST_MS", "60000"),
        ("BREAKER_FAILURES", "1000"),
    ])
    .await
}

/// Id and secret of a new webhook.
async fn register(provider: &Provider, receiver: &Receiver, events: &[&str]) -> (String, WebhookSecret) {
    let url = format!("http://{}/hook", receiver.address());
    let body = json!({ "url": url, "events": events });
    let webhook = provider.call(Call::post("/api/webhooks", &body)).await.expect(201);
    let secret = webhook["secret"].as_str().unwrap_or_else(|| panic!("no secret in {webhook}"));
    (id_of(&webhook), WebhookSecret::parse(secret).unwrap())
}

/// Passes events on and calls webhooks until `done`: an event is held back as long
/// as any transaction of the server is older, and other tests run there too.
async fn tell(provider: &Provider, what: &str, done: impl Fn() -> bool) {
    let dispatcher = provider.state.webhooks();
    for _ in 0..2_000 {
        pass_on(&provider.state).await.unwrap();
        dispatcher.run_due().await.unwrap();
        if done() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("waited in vain for {what}");
}

fn hooks(receiver: &Receiver) -> Vec<(Call, Value)> {
    let calls = receiver.every_call();
    calls.into_iter().map(|call| (call.clone(), serde_json::from_slice(&call.body).unwrap())).collect()
}

fn types(receiver: &Receiver) -> Vec<String> {
    hooks(receiver).iter().map(|(_, body)| body["type"].as_str().unwrap().to_owned()).collect()
}

fn header(call: &Call, name: &str) -> String {
    let found = call.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
    found.unwrap_or_else(|| panic!("no {name}")).1.clone()
}

fn verified(call: &Call, secret: &WebhookSecret) -> bool {
    let headers = Headers {
        id: header(call, "webhook-id"),
        timestamp: header(call, "webhook-timestamp"),
        signature: header(call, "webhook-signature"),
    };
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond()).unwrap();
    headers.verify(&call.body, secret, now).is_ok()
}

#[actix_web::test]
async fn a_webhook_is_told_in_order_what_happens_and_nothing_of_what_is_written() {
    let (receiver, provider) = (Receiver::start(ok()), provider().await);
    provider.ready("before it was registered").await;
    let (_, secret) = register(&provider, &receiver, &[]).await;
    let id = provider.ready("Diagnosis").await;
    provider.send(&id).await.expect(202);
    // What was under way when it was registered is told as well.
    let about_it = || {
        let mut hooks = hooks(&receiver);
        hooks.retain(|(_, body)| body["data"]["documentId"] == id);
        hooks
    };
    tell(&provider, "three events", || about_it().len() >= 3).await;
    let told: Vec<_> = about_it().iter().map(|(_, body)| body["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(told, ["document.created", "document.finalised", "document.sent"]);
    for (call, body) in about_it() {
        assert!(verified(&call, &secret), "{body}");
        assert_eq!(header(&call, "webhook-id"), body["data"]["id"].as_str().unwrap());
        assert_eq!((&body["data"]["documentId"], &body["data"]["tenant"]), (&json!(id), &json!("default")));
        assert!(!String::from_utf8_lossy(&call.body).contains("Diagnosis"), "{body}");
    }
}

#[actix_web::test]
async fn only_the_kinds_that_were_asked_for_are_told() {
    let (receiver, provider) = (Receiver::start(ok()), provider().await);
    register(&provider, &receiver, &["finalised"]).await;
    let other = Receiver::start(ok());
    register(&provider, &other, &[]).await;
    provider.ready("T").await;
    tell(&provider, "the events", || types(&other).len() >= 2 && !types(&receiver).is_empty()).await;
    assert_eq!(types(&receiver), ["document.finalised"]);
}

#[actix_web::test]
async fn a_failed_call_is_repeated_under_the_same_id_before_later_events_of_the_document() {
    let (receiver, provider) = (Receiver::start(Behaviour::Answer(400, String::new())), provider().await);
    register(&provider, &receiver, &[]).await;
    provider.ready("T").await;
    tell(&provider, "the first call", || !types(&receiver).is_empty()).await;
    receiver.behave(ok());
    let due = "UPDATE outbox SET due_at = now() - interval '1 second' WHERE state = 'pending'";
    provider.database.execute(due);
    tell(&provider, "the repetition", || types(&receiver).len() >= 3).await;
    assert_eq!(types(&receiver), ["document.created", "document.created", "document.finalised"]);
    let ids: Vec<_> = hooks(&receiver).iter().map(|(call, _)| header(call, "webhook-id")).collect();
    assert_eq!(ids[0], ids[1]);
    assert_ne!(ids[1], ids[2]);
}

#[actix_web::test]
async fn both_secrets_sign_after_a_rotation() {
    let (receiver, provider) = (Receiver::start(ok()), provider().await);
    let (id, old) = register(&provider, &receiver, &["created"]).await;
    let rotated = provider.call(Call::new("POST", format!("/api/webhooks/{id}/rotate"))).await.expect(200);
    let new = WebhookSecret::parse(rotated["secret"].as_str().unwrap()).unwrap();
    provider.draft("T").await;
    tell(&provider, "the event", || !types(&receiver).is_empty()).await;
    let (call, _) = hooks(&receiver).remove(0);
    assert!(verified(&call, &old) && verified(&call, &new));
}

#[actix_web::test]
async fn a_replay_tells_everything_again_under_the_same_ids() {
    let (receiver, provider) = (Receiver::start(ok()), provider().await);
    let (id, _) = register(&provider, &receiver, &[]).await;
    provider.ready("T").await;
    tell(&provider, "the events", || types(&receiver).len() >= 2).await;
    let path = format!("/api/webhooks/{id}/replay");
    provider
        .call(Call::post(&path, &json!({"since": "2020-01-01T00:00:00Z"})).tenant("other"))
        .await
        .expect(404);
    provider.call(Call::post(&path, &json!({"since": "yesterday"}))).await.names_fields(&["since"]);
    provider.call(Call::post(&path, &json!({}))).await.names_fields(&["since"]);
    provider.call(Call::post(&path, &json!({"since": "2020-01-01T00:00:00Z"}))).await.expect(202);
    tell(&provider, "the events again", || types(&receiver).len() >= 4).await;
    let ids: Vec<_> = hooks(&receiver).iter().map(|(call, _)| header(call, "webhook-id")).collect();
    assert_eq!(ids[..2], ids[2..]);
}

#[actix_web::test]
async fn what_has_failed_is_not_started_again_beside_its_replay() {
    let (receiver, provider) = (Receiver::start(Behaviour::Answer(500, String::new())), provider().await);
    let (id, _) = register(&provider, &receiver, &[]).await;
    provider.draft("T").await;
    tell(&provider, "the first call", || !types(&receiver).is_empty()).await;
    provider.database.execute("UPDATE outbox SET give_up_at = now(), due_at = now() - interval '1 second'");
    let failed = || provider.database.count("outbox WHERE state = 'failed'") == 1;
    tell(&provider, "the failure", failed).await;
    let message = provider.messages().await.remove(0);
    let path = format!("/api/webhooks/{id}/replay");
    provider.call(Call::post(&path, &json!({"since": "2020-01-01T00:00:00Z"}))).await.expect(202);
    let again = || provider.database.count("outbox WHERE state = 'pending'") == 1;
    tell(&provider, "the replay", again).await;
    provider.retry(&message).await.refused(400, "INVALID_MESSAGE_STATE");
    provider
        .database
        .execute("UPDATE outbox SET state = 'superseded', settled_at = now() WHERE state = 'pending'");
    provider.retry(&message).await.expect(202);
}

#[actix_web::test]
async fn a_receiver_that_is_gone_is_switched_off_and_catches_up_when_it_is_switched_on() {
    let (receiver, provider) = (Receiver::start(Behaviour::Answer(410, String::new())), provider().await);
    let (id, _) = register(&provider, &receiver, &[]).await;
    provider.draft("T").await;
    let state = || provider.database.text("SELECT enabled::text AS text FROM webhook_endpoints");
    tell(&provider, "the end", || state() == "false").await;
    let shown = provider.call(Call::get(format!("/api/webhooks/{id}"))).await.expect(200);
    assert_eq!(shown["disabledReason"], "The receiver answered 410 Gone");
    provider.draft("U").await;
    pass_on(&provider.state).await.unwrap();
    assert_eq!(types(&receiver).len(), 1, "it is not called any more");
    receiver.behave(ok());
    provider.call(Call::put(format!("/api/webhooks/{id}"), &json!({"enabled": true}))).await.expect(200);
    tell(&provider, "what it missed", || types(&receiver).len() >= 2).await;
}

#[actix_web::test]
async fn a_deleted_webhook_is_not_called_any_more() {
    let (receiver, provider) = (Receiver::start(Behaviour::Answer(500, String::new())), provider().await);
    let (id, _) = register(&provider, &receiver, &[]).await;
    provider.draft("T").await;
    tell(&provider, "the first call", || !types(&receiver).is_empty()).await;
    provider.call(Call::delete(format!("/api/webhooks/{id}"))).await;
    let states = "SELECT DISTINCT state AS text FROM outbox";
    assert_eq!(provider.database.texts(states), ["superseded"]);
}

#[actix_web::test]
async fn a_look_claims_only_where_something_is_due() {
    let (receiver, provider) = (Receiver::start(ok()), provider().await);
    register(&provider, &receiver, &[]).await;
    provider.draft("T").await;
    while provider.database.count("outbox") == 0 {
        pass_on(&provider.state).await.unwrap();
    }
    provider.database.execute(
        "INSERT INTO webhook_endpoints (tenant_id, id, url, events, enabled, secrets, created_at, updated_at) \
         SELECT 'default', gen_random_uuid(), 'https://idle.example.ch/', '{}', true, '\\x00', now(), now() \
         FROM generate_series(1, 300); \
         CREATE SEQUENCE statements; \
         CREATE FUNCTION count_statement() RETURNS trigger LANGUAGE plpgsql AS \
         $$ BEGIN PERFORM nextval('statements'); RETURN NULL; END $$; \
         CREATE TRIGGER count_statement AFTER UPDATE ON outbox FOR EACH STATEMENT EXECUTE FUNCTION count_statement()",
    );
    let worker = actix_web::rt::spawn(provider.state.webhooks().run());
    let settled = || (provider.database.count("outbox WHERE state = 'delivered'") == 1).then_some(());
    until_async("the call", Duration::from_secs(10), settled).await;
    worker.abort();
    let statements = provider.database.text("SELECT last_value::text AS text FROM statements");
    assert!(statements.parse::<i64>().unwrap() <= 8, "{statements} claims and settlements");
}
