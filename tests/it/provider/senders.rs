//! What recipients see of a practice, as the practice says it.

use serde_json::{Value, json};

use super::Provider;
use crate::support::bad_input;
use crate::support::http::{Answer, Call, assert_timestamp};
use crate::support::vault::opened;

/// A picture of nothing.
pub const LOGO: &str = "data:image/svg+xml;base64,PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciLz4=";
const PATH: &str = "/api/sender";
/// Enough for the slowest machine.
const PATIENT: (&str, &str) = ("DATABASE_POOL_WAIT_MS", "20000");

/// A practice that has said everything.
pub fn practice() -> Value {
    json!({
        "name": "Praxis am See", "address": "Seestrasse 12\n8002 Zürich", "phone": "044 123 45 67",
        "hours": "Mo–Fr 8–12", "colour": "#7a0019", "logo": LOGO,
    })
}

impl Provider {
    /// Says what recipients see.
    pub async fn introduce(&self, body: &Value) -> Answer {
        self.call(Call::put(PATH, body)).await
    }

    async fn known(&self) -> Value {
        self.call(Call::get(PATH)).await.expect(200)
    }
}

#[actix_web::test]
async fn a_practice_is_known_as_it_says_and_until_then_as_the_installation_says() {
    let settings =
        [("SENDER_NAME", "Everybody"), ("SENDER_ADDRESS", "A 1, B 2"), ("SENDER_COLOUR", "#003399")];
    let provider = Provider::with(&settings).await;
    let before = provider.call(Call::get(PATH)).await;
    assert_eq!(before.header("ETag"), Some("\"0\""));
    let nothing = json!({
        "name": "Everybody", "address": "A 1\nB 2", "phone": null, "hours": null, "colour": "#003399", "logo": null,
        "isDefault": true, "version": 0, "updatedAt": null,
    });
    assert_eq!(before.expect(200), nothing);
    let saved = provider.introduce(&practice()).await;
    assert_eq!(saved.header("ETag"), Some("\"1\""));
    let mut saved = saved.expect(200);
    assert_timestamp(&saved["updatedAt"]);
    assert_eq!(provider.known().await, saved);
    saved["updatedAt"] = Value::Null;
    let mut said = practice();
    said["isDefault"] = json!(false);
    said["version"] = json!(1);
    said["updatedAt"] = Value::Null;
    said["delivery"] = json!("queued");
    assert_eq!(saved, said);
    let other = provider.call(Call::get(PATH).tenant("other")).await.expect(200);
    assert_eq!(other, nothing);
}

#[actix_web::test]
async fn what_is_absent_stays_and_what_is_null_goes() {
    let provider = Provider::with(&[PATIENT]).await;
    provider.introduce(&practice()).await.expect(200);
    let renamed = provider.introduce(&json!({"name": "Praxis am Fluss"})).await.expect(200);
    assert_eq!((&renamed["name"], &renamed["version"]), (&json!("Praxis am Fluss"), &json!(2)));
    assert_eq!((&renamed["logo"], &renamed["phone"]), (&json!(LOGO), &json!("044 123 45 67")));
    let bare =
        json!({"name": "N", "address": null, "phone": null, "hours": null, "colour": null, "logo": null});
    let cleared = provider.introduce(&bare).await.expect(200);
    for field in ["address", "phone", "hours", "colour", "logo"] {
        assert_eq!(cleared[field], Value::Null, "{field}");
    }
}

#[actix_web::test]
async fn the_same_once_more_keeps_the_version_and_is_told_again() {
    let provider = Provider::with(&[PATIENT]).await;
    let first = provider.introduce(&practice()).await.expect(200);
    let again = provider.introduce(&practice()).await.expect(200);
    assert_eq!(again, first);
    let messages = provider.call(Call::get("/api/outbox")).await.expect(200);
    let states: Vec<_> = messages["items"].as_array().unwrap().iter().map(|m| m["state"].clone()).collect();
    assert_eq!(states, ["pending", "superseded"]);
    let audit = "SELECT target AS text FROM audit_pending WHERE action = 'sender.changed' \
                 UNION ALL SELECT target FROM audit_log WHERE action = 'sender.changed'";
    assert_eq!(provider.database.texts(audit), ["-"]);
}

#[actix_web::test]
async fn a_change_of_what_somebody_has_not_seen_is_refused() {
    let provider = Provider::with(&[PATIENT]).await;
    let put = |name: &str, etag: &str| Call::put(PATH, &json!({ "name": name })).header("If-Match", etag);
    provider.call(put("A", "\"1\"")).await.refused(412, "PRECONDITION_FAILED");
    provider.call(put("A", "\"0\"")).await.expect(200);
    provider.call(put("B", "\"0\"")).await.refused(412, "PRECONDITION_FAILED");
    provider.call(put("C", "\"1\"")).await.expect(200);
    assert_eq!(provider.known().await["name"], "C");
    assert_eq!(provider.database.count("outbox"), 2, "what was refused is told to nobody");
}

#[actix_web::test]
async fn two_who_change_it_at_the_same_time_lose_nothing() {
    let provider = Provider::with(&[PATIENT]).await;
    let asked = &provider;
    let calls = (0..12_usize).map(|i| async move {
        let field = ["phone", "hours", "address"][i % 3];
        let call = Call::put(PATH, &json!({"name": "N", field: format!("{i}")}));
        loop {
            let answer = asked.call(call.clone()).await;
            // Too many wait for the same row on a slow machine: they are asked to come again.
            if answer.status != 503 {
                return answer;
            }
        }
    });
    for answer in futures_util::future::join_all(calls).await {
        answer.expect(200);
    }
    let known = provider.known().await;
    assert!(["phone", "hours", "address"].iter().all(|field| known[*field].is_string()), "{known}");
    assert_eq!(known["version"], 12);
    assert_eq!(provider.database.count("outbox WHERE state = 'pending'"), 1);
}

#[actix_web::test]
async fn every_broken_field_is_named_at_once_and_nothing_is_written() {
    let provider = Provider::with(&[PATIENT]).await;
    let before = provider.database.dump();
    let texts = [
        json!(5),
        json!(true),
        json!([]),
        json!({}),
        json!(""),
        json!(" \t"),
        json!("a\0b"),
        json!("a\tb"),
        json!("x".repeat(201)),
    ];
    for (field, more) in [
        ("name", vec![json!("a\nb"), json!(null)]),
        ("phone", vec![json!("a\nb")]),
        ("hours", vec![json!("a\nb")]),
        ("address", vec![json!("1\n2\n3\n4\n5\n6\n7")]),
        ("colour", vec![json!("red"), json!("#fff"), json!("#777777"), json!("#ffffff")]),
        (
            "logo",
            vec![
                json!("data:image/gif;base64,R0lGODlh"),
                json!("https://example.org/logo.png"),
                json!(too_large()),
            ],
        ),
    ] {
        for value in texts.iter().chain(&more) {
            let body = json!({"name": "N", field: value});
            provider.introduce(&body).await.names_fields(&[field]);
        }
    }
    let all = json!({"address": 1, "phone": 1, "hours": 1, "colour": "#777777", "logo": "x"});
    let refused = provider.introduce(&all).await;
    let refused = refused.names_fields(&["name", "address", "phone", "hours", "colour", "logo"]);
    assert!(
        refused["message"].as_str().unwrap().contains("its contrast is 4.4, and 4.5 is needed"),
        "{refused}"
    );
    bad_input::refuses_every_broken_body(&provider.app, &provider.database, "PUT", PATH).await;
    assert_eq!(provider.database.dump(), before);
}

/// A picture of one byte too much.
fn too_large() -> String {
    use base64::Engine as _;
    let picture = [b"<svg/>".as_slice(), &[b' '; 102_400 - 5]].concat();
    format!("data:image/svg+xml;base64,{}", base64::engine::general_purpose::STANDARD.encode(picture))
}

#[actix_web::test]
async fn a_practice_is_sealed_and_a_message_about_it_names_nobody() {
    let provider = Provider::with(&[PATIENT]).await;
    provider.introduce(&practice()).await.expect(200);
    let profile = &opened(&provider.database, "provider", "default", ("senders", "profile"))[0];
    let profile: Value = serde_json::from_str(profile).unwrap();
    assert_eq!((&profile["name"], &profile["address"][1]), (&json!("Praxis am See"), &json!("8002 Zürich")));
    assert!(profile.get("logo").is_none(), "it has a column of its own");
    assert_eq!(opened(&provider.database, "provider", "default", ("senders", "logo")), [LOGO]);
    let message = provider.call(Call::get("/api/outbox")).await.expect(200)["items"][0].clone();
    assert_eq!(message["topic"], "sender.present");
    assert_eq!(message["subjectId"], "00000000-0000-0000-0000-000000000000");
}
