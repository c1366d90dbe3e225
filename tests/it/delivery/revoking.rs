//! Access that is ended: by a revocation, by a deletion, whatever comes when.

use std::sync::Arc;

use oc::roles::provider::jobs::housekeeping;
use serde_json::{Value, json};

use super::{Way, callers, promised, text};
use crate::support::http::Call;
use crate::support::receiver::{Behaviour, Gate};
use crate::support::vault::opened;

#[actix_web::test]
async fn a_revoked_document_opens_no_more_and_its_text_is_gone() {
    let way = Way::new().await;
    let (id, code) = way.delivered("Secret words").await;
    way.read(&code, "Secret words").await;
    let revoked = way.provider.revoke(&id).await.expect(200);
    assert_eq!((&revoked["id"], &revoked["delivery"]["state"]), (&json!(id), &json!("revoked")));
    let refusal = way.client.open(&code).await;
    refusal.refused(410, "ACCESS_CODE_REVOKED");
    assert!(!refusal.text().contains("Secret"));
    assert_eq!(way.client.type_in(&code).await.status, 410);
    let left = opened(&way.client.database, "client", "default", ("documents", "title"));
    assert_eq!(left, Vec::<String>::new(), "the text is gone");
    let before = way.provider.database.dump();
    assert_eq!(way.provider.revoke(&id).await.expect(200)["delivery"]["state"], "revoked");
    assert_eq!(way.provider.database.dump(), before, "to end it twice changes nothing");
    for refused in [way.provider.reissue(&id).await, way.provider.expire_in(&id, 3_600).await] {
        refused.refused(400, "INVALID_DOCUMENT_STATE");
    }
    let history = way.provider.history(&id).await;
    assert_eq!(history, ["created", "finalised", "sent", "delivered", "revoked", "delivered"]);
}

#[actix_web::test]
async fn a_revocation_while_the_client_role_is_away_is_carried_out_later() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    way.close();
    assert_eq!(way.provider.revoke(&id).await.expect(202)["delivery"]["state"], "queued");
    assert_eq!(way.provider.revoke(&id).await.expect(202)["delivery"]["state"], "queued");
    way.read(&code, "T").await;
    way.open();
    assert_eq!(way.catch_up().await, 1);
    assert_eq!(way.state_of(&id).await, "revoked");
    way.client.open(&code).await.refused(410, "ACCESS_CODE_REVOKED");
}

#[actix_web::test]
async fn what_is_revoked_before_it_was_delivered_never_arrives() {
    let way = Way::with(&[("CODE_RESERVE_SIZE", "8")]).await;
    way.fill_reserve().await;
    way.close();
    let id = way.provider.ready("T").await;
    let code = promised(&way.provider.send(&id).await);
    way.provider.revoke(&id).await.expect(202);
    let calls = way.receiver.calls().len();
    way.open();
    way.catch_up().await;
    let called: Vec<_> = way.receiver.calls()[calls..].iter().map(|call| call.method.clone()).collect();
    assert_eq!(called, ["DELETE"], "the sending is superseded");
    assert_eq!(way.state_of(&id).await, "revoked");
    assert_ne!(way.client.open(&code).await.status, 200);
    assert_eq!(way.client.database.count("documents WHERE content IS NOT NULL"), 1, "only the first one");
}

#[actix_web::test]
async fn a_delivery_that_arrives_after_its_revocation_is_refused_for_ever() {
    let way = Way::new().await;
    let hasty = way.impatient().await;
    let id = way.provider.ready("T").await;
    let gate = Arc::new(Gate::default());
    way.receiver.behave(Behaviour::ForwardThrough(Arc::clone(&gate), way.served.address));
    hasty.send(&id).await.expect(202);
    callers(&way.receiver, 1).await;
    hasty.revoke(&id).await.expect(202);
    // As if another process had not seen the sending any more: the revocation goes first.
    let revoke = way.served.call(&Call::delete(format!("/v1/documents/{id}?sequence=2")));
    assert_eq!(revoke.status, 204, "{}", revoke.text());
    gate.open();
    callers(&way.receiver, 0).await;
    way.open();
    way.end_leases();
    way.settle_all().await;
    assert_eq!(way.state_of(&id).await, "revoked");
    assert_eq!(way.client.database.count("documents WHERE content IS NOT NULL"), 0);
    assert_eq!(way.client.database.count("access_codes"), 0);
}

#[actix_web::test]
async fn what_was_revoked_is_sent_again_under_another_code() {
    let way = Way::new().await;
    let (id, old) = way.delivered("T").await;
    way.provider.revoke(&id).await.expect(200);
    let new = way.sent(&id).await;
    assert_ne!(new, old);
    way.read(&new, "T").await;
    way.client.open(&old).await.refused(410, "ACCESS_CODE_REVOKED");
    assert_eq!(way.state_of(&id).await, "delivered");
}

#[actix_web::test]
async fn a_revocation_and_a_new_sending_that_wait_are_carried_out_in_their_order() {
    let way = Way::new().await;
    let (id, old) = way.delivered("T").await;
    way.close();
    way.provider.revoke(&id).await.expect(202);
    assert_eq!(way.provider.send(&id).await.expect(202)["accessCode"], Value::Null);
    let calls = way.receiver.calls().len();
    way.open();
    way.catch_up().await;
    let called: Vec<_> = way.receiver.calls()[calls..].iter().map(|call| call.method.clone()).collect();
    assert_eq!(called, ["DELETE", "POST"]);
    let new = text(&way.provider.document(&id).await["accessCode"]);
    way.read(&new, "T").await;
    assert_ne!(new, old);
    way.client.open(&old).await.refused(410, "ACCESS_CODE_REVOKED");
}

#[actix_web::test]
async fn a_revocation_that_was_refused_can_be_asked_for_again() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    way.receiver.behave(Behaviour::refuse(400));
    way.provider.revoke(&id).await.refused(502, "CLIENT_REFUSED");
    assert_eq!(way.state_of(&id).await, "failed");
    way.open();
    assert_eq!(way.provider.revoke(&id).await.expect(200)["delivery"]["state"], "revoked");
    way.client.open(&code).await.refused(410, "ACCESS_CODE_REVOKED");
}

#[actix_web::test]
async fn a_document_that_is_deleted_is_revoked_and_leaves_its_history_until_its_date() {
    let way = Way::with(&[("DOCUMENT_RETENTION_SECONDS", "86400")]).await;
    let (id, code) = way.delivered("T").await;
    let answer = way.provider.delete(&id).await;
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    way.client.open(&code).await.refused(410, "ACCESS_CODE_REVOKED");
    way.provider.find(&id).await.refused(404, "NOT_FOUND");
    way.provider.delete(&id).await.refused(404, "NOT_FOUND");
    way.provider.send(&id).await.refused(404, "NOT_FOUND");
    assert_eq!(way.provider.list("").await.expect(200)["items"], json!([]));
    let history = ["created", "finalised", "sent", "delivered", "revoked", "deleted", "delivered"];
    assert_eq!(way.provider.history(&id).await, history);
    housekeeping::run(&way.provider.state).await.unwrap();
    assert_eq!(way.provider.history(&id).await, history);
    let date =
        "SELECT (abs(extract(epoch FROM purge_at - deleted_at) - 86400) < 60)::text AS text FROM documents";
    assert_eq!(way.provider.database.text(date), "true");
    way.provider.database.execute("UPDATE documents SET purge_at = now()");
    housekeeping::run(&way.provider.state).await.unwrap();
    assert_eq!(way.provider.database.count("documents"), 0);
    assert_eq!(way.provider.history(&id).await, history, "the history holds no text, and stays");
}

#[actix_web::test]
async fn a_document_that_is_deleted_while_the_client_role_is_away_is_kept_until_it_is_revoked() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    let (unsent, never) = (way.provider.ready("U").await, way.provider.draft("D").await);
    way.close();
    way.provider.send(&unsent).await.expect(202);
    for id in [&id, &unsent, &never] {
        assert_eq!(way.provider.delete(id).await.status, 204);
        way.provider.find(id).await.refused(404, "NOT_FOUND");
    }
    way.provider.database.execute("UPDATE documents SET purge_at = now()");
    housekeeping::run(&way.provider.state).await.unwrap();
    assert_eq!(way.provider.database.count("documents"), 2, "only what was never sent is gone");
    way.open();
    assert_eq!(way.catch_up().await, 2);
    way.client.open(&code).await.refused(410, "ACCESS_CODE_REVOKED");
    assert_eq!(way.client.database.count("documents WHERE content IS NOT NULL"), 0);
    housekeeping::run(&way.provider.state).await.unwrap();
    assert_eq!(way.provider.database.count("documents"), 0);
}
