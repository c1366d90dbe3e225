//! Registering webhooks, and whose they are.

use oc::domain::timestamp::Timestamp;
use oc::platform::webhooks::{SigningSecrets, WebhookSecret};
use serde_json::{Value, json};

use super::{Provider, id_of};
use crate::support::bad_input::{assert_harmless, malformed_segments, refuses_every_broken_body, with};
use crate::support::http::{Answer, Call, assert_timestamp};
use crate::support::vault::vault;

const URL: &str = "https://practice.example.ch/oc-events";

impl Provider {
    async fn register(&self, body: &Value) -> Answer {
        self.call(Call::post("/api/webhooks", body)).await
    }

    async fn webhook(&self) -> String {
        id_of(&self.register(&json!({ "url": URL })).await.expect(201))
    }

    async fn webhooks(&self) -> Vec<Value> {
        let list = self.call(Call::get("/api/webhooks")).await.expect(200);
        list["items"].as_array().unwrap().clone()
    }

    async fn rotate(&self, id: &str) -> Answer {
        self.call(Call::new("POST", format!("/api/webhooks/{id}/rotate"))).await
    }

    /// The secrets that sign for an endpoint `hours` from now, the newest first.
    fn signing(&self, id: &str, hours: i64) -> Vec<String> {
        let sql = format!("SELECT encode(secrets, 'hex') AS text FROM webhook_endpoints WHERE id = '{id}'");
        let hex = self.database.text(&sql);
        let byte = |i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap();
        let sealed: Vec<u8> = (0..hex.len()).step_by(2).map(byte).collect();
        let vault = vault(&self.database, "default");
        let secrets = SigningSecrets::open(&sealed, &vault, id.parse().unwrap()).unwrap();
        let now = jiff::Timestamp::now().as_millisecond() + hours * 3_600_000;
        secrets.active(Timestamp::from_millis(now).unwrap()).map(WebhookSecret::expose).collect()
    }
}

fn secret_of(answer: &Value) -> String {
    let secret = answer["secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_") && WebhookSecret::parse(secret).is_some());
    secret.to_owned()
}

#[actix_web::test]
async fn a_webhook_is_registered_and_its_secret_is_shown_once() {
    let provider = Provider::new().await;
    let body = json!({"url": URL, "description": " CRM ", "events": ["opened", "failed"], "colour": "red"});
    let answer = provider.register(&body).await;
    let made = answer.expect(201);
    let path = format!("/api/webhooks/{}", id_of(&made));
    assert_eq!(answer.header("Location"), Some(path.as_str()));
    let secret = secret_of(&made);
    let expected = json!({"url": URL, "description": "CRM", "events": ["failed", "opened"], "enabled": true,
                          "disabledReason": null});
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&made[name], value, "{name}");
    }
    assert_timestamp(&made["createdAt"]);
    let changed = provider.call(Call::put(&path, &json!({"enabled": false}))).await.expect(200);
    let found = provider.call(Call::get(&path)).await.expect(200);
    assert_eq!(found, changed);
    for shown in [&found, &changed, &json!(provider.webhooks().await)] {
        assert!(
            !shown.to_string().contains("whsec_") && !shown.to_string().contains("\"secret\""),
            "{shown}"
        );
    }
    assert_eq!(provider.signing(&id_of(&made), 0), std::slice::from_ref(&secret));
    let plain = secret.trim_start_matches("whsec_");
    assert!(!provider.database.dump().contains(plain));
}

#[actix_web::test]
async fn a_change_keeps_what_it_does_not_name() {
    let provider = Provider::new().await;
    let body = json!({"url": URL, "description": "CRM", "events": ["opened"]});
    let before = provider.register(&body).await.expect(201);
    let path = format!("/api/webhooks/{}", id_of(&before));
    let other = "https://other.example.ch/";
    let after =
        provider.call(Call::put(&path, &json!({"url": other, "description": null}))).await.expect(200);
    assert_eq!((&after["url"], &after["description"]), (&json!(other), &Value::Null));
    for kept in ["id", "events", "enabled", "createdAt"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    let all = provider.call(Call::put(&path, &json!({"events": []}))).await.expect(200);
    assert_eq!(all["events"], json!([]));
    let same = provider.call(Call::put(&path, &json!({"events": [], "url": other}))).await.expect(200);
    assert_eq!(same, all);
}

#[actix_web::test]
async fn a_new_secret_signs_at_once_and_the_old_one_for_a_day_more() {
    let provider = Provider::new().await;
    let made = provider.register(&json!({ "url": URL })).await.expect(201);
    let (id, first) = (id_of(&made), secret_of(&made));
    let rotated = provider.rotate(&id).await.expect(200);
    let second = secret_of(&rotated);
    assert_ne!(first, second);
    assert_eq!((&rotated["id"], &rotated["url"]), (&made["id"], &made["url"]));
    assert_eq!(provider.signing(&id, 0), [second.clone(), first.clone()]);
    assert_eq!(provider.signing(&id, 23), [second.clone(), first]);
    assert_eq!(provider.signing(&id, 25), [second]);
}

#[actix_web::test]
async fn too_many_new_secrets_at_a_time_are_refused() {
    let provider = Provider::new().await;
    let id = provider.webhook().await;
    for _ in 0..3 {
        provider.rotate(&id).await.expect(200);
    }
    let before = provider.database.dump();
    provider.rotate(&id).await.refused(409, "CONFLICT");
    assert_eq!(provider.database.dump(), before);
}

#[actix_web::test]
async fn a_repeated_request_is_shown_the_secret_that_the_first_one_made() {
    let provider = Provider::new().await;
    let create = Call::post("/api/webhooks", &json!({ "url": URL })).header("Idempotency-Key", "a");
    let made = provider.call(create.clone()).await.expect(201);
    let again = provider.call(create.clone()).await;
    assert_eq!((again.expect(201), again.header("Idempotency-Replayed")), (made.clone(), Some("true")));
    let id = id_of(&made);
    let rotate = Call::new("POST", format!("/api/webhooks/{id}/rotate")).header("Idempotency-Key", "a");
    let rotated = provider.call(rotate.clone()).await.expect(200);
    assert_eq!(provider.call(rotate.clone()).await.expect(200), rotated);
    // As if the process had died before the answers were kept.
    provider.database.execute(
        "UPDATE idempotency_keys SET status = NULL, answer = NULL, locked_until = now() - interval '1 second'",
    );
    assert_eq!(secret_of(&provider.call(create).await.expect(201)), secret_of(&made));
    assert_eq!(secret_of(&provider.call(rotate).await.expect(200)), secret_of(&rotated));
    assert_eq!(provider.signing(&id, 0), [secret_of(&rotated), secret_of(&made)]);
    assert_eq!(provider.webhooks().await.len(), 1);
}

#[actix_web::test]
async fn a_deleted_webhook_is_gone() {
    let provider = Provider::new().await;
    let (gone, kept) = (provider.webhook().await, provider.webhook().await);
    let path = format!("/api/webhooks/{gone}");
    assert_eq!(provider.call(Call::delete(&path)).await.status, 204);
    for call in [Call::get(&path), Call::delete(&path), Call::put(&path, &json!({"enabled": true}))] {
        provider.call(call).await.refused(404, "NOT_FOUND");
    }
    provider.rotate(&gone).await.refused(404, "NOT_FOUND");
    let left: Vec<String> = provider.webhooks().await.iter().map(id_of).collect();
    assert_eq!(left, [kept]);
}

#[actix_web::test]
async fn a_webhook_of_another_tenant_does_not_exist() {
    let provider = Provider::new().await;
    let path = format!("/api/webhooks/{}", provider.webhook().await);
    let before = provider.database.dump();
    for call in [
        Call::get(&path),
        Call::put(&path, &json!({"enabled": false})),
        Call::delete(&path),
        Call::new("POST", format!("{path}/rotate")),
    ] {
        provider.call(call.tenant("other")).await.refused(404, "NOT_FOUND");
    }
    let list = provider.call(Call::get("/api/webhooks").tenant("other")).await.expect(200);
    assert_eq!(list, json!({"items": []}));
    for path in ["/api/webhooks", &path] {
        provider.call(Call::get(path).tenant("NO TENANT")).await.names_fields(&["X-Tenant"]);
    }
    assert_eq!(provider.database.dump(), before);
}

#[actix_web::test]
async fn a_tenant_has_at_most_twenty_webhooks() {
    let provider = Provider::new().await;
    for _ in 0..20 {
        provider.webhook().await;
    }
    provider.register(&json!({ "url": URL })).await.refused(409, "CONFLICT");
    let other = Call::post("/api/webhooks", &json!({ "url": URL })).tenant("other");
    provider.call(other).await.expect(201);
    assert_eq!(provider.webhooks().await.len(), 20);
}

fn broken_fields() -> Vec<(&'static str, Value)> {
    let mut cases = Vec::new();
    for url in [
        json!(null),
        json!(5),
        json!([]),
        json!(""),
        json!("  "),
        json!("example.ch"),
        json!("http://example.ch/"),
        json!("ftp://example.ch/"),
        json!("https://"),
        json!("https://user@example.ch/"),
        json!("https://user:secret@example.ch/"),
        json!("https://example.ch/#part"),
        json!("https://127.0.0.1/"),
        json!("https://2130706433/"),
        json!("https://0x7f.1/"),
        json!("https://[::ffff:127.0.0.1]/"),
        json!("https://169.254.169.254/latest/meta-data"),
        json!("https://10.1.2.3/"),
        json!("https://example.ch/\0"),
        json!(format!("https://example.ch/{}", "x".repeat(2_000))),
        json!(format!("https://example.ch/{}", "ü".repeat(500))),
    ] {
        cases.push(("url", json!({ "url": url })));
    }
    for description in [json!(5), json!([]), json!(""), json!(" "), json!("a\0b"), json!("x".repeat(201))] {
        cases.push(("description", json!({ "description": description })));
    }
    for events in [
        json!("opened"),
        json!({}),
        json!(5),
        json!(["OPENED"]),
        json!(["opened", "burnt"]),
        json!([1]),
        json!([null]),
        json!([["opened"]]),
        json!(["document.opened"]),
    ] {
        cases.push(("events", json!({ "events": events })));
    }
    for enabled in [json!("true"), json!(1), json!([]), json!("")] {
        cases.push(("enabled", json!({ "enabled": enabled })));
    }
    cases
}

#[actix_web::test]
async fn every_broken_field_is_named_and_nothing_is_written() {
    let provider = Provider::new().await;
    let path = format!("/api/webhooks/{}", provider.webhook().await);
    let before = provider.database.dump();
    let good = json!({ "url": URL });
    for (field, change) in broken_fields() {
        provider.register(&with(&good, &change)).await.names_fields(&[field]);
        provider.call(Call::put(&path, &change)).await.names_fields(&[field]);
        let other = if field == "enabled" { json!({"events": []}) } else { json!({"enabled": false}) };
        provider.call(Call::put(&path, &with(&other, &change))).await.names_fields(&[field]);
    }
    provider.register(&json!({})).await.names_fields(&["url"]);
    for nothing in [json!({}), json!({"colour": "red"}), json!({"secret": "whsec_x"})] {
        provider.call(Call::put(&path, &nothing)).await.names_fields(&["body"]);
    }
    let all = json!({"url": "x", "description": 1, "events": 1, "enabled": 1});
    let names = ["url", "description", "events", "enabled"];
    provider.register(&all).await.names_fields(&names);
    provider.call(Call::put(&path, &all)).await.names_fields(&names);
    assert_eq!(provider.database.dump(), before);
}

#[actix_web::test]
async fn what_is_no_json_object_and_what_is_no_id_is_refused() {
    let provider = Provider::new().await;
    let id = provider.webhook().await;
    for (method, path) in [("POST", "/api/webhooks".to_owned()), ("PUT", format!("/api/webhooks/{id}"))] {
        refuses_every_broken_body(&provider.app, &provider.database, method, &path).await;
    }
    for segment in malformed_segments() {
        let path = format!("/api/webhooks/{segment}");
        for call in [
            Call::get(&path),
            Call::put(&path, &json!({"enabled": true})),
            Call::delete(&path),
            Call::new("POST", format!("{path}/rotate")),
        ] {
            let answer = provider.call(call).await;
            answer.refused(404, "NOT_FOUND");
            assert_harmless(&answer);
        }
    }
}

#[actix_web::test]
async fn private_addresses_and_http_are_taken_where_the_operator_allows_it() {
    let provider = Provider::with(&[("WEBHOOK_ALLOW_PRIVATE", "true")]).await;
    for url in ["http://127.0.0.1:8080/hook", "http://crm.internal/", "https://10.0.0.1/"] {
        assert_eq!(provider.register(&json!({ "url": url })).await.expect(201)["url"], url);
    }
    provider.register(&json!({"url": "http://user@127.0.0.1/"})).await.names_fields(&["url"]);
}

#[actix_web::test]
async fn the_url_is_kept_as_it_is_going_to_be_called() {
    let provider = Provider::new().await;
    for (given, kept) in [
        ("HTTPS://Example.CH", "https://example.ch/"),
        ("https://example.ch:443/a/../b", "https://example.ch/b"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
    ] {
        assert_eq!(provider.register(&json!({ "url": given })).await.expect(201)["url"], kept);
    }
}
