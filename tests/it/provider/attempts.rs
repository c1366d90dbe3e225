//! What an attempt that failed leads to, and what is kept of it.

use oc::roles::provider::jobs::deliver::run_due;
use serde_json::{Value, json};

use super::send::{CODE, receipt};
use super::{Provider, make_due};
use crate::support::receiver::{Behaviour, Receiver};
use crate::support::waiting::until_async;

/// How many seconds from now the only message is due.
fn due_in(provider: &Provider) -> i64 {
    let sql = "SELECT round(extract(epoch FROM due_at - now()))::bigint::text AS text FROM outbox";
    provider.database.text(sql).parse().unwrap()
}

#[actix_web::test]
async fn what_the_client_role_asks_to_wait_is_honoured_up_to_a_bound() {
    let receiver = Receiver::start(Behaviour::Close);
    let given = [("RETRY_FIRST_MS", "10"), ("RETRY_MAX_MS", "10"), ("RETRY_AFTER_MAX_MS", "600000")];
    let provider = Provider::to(&receiver, &given).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(202);
    for (status, asked, expected) in [
        (429, "120", 120),
        (503, "120", 120),
        (500, "0", 0),
        (503, "86400", 600),
        (503, "99999999999999", 600),
        (503, "-5", 0),
        (503, "soon", 0),
    ] {
        receiver.behave(Behaviour::AnswerWith(status, "Retry-After", asked.to_owned()));
        make_due(&provider);
        // What asks for nothing may be tried more than once.
        assert!(run_due(&provider.state).await.unwrap() > 0, "{asked}");
        let due = due_in(&provider);
        assert!((expected - 2..=expected + 1).contains(&due), "{status} {asked}: {due}");
        provider.database.execute("UPDATE outbox SET due_at = now() + interval '1 hour'");
    }
}

#[actix_web::test]
async fn only_what_lies_in_the_message_itself_is_refused_for_good() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = Provider::to(&receiver, &[]).await;
    for (status, state) in [
        (400, "failed"),
        (409, "failed"),
        (410, "failed"),
        (413, "failed"),
        (415, "failed"),
        (422, "failed"),
        (301, "queued"),
        (401, "queued"),
        (403, "queued"),
        (404, "queued"),
        (408, "queued"),
        (429, "queued"),
        (500, "queued"),
        (502, "queued"),
        (503, "queued"),
    ] {
        receiver.behave(Behaviour::refuse(status));
        let id = provider.ready("T").await;
        let answer = provider.send(&id).await;
        let expected = if state == "failed" { 502 } else { 202 };
        assert_eq!(answer.status, expected, "{status}: {}", answer.text());
        let delivery = provider.document(&id).await["delivery"].clone();
        assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!(state), &json!(1)), "{status}");
        assert_eq!(delivery["nextAttemptAt"].is_null(), state == "failed", "{status}");
        assert!(delivery["lastError"].as_str().unwrap().contains(&status.to_string()), "{delivery}");
    }
}

#[actix_web::test]
async fn what_a_proxy_refuses_by_itself_is_tried_again() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = Provider::to(&receiver, &[]).await;
    let other_status = json!({"statusCode": 400, "error": "MALFORMED_REQUEST"}).to_string();
    for (status, body) in [
        (400, String::new()),
        (413, "<html>413 Request Entity Too Large</html>".to_owned()),
        (413, "{\"message\":\"no\"}".to_owned()),
        (422, other_status),
    ] {
        receiver.behave(Behaviour::Answer(status, body));
        let id = provider.ready("T").await;
        assert_eq!(provider.send(&id).await.expect(202)["state"], "queued", "{status}");
    }
}

#[actix_web::test]
async fn a_message_that_has_become_too_old_has_failed() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = Provider::to(&receiver, &[]).await;
    let (id, other) = (provider.ready("T").await, provider.ready("T").await);
    provider.send(&id).await.expect(202);
    provider.send(&other).await.expect(202);
    let age = "SELECT DISTINCT extract(epoch FROM give_up_at - created_at)::bigint::text AS text FROM outbox";
    assert_eq!(provider.database.texts(age), ["604800"]);
    provider.database.execute("UPDATE outbox SET give_up_at = now()");
    make_due(&provider);
    assert_eq!(run_due(&provider.state).await.unwrap(), 2);
    for id in [&id, &other] {
        let delivery = provider.document(id).await["delivery"].clone();
        assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("failed"), &json!(2)));
        assert!(delivery["lastError"].as_str().unwrap().contains("hung up"), "{delivery}");
        let history = provider.history(id).await;
        assert_eq!(history.last().unwrap(), "failed");
    }
    make_due(&provider);
    assert_eq!(run_due(&provider.state).await.unwrap(), 0);
}

#[actix_web::test]
async fn an_old_message_gets_through_if_its_last_attempt_succeeds() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = Provider::to(&receiver, &[]).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(202);
    provider.database.execute("UPDATE outbox SET give_up_at = now()");
    receiver.behave(receipt());
    make_due(&provider);
    run_due(&provider.state).await.unwrap();
    assert_eq!(provider.document(&id).await["delivery"]["state"], "delivered");
}

#[actix_web::test]
async fn the_log_of_attempts_keeps_refusals_and_never_a_code() {
    let receiver = Receiver::start(Behaviour::Answer(503, format!("<b>{}</b>", "busy ".repeat(1_000))));
    let provider = Provider::to(&receiver, &[]).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(202);
    for behaviour in
        [Behaviour::Close, Behaviour::Answer(201, format!("{{\"accessCode\": 5, \"x\": \"{CODE}\"}}"))]
    {
        receiver.behave(behaviour);
        make_due(&provider);
        run_due(&provider.state).await.unwrap();
    }
    receiver.behave(receipt());
    make_due(&provider);
    run_due(&provider.state).await.unwrap();
    assert_eq!(provider.document(&id).await["accessCode"], CODE);
    let shown = provider.message(&provider.messages().await[0]).await;
    let attempts = shown["attempts"].as_array().unwrap();
    let part = |name: &str| attempts.iter().map(|a| a[name].clone()).collect::<Vec<Value>>();
    assert_eq!(part("attempt"), [1, 2, 3, 4].map(|n| json!(n)));
    assert_eq!(part("status"), [json!(503), Value::Null, json!(201), json!(201)]);
    let answer = attempts[0]["answer"].as_str().unwrap();
    assert!(answer.starts_with("<b>busy") && answer.chars().count() == 500, "{answer}");
    assert_eq!(part("answer")[1..], [Value::Null, Value::Null, Value::Null]);
    let why = ["answered with status 503", "hung up before it answered", "an answer that can't be read"];
    for (attempt, why) in attempts.iter().zip(why) {
        assert!(attempt["error"].as_str().unwrap().contains(why), "{attempt}");
    }
    assert_eq!(attempts[3]["error"], Value::Null);
    assert!(attempts.iter().all(|a| (0..2_000).contains(&a["durationMs"].as_i64().unwrap())));
    let log = provider.database.texts("SELECT a::text AS text FROM outbox_attempts a").join("\n");
    assert!(!log.contains(CODE) && !log.contains(&CODE.replace('-', "")), "{log}");
}

#[actix_web::test]
async fn a_clock_that_was_an_hour_ahead_holds_no_delivery_up() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = Provider::to(&receiver, &[("RETRY_AFTER_MAX_MS", "60000")]).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(202);
    provider.database.execute("UPDATE outbox SET due_at = due_at + interval '1 hour'");
    receiver.behave(receipt());
    assert_eq!(run_due(&provider.state).await.unwrap(), 0);
    oc::roles::provider::jobs::housekeeping::run(&provider.state).await.unwrap();
    assert_eq!(run_due(&provider.state).await.unwrap(), 1);
    assert_eq!(provider.document(&id).await["delivery"]["state"], "delivered");
}

#[actix_web::test]
async fn a_message_that_nobody_announced_is_found_by_the_poll() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = Provider::to(&receiver, &[("OUTBOX_POLL_MS", "100")]).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(202);
    receiver.behave(receipt());
    let state = || provider.database.text("SELECT state AS text FROM outbox");
    let waiting = "UPDATE outbox SET due_at = now() + interval '1 hour'";
    provider.database.execute(waiting);
    let worker = actix_web::rt::spawn(provider.state.deliveries.clone().run());
    // Nobody rings: this is a change behind the worker's back.
    make_due(&provider);
    let delivered = || (state() == "delivered").then_some(());
    until_async("the poll", std::time::Duration::from_secs(10), delivered).await;
    worker.abort();
    assert_eq!(provider.document(&id).await["accessCode"], CODE);
}

/// A worker that nothing but a ring or the time of a message brings to look again.
async fn patient(receiver: &Receiver) -> Provider {
    let given = [("OUTBOX_POLL_MS", "60000"), ("DELIVERY_TIMEOUT_MS", "15000"), ("SEND_TIMEOUT_MS", "15000")];
    Provider::to(receiver, &given).await
}

async fn until_delivered(provider: &Provider, id: &str) {
    let sql = format!("SELECT delivery_state AS text FROM documents WHERE id = '{id}'");
    let delivered = || (provider.database.text(&sql) == "delivered").then_some(());
    until_async("the delivery", std::time::Duration::from_secs(10), delivered).await;
}

#[actix_web::test]
async fn a_message_goes_out_when_its_time_comes_and_not_only_at_the_next_look() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = patient(&receiver).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(202);
    receiver.behave(receipt());
    provider.database.execute("UPDATE outbox SET due_at = now() + interval '1 second'");
    let worker = actix_web::rt::spawn(provider.state.deliveries.clone().run());
    until_delivered(&provider, &id).await;
    worker.abort();
}

#[actix_web::test]
async fn a_call_that_hangs_holds_up_neither_what_is_rung_for_nor_what_becomes_due() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = patient(&receiver).await;
    let mut ids = Vec::new();
    for title in ["hangs", "is rung for", "becomes due"] {
        let id = provider.ready(title).await;
        provider.send(&id).await.expect(202);
        ids.push(id);
    }
    let due = |id: &str, when: &str| {
        let sql = format!("UPDATE outbox SET due_at = {when} WHERE subject_id = '{id}'");
        provider.database.execute(&sql);
    };
    ids.iter().for_each(|id| due(id, "now() + interval '1 hour'"));
    receiver.behave(Behaviour::Hang);
    due(&ids[0], "now()");
    let worker = actix_web::rt::spawn(provider.state.deliveries.clone().run());
    let hangs = || (receiver.callers() == 1).then_some(());
    until_async("the call", std::time::Duration::from_secs(10), hangs).await;
    receiver.behave(receipt());
    due(&ids[1], "now()");
    due(&ids[2], "now() + interval '1 second'");
    provider.state.wake.ring();
    until_delivered(&provider, &ids[1]).await;
    until_delivered(&provider, &ids[2]).await;
    let alone = || (receiver.callers() == 1).then_some(());
    until_async("the first one to hang alone", std::time::Duration::from_secs(5), alone).await;
    worker.abort();
}
