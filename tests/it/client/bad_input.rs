//! Input that the client role has to refuse without writing anything.

use serde_json::json;

use super::{Client, code_of};
use crate::support::bad_input::{
    assert_harmless, broken_fields, everything_broken, malformed_segments, refuses_every_broken_body, with,
};
use crate::support::http::Call;

#[actix_web::test]
async fn every_endpoint_refuses_what_is_no_json_object() {
    let client = Client::new().await;
    for path in ["/v1/documents", "/api/v1/documents"] {
        refuses_every_broken_body(&client.app, &client.database, "POST", path).await;
    }
}

#[actix_web::test]
async fn every_broken_field_of_a_delivery_is_named() {
    let client = Client::new().await;
    let good = json!({"title": "T", "content": "C"});
    for (field, change) in broken_fields() {
        client.deliver(&with(&good, &change)).await.names_fields(&[field]);
    }
    for id in [
        json!(5),
        json!(""),
        json!("x"),
        json!([]),
        json!("0192f0c1"),
        json!("0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d\0"),
    ] {
        client.deliver(&with(&good, &json!({ "id": id }))).await.names_fields(&["id"]);
    }
    for version in [json!(0), json!(-1), json!(1.5), json!("1"), json!(2_147_483_648_u64), json!([])] {
        client.deliver(&with(&good, &json!({ "version": version }))).await.names_fields(&["version"]);
    }
    for moment in [
        json!(5),
        json!(""),
        json!("tomorrow"),
        json!("2026-13-01T00:00:00Z"),
        json!("2026-11-20"),
        json!(null).take(),
    ] {
        let answer = client.deliver(&with(&good, &json!({ "expiresAt": moment }))).await;
        if moment.is_null() {
            answer.expect(201)
        } else {
            answer.names_fields(&["expiresAt"])
        };
    }
    client.deliver(&json!({})).await.names_fields(&["title", "content"]);
    let (body, mut names) = everything_broken();
    names.extend(["id", "version", "expiresAt"]);
    client
        .deliver(&with(&body, &json!({"id": 1, "version": 0, "expiresAt": "x"})))
        .await
        .names_fields(&names);
    assert_eq!(client.database.count("documents"), 1, "only the one without a moment");
}

#[actix_web::test]
async fn a_moment_outside_of_all_calendars_is_no_server_error() {
    let client = Client::new().await;
    for moment in
        ["-009999-01-02T00:00:00Z", "-004800-01-01T00:00:00Z", "9999-12-30T00:00:00Z", "0000-01-01T00:00:00Z"]
    {
        let answer = client.deliver(&json!({"title": "T", "content": "C", "expiresAt": moment})).await;
        assert!([201, 400].contains(&answer.status), "{moment}: {}", answer.text());
    }
}

#[actix_web::test]
async fn a_refused_delivery_leaves_the_document_as_it_was() {
    let client = Client::new().await;
    let id = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d";
    client.deliver(&json!({"id": id, "title": "T", "content": "C"})).await.expect(201);
    let before = client.database.dump();
    let newer = json!({"id": id, "version": 2, "title": "New", "content": ""});
    client.deliver(&newer).await.names_fields(&["content"]);
    assert_eq!(client.database.dump(), before);
}

#[actix_web::test]
async fn a_malformed_tenant_is_refused_by_name() {
    let client = Client::new().await;
    for tenant in ["", "UPPER", "-a", "a b", "ä"] {
        let call = Call::post("/v1/documents", &json!({"title": "T", "content": "C"})).tenant(tenant);
        client.call(call).await.names_fields(&["X-Tenant"]);
    }
    assert_eq!(client.database.count("documents"), 0);
}

#[actix_web::test]
async fn a_malformed_code_is_just_unknown() {
    let client = Client::new().await;
    for segment in malformed_segments() {
        let answer = client.open(&segment).await;
        answer.refused(404, "NOT_FOUND");
        assert_harmless(&answer);
    }
}

#[actix_web::test]
async fn the_form_answers_what_is_no_form_with_a_page() {
    let client = Client::new().await;
    let code = client.code_for("Secret", "C").await;
    let post = || Call::new("POST", "/");
    for call in [
        post().form(""),
        post().form("other=1"),
        post().form(&format!("code={code}&code={code}")),
        post().raw(format!("code={code}")),
        post().json(&json!({ "code": code })),
        post().form(&format!("code={}", "x".repeat(10_000_000))),
    ] {
        let page = client.call(call).await;
        assert!([400, 413, 415].contains(&page.status), "{}", page.text());
        assert!(page.text().contains("role=\"alert\"") && !page.text().contains("Secret"), "{}", page.text());
    }
    for typed in ["%00", "%FF", "%", "", "+", "x%0Ay", &"x".repeat(4_000)] {
        let page = client.call(post().form(&format!("code={typed}"))).await;
        assert_eq!(page.status, 404, "{typed}");
        assert!(page.text().contains("role=\"alert\""), "{typed}");
    }
}

#[actix_web::test]
async fn the_largest_and_smallest_allowed_values_are_taken() {
    let client = Client::new().await;
    for change in [
        json!({"title": "🙂".repeat(500)}),
        json!({"content": "x".repeat(1_000_000)}),
        json!({"version": i32::MAX}),
        json!({"expiresIn": 60}),
        json!({"id": "0192F0C1-7A3E-7CC2-9D0E-3F6F5A1B2C3D"}),
        json!({"unknown": {"a": [1]}, "reservedCode": null}),
    ] {
        let body = with(&json!({"title": "T", "content": "C"}), &change);
        let code = code_of(&client.deliver(&body).await.expect(201));
        let opened = client.open(&code).await.expect(200);
        assert_eq!((&opened["title"], &opened["content"]), (&body["title"], &body["content"]));
    }
}
