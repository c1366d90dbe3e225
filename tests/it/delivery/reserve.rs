//! Codes held ahead of time: a sending has one while the client role is away.

use std::collections::HashSet;

use oc::roles::provider::jobs::{housekeeping, refill};
use serde_json::{Value, json};

use super::{Way, holds, promised, text};
use crate::provider::id_of;
use crate::support::http::Call;
use crate::support::receiver::Behaviour;

const EIGHT: [(&str, &str); 1] = [("CODE_RESERVE_SIZE", "8")];

#[actix_web::test]
async fn with_an_empty_reserve_the_code_comes_with_the_delivery() {
    let way = Way::new().await;
    let id = way.provider.ready("T").await;
    way.close();
    let answer = way.provider.send(&id).await.expect(202);
    assert_eq!(answer, json!({"accessCode": null, "documentId": id, "state": "queued", "link": null}));
    way.open();
    assert_eq!(way.catch_up().await, 1);
    let document = way.provider.document(&id).await;
    let code = text(&document["accessCode"]);
    assert!(text(&document["link"]).contains("/d/"));
    way.read(&code, "T").await;
}

#[actix_web::test]
async fn a_code_of_the_reserve_is_promised_at_once_and_opens_after_the_delivery() {
    let way = Way::with(&EIGHT).await;
    assert_eq!(way.fill_reserve().await, 8);
    let id = way.provider.ready("T").await;
    way.close();
    let answer = way.provider.send(&id).await;
    let code = promised(&answer);
    assert!(text(&answer.json()["link"]).contains("/d/"));
    let waiting = way.provider.document(&id).await;
    assert_eq!((&waiting["accessCode"], &waiting["delivery"]["state"]), (&json!(code), &json!("queued")));
    assert_eq!(promised(&way.provider.send(&id).await), code, "asking again changes nothing");
    way.open();
    way.catch_up().await;
    let document = way.provider.document(&id).await;
    assert_eq!((&document["accessCode"], &document["link"]), (&json!(code), &answer.json()["link"]));
    way.read(&code, "T").await;
    assert_eq!(way.client.database.count("access_codes WHERE document_id IS NOT NULL"), 2);
}

#[actix_web::test]
async fn the_letter_of_a_code_of_the_reserve_can_be_printed_before_the_delivery() {
    let way = Way::with(&EIGHT).await;
    way.fill_reserve().await;
    let id = way.provider.ready("T").await;
    way.close();
    promised(&way.provider.send(&id).await);
    for (path, begins) in [("letter.pdf", "%PDF"), ("qr.svg", "<svg")] {
        let answer = way.provider.call(Call::get(format!("/api/documents/{id}/{path}"))).await;
        assert!(answer.status == 200 && answer.text().starts_with(begins), "{path}");
    }
}

/// `code` with another verifier and a check symbol that fits.
pub(super) fn with_wrong_verifier(code: &str) -> String {
    let symbols: Vec<char> = code.chars().filter(|c| *c != '-').collect();
    let letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let next = letters.chars().nth((letters.find(symbols[8]).unwrap() + 1) % 32).unwrap();
    let fits = |check: &char| {
        let changed: String =
            [&symbols[..8], &[next], &symbols[9..11], &[*check]].concat().into_iter().collect();
        oc::domain::access_code::AccessCode::parse(&changed).is_ok().then_some(changed)
    };
    letters.chars().collect::<Vec<_>>().iter().find_map(fits).unwrap()
}

#[actix_web::test]
async fn until_the_delivery_a_code_says_that_its_document_is_on_its_way_and_a_guess_says_nothing() {
    let way = Way::with(&EIGHT).await;
    way.fill_reserve().await;
    let id = way.provider.ready("Top secret").await;
    way.close();
    let code = promised(&way.provider.send(&id).await);
    let body = way.client.open(&code).await.refused(409, "DOCUMENT_ON_ITS_WAY");
    assert!(body["message"].as_str().unwrap().contains("has not arrived yet"), "{body}");
    let page = way.client.type_in(&code).await;
    assert_eq!(page.status, 409);
    assert!(page.text().contains(&code) && !page.text().contains("secret"), "{}", page.text());
    let (unknown, wrong) = ("0000-0000-0000".to_owned(), with_wrong_verifier(&code));
    let mut answers = Vec::new();
    for typed in [&unknown, &wrong] {
        let mut body = way.client.open(typed).await.refused(404, "NOT_FOUND");
        body["timestamp"].take();
        body["requestId"].take();
        let page = way.client.type_in(typed).await;
        assert_eq!(page.status, 404);
        answers.push((body, page.text().replace(typed.as_str(), "CODE")));
    }
    assert_eq!(answers[0].0, answers[1].0);
    let shown = |page: &str| page.contains("does not open a document");
    assert!(answers.iter().all(|(_, page)| shown(page) && !page.contains("on its way")), "{answers:?}");
    way.open();
    way.catch_up().await;
    way.read(&code, "Top secret").await;
    way.client.open(&wrong).await.refused(404, "NOT_FOUND");
}

#[actix_web::test]
async fn the_reserve_is_filled_for_whoever_sends_and_again_when_it_runs_low() {
    let way = Way::with(&EIGHT).await;
    assert_eq!(refill::run(&way.provider.state).await.unwrap(), 0, "nobody has sent anything yet");
    assert_eq!(way.fill_reserve().await, 8);
    assert_eq!(refill::run(&way.provider.state).await.unwrap(), 0, "it is full");
    for (taken, refilled) in [(1, 0), (2, 0), (3, 3)] {
        way.delivered(&format!("{taken}")).await;
        assert_eq!(refill::run(&way.provider.state).await.unwrap(), refilled, "after {taken}");
    }
    assert_eq!(way.provider.database.count("code_reserve"), 8);
}

#[actix_web::test]
async fn a_reserve_of_none_asks_for_none() {
    let way = Way::with(&[("CODE_RESERVE_SIZE", "0")]).await;
    way.delivered("T").await;
    assert_eq!(refill::run(&way.provider.state).await.unwrap(), 0);
    assert_eq!(way.client.database.count("access_codes"), 1);
}

#[actix_web::test]
async fn a_client_role_that_gives_no_codes_stops_nothing() {
    let way = Way::with(&EIGHT).await;
    way.delivered("T").await;
    for behaviour in [
        Behaviour::Close,
        Behaviour::Garbage,
        Behaviour::Answer(500, String::new()),
        Behaviour::Answer(404, String::new()),
        Behaviour::Answer(201, "{}".to_owned()),
    ] {
        way.receiver.behave(behaviour);
        assert_eq!(refill::run(&way.provider.state).await.unwrap(), 0);
    }
    way.open();
    assert_eq!(refill::run(&way.provider.state).await.unwrap(), 8);
}

#[actix_web::test]
async fn neither_database_holds_a_code_of_the_reserve() {
    let way = Way::with(&EIGHT).await;
    way.fill_reserve().await;
    way.close();
    let (at_provider, at_client) = (way.provider.database.dump(), way.client.database.dump());
    for i in 0..8 {
        let id = way.provider.ready(&format!("{i}")).await;
        let code = promised(&way.provider.send(&id).await);
        assert!(!holds(&at_provider, &code) && !holds(&at_client, &code), "{code}");
        assert!(!holds(&way.provider.database.dump(), &code), "{code}");
    }
    let rest = way.provider.ready("one too many").await;
    assert_eq!(way.provider.send(&rest).await.expect(202)["accessCode"], Value::Null);
}

#[actix_web::test]
async fn sendings_at_the_same_moment_get_different_codes() {
    let way = Way::with(&EIGHT).await;
    way.fill_reserve().await;
    way.close();
    let other = way.another(&EIGHT).await;
    let mut ids = Vec::new();
    for i in 0..8 {
        ids.push(way.provider.ready(&format!("{i}")).await);
    }
    let sends =
        ids.iter().enumerate().map(|(i, id)| if i % 2 == 0 { way.provider.send(id) } else { other.send(id) });
    let answers = futures_util::future::join_all(sends.map(Box::pin)).await;
    let codes: HashSet<String> = answers.iter().map(promised).collect();
    assert_eq!(codes.len(), 8);
    assert_eq!(way.provider.database.count("code_reserve"), 0);
}

#[actix_web::test]
async fn tenants_have_reserves_of_their_own() {
    let way = Way::with(&EIGHT).await;
    way.fill_reserve().await;
    let south = |call: Call| way.provider.call(call.tenant("south"));
    let new = json!({"title": "S", "content": "C"});
    let id = id_of(&south(Call::post("/api/documents", &new)).await.expect(201));
    south(Call::put(format!("/api/documents/{id}"), &json!({"status": "final"}))).await.expect(200);
    way.close();
    let send = Call::post("/api/send", &json!({ "documentId": id }));
    assert_eq!(
        south(send).await.expect(202)["accessCode"],
        Value::Null,
        "there are codes, but not for south"
    );
    way.open();
    assert_eq!(refill::run(&way.provider.state).await.unwrap(), 8, "now there are");
    let held = "SELECT tenant_id || ' ' || count(*) AS text FROM code_reserve GROUP BY tenant_id ORDER BY 1";
    assert_eq!(way.provider.database.texts(held), ["default 8", "south 8"]);
    let reserved = "SELECT tenant_id || ' ' || count(*) AS text FROM access_codes WHERE document_id IS NULL GROUP BY tenant_id ORDER BY 1";
    assert_eq!(way.client.database.texts(reserved), ["default 8", "south 8"]);
}

#[actix_web::test]
async fn a_code_that_would_not_last_long_enough_is_not_promised() {
    let way = Way::with(&EIGHT).await;
    way.fill_reserve().await;
    way.close();
    // A message may be under way for seven days.
    way.provider.database.execute("UPDATE code_reserve SET expires_at = now() + interval '6 days'");
    let id = way.provider.ready("T").await;
    assert_eq!(way.provider.send(&id).await.expect(202)["accessCode"], Value::Null);
    way.open();
    assert_eq!(refill::run(&way.provider.state).await.unwrap(), 8, "they do not count either");
    housekeeping::run(&way.provider.state).await.unwrap();
    assert_eq!(way.provider.database.count("code_reserve"), 16);
    way.provider.database.execute("UPDATE code_reserve SET expires_at = now() - interval '1 second' WHERE expires_at < now() + interval '7 days'");
    housekeeping::run(&way.provider.state).await.unwrap();
    assert_eq!(way.provider.database.count("code_reserve"), 8);
}

#[actix_web::test]
async fn a_reservation_that_nobody_used_is_forgotten_at_its_end() {
    let way = Way::with(&EIGHT).await;
    way.fill_reserve().await;
    way.close();
    let code = promised(&way.provider.send(&way.provider.ready("T").await).await);
    oc::roles::client::jobs::housekeeping::run(&way.client.state).await.unwrap();
    way.client.open(&code).await.refused(409, "DOCUMENT_ON_ITS_WAY");
    let long_ago =
        "UPDATE access_codes SET expires_at = now() - interval '31 days' WHERE document_id IS NULL";
    way.client.database.execute(long_ago);
    oc::roles::client::jobs::housekeeping::run(&way.client.state).await.unwrap();
    assert_eq!(way.client.database.count("access_codes"), 1, "the one that opens a document stays");
    way.client.open(&code).await.refused(404, "NOT_FOUND");
}

#[actix_web::test]
async fn what_was_refused_and_sent_again_keeps_the_code_that_was_promised() {
    let way = Way::with(&EIGHT).await;
    way.fill_reserve().await;
    way.close();
    let id = way.provider.ready("T").await;
    let code = promised(&way.provider.send(&id).await);
    way.receiver.behave(Behaviour::refuse(400));
    way.catch_up().await;
    assert_eq!(way.state_of(&id).await, "failed");
    way.open();
    assert_eq!(way.sent(&id).await, code);
    way.read(&code, "T").await;
}

#[actix_web::test]
async fn codes_that_can_not_last_long_enough_are_asked_for_once() {
    // Messages may wait longer than the client role keeps a code.
    let way = Way::with(&[("CODE_RESERVE_SIZE", "8"), ("OUTBOX_MAX_AGE_SECONDS", "7776000")]).await;
    way.provider.ready("T").await;
    let asked = || {
        let calls = way.receiver.every_call();
        calls.iter().filter(|call| call.path.contains("reservations")).count()
    };
    for _ in 0..3 {
        assert_eq!(refill::run(&way.provider.state).await.unwrap(), 0);
        assert_eq!(asked(), 1);
    }
    assert_eq!(way.provider.database.count("code_reserve"), 0);
}

#[actix_web::test]
async fn while_a_queue_is_worked_off_only_a_reserve_that_runs_dry_is_filled() {
    let way = Way::with(&[("CODE_RESERVE_SIZE", "8")]).await;
    way.provider.ready("T").await;
    refill::run(&way.provider.state).await.unwrap();
    let held = || way.provider.database.count("code_reserve");
    assert_eq!(held(), 8);
    let queue = "INSERT INTO outbox (tenant_id, id, topic, destination, subject_id, sequence, state, due_at, created_at, give_up_at) \
        SELECT 'default', gen_random_uuid(), 'document.deliver', 'client', gen_random_uuid(), 1, 'pending', now(), now(), now() + interval '1 day' \
        FROM generate_series(1, 100)";
    way.provider.database.execute(queue);
    let leave = |count: i64| {
        let sql =
            format!("DELETE FROM code_reserve WHERE id NOT IN (SELECT id FROM code_reserve LIMIT {count})");
        way.provider.database.execute(&sql);
    };
    leave(4);
    refill::run(&way.provider.state).await.unwrap();
    assert_eq!(held(), 4, "there is time for that later");
    leave(1);
    refill::run(&way.provider.state).await.unwrap();
    assert_eq!(held(), 8);
    leave(4);
    way.provider.database.execute("DELETE FROM outbox");
    refill::run(&way.provider.state).await.unwrap();
    assert_eq!(held(), 8);
}

#[actix_web::test]
async fn a_code_that_cannot_be_opened_is_thrown_away() {
    let way = Way::with(&EIGHT).await;
    way.fill_reserve().await;
    way.close();
    way.provider.database.execute(
        "UPDATE code_reserve SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1) \
         WHERE id IN (SELECT id FROM code_reserve ORDER BY id LIMIT 2)",
    );
    let code = promised(&way.provider.send(&way.provider.ready("T").await).await);
    assert_eq!(way.provider.database.count("code_reserve"), 5);
    way.open();
    way.catch_up().await;
    way.read(&code, "T").await;
}
