//! The dashboard and the settings, in every language.

use super::{LANGUAGES, Provider, assert_says};
use crate::support::http::Call;
use crate::support::receiver::{Behaviour, Receiver};

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
async fn the_settings_tell_whether_the_client_role_answers() {
    let receiver = Receiver::start(Behaviour::Answer(200, "{}".to_owned()));
    let provider = Provider::to(&receiver, &[]).await;
    assert_says(&provider.call(Call::get("/settings")).await, 200, &["It answers", "default"]);
    receiver.behave(Behaviour::Answer(503, "{}".to_owned()));
    assert_says(&provider.call(Call::get("/settings")).await, 200, &["can’t work at the moment"]);
    receiver.behave(Behaviour::Close);
    assert_says(&provider.call(Call::get("/settings")).await, 200, &["It can’t be reached"]);
}
