//! Requests of the provider role that bear an `Idempotency-Key`.

use std::rc::Rc;
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use oc::domain::timestamp::Timestamp;
use oc::platform::idempotency::remove_expired;
use oc::platform::tenants::store::rewrap;
use serde_json::{Value, json};

use super::send::{CODE, receipt, sending_to};
use super::{Provider, id_of};
use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::process::PATIENCE;
use crate::support::receiver::{Behaviour, Receiver};
use crate::support::vault::{masters, tenant};
use crate::support::waiting::until_async;
use crate::support::{KEY, NEW_KEY};

const NAME: &str = "order-4711";
/// The key stays, but the run that held it died before it answered.
const DIED: &str =
    "UPDATE idempotency_keys SET status = NULL, answer = NULL, locked_until = now() - interval '1 second'";

fn body() -> Value {
    json!({"title": "Exercises", "content": "Bend and stretch."})
}

fn create(key: &str, body: &Value) -> Call {
    Call::post("/api/documents", body).header("Idempotency-Key", key)
}

fn send(key: &str, id: &str) -> Call {
    Call::post("/api/send", &json!({ "documentId": id })).header("Idempotency-Key", key)
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("Idempotency-Replayed") == Some("true")
}

fn counts(provider: &Provider) -> (i64, i64) {
    (provider.database.count("documents"), provider.database.count("idempotency_keys"))
}

fn operation(provider: &Provider) -> String {
    provider.database.text("SELECT operation_id::text AS text FROM idempotency_keys")
}

#[actix_web::test]
async fn a_repetition_gets_the_first_answer_whatever_happened_since() {
    let provider = Provider::new().await;
    let first = provider.call(create(NAME, &body())).await;
    let document = first.expect(201);
    assert!(!is_replayed(&first));
    provider.update(&id_of(&document), &json!({"title": "Changed"})).await.expect(200);
    // The same body, written differently.
    let other = create(NAME, &body()).raw(r#" {"content": "Bend and stretch.", "title": "\u0045xercises"} "#);
    for call in [create(NAME, &body()), other] {
        let again = provider.call(call).await;
        assert!(is_replayed(&again));
        assert_eq!(again.expect(201), document);
        for name in ["Location", "ETag", "Content-Type"] {
            assert!(again.header(name).is_some() && again.header(name) == first.header(name), "{name}");
        }
        assert_ne!(again.header("X-Request-Id"), first.header("X-Request-Id"));
    }
    assert_eq!(counts(&provider), (1, 1));
}

#[actix_web::test]
async fn without_a_key_nothing_is_remembered() {
    let provider = Provider::new().await;
    for _ in 0..2 {
        assert!(!is_replayed(&provider.create(&body()).await));
    }
    assert_eq!(counts(&provider), (2, 0));
}

#[actix_web::test]
async fn a_key_with_another_body_is_refused_and_nothing_is_written() {
    let provider = Provider::new().await;
    provider.call(create(NAME, &body())).await.expect(201);
    let before = provider.database.dump();
    let other = json!({"title": "Exercises", "content": "Bend and stretch", "metadata": {}});
    provider.call(create(NAME, &other)).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(provider.database.dump(), before);
}

#[actix_web::test]
async fn tenants_and_routes_have_keys_of_their_own() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let mut ids = Vec::new();
    for tenant in ["north", "south", "default"] {
        let answer = provider.call(create(NAME, &body()).tenant(tenant)).await;
        assert!(!is_replayed(&answer));
        ids.push(id_of(&answer.expect(201)));
    }
    provider.update(&ids[2], &json!({"status": "final"})).await.expect(200);
    let sent = provider.call(send(NAME, &ids[2])).await;
    assert_eq!((sent.expect(200)["state"].clone(), is_replayed(&sent)), (json!("delivered"), false));
    assert_eq!(counts(&provider), (3, 4));
}

#[actix_web::test]
async fn twenty_requests_at_once_under_one_key_make_one_document() {
    let provider = Provider::with(&[("DATABASE_POOL_WAIT_MS", "20000")]).await;
    let calls = (0..20).map(|_| provider.call(create(NAME, &body())));
    let answers = futures_util::future::join_all(calls).await;
    let (created, refused): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 201);
    assert_eq!(created.iter().filter(|answer| !is_replayed(answer)).count(), 1);
    assert!(created.iter().all(|answer| answer.json() == created[0].json()));
    for answer in refused {
        answer.refused(409, "IDEMPOTENCY_IN_PROGRESS");
        assert_eq!(answer.header("Retry-After"), Some("1"));
    }
    assert_eq!(provider.call(create(NAME, &body())).await.expect(201), created[0].json());
    assert_eq!(counts(&provider), (1, 1));
}

#[actix_web::test]
async fn a_run_that_died_is_taken_over_as_the_same_operation() {
    let provider = Provider::new().await;
    let document = provider.call(create(NAME, &body())).await.expect(201);
    // After the document was written.
    provider.database.execute(DIED);
    let taken_over = provider.call(create(NAME, &body())).await;
    assert_eq!((taken_over.expect(201), is_replayed(&taken_over)), (document.clone(), false));
    // Before.
    provider.database.execute(DIED);
    provider.database.execute("DELETE FROM documents");
    let made = provider.call(create(NAME, &body())).await.expect(201);
    assert_eq!((&made["id"], operation(&provider)), (&document["id"], id_of(&document)));
    assert!(is_replayed(&provider.call(create(NAME, &body())).await));
    assert_eq!(counts(&provider), (1, 1));
}

#[actix_web::test]
async fn twenty_who_take_over_at_once_make_one_document() {
    let provider = Provider::with(&[("DATABASE_POOL_WAIT_MS", "20000")]).await;
    let document = provider.call(create(NAME, &body())).await.expect(201);
    provider.database.execute(&format!("{DIED}; DELETE FROM documents"));
    let calls = (0..20).map(|_| provider.call(create(NAME, &body())));
    let answers = futures_util::future::join_all(calls).await;
    let created: Vec<_> = answers.iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(created.iter().filter(|answer| !is_replayed(answer)).count(), 1);
    assert!(created.iter().all(|answer| answer.json()["id"] == document["id"]));
    assert!(answers.iter().all(|answer| [201, 409].contains(&answer.status)));
    assert_eq!(counts(&provider), (1, 1));
}

#[actix_web::test]
async fn of_two_processes_that_saw_the_same_dead_run_one_takes_it_over() {
    let one = Provider::new().await;
    let other = Provider::on(&one.database, &[]).await;
    let document = one.call(create(NAME, &body())).await.expect(201);
    one.database.execute(DIED);
    let mut holder = one.database.connect();
    holder.batch_execute("BEGIN; SELECT 1 FROM idempotency_keys FOR UPDATE").unwrap();
    let both_have_seen_it = async {
        let waiting = "SELECT count(*)::text AS text FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        until_async("both to wait", PATIENCE, || (one.database.text(waiting) == "2").then_some(())).await;
        holder.batch_execute("COMMIT").unwrap();
    };
    let (first, second, ()) =
        tokio::join!(one.call(create(NAME, &body())), other.call(create(NAME, &body())), both_have_seen_it);
    let ran = [&first, &second].into_iter().filter(|answer| answer.status == 201 && !is_replayed(answer));
    assert_eq!(ran.map(|answer| answer.json()).collect::<Vec<_>>(), [document]);
    assert!([&first, &second].iter().all(|answer| [201, 409].contains(&answer.status)));
}

#[actix_web::test]
async fn a_request_that_is_still_being_answered_is_not_run_again() {
    let receiver = Receiver::start(Behaviour::Hang);
    let provider = sending_to(&receiver).await;
    let id = provider.ready("T").await;
    let (one, other) = tokio::join!(provider.call(send(NAME, &id)), provider.call(send(NAME, &id)));
    let (first, second) = if one.status == 202 { (one, other) } else { (other, one) };
    first.expect(202);
    second.refused(409, "IDEMPOTENCY_IN_PROGRESS");
    assert_eq!(second.header("Retry-After"), Some("1"));
    assert_eq!(receiver.calls().len(), 1);
    assert_eq!(provider.call(send(NAME, &id)).await.expect(202), first.json());
}

#[actix_web::test]
async fn a_caller_that_hangs_up_finds_the_answer_later() {
    let receiver = Receiver::start(Behaviour::Hang);
    let provider = sending_to(&receiver).await;
    let id = provider.ready("T").await;
    let mut call = Box::pin(provider.call(send(NAME, &id)));
    let begun = until_async("the attempt", PATIENCE, || (!receiver.calls().is_empty()).then_some(()));
    tokio::select! {
        biased;
        answer = &mut call => panic!("{}", answer.text()),
        () = begun => drop(call),
    }
    let answered = "SELECT count(*)::text AS text FROM idempotency_keys WHERE status = 202";
    until_async("the answer", PATIENCE, || (provider.database.text(answered) == "1").then_some(())).await;
    assert!(is_replayed(&provider.call(send(NAME, &id)).await));
    assert_eq!(receiver.calls().len(), 1);
}

#[actix_web::test]
async fn a_sending_is_not_repeated_either() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let id = provider.ready("T").await;
    let sent = provider.call(send(NAME, &id)).await.expect(200);
    assert_eq!(sent["accessCode"], CODE);
    let again = provider.call(send(NAME, &id)).await;
    assert_eq!((again.expect(200), is_replayed(&again)), (sent.clone(), true));
    // The answer was lost with the process that gave it.
    provider.database.execute(DIED);
    let taken_over = provider.call(send(NAME, &id)).await;
    assert_eq!((taken_over.expect(200), is_replayed(&taken_over)), (sent, false));
    provider.call(send("another", &id)).await.refused(400, "INVALID_DOCUMENT_STATE");
    assert_eq!(receiver.calls().len(), 1);
}

#[actix_web::test]
async fn a_refusal_frees_the_key() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let id = provider.draft("T").await;
    let before = provider.database.dump();
    provider.call(send(NAME, &id)).await.refused(400, "INVALID_DOCUMENT_STATE");
    provider.call(create(NAME, &json!({"title": ""}))).await.names_fields(&["title", "content"]);
    assert_eq!(provider.database.dump(), before);
    provider.update(&id, &json!({"status": "final"})).await.expect(200);
    assert!(!is_replayed(&provider.call(send(NAME, &id)).await));
    provider.call(create(NAME, &body())).await.expect(201);
}

#[actix_web::test]
async fn a_failure_keeps_the_operation_and_can_be_tried_again_at_once() {
    let receiver = Receiver::start(Behaviour::refuse(400));
    let provider = sending_to(&receiver).await;
    provider.database.execute("ALTER TABLE documents RENAME TO away");
    provider.call(create(NAME, &body())).await.refused(500, "INTERNAL_ERROR");
    provider.database.execute("ALTER TABLE away RENAME TO documents");
    let id = operation(&provider);
    let other = json!({"title": "Other", "content": "C"});
    provider.call(create(NAME, &other)).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(provider.call(create(NAME, &body())).await.expect(201)["id"], id);
    provider.update(&id, &json!({"status": "final"})).await.expect(200);
    provider.call(send(NAME, &id)).await.refused(502, "CLIENT_REFUSED");
    receiver.behave(receipt());
    assert_eq!(provider.call(send(NAME, &id)).await.expect(200)["accessCode"], CODE);
}

#[actix_web::test]
async fn a_malformed_key_is_refused_before_anything_is_written() {
    let provider = Provider::new().await;
    let long = "k".repeat(256);
    for key in ["", " ", "a b", "ü", long.as_str()] {
        provider.call(create(key, &body())).await.names_fields(&["Idempotency-Key"]);
        provider.call(send(key, "x")).await.names_fields(&["Idempotency-Key"]);
    }
    let two = create("one", &body()).header("Idempotency-Key", "two");
    provider.call(two).await.names_fields(&["Idempotency-Key"]);
    assert_eq!(counts(&provider), (0, 0));
    provider.call(create(&long[1..], &body())).await.expect(201);
}

#[actix_web::test]
async fn a_key_is_free_again_once_it_is_forgotten() {
    let provider = Provider::with(&[("IDEMPOTENCY_RETENTION_SECONDS", "3600")]).await;
    let first = provider.call(create(NAME, &body())).await.expect(201);
    let life = "SELECT extract(epoch FROM expires_at - begun_at)::int::text AS text FROM idempotency_keys";
    assert_eq!(provider.database.text(life), "3600");
    provider.database.execute("UPDATE idempotency_keys SET expires_at = now() - interval '1 second'");
    let other = json!({"title": "Other", "content": "C"});
    let second = provider.call(create(NAME, &other)).await;
    assert!(!is_replayed(&second));
    assert_ne!(second.expect(201)["id"], first["id"]);
    assert!(is_replayed(&provider.call(create(NAME, &other)).await));
    assert_eq!(counts(&provider), (2, 1));
}

#[actix_web::test]
async fn what_is_forgotten_is_removed_oldest_first_and_what_runs_stays() {
    let provider = Provider::new().await;
    for i in 0..6 {
        provider.call(create(&format!("key-{i}"), &body())).await.expect(201);
    }
    provider.database.execute(
        "WITH numbered AS (SELECT key_hash, row_number() OVER (ORDER BY begun_at, operation_id) AS n FROM idempotency_keys) \
         UPDATE idempotency_keys k SET expires_at = now() - (10 - n) * interval '1 hour' FROM numbered \
           WHERE k.key_hash = numbered.key_hash AND n <= 4; \
         UPDATE idempotency_keys SET status = NULL, answer = NULL, locked_until = now() + interval '1 hour' \
           WHERE expires_at = (SELECT min(expires_at) FROM idempotency_keys)",
    );
    let ids = "SELECT operation_id::text AS text FROM idempotency_keys ORDER BY operation_id";
    let all = provider.database.texts(ids);
    let now = Timestamp::from_millis(jiff::Timestamp::now().as_millisecond()).unwrap();
    let mut connection = provider.database.connect();
    assert_eq!(remove_expired(&mut connection, now, 1).unwrap(), 1);
    assert_eq!(provider.database.texts(ids), [&all[..1], &all[2..]].concat());
    assert_eq!(remove_expired(&mut connection, now, 10).unwrap(), 2);
    assert_eq!(remove_expired(&mut connection, now, 10).unwrap(), 0);
    assert_eq!(provider.database.texts(ids), [&all[..1], &all[4..]].concat());
    let later = now.plus(Duration::from_secs(100 * 86_400));
    assert_eq!(remove_expired(&mut connection, later, 10).unwrap(), 3);
}

#[actix_web::test]
async fn the_database_shows_neither_the_key_nor_the_answer() {
    let provider = Provider::new().await;
    let location =
        provider.call(create(NAME, &body())).await.header("Location").expect("a location").to_owned();
    let row = provider.database.text("SELECT k::text AS text FROM idempotency_keys k");
    let id = location.rsplit('/').next().unwrap();
    assert!(row.contains(id), "the operation's id is no secret");
    for secret in [NAME, "Exercises", "Bend", "application/json", "/api/documents", "draft"] {
        let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!row.contains(secret) && !row.contains(&hex), "{secret} in {row}");
    }
}

#[actix_web::test]
async fn answers_survive_a_new_key_and_a_lost_key_is_no_excuse_to_run_again() {
    let database = Rc::new(TestDatabase::of("provider"));
    let document = Provider::on(&database, &[]).await.call(create(NAME, &body())).await.expect(201);
    let both = format!("{NEW_KEY},{KEY}");
    let rotated = Provider::on(&database, &[("FIELD_ENCRYPTION_KEY", &both)]).await;
    let again = rotated.call(create(NAME, &body())).await;
    assert_eq!((again.expect(201), is_replayed(&again)), (document.clone(), true));
    let other = json!({"title": "Other", "content": "C"});
    rotated.call(create(NAME, &other)).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    let only_new = Provider::on(&database, &[("FIELD_ENCRYPTION_KEY", NEW_KEY)]).await;
    only_new.call(create(NAME, &body())).await.refused(500, "INTERNAL_ERROR");
    assert_eq!(counts(&only_new), (1, 1));
    rewrap(&mut database.connect(), &masters(&both), &tenant("default")).unwrap();
    assert!(is_replayed(&only_new.call(create(NAME, &body())).await));
}

#[actix_web::test]
async fn an_answer_opens_only_under_its_own_tenant_and_key() {
    let provider = Provider::new().await;
    provider.call(create(NAME, &body()).tenant("north")).await.expect(201);
    provider.call(create(NAME, &body()).tenant("south")).await.expect(201);
    provider.database.execute(
        "UPDATE idempotency_keys SET answer = (SELECT answer FROM idempotency_keys WHERE tenant_id = 'north') \
         WHERE tenant_id = 'south'",
    );
    provider.call(create(NAME, &body()).tenant("south")).await.refused(500, "INTERNAL_ERROR");
    assert!(is_replayed(&provider.call(create(NAME, &body()).tenant("north")).await));
}
