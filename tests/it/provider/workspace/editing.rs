//! Writing on pages: nothing that somebody typed is lost or written over.

use serde_json::json;

use super::{Provider, assert_says, form, led_to, typed};
use crate::support::http::Call;

fn script(call: Call) -> Call {
    call.header("Accept", "application/json")
}

fn new_id() -> String {
    oc::platform::random::document_id().to_string()
}

#[actix_web::test]
async fn a_document_is_written_and_goes_on_to_where_the_button_says() {
    let provider = Provider::new().await;
    let page = provider.page("/documents/new").await;
    let action = page.split("action=\"/documents/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    let saved = provider.call(typed(&action, 0, "Knee", "# Week 1\r\n\r\nBend.")).await;
    assert_eq!(led_to(&saved), format!("/documents/{action}/edit?done=saved"));
    let stored = provider.document(&action).await;
    assert_eq!(
        (&stored["title"], &stored["content"], &stored["status"]),
        (&json!("Knee"), &json!("# Week 1\n\nBend."), &json!("draft"))
    );
    assert_eq!(stored["recipient"], json!({"name": "Anna Muster", "language": "de"}));
    let mut call = typed(&action, 1, "Knee", "Bend and stretch.");
    call.body.extend(b"&step=send");
    assert_eq!(led_to(&provider.call(call).await), format!("/documents/{action}/send"));
    assert_eq!(provider.document(&action).await["version"], 2);
    assert_says(
        &provider.call(Call::get(format!("/documents/{action}"))).await,
        200,
        &["<h1 dir=\"auto\">Knee</h1>", "Bend and stretch.", "Anna Muster"],
    );
}

#[actix_web::test]
async fn whoever_was_overtaken_is_shown_both_versions_and_nothing_is_written() {
    let provider = Provider::new().await;
    let id = provider.draft("T").await;
    provider.call(typed(&id, 1, "T", "Theirs.")).await;
    let refused = provider.call(typed(&id, 1, "T", "Mine.")).await;
    assert_says(&refused, 412, &["Somebody else has changed this document", "Mine.", "Theirs."]);
    assert_eq!(provider.document(&id).await["content"], "Theirs.");
    let told = provider.call(script(typed(&id, 1, "T", "Mine."))).await.expect(412);
    assert_eq!(
        (&told["version"], &told["content"], &told["name"]),
        (&json!(2), &json!("Theirs."), &json!("Anna Muster"))
    );
    // The page offers to save on top of the version that it has shown.
    assert_eq!(super::hidden(&refused.text(), "version"), "2");
    led_to(&provider.call(typed(&id, 2, "T", "Mine.")).await);
    assert_eq!(provider.document(&id).await["content"], "Mine.");
}

#[actix_web::test]
async fn a_new_document_that_is_saved_twice_is_written_once() {
    let provider = Provider::new().await;
    let id = new_id();
    for _ in 0..2 {
        let saved = provider.call(script(typed(&id, 0, "T", "Text."))).await.expect(200);
        assert_eq!(saved["version"], 1);
    }
    let other = provider.call(script(typed(&id, 0, "T", "Other."))).await.expect(412);
    assert_eq!((&other["version"], &other["content"]), (&json!(1), &json!("Text.")));
    assert_eq!(provider.list("").await.expect(200)["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn broken_fields_are_named_and_keep_what_was_typed() {
    let provider = Provider::new().await;
    let (id, title) = (new_id(), "x".repeat(501));
    let refused = provider.call(typed(&id, 0, &title, " ")).await;
    assert_says(&refused, 400, &["title-error", "content-error", &title, "role=\"alert\""]);
    provider.call(script(typed(&id, 0, "", "Text."))).await.names_fields(&["title"]);
    provider.find(&id).await.refused(404, "NOT_FOUND");
}

/// The form of the editor with what is asked of the recipient.
fn asking(id: &str, version: i64, (factor, phone, email): (&str, &str, &str)) -> Call {
    let version = version.to_string();
    let fields = [
        ("version", version.as_str()),
        ("title", "T"),
        ("content", "Text."),
        ("name", "Anna Muster"),
        ("email", email),
        ("phone", phone),
        ("language", "de"),
        ("second-factor", factor),
    ];
    form(format!("/documents/{id}/edit"), &fields)
}

#[actix_web::test]
async fn a_number_is_asked_for_only_with_an_address_that_it_can_be_sent_to() {
    let provider = Provider::new().await;
    let id = new_id();
    for (asked, error) in [
        (("sms", "", ""), "phone-error"),
        (("sms", "044 123 45 67", ""), "phone-error"),
        (("email", "+41 79 123 45 67", ""), "email-error"),
        (("email", "", "jürg@example.ch"), "email-error"),
        (("fax", "", ""), "second-factor-error"),
    ] {
        let refused = provider.call(asking(&id, 0, asked)).await;
        assert_says(&refused, 400, &[error, "aria-invalid=\"true\"", "role=\"alert\""]);
        let chosen = format!("<option value=\"{}\" selected>", asked.0);
        assert_eq!(refused.text().contains(&chosen), asked.0 != "fax", "what was chosen stays");
    }
    provider.find(&id).await.refused(404, "NOT_FOUND");
    led_to(&provider.call(asking(&id, 0, ("sms", "+41 79 123 45 67", ""))).await);
    assert_eq!(provider.document(&id).await["protection"]["secondFactor"], "sms");
    // A form that does not say, of a page of an earlier version, changes nothing about it.
    let mut older = asking(&id, 1, ("x", "+41 79 123 45 67", ""));
    older.body = String::from_utf8(older.body).unwrap().replace("&second-factor=x", "").into();
    led_to(&provider.call(older).await);
    assert_eq!(provider.document(&id).await["protection"]["secondFactor"], "sms");
    led_to(&provider.call(asking(&id, 1, ("none", "", ""))).await);
    assert_eq!(provider.document(&id).await["protection"]["secondFactor"], "none");
    assert_says(&provider.call(Call::get(format!("/documents/{id}/send"))).await, 200, &["Nothing"]);
}

#[actix_web::test]
async fn a_text_that_is_too_long_is_told_so() {
    let provider = Provider::new().await;
    let refused = provider.call(typed(&new_id(), 0, "T", &"x".repeat(1_000_001))).await;
    assert_says(&refused, 400, &["content-error", "1,000,000 characters"]);
}

#[actix_web::test]
async fn a_preview_is_the_text_as_the_client_will_see_it() {
    let provider = Provider::new().await;
    let shown = provider.call(form("/preview", &[("content", "**b** <script>alert(1)</script>")])).await;
    assert_says(&shown, 200, &["<strong>b</strong>"]);
    assert!(!shown.text().contains("<script"));
}

#[actix_web::test]
async fn a_document_of_somebody_else_is_not_there() {
    let provider = Provider::new().await;
    let id = provider.draft("T").await;
    for path in ["", "/edit", "/send", "/revoke", "/reissue", "/expiry", "/delete", "/library"] {
        let answer = provider.call(Call::get(format!("/documents/{id}{path}")).tenant("north")).await;
        assert_says(&answer, 404, &["There is no such document"]);
    }
    let written = provider.call(typed(&id, 1, "Stolen", "Text.").tenant("north")).await;
    assert_eq!(written.status, 404);
    assert_eq!(provider.document(&id).await["title"], "T");
}
