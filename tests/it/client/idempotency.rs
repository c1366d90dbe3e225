//! Deliveries that bear an `Idempotency-Key`.

use serde_json::{Value, json};

use super::{Client, code_of};
use crate::support::http::{Answer, Call};

const NAME: &str = "order-4711";
const DIED: &str =
    "UPDATE idempotency_keys SET status = NULL, answer = NULL, locked_until = now() - interval '1 second'";

fn body() -> Value {
    json!({"title": "Exercises", "content": "Bend and stretch."})
}

fn deliver(body: &Value) -> Call {
    Call::post("/v1/documents", body).header("Idempotency-Key", NAME)
}

fn is_replayed(answer: &Answer) -> bool {
    answer.header("Idempotency-Replayed") == Some("true")
}

fn counts(client: &Client) -> [i64; 3] {
    ["documents", "access_codes", "idempotency_keys"].map(|table| client.database.count(table))
}

#[actix_web::test]
async fn a_document_without_an_id_is_taken_in_once() {
    let client = Client::new().await;
    let receipt = client.call(deliver(&body())).await.expect(201);
    let again = client.call(deliver(&body())).await;
    assert_eq!((again.expect(201), is_replayed(&again)), (receipt.clone(), true));
    client.call(deliver(&json!({"title": "T", "content": "C"}))).await.refused(422, "IDEMPOTENCY_KEY_REUSED");
    assert_eq!(counts(&client), [1, 1, 1]);
    assert_eq!(client.open(&code_of(&receipt)).await.expect(200)["title"], "Exercises");
    // Both names of the route, and a document that has an id.
    let other = Call::post("/api/v1/documents", &body()).header("Idempotency-Key", NAME);
    assert_ne!(client.call(other).await.expect(201)["id"], receipt["id"]);
    client.deliver(&body()).await.expect(201);
    assert_eq!(counts(&client), [3, 3, 2]);
}

#[actix_web::test]
async fn a_delivery_that_died_is_taken_over_with_its_code() {
    let client = Client::new().await;
    let receipt = client.call(deliver(&body())).await.expect(201);
    client.database.execute(DIED);
    let taken_over = client.call(deliver(&body())).await;
    assert_eq!((taken_over.expect(201), is_replayed(&taken_over)), (receipt.clone(), false));
    client.database.execute(&format!("{DIED}; DELETE FROM access_codes; DELETE FROM documents"));
    assert_eq!(client.call(deliver(&body())).await.expect(201)["id"], receipt["id"]);
    assert_eq!(counts(&client), [1, 1, 1]);
}

#[actix_web::test]
async fn an_id_in_the_body_wins_and_a_refusal_frees_the_key() {
    let client = Client::new().await;
    let id = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d";
    let mut body = json!({"id": id, "title": "T", "content": "C", "expiresAt": "2999-01-01T00:00:00Z"});
    client.call(deliver(&body)).await.names_fields(&["expiresAt"]);
    assert_eq!(counts(&client), [0, 0, 0]);
    body.as_object_mut().unwrap().remove("expiresAt");
    assert_eq!(client.call(deliver(&body)).await.expect(201)["id"], id);
    client.call(deliver(&body).header("Idempotency-Key", "two")).await.names_fields(&["Idempotency-Key"]);
    let code_in_clear = client.database.text("SELECT k::text AS text FROM idempotency_keys k");
    let code = code_of(&client.call(deliver(&body)).await.expect(201));
    let hex: String = code.bytes().map(|byte| format!("{byte:02x}")).collect();
    assert!(!code_in_clear.contains(&code) && !code_in_clear.contains(&hex));
}
