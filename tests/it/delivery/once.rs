//! One document and one code, wherever a process dies and whoever delivers.

use std::sync::Arc;

use oc::roles::provider::jobs::deliver::run_due;
use oc::roles::provider::jobs::refill;
use serde_json::json;

use super::{Way, callers, promised, text};
use crate::support::receiver::{Behaviour, Gate};

const RESERVES: [&str; 2] = ["0", "8"];

/// A way with and without codes in reserve.
async fn ways() -> Vec<Way> {
    let mut ways = Vec::new();
    for size in RESERVES {
        let way = Way::with(&[("CODE_RESERVE_SIZE", size)]).await;
        way.delivered("the first one").await;
        refill::run(&way.provider.state).await.unwrap();
        ways.push(way);
    }
    ways
}

/// There are the first document and this one, each with one code, and this one opens.
async fn assert_once(way: &Way, id: &str, title: &str) -> String {
    let document = way.provider.document(id).await;
    assert_eq!(document["delivery"]["state"], "delivered", "{document}");
    let code = text(&document["accessCode"]);
    way.read(&code, title).await;
    let codes = way.client.database.count("access_codes WHERE document_id IS NOT NULL AND dead_at IS NULL");
    assert_eq!((way.client.database.count("documents"), codes), (2, 2));
    assert_eq!(way.client.database.count("access_codes WHERE dead_at IS NOT NULL"), 0);
    assert_eq!(way.provider.database.count("outbox WHERE state <> 'delivered'"), 0);
    let delivered = way.provider.history(id).await.iter().filter(|kind| *kind == "delivered").count();
    assert_eq!(delivered, 1);
    code
}

#[actix_web::test]
async fn an_answer_that_is_lost_leads_to_the_same_code() {
    for way in ways().await {
        let id = way.provider.ready("T").await;
        way.receiver.behave(Behaviour::ForwardAndClose(way.served.address));
        let told = way.provider.send(&id).await.expect(202)["accessCode"].clone();
        for _ in 0..3 {
            crate::provider::make_due(&way.provider);
            assert_eq!(run_due(&way.provider.state).await.unwrap(), 1);
        }
        assert_eq!(way.client.database.count("documents"), 2, "it has arrived all the same");
        way.open();
        way.catch_up().await;
        let code = assert_once(&way, &id, "T").await;
        assert!(told.is_null() || told == json!(code), "{told} {code}");
    }
}

#[actix_web::test]
async fn a_provider_that_dies_before_it_writes_the_answer_down_gets_the_same_code_again() {
    for way in ways().await {
        let id = way.provider.ready("T").await;
        let dies =
            "ALTER TABLE documents ADD CONSTRAINT dies CHECK (delivery_state <> 'delivered') NOT VALID";
        way.provider.database.execute(dies);
        assert_eq!(way.provider.send(&id).await.expect(202)["state"], "queued", "the promise holds");
        assert_eq!(way.state_of(&id).await, "delivering");
        way.provider.database.execute("ALTER TABLE documents DROP CONSTRAINT dies");
        assert_eq!(way.catch_up().await, 0, "the lease holds");
        let told = way.provider.document(&id).await["accessCode"].clone();
        way.end_leases();
        assert_eq!(way.catch_up().await, 1);
        let code = assert_once(&way, &id, "T").await;
        assert!(told.is_null() || told == json!(code), "{told} {code}");
        let bodies = way.receiver.bodies();
        assert_eq!(bodies[1], bodies[2], "the receiver can tell that it is the same");
    }
}

#[actix_web::test]
async fn two_workers_that_deliver_the_same_message_end_with_one_code() {
    for way in ways().await {
        let id = way.provider.ready("T").await;
        let gate = Arc::new(Gate::default());
        way.receiver.behave(Behaviour::ForwardThrough(Arc::clone(&gate), way.served.address));
        let other = async {
            callers(&way.receiver, 1).await;
            way.open();
            // The first attempt counts as dead while it is still under way.
            way.end_leases();
            assert_eq!(run_due(&way.provider.state).await.unwrap(), 1);
            let log = way.provider.database.dump();
            assert_eq!(way.state_of(&id).await, "delivered", "{log}");
            let code = text(&way.provider.document(&id).await["accessCode"]);
            gate.open();
            code
        };
        let (answer, code) = futures_util::future::join(way.provider.send(&id), other).await;
        assert_eq!(answer.expect(200)["accessCode"], json!(code), "whoever comes second gets the same code");
        assert_eq!(assert_once(&way, &id, "T").await, code);
        assert_eq!(way.provider.document(&id).await["delivery"]["attempts"], 2);
    }
}

#[actix_web::test]
async fn a_delivery_that_arrives_late_does_not_undo_a_newer_one() {
    let way = Way::with(&[("CODE_RESERVE_SIZE", "0")]).await;
    let hasty = way.impatient().await;
    way.delivered("the first one").await;
    let id = way.provider.ready("Old").await;
    let gate = Arc::new(Gate::default());
    way.receiver.behave(Behaviour::ForwardThrough(Arc::clone(&gate), way.served.address));
    hasty.send(&id).await.expect(202);
    callers(&way.receiver, 1).await;
    way.provider.update(&id, &json!({"title": "New"})).await.expect(200);
    hasty.send(&id).await.expect(202);
    way.open();
    assert_eq!(way.catch_up().await, 0, "the new version waits for the old one");
    way.end_leases();
    assert_eq!(way.catch_up().await, 2, "which is delivered by somebody else, and then the new one");
    let code = text(&way.provider.document(&id).await["accessCode"]);
    way.read(&code, "New").await;
    gate.open();
    callers(&way.receiver, 0).await;
    way.read(&code, "New").await;
    let document = way.provider.document(&id).await;
    assert_eq!(
        (&document["delivery"]["state"], &document["accessCode"]),
        (&json!("delivered"), &json!(code))
    );
    assert_eq!(way.client.database.count("access_codes"), 2);
}

#[actix_web::test]
async fn a_promise_that_could_not_be_written_down_takes_no_code_out_of_the_reserve() {
    let way = Way::with(&[("CODE_RESERVE_SIZE", "8")]).await;
    way.fill_reserve().await;
    let id = way.provider.ready("T").await;
    way.provider.database.execute("ALTER TABLE outbox ADD CONSTRAINT full_up CHECK (false) NOT VALID");
    way.provider.send(&id).await.refused(500, "INTERNAL_ERROR");
    assert_eq!(way.provider.database.count("code_reserve"), 8);
    assert_eq!(way.state_of(&id).await, "none");
    way.provider.database.execute("ALTER TABLE outbox DROP CONSTRAINT full_up");
    way.close();
    promised(&way.provider.send(&id).await);
    assert_eq!(way.provider.database.count("code_reserve"), 7);
}

#[actix_web::test]
async fn a_failed_version_is_not_started_again_after_a_newer_one() {
    let way = Way::new().await;
    way.delivered("the first one").await;
    let id = way.provider.ready("Old").await;
    way.receiver.behave(Behaviour::refuse(400));
    way.provider.send(&id).await.refused(502, "CLIENT_REFUSED");
    let failed = way.provider.messages().await.remove(0);
    way.open();
    way.provider.update(&id, &json!({"title": "New"})).await.expect(200);
    let code = way.sent(&id).await;
    way.provider.retry(&failed).await.refused(400, "INVALID_MESSAGE_STATE");
    assert_eq!(way.state_of(&id).await, "delivered", "the newer operation is what counts");
    assert_eq!(way.catch_up().await, 0);
    way.read(&code, "New").await;
    assert_eq!(way.provider.document(&id).await["accessCode"], json!(code));
    assert_eq!(way.client.database.count("access_codes"), 2);
}

#[actix_web::test]
async fn the_history_names_no_version_that_was_not_meant() {
    let way = Way::new().await;
    let id = way.provider.ready("First").await;
    let gate = Arc::new(Gate::default());
    way.receiver.behave(Behaviour::ForwardThrough(Arc::clone(&gate), way.served.address));
    let newer = async {
        callers(&way.receiver, 1).await;
        way.provider.update(&id, &json!({"title": "Second"})).await.expect(200);
        way.provider.send(&id).await.expect(202);
        gate.open();
    };
    futures_util::future::join(way.provider.send(&id), newer).await;
    way.settle_all().await;
    let versions = "SELECT coalesce(version::text, '-') AS text FROM document_events WHERE kind = 'delivered' ORDER BY position";
    assert_eq!(way.provider.database.texts(versions), ["-", "3"]);
}
