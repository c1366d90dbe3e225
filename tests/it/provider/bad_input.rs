//! Input that the provider role has to refuse without writing anything.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::Provider;
use crate::support::bad_input::{
    assert_harmless, broken_fields, everything_broken, malformed_segments, refuses_every_broken_body, with,
};
use crate::support::http::Call;

#[actix_web::test]
async fn every_endpoint_refuses_what_is_no_json_object() {
    let provider = Provider::new().await;
    let id = provider.draft("T").await;
    for (method, path) in [
        ("POST", "/api/documents".to_owned()),
        ("PUT", format!("/api/documents/{id}")),
        ("POST", "/api/send".to_owned()),
    ] {
        refuses_every_broken_body(&provider.app, &provider.database, method, &path).await;
    }
}

#[actix_web::test]
async fn every_broken_field_of_a_new_document_is_named() {
    let provider = Provider::new().await;
    let good = json!({"title": "T", "content": "C"});
    for (field, change) in broken_fields() {
        provider.create(&with(&good, &change)).await.names_fields(&[field]);
    }
    provider.create(&json!({})).await.names_fields(&["title", "content"]);
    let (body, names) = everything_broken();
    provider.create(&body).await.names_fields(&names);
    assert_eq!(provider.database.count("documents"), 0);
}

#[actix_web::test]
async fn every_broken_field_of_a_change_is_named() {
    let provider = Provider::new().await;
    let id = provider.draft("T").await;
    let before = provider.database.dump();
    for (field, change) in broken_fields() {
        provider.update(&id, &change).await.names_fields(&[field]);
        // A good field beside it is not written either.
        let other = if field == "title" { json!({"content": "new"}) } else { json!({"title": "new"}) };
        provider.update(&id, &with(&other, &change)).await.names_fields(&[field]);
    }
    for status in [json!("FINAL"), json!("sent"), json!(""), json!(1), json!(["final"]), json!("final\0")] {
        provider.update(&id, &json!({ "status": status })).await.names_fields(&["status"]);
    }
    for nothing in [json!({}), json!({"colour": "red"})] {
        provider.update(&id, &nothing).await.names_fields(&["body"]);
    }
    let (body, mut names) = everything_broken();
    names.push("status");
    provider.update(&id, &with(&body, &json!({"status": "gone"}))).await.names_fields(&names);
    assert_eq!(provider.database.dump(), before);
}

#[actix_web::test]
async fn every_broken_document_id_of_a_send_is_named_or_unknown() {
    let provider = Provider::new().await;
    for id in [
        json!(null),
        json!(5),
        json!(""),
        json!("  "),
        json!([]),
        json!({}),
        json!("a\0"),
        json!("x".repeat(201)),
    ] {
        provider
            .call(Call::post("/api/send", &json!({ "documentId": id })))
            .await
            .names_fields(&["documentId"]);
    }
    provider.call(Call::post("/api/send", &json!({}))).await.names_fields(&["documentId"]);
    for id in ["x", "../..", "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d"] {
        provider.send(id).await.refused(404, "NOT_FOUND");
    }
    assert_eq!(provider.database.count("outbox"), 0);
}

#[actix_web::test]
async fn the_largest_and_smallest_allowed_values_are_taken() {
    let provider = Provider::new().await;
    let deep = (0..15).fold(json!({"a": "x"}), |inner, _| json!({ "a": inner }));
    for change in [
        json!({"title": "x".repeat(500)}),
        json!({"title": "🙂".repeat(500)}),
        json!({"title": format!("  {}  ", "ü".repeat(500))}),
        json!({"content": "x".repeat(1_000_000)}),
        json!({"content": "\u{1}"}),
        json!({"expiresIn": 60}),
        json!({"expiresIn": 7_776_000}),
        json!({ "metadata": deep }),
        json!({"metadata": {}}),
        json!({"metadata": {"a": "x".repeat(16_000)}}),
        json!({"recipient": {}}),
        json!({"recipient": {"name": "ü".repeat(200), "email": null}}),
    ] {
        let answer = provider.create(&with(&json!({"title": "T", "content": "C"}), &change)).await;
        let document = answer.expect(201);
        for (name, value) in change.as_object().unwrap() {
            if let Some(text) = value.as_str() {
                assert_eq!(document[name], text.trim_matches(' '));
            }
        }
    }
}

#[actix_web::test]
async fn a_malformed_id_belongs_to_no_document() {
    let provider = Provider::new().await;
    for segment in malformed_segments() {
        let path = format!("/api/documents/{segment}");
        for call in [Call::get(&path), Call::put(&path, &json!({"title": "T"})), Call::delete(&path)] {
            let answer = provider.call(call).await;
            answer.refused(404, "NOT_FOUND");
            assert_harmless(&answer);
        }
    }
    for path in [
        "/api/documents/../..",
        "/api/documents/",
        "/api/documents/a/b",
        "/api",
        "/nowhere",
        "/docs/nowhere.js",
    ] {
        provider.call(Call::get(path)).await.refused(404, "NOT_FOUND");
    }
}

#[actix_web::test]
async fn a_request_id_of_the_caller_is_kept_where_it_is_harmless() {
    let provider = Provider::new().await;
    let call = |id: &str| provider.call(Call::get("/api/documents/x").header("X-Request-Id", id));
    let kept = call("shop-17_a.b").await;
    assert_eq!(kept.refused(404, "NOT_FOUND")["requestId"], "shop-17_a.b");
    for bad in ["", "a b", "<script>", "ü", "x".repeat(65).as_str()] {
        let answer = call(bad).await;
        assert_ne!(answer.refused(404, "NOT_FOUND")["requestId"], bad);
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
        Just(json!("text/plain")),
        Just(json!(3600)),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::hash_map(".{0,8}", inner, 0..6).prop_map(|map| json!(map)),
        ]
    })
}

fn any_body() -> impl Strategy<Value = Value> {
    const NAMES: [&str; 8] =
        ["title", "content", "contentType", "recipient", "metadata", "expiresIn", "name", "email"];
    let fields = prop::collection::hash_map(prop::sample::select(&NAMES[..]), any_json(), 0..8);
    let likely = (".{1,20}", ".{1,20}", fields).prop_map(|(title, content, fields)| {
        with(&json!({ "title": title, "content": content }), &json!(fields))
    });
    prop_oneof![1 => any_json(), 3 => likely]
}

#[actix_web::test]
async fn no_json_at_all_makes_the_server_fail() {
    let provider = Provider::new().await;
    let mut runner = TestRunner::new(Config::with_cases(64));
    let mut accepted = 0;
    for _ in 0..64 {
        let body = any_body().new_tree(&mut runner).unwrap().current();
        let answer = provider.create(&body).await;
        if answer.status == 201 {
            accepted += 1;
            answer.json();
        } else {
            answer.refused(400, "VALIDATION_FAILED");
        }
    }
    assert_eq!(provider.database.count("documents"), accepted);
    assert!(accepted < 64);
}
