//! A destination that keeps failing is left alone, and never gets more than it can take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use oc::platform::outbox::Entry;
use oc::roles::provider::jobs::deliver::{DESTINATION, run_due};
use oc::roles::provider::jobs::{receipts, refill};
use serde_json::json;

use super::send::receipt;
use super::{Provider, make_due};
use crate::support::receiver::{Behaviour, Gate, Receiver};
use crate::support::waiting::until_async;

const PATIENCE: Duration = Duration::from_secs(10);

/// A provider whose way to the client role is open after three failures in a row.
async fn opened(receiver: &Receiver, rest: &str) -> (Provider, Vec<String>) {
    let given = [
        ("BREAKER_FAILURES", "3"),
        ("BREAKER_OPEN_MS", rest),
        ("DELIVERY_TIMEOUT_MS", "15000"),
        ("SEND_TIMEOUT_MS", "15000"),
    ];
    let provider = Provider::to(receiver, &given).await;
    let mut ids = Vec::new();
    for i in 0..6 {
        ids.push(provider.ready(&format!("{i}")).await);
    }
    for id in &ids {
        provider.send(id).await.expect(202);
    }
    assert_eq!(provider.state.gates.states(), [("client".to_owned(), "OPEN")]);
    (provider, ids)
}

#[actix_web::test]
async fn while_the_way_is_open_nobody_calls_and_no_attempt_is_spent() {
    let receiver = Receiver::start(Behaviour::Answer(503, String::new()));
    let (provider, ids) = opened(&receiver, "600000").await;
    assert_eq!(receiver.calls().len(), 3);
    for _ in 0..5 {
        make_due(&provider);
        assert_eq!(run_due(&provider.state).await.unwrap(), 0);
    }
    let mut attempts = Vec::new();
    for id in &ids {
        let started = Instant::now();
        provider.send(id).await.expect(202);
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        let delivery = provider.document(id).await["delivery"].clone();
        assert_eq!(delivery["state"], "queued");
        crate::support::http::assert_timestamp(&delivery["nextAttemptAt"]);
        attempts.push(delivery["attempts"].as_i64().unwrap());
    }
    assert_eq!(attempts, [1, 1, 1, 0, 0, 0]);
    assert_eq!(refill::run(&provider.state).await.unwrap(), 0);
    assert_eq!(receipts::run(&provider.state).await.unwrap(), 0);
    assert_eq!(receiver.every_call().len(), 3, "nothing else is asked for either");
}

#[actix_web::test]
async fn what_is_promised_meanwhile_is_put_off_until_the_rest_is_over() {
    let receiver = Receiver::start(Behaviour::Close);
    let (provider, _) = opened(&receiver, "600000").await;
    let id = provider.ready("later").await;
    provider.send(&id).await.expect(202);
    let due = provider.database.text(
        "SELECT (due_at - now() BETWEEN interval '500 s' AND interval '601 s')::text AS text FROM outbox ORDER BY id DESC",
    );
    assert_eq!(due, "true");
}

#[actix_web::test]
async fn after_the_rest_one_message_tries_and_its_success_lets_the_others_go() {
    let receiver = Receiver::start(Behaviour::Close);
    let (provider, ids) = opened(&receiver, "2000").await;
    let way = provider.state.gates.of(DESTINATION);
    let over = || (way.rest() == Some(Duration::ZERO)).then_some(());
    until_async("the end of the rest", PATIENCE, over).await;
    let (gate, behind) = (Arc::new(Gate::default()), Receiver::start(receipt()));
    receiver.behave(Behaviour::ForwardThrough(Arc::clone(&gate), behind.address()));
    let before = receiver.calls().len();
    make_due(&provider);
    let others = async {
        until_async("the probe", PATIENCE, || (receiver.callers() == 1).then_some(())).await;
        assert_eq!(provider.state.gates.states(), [("client".to_owned(), "HALF-OPEN")]);
        // While it is tried, nobody else goes.
        assert_eq!(run_due(&provider.state).await.unwrap(), 0);
        provider.send(&ids[0]).await.expect(202);
        assert_eq!(receiver.calls().len() - before, 1);
        gate.open();
    };
    let (attempts, ()) = futures_util::future::join(run_due(&provider.state), others).await;
    assert_eq!(attempts.unwrap(), 6);
    assert_eq!(provider.state.gates.states(), [("client".to_owned(), "CLOSED")]);
    for id in &ids {
        assert_eq!(provider.document(id).await["delivery"]["state"], "delivered");
    }
    assert_eq!(behind.calls().len(), 6);
}

#[actix_web::test]
async fn a_probe_that_fails_costs_one_attempt_and_begins_another_rest() {
    let receiver = Receiver::start(Behaviour::Close);
    let (provider, _) = opened(&receiver, "2000").await;
    let way = provider.state.gates.of(DESTINATION);
    let over = || (way.rest() == Some(Duration::ZERO)).then_some(());
    until_async("the end of the rest", PATIENCE, over).await;
    make_due(&provider);
    assert_eq!(run_due(&provider.state).await.unwrap(), 1);
    assert_eq!(provider.state.gates.states(), [("client".to_owned(), "OPEN")]);
    assert_eq!(receiver.calls().len(), 4);
}

#[actix_web::test]
async fn a_tenant_that_is_refused_there_does_not_close_the_way_for_all() {
    for status in [403, 429] {
        let receiver = Receiver::start(Behaviour::Answer(status, String::new()));
        let provider = Provider::to(&receiver, &[("BREAKER_FAILURES", "2")]).await;
        for _ in 0..4 {
            let id = provider.ready("T").await;
            assert_eq!(provider.send(&id).await.expect(202)["state"], "queued");
        }
        assert_eq!(provider.state.gates.states(), [("client".to_owned(), "CLOSED")]);
    }
}

#[actix_web::test]
async fn a_refusal_of_one_message_says_nothing_about_the_destination() {
    let receiver = Receiver::start(Behaviour::refuse(422));
    let provider = Provider::to(&receiver, &[("BREAKER_FAILURES", "2")]).await;
    for _ in 0..4 {
        let id = provider.ready("T").await;
        provider.send(&id).await.refused(502, "CLIENT_REFUSED");
    }
    assert_eq!(provider.state.gates.states(), [("client".to_owned(), "CLOSED")]);
}

#[actix_web::test]
async fn a_feed_that_breaks_down_there_holds_up_no_delivery() {
    for (status, state) in [(500, "CLOSED"), (503, "OPEN")] {
        let receiver = Receiver::start(receipt());
        let provider = Provider::to(&receiver, &[("BREAKER_FAILURES", "2")]).await;
        let id = provider.ready("T").await;
        provider.send(&id).await.expect(200);
        receiver.behave(Behaviour::Answer(status, String::new()));
        let before = receiver.every_call().len();
        for _ in 0..3 {
            assert_eq!(receipts::run(&provider.state).await.unwrap(), 0);
        }
        assert!(receiver.every_call().len() >= before + 2, "it is asked");
        assert_eq!(provider.state.gates.states(), [("client".to_owned(), state)]);
    }
}

#[actix_web::test]
async fn a_destination_never_gets_more_calls_at_once_than_the_setting_says() {
    let receiver = Receiver::start(Behaviour::Close);
    let given =
        [("DELIVERY_CONCURRENCY", "3"), ("DELIVERY_TIMEOUT_MS", "15000"), ("SEND_TIMEOUT_MS", "2000")];
    let provider = Provider::to(&receiver, &given).await;
    for i in 0..12 {
        let id = provider.ready(&format!("{i}")).await;
        provider.send(&id).await.expect(202);
    }
    let id = provider.ready("one more").await;
    let (gate, behind) = (Arc::new(Gate::default()), Receiver::start(receipt()));
    receiver.behave(Behaviour::ForwardThrough(Arc::clone(&gate), behind.address()));
    make_due(&provider);
    let others = async {
        until_async("three calls", PATIENCE, || (receiver.callers() == 3).then_some(())).await;
        // A worker and a sending find no place, and wait no longer than they may.
        assert_eq!(run_due(&provider.state).await.unwrap(), 0);
        let started = Instant::now();
        assert_eq!(provider.send(&id).await.expect(202)["state"], "queued");
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        assert_eq!(provider.document(&id).await["delivery"]["attempts"], json!(0));
        provider.list("").await.expect(200);
        gate.open();
    };
    let (attempts, ()) = futures_util::future::join(run_due(&provider.state), others).await;
    assert_eq!(attempts.unwrap(), 13, "the one that came later goes along");
    assert_eq!(receiver.most_callers(), 3);
    assert_eq!(provider.list("?state=delivered").await.expect(200)["items"].as_array().unwrap().len(), 13);
}

#[actix_web::test]
async fn callers_in_line_leave_room_for_what_is_due() {
    let receiver = Receiver::start(Behaviour::Close);
    let given =
        [("DELIVERY_CONCURRENCY", "4"), ("DELIVERY_TIMEOUT_MS", "15000"), ("SEND_TIMEOUT_MS", "15000")];
    let provider = Provider::to(&receiver, &given).await;
    let waits = provider.ready("waits").await;
    provider.send(&waits).await.expect(202);
    let mut ids = Vec::new();
    for i in 0..8 {
        ids.push(provider.ready(&format!("{i}")).await);
    }
    let (gate, behind) = (Arc::new(Gate::default()), Receiver::start(receipt()));
    receiver.behave(Behaviour::ForwardThrough(Arc::clone(&gate), behind.address()));
    let sends = futures_util::future::join_all(ids.iter().map(|id| provider.send(id)));
    let worker = async {
        until_async("three callers", PATIENCE, || (receiver.callers() == 3).then_some(())).await;
        make_due(&provider);
        let due = async { assert_eq!(run_due(&provider.state).await.unwrap(), 1) };
        let seen = async {
            until_async("the worker", PATIENCE, || (receiver.callers() == 4).then_some(())).await;
            gate.open();
        };
        futures_util::future::join(due, seen).await;
    };
    let (answers, ()) = futures_util::future::join(sends, worker).await;
    answers.iter().for_each(|answer| drop(answer.expect(200)));
    assert_eq!(provider.document(&waits).await["delivery"]["state"], "delivered");
    assert_eq!(receiver.most_callers(), 4);
}

#[actix_web::test]
async fn a_probe_without_a_message_is_given_back() {
    let receiver = Receiver::start(Behaviour::Answer(503, String::new()));
    let (provider, _) = opened(&receiver, "1000").await;
    provider.database.execute("UPDATE outbox SET due_at = now() + interval '1 hour'");
    let gate = provider.state.gates.of(DESTINATION);
    until_async("the end of the rest", PATIENCE, || gate.rest().filter(Duration::is_zero)).await;
    assert_eq!(run_due(&provider.state).await.unwrap(), 0, "nothing is due");
    assert!(matches!(gate.enter(1), Entry::Come(_)), "the next one may try at once");
}
