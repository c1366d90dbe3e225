//! The dashboard and the settings, in every language.

use super::{LANGUAGES, Provider, assert_says};
use crate::support::http::Call;
use crate::support::receiver::{Behaviour, Receiver};
use crate::support::tokens::JWT;

#[actix_web::test]
async fn every_page_speaks_four_languages() {
    let provider = Provider::new().await;
    let id = provider.draft("T").await;
    let pages = ["/".to_owned(), "/library".to_owned(), "/settings".to_owned(), "/documents/new".to_owned()];
    let steps = ["", "/edit", "/send", "/delete", "/library"].map(|step| format!("/documents/{id}{step}"));
    for path in pages.iter().chain(&steps) {
        let mut said = Vec::new();
        for language in LANGUAGES {
            let page = provider.page(&format!("{path}?lang={language}")).await;
            assert!(page.contains(&format!("<html lang=\"{language}\">")), "{path}");
            let (_, rest) = page.split_once("<h1").unwrap();
            said.push(rest.split("</main>").next().unwrap().to_owned());
            assert_eq!(page.matches("<h1").count(), 1, "{path}");
            assert!(
                !page.contains("<style") && !page.contains("style=") && !page.contains(" onclick"),
                "{path}"
            );
        }
        said.dedup();
        assert_eq!(said.len(), 4, "{path}");
    }
}

#[actix_web::test]
async fn documents_are_found_by_view_and_by_words_and_paged() {
    let provider = Provider::new().await;
    for number in 0..27 {
        provider.draft(&format!("Draft {number:02}")).await;
    }
    provider.ready("Plan & more").await;
    let first = provider.page("/").await;
    assert!(first.contains("Plan &#38; more") && first.contains("Draft 26") && !first.contains("Draft 00"));
    let older = first.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let older = older.split('"').next().unwrap().replace("&#38;", "&");
    let second = provider.page(&older).await;
    assert!(second.contains("Draft 00") && !second.contains("Draft 26") && !second.contains("rel=\"next\""));
    let ready = provider.page("/?show=ready").await;
    assert!(ready.contains("Plan") && !ready.contains("Draft 26"));
    let found = provider.page("/?q=draft+05&show=drafts").await;
    assert!(found.contains("Draft 05") && !found.contains("Draft 06"));
    assert_says(&provider.call(Call::get("/?q=nothing")).await, 200, &["No document matches"]);
    assert_eq!(provider.call(Call::get("/?show=xyz")).await.status, 400);
}

#[actix_web::test]
async fn another_language_keeps_what_is_shown() {
    let provider = Provider::new().await;
    for number in 0..27 {
        provider.draft(&format!("Plan {number:02} & more")).await;
    }
    let first = provider.page("/?show=drafts&q=plan+%26&lang=it&q=%26+more").await;
    let next = first.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let older = provider.page(&next).await;
    assert!(older.contains("Plan 00") && !older.contains("Plan 26"), "{older}");
    let in_french = link_to(&older, "fr");
    assert_eq!(in_french, next.trim_start_matches('/').to_owned() + "&lang=fr");
    let french = provider.page(&format!("/{in_french}")).await;
    assert!(french.contains("<html lang=\"fr\">") && french.contains("value=\"&#38; more\""), "{french}");
    assert!(french.contains("Plan 00") && !french.contains("Plan 26"), "{french}");
    // Once more, and the language is named once.
    assert_eq!(link_to(&french, "de"), in_french.replace("lang=fr", "lang=de"));
    let provider = Provider::with(JWT).await;
    let signing_in = provider.page("/sign-in?next=%2F%3Fshow%3Ddrafts&why=session").await;
    assert_eq!(link_to(&signing_in, "de"), "?next=%2F%3Fshow%3Ddrafts&why=session&lang=de");
}

/// Where a page offers itself in another language.
fn link_to(page: &str, language: &str) -> String {
    let (before, _) = page.split_once(&format!("\" lang=\"{language}\" hreflang=")).unwrap();
    before.rsplit("href=\"").next().unwrap().replace("&#38;", "&")
}

#[actix_web::test]
async fn the_first_page_is_small_with_all_that_it_loads() {
    let provider = Provider::new().await;
    for number in 0..26 {
        provider.draft(&format!("Exercises for the knee after the operation, week {number}")).await;
    }
    let page = provider.page("/").await;
    let mut size = page.len();
    let files: Vec<_> = page.split('"').filter(|part| part.starts_with("/assets/")).collect();
    assert_eq!(files.len(), 3, "{files:?}");
    for path in files {
        let file = provider.call(Call::get(path)).await;
        assert_eq!(file.status, 200, "{path}");
        size += file.body.len();
    }
    assert!(size < 60_000, "{size}");
}

#[actix_web::test]
async fn the_settings_tell_whether_the_client_role_answers() {
    let receiver = Receiver::start(Behaviour::Answer(200, "{}".to_owned()));
    let provider = Provider::to(&receiver, &[]).await;
    assert_says(&provider.call(Call::get("/settings")).await, 200, &["It answers", "default"]);
    receiver.behave(Behaviour::Answer(503, "{}".to_owned()));
    assert_says(&provider.call(Call::get("/settings")).await, 200, &["can’t work at the moment"]);
    receiver.behave(Behaviour::Close);
    assert_says(&provider.call(Call::get("/settings")).await, 200, &["It can’t be reached"]);
}
