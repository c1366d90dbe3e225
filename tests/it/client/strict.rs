//! Codes whose checks cost much on purpose.

use std::rc::Rc;

use serde_json::json;

use super::{Client, altered, nth_altered};
use crate::support::database::TestDatabase;
use crate::support::http::Call;

async fn strict(database: &Rc<TestDatabase>) -> Client {
    Client::on(database, &[("ACCESS_CODE_HASH", "strict")]).await
}

#[actix_web::test]
async fn a_strict_code_opens_its_document_and_stores_how_it_was_hashed() {
    let database = Rc::new(TestDatabase::of("client"));
    let client = strict(&database).await;
    let (code, token) = client.hand_over("T").await;
    assert_eq!(client.open(&code).await.expect(200)["title"], "T");
    client.open_by_link(&token, &code).await.expect(200);
    let row = "SELECT work_factor || ' ' || failed_total || ' ' || failed_link AS text FROM access_codes";
    assert_eq!(database.text(row), "argon2id,m=19456,t=2,p=1 0 0", "what was charged is given back");
    let fast = Client::on(&database, &[]).await;
    fast.open(&code).await.expect(200);
    let quick = fast.code_for("quick", "C").await;
    assert_eq!(client.open(&quick).await.expect(200)["title"], "quick", "both live side by side");
}

#[actix_web::test]
async fn a_strict_code_is_tried_as_often_as_it_may_and_is_blocked_with_a_receipt() {
    let database = Rc::new(TestDatabase::of("client"));
    let client = strict(&database).await;
    let (code, token) = client.hand_over("T").await;
    let guesses: Vec<_> = (0..14).map(|n| nth_altered(&code, 6 + n % 4, 1 + n)).collect();
    for guess in &guesses {
        client.open(guess).await.refused(404, "NOT_FOUND");
    }
    assert_eq!(client.state.codes.checks(), 10);
    assert_eq!(database.text("SELECT failed_total::text AS text FROM access_codes"), "10");
    client.open(&code).await.refused(404, "NOT_FOUND");
    client.open_by_link(&token, &code).await.expect(200);
    assert_eq!(database.count("receipts WHERE kind = 'code_wrong'"), 10);
    assert_eq!(database.count("receipts WHERE kind = 'code_blocked'"), 1);
}

#[actix_web::test]
async fn a_strict_link_tells_how_many_tries_are_left() {
    let database = Rc::new(TestDatabase::of("client"));
    let client = strict(&database).await;
    let (code, token) = client.hand_over("T").await;
    let body = client.open_by_link(&token, &altered(&code, 7)).await.refused(401, "ACCESS_CODE_WRONG");
    assert_eq!(body["details"]["remainingAttempts"], 9);
}

#[actix_web::test]
async fn strict_codes_are_reserved_in_smaller_blocks() {
    let database = Rc::new(TestDatabase::of("client"));
    let client = strict(&database).await;
    let call = Call::post("/v1/access-codes/reservations", &json!({ "count": 3 }));
    let answer = client.call(call).await.expect(201);
    let code = super::code_of(&answer["codes"][0]);
    let checks = client.state.codes.checks();
    let body = json!({"title": "T", "content": "C", "reservedCode": code});
    assert_eq!(super::code_of(&client.deliver(&body).await.expect(201)), code);
    assert_eq!(client.state.codes.checks(), checks, "a delivery does not have to wait for a slow check");
    client.open(&code).await.expect(200);
}
