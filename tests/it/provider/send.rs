//! Sending, with a receiver in place of the client role.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Provider;
use crate::support::http::Call;
use crate::support::receiver::{Behaviour, Receiver};

pub const CODE: &str = "K7QM-4T9X-WR5C";

/// What the client role answers when it has taken a document in.
pub fn receipt() -> Behaviour {
    Behaviour::Answer(
        201,
        json!({"id": "x", "accessCode": CODE, "link": format!("https://c/view/{CODE}")}).to_string(),
    )
}

pub async fn sending_to(receiver: &Receiver) -> Provider {
    Provider::sending_to(&receiver.base_url()).await
}

/// State, attempts and error of the messages, oldest first.
pub fn outbox(provider: &Provider) -> Vec<String> {
    let sql = "SELECT concat_ws('|', state, attempts, sequence, payload IS NULL, coalesce(last_error, '-')) AS text FROM outbox ORDER BY id";
    provider.database.texts(sql)
}

#[actix_web::test]
async fn a_final_document_is_delivered_and_says_so() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let id = provider.ready("T").await;
    let sent = provider.send(&id).await.expect(200);
    let link = format!("https://c/view/{CODE}");
    assert_eq!(sent, json!({"accessCode": CODE, "documentId": id, "state": "delivered", "link": link}));
    let document = provider.document(&id).await;
    assert_eq!((&document["accessCode"], &document["link"]), (&json!(CODE), &json!(link)));
    let delivery = &document["delivery"];
    assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("delivered"), &json!(1)));
    assert_eq!((&delivery["nextAttemptAt"], &delivery["lastError"]), (&Value::Null, &Value::Null));
    crate::support::http::assert_timestamp(&delivery["deliveredAt"]);
    assert_eq!((&document["version"], &document["status"]), (&json!(2), &json!("final")));
    assert_eq!(outbox(&provider), ["delivered|1|1|t|-"]);
}

#[actix_web::test]
async fn the_client_role_is_told_everything_about_the_version() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let written = json!({
        "title": "Plan", "content": "# Ü 🙂", "contentType": "text/plain", "expiresIn": 3600,
        "recipient": {"name": "Anna", "email": "a@b.ch", "phone": "+41 44 000 00 00", "language": "de"}, "metadata": {"case": [1]},
        "protection": {"secondFactor": "email"},
    });
    let created = provider.call(Call::post("/api/documents", &written).tenant("north")).await.expect(201);
    let path = format!("/api/documents/{}", super::id_of(&created));
    provider.call(Call::put(&path, &json!({"status": "final"})).tenant("north")).await.expect(200);
    let body = json!({"documentId": created["id"]});
    provider.call(Call::post("/api/send", &body).tenant("north")).await.expect(200);
    let call = receiver.calls().remove(0);
    assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/api/v1/documents"));
    let header =
        |name: &str| call.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str());
    assert_eq!((header("X-Tenant"), header("Content-Type")), (Some("north"), Some("application/json")));
    let message = provider.database.text("SELECT id::text AS text FROM outbox");
    assert_eq!((header("X-Request-Id"), header("Idempotency-Key")), (Some(message.as_str()), None));
    let mut told = receiver.bodies().remove(0);
    let document = provider.call(Call::get(&path).tenant("north")).await.expect(200);
    assert_eq!(told["expiresAt"], document["expiresAt"]);
    let millis = |value: &Value| value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let (expires, now) = (millis(&told["expiresAt"]), jiff::Timestamp::now().as_millisecond());
    assert!((now + 3_590_000..=now + 3_600_000).contains(&expires), "{told}");
    told.as_object_mut().unwrap().remove("expiresAt");
    let mut expected = written;
    expected.as_object_mut().unwrap().remove("expiresIn");
    assert_eq!(
        told,
        crate::support::bad_input::with(
            &expected,
            &json!({"id": created["id"], "version": 2, "sequence": 1, "generation": 1})
        )
    );
}

#[actix_web::test]
async fn a_draft_is_not_sent() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let id = provider.draft("T").await;
    let before = provider.database.dump();
    provider.send(&id).await.refused(400, "INVALID_DOCUMENT_STATE");
    assert_eq!(provider.database.dump(), before);
    assert_eq!(receiver.calls().len(), 0);
}

#[actix_web::test]
async fn a_version_is_sent_once_and_the_next_one_again() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let id = provider.ready("First").await;
    provider.send(&id).await.expect(200);
    provider.send(&id).await.refused(400, "INVALID_DOCUMENT_STATE");
    assert_eq!(receiver.calls().len(), 1);
    let edited = provider.update(&id, &json!({"title": "Second"})).await.expect(200);
    assert_eq!((&edited["version"], &edited["accessCode"]), (&json!(3), &json!(CODE)));
    provider.send(&id).await.expect(200);
    let told: Vec<_> = receiver.bodies().iter().map(|b| (b["version"].clone(), b["title"].clone())).collect();
    assert_eq!(told, [(json!(2), json!("First")), (json!(3), json!("Second"))]);
    provider.send(&id).await.refused(400, "INVALID_DOCUMENT_STATE");
}

#[actix_web::test]
async fn whatever_the_client_role_suffers_from_the_document_is_queued() {
    let receiver = Receiver::start(Behaviour::Hang);
    let provider = sending_to(&receiver).await;
    let without_code = json!({"id": "x"}).to_string();
    let huge = format!("\"{}\"", "x".repeat(5_000_000));
    for (behaviour, why) in [
        (Behaviour::Hang, "did not answer in time"),
        (Behaviour::Close, "hung up before it answered"),
        (Behaviour::Garbage, "hung up before it answered"),
        (Behaviour::Answer(500, String::new()), "answered with status 500"),
        (Behaviour::Answer(503, "{}".to_owned()), "answered with status 503"),
        (Behaviour::Answer(429, String::new()), "answered with status 429"),
        (Behaviour::Answer(408, String::new()), "answered with status 408"),
        (Behaviour::Answer(201, "no json".to_owned()), "an answer that can't be read"),
        (Behaviour::Answer(201, without_code), "an answer that can't be read"),
        (Behaviour::Answer(201, huge), "an answer that can't be read"),
    ] {
        provider.database.execute("TRUNCATE outbox, outbox_attempts, documents, document_events");
        receiver.behave(behaviour);
        let id = provider.ready("T").await;
        let started = Instant::now();
        let answer = provider.send(&id).await.expect(202);
        assert!(started.elapsed() < Duration::from_millis(1_800), "{why}: {:?}", started.elapsed());
        assert_eq!(answer, json!({"accessCode": null, "documentId": id, "state": "queued", "link": null}));
        let delivery = provider.document(&id).await["delivery"].clone();
        assert_eq!((&delivery["state"], &delivery["attempts"]), (&json!("queued"), &json!(1)));
        crate::support::http::assert_timestamp(&delivery["nextAttemptAt"]);
        assert!(delivery["lastError"].as_str().unwrap().contains(why), "{delivery}");
        let rows = outbox(&provider);
        assert!(rows.len() == 1 && rows[0].starts_with("pending|1|1|f|The client role "), "{rows:?}");
    }
}

#[actix_web::test]
async fn a_client_role_that_is_not_there_can_be_sent_to_later() {
    let receiver = Receiver::start(receipt());
    let away = Provider::sending_to("http://127.0.0.1:1/api/").await;
    let id = away.ready("T").await;
    away.send(&id).await.expect(202);
    away.send(&id).await.expect(202);
    assert_eq!(away.document(&id).await["delivery"]["attempts"], 2);
    let back = Provider::on(&away.database, &[("CLIENT_BASE_URL", &receiver.base_url())]).await;
    assert_eq!(back.send(&id).await.expect(200)["accessCode"], CODE);
    assert_eq!(outbox(&back), ["delivered|3|1|t|-"]);
    assert_eq!(receiver.bodies().len(), 1);
}

#[actix_web::test]
async fn what_the_client_role_refuses_for_good_is_told_and_can_be_sent_again() {
    let receiver = Receiver::start(Behaviour::refuse(400));
    let provider = sending_to(&receiver).await;
    let id = provider.ready("T").await;
    let body = provider.send(&id).await.refused(502, "CLIENT_REFUSED");
    assert!(body["message"].as_str().unwrap().contains("status 400"), "{body}");
    let delivery = provider.document(&id).await["delivery"].clone();
    assert_eq!((&delivery["state"], &delivery["nextAttemptAt"]), (&json!("failed"), &Value::Null));
    receiver.behave(receipt());
    assert_eq!(provider.send(&id).await.expect(200)["accessCode"], CODE);
    let rows = outbox(&provider);
    assert!(rows[0].starts_with("superseded|1|1|t|") && rows[1] == "delivered|1|2|t|-", "{rows:?}");
    assert_eq!(provider.document(&id).await["delivery"]["lastError"], Value::Null);
}

#[actix_web::test]
async fn a_newer_version_takes_the_place_of_one_that_waits() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = sending_to(&receiver).await;
    let id = provider.ready("First").await;
    provider.send(&id).await.expect(202);
    provider.update(&id, &json!({"title": "Second"})).await.expect(200);
    receiver.behave(receipt());
    provider.send(&id).await.expect(200);
    assert_eq!(receiver.bodies().last().unwrap()["title"], "Second");
    let rows = outbox(&provider);
    assert!(rows[0].starts_with("superseded|1|1|t|") && rows[1] == "delivered|1|2|t|-", "{rows:?}");
}
