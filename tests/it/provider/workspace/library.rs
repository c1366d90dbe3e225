//! Texts that documents begin with.

use super::{Provider, assert_says, form, hidden, led_to};
use crate::support::http::Call;

async fn keep(provider: &Provider, id: &str, name: &str) -> crate::support::http::Answer {
    let path = format!("/documents/{id}/library");
    let once = hidden(&provider.page(&path).await, "once");
    provider.call(form(path, &[("once", &once), ("name", name)])).await
}

#[actix_web::test]
async fn a_text_is_saved_used_and_removed() {
    let provider = Provider::new().await;
    let id = provider.draft("Exercises").await;
    assert_eq!(led_to(&keep(&provider, &id, "Knee, first week").await), "/library?done=kept");
    let page = provider.page("/library").await;
    assert!(page.contains("Knee, first week") && page.contains("Exercises"));
    let template = page.split("?template=").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let new = provider.page(&format!("/documents/new?template={template}")).await;
    assert!(new.contains("value=\"Exercises\"") && new.contains("Text."));
    let removed = provider.call(form(format!("/library/{template}/remove"), &[])).await;
    assert_eq!(led_to(&removed), "/library?done=removed");
    assert_says(&provider.call(Call::get("/library")).await, 200, &["The library is empty"]);
}

#[actix_web::test]
async fn a_text_is_sealed_and_nobody_else_sees_it() {
    let provider = Provider::new().await;
    let id = provider.draft("Exercises").await;
    led_to(&keep(&provider, &id, "Knee").await);
    assert_eq!(provider.database.count("document_templates WHERE position('Knee'::bytea IN name) > 0"), 0);
    let template: String = provider.database.text("SELECT id::text AS text FROM document_templates");
    let north = |path: &str| provider.call(Call::get(path).tenant("north"));
    assert!(!north("/library").await.text().contains("Knee"));
    assert_eq!(north(&format!("/documents/new?template={template}")).await.status, 404);
    provider.call(form(format!("/library/{template}/remove"), &[]).tenant("north")).await;
    assert_eq!(provider.database.count("document_templates"), 1);
}

#[actix_web::test]
async fn a_text_without_a_name_is_not_saved() {
    let provider = Provider::new().await;
    let id = provider.draft("Exercises").await;
    assert_says(&keep(&provider, &id, " ").await, 400, &["name-error", "role=\"alert\""]);
    assert_eq!(provider.database.count("document_templates"), 0);
}
