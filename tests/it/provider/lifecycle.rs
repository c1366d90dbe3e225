//! Revoke, re-issue, another end, history: who may ask what of them.

use serde_json::{Value, json};

use super::send::receipt;
use super::{Provider, id_of};
use crate::support::bad_input::{assert_harmless, malformed_segments, refuses_every_broken_body};
use crate::support::http::{Call, assert_timestamp};
use crate::support::receiver::{Behaviour, Receiver};

const UNKNOWN: &str = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d";

/// Every request about the life of a document.
fn requests(id: &str) -> Vec<Call> {
    vec![
        Call::new("POST", format!("/api/documents/{id}/revoke")),
        Call::new("POST", format!("/api/documents/{id}/reissue")),
        Call::post(format!("/api/documents/{id}/expiry"), &json!({"expiresIn": 3600})),
        Call::get(format!("/api/documents/{id}/events")),
    ]
}

#[actix_web::test]
async fn what_was_never_sent_has_no_access_to_change() {
    let provider = Provider::new().await;
    for id in [provider.draft("T").await, provider.ready("T").await] {
        let before = provider.database.dump();
        for call in requests(&id).into_iter().filter(|call| call.method == "POST") {
            provider.call(call).await.refused(400, "INVALID_DOCUMENT_STATE");
        }
        assert_eq!(provider.database.dump(), before);
    }
}

#[actix_web::test]
async fn another_tenant_finds_nothing() {
    let receiver = Receiver::start(receipt());
    let provider = Provider::to(&receiver, &[]).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(200);
    let before = provider.database.dump();
    for call in requests(&id) {
        provider.call(call.tenant("other")).await.refused(404, "NOT_FOUND");
    }
    assert_eq!((provider.database.dump(), receiver.calls().len()), (before, 1));
}

#[actix_web::test]
async fn what_is_no_document_is_not_found() {
    let provider = Provider::new().await;
    let before = provider.database.dump();
    for segment in malformed_segments().into_iter().chain([UNKNOWN.to_owned()]) {
        for call in requests(&segment) {
            let answer = provider.call(call).await;
            answer.refused(404, "NOT_FOUND");
            assert_harmless(&answer);
        }
    }
    assert_eq!(provider.database.dump(), before);
}

#[actix_web::test]
async fn a_broken_end_of_access_is_named_and_changes_nothing() {
    let receiver = Receiver::start(receipt());
    let provider = Provider::to(&receiver, &[]).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(200);
    let path = format!("/api/documents/{id}/expiry");
    refuses_every_broken_body(&provider.app, &provider.database, "POST", &path).await;
    let before = provider.database.dump();
    for value in [
        json!(0),
        json!(-1),
        json!(59),
        json!(7_776_001),
        json!(60.5),
        json!("60"),
        json!(null),
        json!([]),
        json!(true),
        json!(1e300),
        json!(u64::MAX),
    ] {
        provider.call(Call::post(&path, &json!({ "expiresIn": value }))).await.names_fields(&["expiresIn"]);
    }
    provider.call(Call::post(&path, &json!({}))).await.names_fields(&["expiresIn"]);
    assert_eq!((provider.database.dump(), receiver.calls().len()), (before, 1));
}

#[actix_web::test]
async fn broken_parameters_of_a_history_are_named() {
    let provider = Provider::new().await;
    let id = provider.draft("T").await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("limit=1.5", "limit"),
        ("after=x", "after"),
        ("after=-1", "after"),
        ("after=%00", "after"),
        ("after=99999999999999999999", "after"),
    ] {
        let path = format!("/api/documents/{id}/events?{query}");
        provider.call(Call::get(path)).await.names_fields(&[field]);
    }
    let beyond = provider.call(Call::get(format!("/api/documents/{id}/events?after=999"))).await.expect(200);
    assert_eq!(beyond, json!({"items": []}));
}

#[actix_web::test]
async fn a_history_begins_with_the_document() {
    let provider = Provider::new().await;
    let id = provider.draft("Secret").await;
    let answer = provider.call(Call::get(format!("/api/documents/{id}/events"))).await;
    let event = answer.expect(200)["items"][0].clone();
    assert_eq!(
        (&event["kind"], &event["version"], &event["detail"]),
        (&json!("created"), &json!(1), &Value::Null)
    );
    assert_timestamp(&event["at"]);
    assert_eq!(event["at"], provider.document(&id).await["createdAt"]);
    assert!(!answer.text().contains("Secret"));
    provider.update(&id, &json!({"title": "U"})).await.expect(200);
    provider.update(&id, &json!({"title": "U"})).await.expect(200);
    provider.update(&id, &json!({"status": "final", "title": "V"})).await.expect(200);
    assert_eq!(provider.history(&id).await, ["created", "edited", "finalised"]);
    assert_eq!(provider.delete(&id).await.status, 204);
    provider.call(Call::get(format!("/api/documents/{id}/events"))).await.refused(404, "NOT_FOUND");
    assert_eq!(provider.database.count("document_events"), 0, "nothing is kept of what was never sent");
}

#[actix_web::test]
async fn the_client_role_is_told_which_operation_it_is() {
    let receiver = Receiver::start(receipt());
    let provider = Provider::to(&receiver, &[]).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(200);
    provider.expire_in(&id, 3_600).await.expect(200);
    provider.reissue(&id).await.expect(200);
    receiver.behave(Behaviour::Answer(204, String::new()));
    provider.revoke(&id).await.expect(200);
    let calls = receiver.calls();
    let called: Vec<_> = calls.iter().map(|call| format!("{} {}", call.method, call.path)).collect();
    let path = "/api/v1/documents";
    let expected = [
        format!("POST {path}"),
        format!("PUT {path}/{id}/access"),
        format!("PUT {path}/{id}/access"),
        format!("DELETE {path}/{id}?sequence=4"),
    ];
    assert_eq!(called, expected);
    let bodies: Vec<Value> =
        calls[..3].iter().map(|call| serde_json::from_slice(&call.body).unwrap()).collect();
    let part = |name: &str| bodies.iter().map(|body| body[name].clone()).collect::<Vec<_>>();
    assert_eq!(
        (part("sequence"), part("generation")),
        (vec![json!(1), json!(2), json!(3)], vec![json!(1), json!(1), json!(2)])
    );
    assert!(bodies[1..].iter().all(|body| body.get("title").is_none() && body["expiresAt"].is_string()));
    assert!(calls[3].body.is_empty());
}

#[actix_web::test]
async fn a_change_that_is_refused_for_good_is_told() {
    let receiver = Receiver::start(receipt());
    let provider = Provider::to(&receiver, &[]).await;
    let id = id_of(&provider.document(&provider.ready("T").await).await);
    provider.send(&id).await.expect(200);
    receiver.behave(Behaviour::refuse(410));
    provider.reissue(&id).await.refused(502, "CLIENT_REFUSED");
    let history = provider.history(&id).await;
    assert_eq!(history[history.len() - 2..], ["reissued", "failed"]);
    assert_eq!(provider.document(&id).await["delivery"]["state"], "failed");
}

#[actix_web::test]
async fn a_success_that_does_not_hold_what_was_asked_for_is_not_believed() {
    let receiver = Receiver::start(receipt());
    let provider = Provider::to(&receiver, &[]).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(200);
    for (status, body) in [
        (200, "<html>Welcome</html>"),
        (200, ""),
        (204, ""),
        (200, "{}"),
        (200, r#"{"id": "x", "accessCode": ""}"#),
    ] {
        receiver.behave(Behaviour::Answer(status, body.to_owned()));
        provider.expire_in(&id, 3_600).await.expect(202);
    }
    receiver.behave(Behaviour::Answer(200, "<html>Welcome</html>".to_owned()));
    assert_eq!(provider.revoke(&id).await.expect(202)["delivery"]["state"], "queued");
}
