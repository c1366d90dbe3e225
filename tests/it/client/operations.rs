//! Numbered operations of senders: it does not matter how often and in which order they arrive.

use serde_json::{Value, json};

use super::{Client, code_of};
use crate::support::bad_input::{malformed_segments, refuses_every_broken_body, with};
use crate::support::http::{Answer, Call};
use crate::support::vault::opened;

const ID: &str = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d";

/// A moment so many hours from now.
fn in_hours(hours: i64) -> String {
    format!("{:.3}", jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours))
}

fn document(sequence: i64, generation: i32, title: &str) -> Value {
    json!({"id": ID, "sequence": sequence, "generation": generation, "version": sequence, "title": title, "content": "C"})
}

impl Client {
    async fn put(&self, body: &Value) -> Answer {
        self.call(Call::put(format!("/v1/documents/{ID}"), body)).await
    }

    async fn change(&self, sequence: i64, generation: i32) -> Answer {
        let body = json!({"sequence": sequence, "generation": generation, "expiresAt": in_hours(5)});
        self.call(Call::put(format!("/v1/documents/{ID}/access"), &body)).await
    }

    async fn withdraw(&self, query: &str) {
        let answer = self.call(Call::delete(format!("/v1/documents/{ID}{query}"))).await;
        assert_eq!((answer.status, answer.body.len()), (204, 0), "{}", answer.text());
    }

    /// The kinds of the receipts, oldest first.
    fn kinds(&self) -> Vec<String> {
        self.database.texts("SELECT kind AS text FROM receipts ORDER BY position")
    }
}

#[actix_web::test]
async fn an_operation_that_is_not_newer_changes_nothing_and_gets_the_same_code() {
    let client = Client::new().await;
    let code = code_of(&client.deliver(&document(3, 1, "Third")).await.expect(201));
    let before = client.database.dump();
    for sequence in [1, 2, 3] {
        for generation in [1, 2] {
            let title = format!("{sequence}");
            assert_eq!(
                code_of(&client.deliver(&document(sequence, generation, &title)).await.expect(201)),
                code
            );
            assert_eq!(code_of(&client.put(&document(sequence, generation, &title)).await.expect(201)), code);
            assert_eq!(code_of(&client.change(sequence, generation).await.expect(200)), code);
        }
        client.withdraw(&format!("?sequence={sequence}")).await;
    }
    assert_eq!(client.database.dump(), before);
    assert_eq!(client.open(&code).await.expect(200)["title"], "Third");
    assert_eq!(code_of(&client.put(&document(4, 1, "Fourth")).await.expect(201)), code);
    assert_eq!(client.open(&code).await.expect(200)["title"], "Fourth");
}

#[actix_web::test]
async fn a_newer_generation_replaces_the_code_and_the_old_one_is_dead_at_once() {
    let client = Client::new().await;
    let first = code_of(&client.deliver(&document(1, 1, "T")).await.expect(201));
    let second = code_of(&client.change(2, 2).await.expect(200));
    let third = code_of(&client.put(&document(3, 3, "U")).await.expect(201));
    assert!(first != second && second != third && first != third);
    for dead in [&first, &second] {
        client.open(dead).await.refused(410, "ACCESS_CODE_REVOKED");
    }
    assert_eq!(client.open(&third).await.expect(200)["title"], "U");
    assert_eq!(code_of(&client.change(4, 2).await.expect(200)), third, "generations never go back");
    assert_eq!(client.kinds(), ["delivered", "reissued", "delivered", "opened", "expiry_changed"]);
    assert_eq!(client.database.count("access_codes WHERE dead_at IS NULL"), 1);
}

#[actix_web::test]
async fn a_change_of_access_moves_its_end_and_leaves_the_text() {
    let client = Client::new().await;
    let code = code_of(&client.deliver(&document(1, 1, "T")).await.expect(201));
    let body = json!({"sequence": 2, "expiresAt": in_hours(7)});
    let answer = client.call(Call::put(format!("/api/v1/documents/{ID}/access"), &body)).await.expect(200);
    assert_eq!((&answer["id"], &answer["accessCode"]), (&json!(ID), &json!(code)));
    let opened = client.open(&code).await.expect(200);
    assert_eq!((&opened["meta"]["expiresAt"], &opened["title"]), (&body["expiresAt"], &json!("T")));
    assert_eq!(opened["meta"]["version"], 1);
}

#[actix_web::test]
async fn a_revocation_that_overtakes_the_delivery_wins() {
    let client = Client::new().await;
    client.withdraw("?sequence=2").await;
    client.deliver(&document(1, 1, "Secret")).await.refused(410, "DOCUMENT_REVOKED");
    client.put(&document(2, 1, "Secret")).await.refused(410, "DOCUMENT_REVOKED");
    client.change(2, 1).await.refused(410, "DOCUMENT_REVOKED");
    client.change(3, 1).await.refused(410, "DOCUMENT_REVOKED");
    assert_eq!(opened(&client.database, "client", "default", ("documents", "title")), Vec::<String>::new());
    assert_eq!(client.database.count("access_codes"), 0);
    assert_eq!(client.kinds(), ["revoked"]);
    let code = code_of(&client.deliver(&document(3, 2, "Again")).await.expect(201));
    assert_eq!(client.open(&code).await.expect(200)["title"], "Again", "a newer sending begins anew");
}

#[actix_web::test]
async fn a_revocation_without_a_number_wins_over_every_delivery_that_comes() {
    let client = Client::new().await;
    client.withdraw("").await;
    client.withdraw("").await;
    client.deliver(&document(99, 1, "T")).await.refused(410, "DOCUMENT_REVOKED");
    assert_eq!(client.kinds(), ["revoked"]);
}

#[actix_web::test]
async fn a_revocation_without_a_number_ends_what_is_there() {
    let client = Client::new().await;
    let code = code_of(&client.deliver(&document(5, 1, "Secret")).await.expect(201));
    client.withdraw("").await;
    client.open(&code).await.refused(410, "ACCESS_CODE_REVOKED");
    assert_eq!(opened(&client.database, "client", "default", ("documents", "title")), Vec::<String>::new());
    client.deliver(&document(5, 1, "Secret")).await.refused(410, "DOCUMENT_REVOKED");
    let new = code_of(&client.deliver(&document(6, 2, "T")).await.expect(201));
    assert_ne!(new, code);
    client.open(&new).await.expect(200);
    client.open(&code).await.refused(410, "ACCESS_CODE_REVOKED");
}

#[actix_web::test]
async fn the_version_stands_in_where_a_sender_does_not_number_its_operations() {
    let client = Client::new().await;
    let body =
        |version: i64, title: &str| json!({"id": ID, "version": version, "title": title, "content": "C"});
    let code = code_of(&client.deliver(&body(2, "Second")).await.expect(201));
    assert_eq!(code_of(&client.deliver(&body(1, "First")).await.expect(201)), code);
    assert_eq!(client.open(&code).await.expect(200)["title"], "Second");
    client.withdraw("?version=3").await;
    client.open(&code).await.refused(410, "ACCESS_CODE_REVOKED");
}

#[actix_web::test]
async fn a_document_that_is_not_here_has_no_access_to_change() {
    let client = Client::new().await;
    client.change(1, 1).await.refused(410, "DOCUMENT_GONE");
    assert_eq!(client.database.count("documents"), 0);
}

#[actix_web::test]
async fn every_operation_is_applied_with_its_receipt_or_not_at_all() {
    let client = Client::new().await;
    let code = code_of(&client.deliver(&document(1, 1, "T")).await.expect(201));
    client.open(&code).await.expect(200);
    client.database.execute("ALTER TABLE receipts ADD CONSTRAINT full_up CHECK (false) NOT VALID");
    let before = client.database.dump();
    client.put(&document(2, 2, "U")).await.refused(500, "INTERNAL_ERROR");
    client.change(2, 2).await.refused(500, "INTERNAL_ERROR");
    let revoke = Call::delete(format!("/v1/documents/{ID}?sequence=2"));
    client.call(revoke).await.refused(500, "INTERNAL_ERROR");
    assert_eq!(client.database.dump(), before);
    client.open(&code).await.expect(200);
}

#[actix_web::test]
async fn tenants_do_not_touch_each_others_documents() {
    let client = Client::new().await;
    let code = code_of(&client.deliver(&document(1, 1, "T")).await.expect(201));
    let other = |call: Call| client.call(call.tenant("other"));
    let theirs = code_of(&other(Call::post("/v1/documents", &document(9, 9, "Theirs"))).await.expect(201));
    assert_ne!(theirs, code, "the same id of another tenant is another document");
    let revoke = other(Call::delete(format!("/v1/documents/{ID}?sequence=99"))).await;
    assert_eq!(revoke.status, 204);
    client.open(&theirs).await.refused(410, "ACCESS_CODE_REVOKED");
    assert_eq!(client.open(&code).await.expect(200)["title"], "T");
}

#[actix_web::test]
async fn broken_operations_are_named_and_write_nothing() {
    let client = Client::new().await;
    let (path, access) = (format!("/v1/documents/{ID}"), format!("/v1/documents/{ID}/access"));
    for path in [&path, &access] {
        refuses_every_broken_body(&client.app, &client.database, "PUT", path).await;
    }
    let good = json!({"sequence": 1, "expiresAt": in_hours(5)});
    let cases = [
        ("sequence", vec![json!(0), json!(-1), json!("1"), json!(1.5), json!([])]),
        ("generation", vec![json!(0), json!(-1), json!("1"), json!(1.5), json!(2_147_483_648_i64)]),
        (
            "expiresAt",
            vec![
                json!(5),
                json!(""),
                json!("tomorrow"),
                json!("2026-13-01T00:00:00Z"),
                json!(in_hours(24 * 91)),
            ],
        ),
        ("reservedCode", vec![json!(5), json!(""), json!("x".repeat(65)), json!([])]),
    ];
    let sent = json!({"title": "T", "content": "C"});
    for (field, values) in cases {
        for value in values {
            let change = json!({ field: value });
            client.call(Call::put(&access, &with(&good, &change))).await.names_fields(&[field]);
            client.put(&with(&sent, &change)).await.names_fields(&[field]);
        }
    }
    for nothing in [json!({}), json!({"sequence": null, "expiresAt": null})] {
        client.call(Call::put(&access, &nothing)).await.names_fields(&["sequence", "expiresAt"]);
    }
    let another = json!({"id": "0192f0c1-7a3e-7cc2-9d0e-000000000000", "title": "T", "content": "C"});
    client.put(&another).await.names_fields(&["id"]);
    for query in [
        "sequence=0",
        "sequence=-1",
        "sequence=x",
        "sequence=1.5",
        "sequence=%00",
        "sequence=99999999999999999999",
    ] {
        client.call(Call::delete(format!("{path}?{query}"))).await.names_fields(&["sequence"]);
    }
    client.call(Call::delete(format!("{path}?version=x"))).await.names_fields(&["version"]);
    for segment in malformed_segments() {
        let path = format!("/v1/documents/{segment}");
        client.call(Call::delete(&path)).await.refused(404, "NOT_FOUND");
        client.call(Call::put(format!("{path}/access"), &good)).await.refused(404, "NOT_FOUND");
        client.call(Call::put(&path, &sent)).await.refused(404, "NOT_FOUND");
    }
    assert_eq!(client.database.count("documents"), 0);
}
