//! Nobody who sends waits for the client role longer than the budget.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{PATIENCE, Way, callers, text};
use crate::support::receiver::{Behaviour, Gate};

/// Far less than an attempt may take, and far more than the budget of 50 milliseconds.
const AT_ONCE: Duration = Duration::from_secs(5);

#[actix_web::test]
async fn a_sending_is_answered_within_the_budget_and_goes_on_by_itself() {
    let way = Way::new().await;
    let hasty = way.impatient().await;
    let id = way.provider.ready("T").await;
    let gate = Arc::new(Gate::default());
    way.receiver.behave(Behaviour::ForwardThrough(Arc::clone(&gate), way.served.address));
    let started = Instant::now();
    let answer = hasty.send(&id).await.expect(202);
    assert!(started.elapsed() < AT_ONCE, "{:?}", started.elapsed());
    assert_eq!((&answer["state"], &answer["accessCode"]), (&json!("queued"), &Value::Null));
    assert_eq!(way.state_of(&id).await, "delivering");
    // The attempt is still under way, and nobody begins another one.
    hasty.send(&id).await.expect(202);
    assert_eq!(way.catch_up().await, 0);
    gate.open();
    let document = way.settled(&id).await;
    assert_eq!(
        (&document["delivery"]["state"], &document["delivery"]["attempts"]),
        (&json!("delivered"), &json!(1))
    );
    way.read(&text(&document["accessCode"]), "T").await;
    assert_eq!(way.receiver.calls().len(), 1);
}

#[actix_web::test]
async fn an_attempt_goes_on_when_whoever_asked_goes_away() {
    let way = Way::new().await;
    let id = way.provider.ready("T").await;
    let gate = Arc::new(Gate::default());
    way.receiver.behave(Behaviour::ForwardThrough(Arc::clone(&gate), way.served.address));
    {
        let send = way.provider.send(&id);
        let called = callers(&way.receiver, 1);
        futures_util::pin_mut!(send, called);
        assert!(matches!(
            futures_util::future::select(send, called).await,
            futures_util::future::Either::Right(_)
        ));
        // The request is dropped here, as when its connection is closed.
    }
    gate.open();
    assert_eq!(way.settled(&id).await["delivery"]["state"], "delivered");
}

#[actix_web::test]
async fn every_other_operation_keeps_to_the_budget_too() {
    let way = Way::new().await;
    let hasty = way.impatient().await;
    let (id, _) = way.delivered("T").await;
    for operation in ["expiry", "reissue", "revoke", "delete"] {
        let gate = Arc::new(Gate::default());
        way.receiver.behave(Behaviour::ForwardThrough(Arc::clone(&gate), way.served.address));
        let other = if operation == "delete" { way.provider.ready("D").await } else { id.clone() };
        if operation == "delete" {
            hasty.send(&other).await.expect(202);
        }
        let started = Instant::now();
        let status = match operation {
            "expiry" => hasty.expire_in(&id, 3_600).await.status,
            "reissue" => hasty.reissue(&id).await.status,
            "revoke" => hasty.revoke(&id).await.status,
            _ => hasty.delete(&other).await.status,
        };
        assert_eq!(status, if operation == "delete" { 204 } else { 202 }, "{operation}");
        assert!(started.elapsed() < AT_ONCE, "{operation}: {:?}", started.elapsed());
        gate.open();
        callers(&way.receiver, 0).await;
        if operation != "delete" {
            way.settled(&id).await;
        }
    }
    way.settle_all().await;
}

impl Way {
    /// The document once its attempt has ended by itself.
    async fn settled(&self, id: &str) -> Value {
        let started = Instant::now();
        loop {
            let document = self.provider.document(id).await;
            if document["delivery"]["state"] != "delivering" {
                return document;
            }
            assert!(started.elapsed() < PATIENCE, "{document}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
