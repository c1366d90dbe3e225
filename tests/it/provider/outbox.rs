//! Deliveries that go on by themselves: the outbox and the job, driven by hand.

use std::sync::Arc;

use oc::roles::provider::State;
use oc::roles::provider::jobs::deliver::run_due;
use serde_json::{Value, json};

use super::send::{CODE, outbox, receipt, sending_to};
use super::{Provider, make_due};
use crate::support::config;
use crate::support::receiver::{Behaviour, Gate, Receiver};

/// What a worker thread of another process would have.
fn worker(provider: &Provider, receiver: &Receiver) -> State {
    let base_url = receiver.base_url();
    State::new(&config("provider", &provider.database, &super::sending_to(&base_url))).unwrap()
}

#[actix_web::test]
async fn a_message_is_delivered_when_it_is_due_and_not_before() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = sending_to(&receiver).await;
    let worker = worker(&provider, &receiver);
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(202);
    receiver.behave(receipt());
    provider.database.execute("UPDATE outbox SET due_at = now() + interval '1 hour'");
    assert_eq!(run_due(&worker).await.unwrap(), 0);
    make_due(&provider);
    assert_eq!(run_due(&worker).await.unwrap(), 1);
    let document = provider.document(&id).await;
    assert_eq!(
        (&document["delivery"]["state"], &document["accessCode"]),
        (&json!("delivered"), &json!(CODE))
    );
    assert_eq!(
        (&document["delivery"]["attempts"], &document["delivery"]["lastError"]),
        (&json!(2), &Value::Null)
    );
    assert_eq!(run_due(&worker).await.unwrap(), 0);
    assert_eq!(receiver.calls().len(), 2);
    assert_eq!(outbox(&provider), ["delivered|2|1|t|-"]);
}

#[actix_web::test]
async fn every_failed_attempt_is_counted_and_puts_the_next_one_off() {
    let receiver = Receiver::start(Behaviour::Answer(500, String::new()));
    let provider = sending_to(&receiver).await;
    let worker = worker(&provider, &receiver);
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(202);
    for attempts in 2..=5 {
        make_due(&provider);
        assert_eq!(run_due(&worker).await.unwrap(), 1);
        let delivery = provider.document(&id).await["delivery"].clone();
        assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("queued"), &json!(attempts)));
        let due = provider.database.text("SELECT to_char(due_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"Z\"') AS text FROM outbox");
        assert_eq!(delivery["nextAttemptAt"], due);
        assert_eq!(run_due(&worker).await.unwrap(), 0, "the next attempt is put off");
    }
    let pause = "SELECT (due_at - now() BETWEEN interval '0 seconds' AND interval '300 seconds')::text AS text FROM outbox";
    assert_eq!(provider.database.text(pause), "true");
}

#[actix_web::test]
async fn a_refusal_for_good_ends_the_attempts() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = sending_to(&receiver).await;
    let worker = worker(&provider, &receiver);
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(202);
    receiver.behave(Behaviour::refuse(422));
    make_due(&provider);
    assert_eq!(run_due(&worker).await.unwrap(), 1);
    assert_eq!(provider.document(&id).await["delivery"]["state"], "failed");
    make_due(&provider);
    assert_eq!(run_due(&worker).await.unwrap(), 0);
}

#[actix_web::test]
async fn an_attempt_that_died_is_taken_over_when_its_lease_ends() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let worker = worker(&provider, &receiver);
    let id = provider.ready("T").await;
    // The answer comes, but what it says can't be written any more: as if the process had died.
    provider
        .database
        .execute("ALTER TABLE documents ADD CONSTRAINT dies CHECK (delivery_state <> 'delivered') NOT VALID");
    assert_eq!(provider.send(&id).await.expect(202)["state"], "queued", "the promise holds");
    assert_eq!(
        outbox(&provider),
        ["leased|1|1|f|-"],
        "the message is settled with the document or not at all"
    );
    assert_eq!(provider.document(&id).await["delivery"]["state"], "delivering");
    provider.database.execute("ALTER TABLE documents DROP CONSTRAINT dies");
    assert_eq!(run_due(&worker).await.unwrap(), 0, "the lease holds");
    provider.send(&id).await.expect(202);
    provider.database.execute(
        "UPDATE outbox SET due_at = now() - interval '1 second', leased_until = now() - interval '1 second'",
    );
    assert_eq!(run_due(&worker).await.unwrap(), 1);
    assert_eq!(provider.document(&id).await["delivery"]["state"], "delivered");
    let ids: Vec<_> =
        receiver.bodies().iter().map(|body| (body["id"].clone(), body["version"].clone())).collect();
    assert_eq!(
        ids,
        [(json!(id), json!(2)), (json!(id), json!(2))],
        "the receiver can tell that it is the same"
    );
}

#[actix_web::test]
async fn the_state_and_the_message_are_written_together_or_not_at_all() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let id = provider.ready("T").await;
    provider.database.execute("ALTER TABLE outbox ADD CONSTRAINT full_up CHECK (false) NOT VALID");
    // The first sending of a tenant opens its account with the client role.
    provider.send(&id).await.refused(500, "INTERNAL_ERROR");
    let before = provider.database.dump();
    provider.send(&id).await.refused(500, "INTERNAL_ERROR");
    assert_eq!(provider.database.dump(), before);
    assert_eq!(receiver.calls().len(), 0, "nothing was promised, so nothing is sent");
    provider.database.execute("ALTER TABLE outbox DROP CONSTRAINT full_up");
    provider.send(&id).await.expect(200);
}

#[actix_web::test]
async fn many_sends_of_one_document_make_one_message_and_one_call() {
    let gate = Arc::new(Gate::default());
    let behind = Receiver::start(receipt());
    let receiver = Receiver::start(Behaviour::ForwardThrough(Arc::clone(&gate), behind.address()));
    let given = [("CLIENT_BASE_URL", receiver.base_url())];
    let provider = Provider::with(&[(given[0].0, &given[0].1), ("DATABASE_POOL_WAIT_MS", "10000")]).await;
    let id = provider.ready("T").await;
    let first = provider.send(&id);
    let others = async {
        crate::support::waiting::until_async("the first call", std::time::Duration::from_secs(5), || {
            (!receiver.calls().is_empty()).then_some(())
        })
        .await;
        let answers = futures_util::future::join_all((0..9).map(|_| provider.send(&id))).await;
        gate.open();
        answers
    };
    let (first, others) = futures_util::future::join(first, others).await;
    assert_eq!(first.expect(200)["accessCode"], CODE);
    for answer in others {
        assert_eq!(answer.expect(202)["state"], "queued");
    }
    assert_eq!(receiver.calls().len(), 1);
    assert_eq!(outbox(&provider), ["delivered|1|1|t|-"]);
}

#[actix_web::test]
async fn two_workers_never_attempt_the_same_message() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = sending_to(&receiver).await;
    let (one, other) = (worker(&provider, &receiver), worker(&provider, &receiver));
    for i in 0..12 {
        let id = provider.ready(&format!("{i}")).await;
        provider.send(&id).await.expect(202);
    }
    let before = receiver.calls().len();
    receiver.behave(receipt());
    make_due(&provider);
    let mut attended = 0;
    while attended < 12 {
        let (a, b) = futures_util::future::join(run_due(&one), run_due(&other)).await;
        let both = a.unwrap() + b.unwrap();
        assert!(both > 0, "{attended} of 12, and no more are due");
        attended += both;
    }
    assert_eq!(receiver.calls().len() - before, 12);
    assert_eq!(provider.list("?state=delivered").await.expect(200)["items"].as_array().unwrap().len(), 12);
}
