//! The outbox as operators see it: list, show, start again.

use oc::roles::provider::jobs::deliver::run_due;
use oc::roles::provider::jobs::housekeeping;
use serde_json::{Value, json};

use super::send::{CODE, receipt};
use super::{Provider, make_due};
use crate::support::bad_input::malformed_segments;
use crate::support::http::{Call, assert_timestamp};
use crate::support::receiver::{Behaviour, Receiver};

#[actix_web::test]
async fn a_message_is_shown_without_what_it_says() {
    let receiver = Receiver::start(Behaviour::Answer(503, "busy".to_owned()));
    let provider = Provider::to(&receiver, &[]).await;
    let id = provider.ready("Very secret").await;
    provider.send(&id).await.expect(202);
    let list = provider.call(Call::get("/api/outbox")).await;
    let mut message = list.expect(200)["items"][0].clone();
    let shown = provider.call(Call::get(format!("/api/outbox/{}", message["id"].as_str().unwrap()))).await;
    assert_eq!(shown.expect(200)["message"], message);
    assert!(!shown.text().contains("secret") && !list.text().contains("secret"));
    for name in ["dueAt", "createdAt"] {
        assert_timestamp(&message[name]);
        message[name] = Value::Null;
    }
    let expected = json!({
        "id": message["id"], "topic": "document.deliver", "destination": "client", "subjectId": id, "sequence": 1,
        "state": "pending", "attempts": 1, "dueAt": null, "createdAt": null, "settledAt": null,
        "lastError": "The client role answered with status 503",
    });
    assert_eq!(message, expected);
}

#[actix_web::test]
async fn the_list_is_read_page_by_page_newest_first() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = Provider::to(&receiver, &[]).await;
    let mut sent = Vec::new();
    for i in 0..5 {
        let id = provider.ready(&format!("{i}")).await;
        provider.send(&id).await.expect(202);
        sent.insert(0, id);
    }
    let (mut found, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = provider.call(Call::get(format!("/api/outbox?limit=2{after}"))).await.expect(200);
        let items = page["items"].as_array().unwrap();
        found.extend(items.iter().map(|item| item["subjectId"].as_str().unwrap().to_owned()));
        pages += 1;
        match page["nextAfter"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!((found, pages), (sent, 3));
    let count = async |state: &str| {
        let page = provider.call(Call::get(format!("/api/outbox?state={state}"))).await.expect(200);
        page["items"].as_array().unwrap().len()
    };
    assert_eq!((count("pending").await, count("failed").await), (5, 0));
}

#[actix_web::test]
async fn what_has_failed_is_started_again_and_delivered() {
    let receiver = Receiver::start(Behaviour::refuse(400));
    let provider = Provider::to(&receiver, &[]).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.refused(502, "CLIENT_REFUSED");
    let message = provider.messages().await.remove(0);
    assert_eq!(provider.message(&message).await["message"]["state"], "failed");
    provider.database.execute("UPDATE outbox SET give_up_at = now()");
    let again = provider.retry(&message).await.expect(202);
    assert_eq!((&again["state"], &again["settledAt"]), (&json!("pending"), &Value::Null));
    assert_eq!(provider.document(&id).await["delivery"]["state"], "queued");
    let life = "SELECT (give_up_at - now() > interval '6 days')::text AS text FROM outbox";
    assert_eq!(provider.database.text(life), "true", "it has all its time ahead");
    receiver.behave(receipt());
    assert_eq!(run_due(&provider.state).await.unwrap(), 1);
    let document = provider.document(&id).await;
    assert_eq!(
        (&document["delivery"]["state"], &document["accessCode"]),
        (&json!("delivered"), &json!(CODE))
    );
    let history = provider.history(&id).await;
    assert_eq!(history, ["created", "finalised", "sent", "failed", "retried", "delivered"]);
    assert_eq!(provider.message(&message).await["attempts"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn only_what_has_failed_can_be_started_again() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = Provider::to(&receiver, &[]).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(202);
    provider.update(&id, &json!({"title": "U"})).await.expect(200);
    receiver.behave(receipt());
    provider.send(&id).await.expect(200);
    let later = provider.ready("later").await;
    receiver.behave(Behaviour::Close);
    provider.send(&later).await.expect(202);
    let before = provider.database.dump();
    let states = provider.database.texts("SELECT state AS text FROM outbox ORDER BY 1");
    assert_eq!(states, ["delivered", "pending", "superseded"]);
    for message in provider.messages().await {
        provider.retry(&message).await.refused(400, "INVALID_MESSAGE_STATE");
    }
    assert_eq!(provider.database.dump(), before);
    provider
        .database
        .execute("UPDATE outbox SET state = 'leased', leased_until = due_at WHERE state = 'pending'");
    let leased = provider.database.text("SELECT id::text AS text FROM outbox WHERE state = 'leased'");
    provider.retry(&leased).await.refused(400, "INVALID_MESSAGE_STATE");
}

#[actix_web::test]
async fn another_tenant_sees_and_starts_nothing() {
    let receiver = Receiver::start(Behaviour::refuse(400));
    let provider = Provider::to(&receiver, &[]).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.refused(502, "CLIENT_REFUSED");
    let message = provider.messages().await.remove(0);
    let before = provider.database.dump();
    let list = provider.call(Call::get("/api/outbox").tenant("other")).await.expect(200);
    assert_eq!(list, json!({"items": []}));
    for call in [
        Call::get(format!("/api/outbox/{message}")),
        Call::new("POST", format!("/api/outbox/{message}/retry")),
    ] {
        provider.call(call.tenant("other")).await.refused(404, "NOT_FOUND");
    }
    assert_eq!(provider.database.dump(), before);
}

#[actix_web::test]
async fn what_is_no_message_or_no_parameter_is_refused() {
    let provider = Provider::new().await;
    let before = provider.database.dump();
    for segment in malformed_segments() {
        for (method, path) in [("GET", ""), ("POST", "/retry")] {
            let answer = provider.call(Call::new(method, format!("/api/outbox/{segment}{path}"))).await;
            answer.refused(404, "NOT_FOUND");
        }
    }
    let unknown = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d";
    provider.call(Call::get(format!("/api/outbox/{unknown}"))).await.refused(404, "NOT_FOUND");
    provider.retry(unknown).await.refused(404, "NOT_FOUND");
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=-1", "limit"),
        ("limit=x", "limit"),
        ("limit=1e3", "limit"),
        ("after=x", "after"),
        ("after=%00", "after"),
        ("state=gone", "state"),
        ("state=FAILED", "state"),
    ] {
        provider.call(Call::get(format!("/api/outbox?{query}"))).await.names_fields(&[field]);
    }
    provider
        .call(Call::get("/api/outbox?limit=0&after=x&state=x"))
        .await
        .names_fields(&["limit", "after", "state"]);
    assert_eq!(provider.database.dump(), before);
}

#[actix_web::test]
async fn housekeeping_removes_what_was_delivered_long_ago_and_keeps_what_failed() {
    let receiver = Receiver::start(receipt());
    let provider = Provider::to(&receiver, &[("OUTBOX_RETENTION_SECONDS", "3600")]).await;
    let mut ids = Vec::new();
    for behaviour in [receipt(), Behaviour::refuse(400), receipt(), Behaviour::Close] {
        receiver.behave(behaviour);
        let id = provider.ready("T").await;
        provider.send(&id).await;
        ids.push(id);
    }
    let age = |id: &str| {
        let sql = "UPDATE outbox SET settled_at = now() - interval '61 minutes', created_at = now() - interval '9 days'";
        provider.database.execute(&format!("{sql} WHERE subject_id = '{id}' AND settled_at IS NOT NULL"));
    };
    age(&ids[0]);
    age(&ids[1]);
    housekeeping::run(&provider.state).await.unwrap();
    let left = provider.database.texts("SELECT state AS text FROM outbox ORDER BY id");
    assert_eq!(left, ["failed", "delivered", "pending"]);
    assert_eq!(provider.database.count("outbox_attempts"), 3);
    assert_eq!(
        provider.document(&ids[0]).await["delivery"]["state"],
        "delivered",
        "the document stays as it is"
    );
    receiver.behave(receipt());
    make_due(&provider);
    assert_eq!(run_due(&provider.state).await.unwrap(), 1);
}
