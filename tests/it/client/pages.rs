//! The pages for people.

use serde_json::json;

use super::{Client, code_of, without_our_script};
use crate::support::http::{Answer, Call};

fn assert_page(answer: &Answer, status: u16) -> String {
    assert_eq!(answer.status, status, "{}", answer.text());
    assert_eq!(answer.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("X-Robots-Tag"), Some("noindex"));
    let page = answer.text();
    assert!(page.starts_with("<!doctype html>") && page.contains("<html lang=\"en\">"), "{page}");
    assert!(!without_our_script(&page).contains("<script"), "{page}");
    page
}

#[actix_web::test]
async fn the_first_page_asks_for_the_code() {
    let client = Client::new().await;
    let page = assert_page(&client.call(Call::get("/")).await, 200);
    for part in [
        "method=\"post\" action=\"/\">",
        "<label for=\"code\">",
        "name=\"code\"",
        "value=\"\"",
        "type=\"submit\"",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("role=\"alert\""));
}

#[actix_web::test]
async fn an_older_link_that_holds_a_code_leads_to_the_first_page() {
    let client = Client::new().await;
    let code = client.code_for("Very secret title", "Very secret text").await;
    let page = assert_page(&client.call(Call::get(format!("/view/{code}"))).await, 200);
    assert_eq!(page, assert_page(&client.call(Call::get("/")).await, 200));
    assert!(!page.contains(&code) && !page.contains("secret"), "{page}");
}

#[actix_web::test]
async fn the_form_opens_the_document_and_renders_it() {
    let client = Client::new().await;
    let content = "# Title\n\nSome **bold** text\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- [x] done\n\n[web](https://a.example)";
    let code = client.code_for("Title", content).await;
    let page = assert_page(&client.type_in(&code.to_lowercase().replace('-', " ")).await, 200);
    for part in
        ["<title>Title</title>", "<strong>bold</strong>", "<td>2</td>", "<li>", "href=\"https://a.example\""]
    {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert_eq!(page.matches(">Title</h1>").count(), 1);
    assert!(!page.contains(&code), "the code is not needed any more");
}

#[actix_web::test]
async fn a_picture_of_the_text_is_shown_and_nothing_is_loaded_for_it() {
    let client = Client::new().await;
    let png = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
    let content = format!("Bend ![Knee, bent][p1] ![Elsewhere](https://t.example/p.gif)\n\n[p1]: {png}");
    let page = client.type_in(&client.code_for("T", &content).await).await;
    let policy = page.header("Content-Security-Policy").unwrap().to_owned();
    assert!(policy.contains("img-src 'self' data:;"), "{policy}");
    let page = assert_page(&page, 200);
    let picture = format!("<img loading=\"lazy\" width=\"1\" height=\"1\" src=\"{png}\" alt=\"Knee, bent\">");
    assert!(page.contains(&format!("<p>Bend {picture} Elsewhere</p>")), "{page}");
    assert_eq!(page.matches("<img").count(), 1, "{page}");
}

#[actix_web::test]
async fn plain_text_is_shown_as_it_is() {
    let client = Client::new().await;
    let body = json!({"title": "T", "content": "a **b** <i>\nc & d", "contentType": "text/plain"});
    let code = code_of(&client.deliver(&body).await.expect(201));
    let page = assert_page(&client.type_in(&code).await, 200);
    assert!(
        page.contains("a **b** &#60;i&#62;\nc &#38; d") || page.contains("a **b** &lt;i&gt;\nc &amp; d"),
        "{page}"
    );
}

#[actix_web::test]
async fn nothing_that_was_written_becomes_markup() {
    let client = Client::new().await;
    let evil = "<script>alert(1)</script><img src=x onerror=alert(1)>\n\n[x](javascript:alert(1)) ![p](http://tracker.example/p.gif)";
    for kind in ["text/markdown", "text/plain"] {
        let body =
            json!({"title": "</title><script>alert(2)</script>", "content": evil, "contentType": kind});
        let code = code_of(&client.deliver(&body).await.expect(201));
        let page = client.type_in(&code).await;
        assert_eq!(page.status, 200);
        let page = without_our_script(&page.text());
        for part in ["<script", "<img", "href=\"javascript:", "src=\"http"] {
            assert!(!page.contains(part), "{kind}: {part} in {page}");
        }
        assert!(page.contains("alert(1)"), "it is shown as text");
    }
    for typed in ["\"><script>alert(3)</script>", "'onfocus='alert(3)"] {
        let page = without_our_script(&client.type_in(typed).await.text());
        assert!(!page.contains("<script") && page.contains("role=\"alert\""), "{page}");
    }
    let link = client.call(Call::get("/view/%22%3E%3Cscript%3Ealert(4)%3C%2Fscript%3E")).await;
    assert_eq!(link.status, 200);
    assert!(!without_our_script(&link.text()).contains("<script"), "{}", link.text());
}

#[actix_web::test]
async fn a_refused_code_is_told_beside_the_field_and_can_be_mended() {
    let client = Client::new().await;
    client.code_for("Secret", "C").await;
    let page = assert_page(&client.type_in("0000-0000-0000").await, 404);
    for part in [
        "role=\"alert\"",
        "This code does not open a document",
        "aria-invalid=\"true\"",
        "value=\"0000-0000-0000\"",
        "<form",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("Secret"));
    let long = client.type_in(&"7".repeat(4_000)).await;
    assert!(assert_page(&long, 404).len() < 8_000, "what is shown again is cut off");
}

#[actix_web::test]
async fn the_pages_are_calm_when_the_database_is_not_there() {
    let client = Client::new().await;
    client.database.execute("ALTER TABLE documents RENAME TO elsewhere");
    let page = client.type_in("0000-0000-0000").await;
    assert_eq!(page.status, 500);
    assert!(page.text().contains("Nothing is lost: please try again in a minute"), "{}", page.text());
    assert!(!page.text().contains("relation"));
    assert_page(&client.call(Call::get("/")).await, 200);
}

/// What a page loads: paths of its stylesheets and scripts.
fn loaded(page: &str) -> Vec<String> {
    let quoted = page.split('"').filter(|part| part.starts_with("/assets/"));
    quoted.map(str::to_owned).collect()
}

#[actix_web::test]
async fn what_a_page_loads_is_served_for_ever_and_allowed_by_the_page() {
    let client = Client::new().await;
    let page = client.call(Call::get("/")).await;
    let policy = page.header("Content-Security-Policy").unwrap().to_owned();
    for part in ["default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"] {
        assert!(policy.contains(part) && !policy.contains("unsafe"), "{policy}");
    }
    let page = page.text();
    assert!(!page.contains("<style") && !page.contains(" style="), "it would be blocked");
    let files = loaded(&page);
    assert_eq!(files.len(), 2, "{files:?}");
    let mut size = page.len();
    for path in &files {
        let file = client.call(Call::get(path)).await;
        let kind =
            if path.ends_with(".css") { "text/css; charset=utf-8" } else { "text/javascript; charset=utf-8" };
        assert_eq!((file.status, file.header("Content-Type")), (200, Some(kind)));
        assert_eq!(file.header("Cache-Control"), Some("public, max-age=31536000, immutable"));
        assert!(!file.text().contains("://") && !file.text().contains("@import"));
        size += file.body.len();
        // A page of another version, during an update.
        let (name, extension) = path.rsplit_once('.').unwrap();
        let other = format!("{}.0000000000000000.{extension}", name.rsplit_once('.').unwrap().0);
        let other = client.call(Call::get(other)).await;
        assert_eq!((other.status, other.header("Cache-Control")), (200, Some("no-store")));
    }
    assert!(size < 60_000, "{size}");
}

#[actix_web::test]
async fn what_is_not_there_is_not_found() {
    let client = Client::new().await;
    for path in [
        "/index.html",
        "/assets/other.css",
        "/assets/",
        "/view",
        "/view/",
        "/view/a/b",
        "/d",
        "/d/",
        "/d/a/b",
        "/favicon.ico",
        "/api/public",
        "/api/documents",
    ] {
        client.call(Call::get(path)).await.refused(404, "NOT_FOUND");
    }
}

#[actix_web::test]
async fn reading_a_page_changes_nothing() {
    let client = Client::new().await;
    let code = client.code_for("T", "C").await;
    let before = client.database.dump();
    for path in ["/".to_owned(), format!("/view/{code}")] {
        assert_eq!(client.call(Call::get(path)).await.status, 200);
    }
    assert_eq!(client.database.dump(), before);
}
