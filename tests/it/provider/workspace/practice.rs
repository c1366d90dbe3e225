//! The form in which a practice says how its recipients see it.

use serde_json::{Value, json};

use super::signing_in::signed_in;
use super::{LANGUAGES, Provider, assert_says, hidden, led_to};
use crate::provider::senders::{LOGO, practice};
use crate::support::http::{Answer, Call};
use crate::support::tokens::JWT;

/// Enough for the slowest machine.
const PATIENT: (&str, &str) = ("DATABASE_POOL_WAIT_MS", "15000");
const PATH: &str = "/settings/practice";
const SVG: &[u8] = b"<svg xmlns='http://www.w3.org/2000/svg'/>";

/// A form with files, as browsers send it.
fn multipart(fields: &[(&str, &str)], logo: &[u8]) -> Call {
    let mut body = Vec::new();
    for (name, text) in fields {
        let part = format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = "--xyz\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"l\"\r\nContent-Type: image/svg+xml\r\n\r\n";
    let body = [&body, head.as_bytes(), logo, b"\r\n--xyz--\r\n"].concat();
    Call::new("POST", PATH).raw(body).header("Content-Type", "multipart/form-data; boundary=xyz")
}

const FIELDS: [(&str, &str); 7] = [
    ("version", "0"),
    ("name", "Praxis am See"),
    ("address", "Seestrasse 12\r\n8002 Zürich"),
    ("phone", "044 123 45 67"),
    ("hours", "Mo–Fr 8–12"),
    ("colour", "#7a0019"),
    ("chosen", ""),
];

/// The form with other values in these fields, or further ones.
fn typed<'a>(others: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let others_of = |name: &str| others.iter().any(|(other, _)| *other == name);
    FIELDS.into_iter().filter(|(name, _)| !others_of(name)).chain(others.iter().copied()).collect()
}

impl Provider {
    async fn post_practice(&self, others: &[(&str, &str)], logo: &[u8]) -> Answer {
        self.call(multipart(&typed(others), logo)).await
    }

    async fn practice_known(&self) -> Value {
        self.call(Call::get("/api/sender")).await.expect(200)
    }
}

#[actix_web::test]
async fn what_is_typed_is_saved_and_shown() {
    let provider = Provider::with(&[PATIENT]).await;
    assert_says(&provider.call(Call::get("/settings")).await, 200, &["You have not said anything yet", PATH]);
    assert_eq!(led_to(&provider.post_practice(&[], SVG).await), "/settings?done=practice");
    let known = provider.practice_known().await;
    let expected = practice();
    for field in ["name", "address", "phone", "hours", "colour"] {
        assert_eq!(known[field], expected[field], "{field}");
    }
    assert!(known["logo"].as_str().unwrap().starts_with("data:image/svg+xml;base64,"));
    let parts = ["Saved.", "Praxis am See", "044 123 45 67", "/assets/tint.7a0019.css", "on its way"];
    assert_says(&provider.call(Call::get("/settings?done=practice")).await, 200, &parts);
    let form = provider.page(PATH).await;
    for part in ["value=\"Praxis am See\"", "Seestrasse 12\n8002 Zürich</textarea>", "value=\"#7a0019\""] {
        assert!(form.contains(part), "{part} in {form}");
    }
    // Once more without a picture: the one that is there stays.
    assert_eq!(hidden(&form, "version"), "1");
    led_to(&provider.post_practice(&[("version", "1"), ("phone", "")], b"").await);
    let changed = provider.practice_known().await;
    assert_eq!((&changed["logo"], &changed["phone"]), (&known["logo"], &Value::Null));
    led_to(&provider.post_practice(&[("version", "2"), ("without-logo", "yes")], b"").await);
    assert_eq!(provider.practice_known().await["logo"], Value::Null);
}

#[actix_web::test]
async fn every_mistake_stands_at_its_field_and_nothing_is_lost() {
    let provider = Provider::with(&[PATIENT]).await;
    let long = "x".repeat(201);
    let broken = [
        ("name", " "),
        ("address", "1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7"),
        ("phone", &long),
        ("hours", &long),
        ("colour", "#cccccc"),
    ];
    let answer = provider.post_practice(&broken, b"GIF89a").await;
    let page = answer.text();
    assert_eq!(answer.status, 400, "{page}");
    for field in ["name", "address", "phone", "hours", "colour", "logo"] {
        assert!(
            page.contains(&format!("href=\"#{field}\"")) && page.contains(&format!("id=\"{field}-error\"")),
            "{field}: {page}"
        );
    }
    assert!(page.contains("its contrast is 1.6, and 4.5 is needed") && page.contains(&long), "{page}");
    assert_eq!(provider.database.count("senders"), 0);
    for language in LANGUAGES {
        let call = multipart(&typed(&broken), b"GIF89a").header("Cookie", &format!("lang={language}"));
        assert_says(&provider.call(call).await, 400, &[&format!("<html lang=\"{language}\">"), "1.6"]);
    }
}

#[actix_web::test]
async fn it_can_be_looked_at_without_being_saved() {
    let provider = Provider::with(&[PATIENT]).await;
    let page = provider.post_practice(&[("step", "try")], SVG).await;
    let parts = [
        "<span data-seen=\"name\"",
        "Praxis am See</span>",
        "/assets/tint.7a0019.css",
        "src=\"data:image/svg",
    ];
    assert_says(&page, 200, &parts);
    assert_eq!(provider.database.count("senders"), 0);
    // The picture is not chosen again.
    let chosen = hidden(&page.text(), "chosen");
    assert!(chosen.starts_with("data:image/svg+xml;base64,"), "{chosen}");
    led_to(&provider.post_practice(&[("chosen", &chosen)], b"").await);
    assert_eq!(provider.practice_known().await["logo"], chosen);
}

#[actix_web::test]
async fn who_is_overtaken_is_told_and_loses_nothing() {
    let provider = Provider::with(&[PATIENT]).await;
    provider.introduce(&json!({"name": "Theirs", "logo": LOGO})).await.expect(200);
    let answer = provider.post_practice(&[], b"").await;
    assert_says(&answer, 412, &["Somebody else has changed this", "value=\"Praxis am See\""]);
    assert_eq!(provider.practice_known().await["name"], "Theirs");
    let version = hidden(&answer.text(), "version");
    led_to(&provider.post_practice(&[("version", &version)], b"").await);
    let known = provider.practice_known().await;
    assert_eq!((&known["name"], &known["logo"]), (&json!("Praxis am See"), &json!(LOGO)));
}

#[actix_web::test]
async fn what_is_no_form_of_this_session_is_refused() {
    let provider = Provider::with(&[JWT, &[PATIENT]].concat()).await;
    let cookie = signed_in(&provider, "documents:read admin").await;
    let with = |call: Call| call.header("Cookie", &cookie);
    let page = provider.call(with(Call::get(PATH))).await.text();
    let form_token = hidden(&page, "form-token");
    for others in [vec![], vec![("form-token", "x")]] {
        let answer = provider.call(with(multipart(&typed(&others), b""))).await;
        assert_says(&answer, 403, &["load"]);
    }
    let own = typed(&[("form-token", &form_token)]);
    let elsewhere = multipart(&own, b"").header("Origin", "https://elsewhere.example");
    assert_eq!(provider.call(with(elsewhere)).await.status, 403);
    assert_eq!(provider.database.count("senders"), 0);
    for broken in ["", "--xyz", "--xyz\r\n\r\n--xyz--"] {
        let call =
            Call::new("POST", PATH).raw(broken).header("Content-Type", "multipart/form-data; boundary=xyz");
        assert!(matches!(provider.call(with(call)).await.status, 400 | 403), "{broken}");
    }
    led_to(&provider.call(with(multipart(&own, b""))).await);
}

#[actix_web::test]
async fn who_may_not_change_it_sees_it_and_no_button() {
    let provider = Provider::with(&[JWT, &[PATIENT]].concat()).await;
    let cookie = signed_in(&provider, "documents:read").await;
    let page = provider.call(Call::get("/settings").header("Cookie", &cookie)).await.text();
    assert!(page.contains("How your clients see you") && !page.contains(PATH), "{page}");
    let led = led_to(&provider.call(Call::get(PATH).header("Cookie", &cookie)).await);
    assert!(led.starts_with("/sign-in?why=rights"), "{led}");
}
