//! Sessions: who may come in, and whose forms are taken.

use super::{Provider, assert_says, form, hidden, led_to, typed};
use crate::support::http::{Answer, Call};
use crate::support::tokens::{EVERY_SCOPE, JWT, token};

async fn guarded() -> Provider {
    Provider::with(JWT).await
}

/// The cookie of whoever shows a token with these rights.
pub async fn signed_in(provider: &Provider, scope: &str) -> String {
    let answer = provider.call(form("/sign-in", &[("token", &token(scope)), ("next", "/settings")])).await;
    assert_eq!(led_to(&answer), "/settings");
    let line = answer.header("Set-Cookie").unwrap().to_owned();
    assert!(
        line.starts_with("__Host-oc-workspace=") && line.ends_with("; HttpOnly; Secure; SameSite=Lax"),
        "{line}"
    );
    line.split(';').next().unwrap().to_owned()
}

fn with(call: Call, cookie: &str) -> Call {
    call.header("Cookie", cookie)
}

fn sent_to_sign_in(answer: &Answer) {
    assert!(led_to(answer).starts_with("/sign-in?why=session"), "{:?}", answer.headers);
}

#[actix_web::test]
async fn nobody_comes_in_without_a_session() {
    let provider = guarded().await;
    let id = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d";
    for path in ["/", "/library", "/settings", "/settings/practice", "/documents/new"] {
        sent_to_sign_in(&provider.call(Call::get(path)).await);
    }
    for path in ["", "/edit", "/send", "/revoke", "/reissue", "/expiry", "/delete", "/library"] {
        sent_to_sign_in(&provider.call(Call::get(format!("/documents/{id}{path}"))).await);
    }
    for path in ["/edit", "/send", "/revoke", "/reissue", "/expiry", "/retry", "/delete", "/library"] {
        sent_to_sign_in(&provider.call(form(format!("/documents/{id}{path}"), &[])).await);
    }
    for path in ["/preview", "/library/x/remove", "/settings/practice"] {
        sent_to_sign_in(&provider.call(form(path, &[])).await);
    }
    let script = typed(id, 0, "T", "C").header("Accept", "application/json");
    provider.call(script).await.refused(401, "UNAUTHENTICATED");
    assert_says(
        &provider.call(Call::get("/sign-in?why=session")).await,
        200,
        &["Access token", "Please sign in"],
    );
}

#[actix_web::test]
async fn a_token_becomes_a_session_and_signing_out_ends_it() {
    let provider = guarded().await;
    let cookie = signed_in(&provider, EVERY_SCOPE).await;
    assert_says(&provider.call(with(Call::get("/"), &cookie)).await, 200, &["Sign out", "Signed in as"]);
    let out = provider.call(with(form("/sign-out", &[]), &cookie)).await;
    assert_eq!(led_to(&out), "/sign-in?why=out");
    assert!(out.header("Set-Cookie").unwrap().starts_with("__Host-oc-workspace=; Path=/; Max-Age=0"));
    for bad in ["", "x", "a.b.c"] {
        let refused = provider.call(form("/sign-in", &[("token", bad)])).await;
        assert_says(&refused, 401, &["This token is not valid"]);
        assert_eq!(refused.header("Set-Cookie"), None);
    }
    let elsewhere = form("/sign-in", &[("token", &token(EVERY_SCOPE)), ("next", "//evil.example")]);
    assert_eq!(led_to(&provider.call(elsewhere).await), "/");
}

#[actix_web::test]
async fn a_form_of_another_page_or_session_changes_nothing() {
    let provider = guarded().await;
    let cookie = signed_in(&provider, EVERY_SCOPE).await;
    let page = provider.call(with(Call::get("/documents/new"), &cookie)).await.text();
    let id = page.split("action=\"/documents/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let with_token = |form_token: &str| {
        let mut call = typed(&id, 0, "T", "C");
        call.body.extend(format!("&form-token={form_token}").into_bytes());
        with(call, &cookie)
    };
    let (own, other) = (hidden(&page, "form-token"), signed_in(&provider, EVERY_SCOPE).await);
    let others = provider.call(with(Call::get("/documents/new"), &other)).await.text();
    for wrong in ["", "x", &hidden(&others, "form-token")] {
        assert_says(&provider.call(with_token(wrong)).await, 403, &["earlier session"]);
    }
    let from_elsewhere = with_token(&own).header("Sec-Fetch-Site", "cross-site");
    assert_eq!(provider.call(from_elsewhere).await.status, 403);
    assert_eq!(provider.database.count("documents"), 0);
    led_to(&provider.call(with_token(&own)).await);
    assert_eq!(provider.database.count("documents"), 1);
}

#[actix_web::test]
async fn a_session_reads_the_api_and_changes_nothing_there() {
    let provider = guarded().await;
    let cookie = signed_in(&provider, EVERY_SCOPE).await;
    provider.call(with(Call::get("/api/documents"), &cookie)).await.expect(200);
    let body = serde_json::json!({"title": "T", "content": "C"});
    provider.call(with(Call::post("/api/documents", &body), &cookie)).await.refused(401, "UNAUTHENTICATED");
    assert_eq!(provider.call(with(Call::delete("/api/documents/x"), &cookie)).await.status, 401);
}

#[actix_web::test]
async fn whoever_lacks_a_right_is_told_and_offered_no_button() {
    let provider = guarded().await;
    let cookie = signed_in(&provider, "documents:read").await;
    let page = provider.call(with(Call::get("/"), &cookie)).await;
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("/documents/new"));
    let led = led_to(&provider.call(with(Call::get("/documents/new"), &cookie)).await);
    assert!(led.starts_with("/sign-in?why=rights"), "{led}");
    provider.call(with(Call::get("/api/audit"), &cookie)).await.refused(403, "FORBIDDEN");
}
