//! What the pages say in every state, in every language, and how a document is closed.

use serde_json::json;

use super::{Client, altered, code_of, token_of};
use crate::support::http::{Answer, Call};

const LANGUAGES: [&str; 4] = ["en", "fr", "de", "it"];

fn form(path: &str, body: &str) -> Call {
    Call::new("POST", path).form(body)
}

/// The value of the cookie with which a page keeps its session.
fn session_of(answer: &Answer) -> String {
    let lines = answer.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let mut pairs = lines.filter_map(|(_, line)| line.split(';').next());
    pairs.find(|pair| pair.contains("oc-session=")).unwrap().to_owned()
}

fn assert_says(answer: &Answer, status: u16, parts: &[&str]) {
    let page = answer.text();
    assert_eq!(answer.status, status, "{page}");
    for part in parts {
        assert!(page.contains(part), "{part} in {page}");
    }
}

#[actix_web::test]
async fn the_page_speaks_the_language_of_its_reader() {
    let client = Client::new().await;
    for (language, words) in
        LANGUAGES.iter().zip(["Access code", "Code d’accès", "Zugangscode", "Codice di accesso"])
    {
        let lang = format!("<html lang=\"{language}\">");
        let preferred = Call::get("/").header("Accept-Language", &format!("rm, {language}-CH;q=0.9"));
        assert_says(&client.call(preferred).await, 200, &[&lang, words]);
        let asked = client.call(Call::get(format!("/?lang={language}"))).await;
        assert_says(&asked, 200, &[&lang, words]);
        assert_eq!(asked.header("Content-Language"), Some(*language));
        let cookie = asked.header("Set-Cookie").unwrap();
        assert!(cookie.starts_with(&format!("lang={language}; ")), "{cookie}");
        let again =
            Call::get("/").header("Cookie", &format!("lang={language}")).header("Accept-Language", "en");
        assert_says(&client.call(again).await, 200, &[&lang]);
    }
}

#[actix_web::test]
async fn another_language_keeps_what_was_typed_and_what_was_said_and_tries_nothing() {
    let client = Client::new().await;
    let (code, token) = client.hand_over("Very secret title").await;
    let before = client.database.dump();
    for path in ["/".to_owned(), format!("/d/{token}")] {
        for (word, german) in [
            ("typo", "kleiner Fehler"),
            ("refused", "öffnet kein Dokument"),
            ("wrong-3", "noch 3 Mal"),
            ("wait-120", "2 Minuten"),
            ("on-its-way", "unterwegs"),
            ("other", "Zugangscode"),
        ] {
            let page = client.call(form(&path, &format!("code={code}&said={word}&lang=de"))).await;
            assert_says(&page, 200, &["<html lang=\"de\">", german, &format!("value=\"{code}\"")]);
            assert!(
                !page.text().contains("secret") && page.header("Set-Cookie").unwrap().starts_with("lang=de")
            );
        }
    }
    assert_eq!(client.database.dump(), before);
}

#[actix_web::test]
async fn a_typo_is_told_apart_from_a_wrong_code_and_costs_nothing() {
    let client = Client::new().await;
    let (code, token) = client.hand_over("T").await;
    let typo = format!("{}{}", &code[..code.len() - 1], if code.ends_with('0') { '1' } else { '0' });
    let before = client.database.dump();
    for path in ["/".to_owned(), format!("/d/{token}")] {
        let page = client.call(form(&path, &format!("code={typo}"))).await;
        assert_says(
            &page,
            404,
            &["small mistake", "aria-invalid=\"true\"", "aria-describedby=\"hint error\""],
        );
        assert_says(
            &client.call(form(&path, "code=")).await,
            if path == "/" { 404 } else { 401 },
            &["Please type your code"],
        );
    }
    assert_eq!(client.database.dump(), before);
    let wrong = client.call(form(&format!("/d/{token}"), &format!("code={}", altered(&code, 7)))).await;
    assert_says(&wrong, 401, &["9 more times"]);
}

#[actix_web::test]
async fn every_end_of_access_has_a_page_of_its_own() {
    let client = Client::new().await;
    let expired = json!({"title": "T", "content": "C", "expiresAt": "2020-01-01T00:00:00Z"});
    let expired = code_of(&client.deliver(&expired).await.expect(201));
    assert_says(&client.type_in(&expired).await, 410, &["The reading time is over", "role=\"alert\""]);
    let revoked = client.deliver(&json!({"title": "T", "content": "C"})).await.expect(201);
    client.call(Call::delete(format!("/v1/documents/{}", revoked["id"].as_str().unwrap()))).await;
    assert_says(
        &client.type_in(&code_of(&revoked)).await,
        410,
        &["replaced or withdrawn", "no longer valid"],
    );
    let reserved = client.call(Call::post("/v1/access-codes/reservations", &json!({"count": 1}))).await;
    let text = reserved.text();
    let code = text.split('"').find(|part| part.len() == 14 && part.matches('-').count() == 2).unwrap();
    assert_says(&client.type_in(code).await, 409, &["Your document is on its way", "Try again", code]);
}

#[actix_web::test]
async fn a_document_stays_open_in_another_language_until_its_reader_is_finished() {
    let client = Client::new().await;
    let code = client.code_for("Plan", "# Plan\n\n| a | b |\n|---|--:|\n| 1 | 2 |").await;
    let opened = client.type_in(&code).await;
    let parts = [
        "action=\"/finish\"",
        "What your practice sees",
        "<h1 dir=\"auto\" tabindex=\"-1\" autofocus>Plan</h1>",
        "SHA-256",
    ];
    assert_says(&opened, 200, &parts);
    let session = session_of(&opened);
    let read =
        |path: &str| Call::get(path).header("Cookie", &session).header("Sec-Fetch-Site", "same-origin");
    for (language, words) in
        LANGUAGES.iter().zip(["I am finished", "J’ai terminé", "Ich bin fertig", "Ho finito"])
    {
        let page = client.call(read(&format!("/document?lang={language}"))).await;
        assert_says(&page, 200, &["Plan</h1>", words, &format!("<html lang=\"{language}\">")]);
    }
    let elsewhere = Call::get("/document").header("Cookie", &session).header("Sec-Fetch-Site", "cross-site");
    assert!(!client.call(elsewhere).await.text().contains("Plan"));
    let cross = form("/finish", "").header("Cookie", &session).header("Sec-Fetch-Site", "cross-site");
    assert_eq!(client.call(cross).await.status, 403);
    let finished = client.call(form("/finish", "").header("Cookie", &session)).await;
    assert_says(&finished, 200, &["The document is closed"]);
    assert!(!finished.text().contains("Plan"));
    assert_eq!(finished.header("Clear-Site-Data"), Some("\"cache\", \"cookies\", \"storage\""));
    assert!(session_of(&finished).ends_with('='), "the cookie is emptied");
    // Whoever has kept the token has nothing.
    let kept = client.call(read("/document")).await;
    assert_says(&kept, 401, &["Please type your code again"]);
    assert!(!kept.text().contains("Plan</h1>"));
    let (_, token) = session.split_once('=').unwrap();
    let again = Call::post("/api/public/access", &json!({ "session": token }));
    client.call(again).await.refused(401, "SESSION_ENDED");
    assert_eq!(client.database.count("ended_sessions"), 1);
    client.database.execute("UPDATE ended_sessions SET forget_at = now() - interval '1 second'");
    oc::roles::client::jobs::housekeeping::run(&client.state).await.unwrap();
    assert_eq!(client.database.count("ended_sessions"), 0);
}

#[actix_web::test]
async fn without_a_session_the_code_is_asked_for_again() {
    let client = Client::new().await;
    let code = client.code_for("Very secret title", "C").await;
    let session = session_of(&client.type_in(&code).await);
    assert_says(&client.call(Call::get("/document")).await, 400, &["Please type your code once more"]);
    client.database.execute("UPDATE documents SET revoked_at = now()");
    let gone = client.call(Call::get("/document").header("Cookie", &session)).await;
    assert_says(&gone, 410, &["no longer valid"]);
    assert_says(&client.call(Call::get("/finish")).await, 200, &["The document is closed"]);
}

#[actix_web::test]
async fn a_browser_is_told_in_words_what_programs_are_told_in_json() {
    let database = std::rc::Rc::new(crate::support::database::TestDatabase::of("client"));
    let client = Client::on(&database, &[("RATE_ADDRESS_PER_MINUTE", "2")]).await;
    let browser = |path: &str| Call::get(path).header("Accept", "text/html,*/*;q=0.8");
    let unknown = client.call(browser("/nothing/here")).await;
    assert_says(&unknown, 404, &["This page does not exist", "action=\"/\""]);
    client.call(Call::get("/nothing/here")).await.refused(404, "NOT_FOUND");
    let soon = client.call(browser("/")).await;
    assert_says(&soon, 429, &["Please wait a little", "Please wait a minute"]);
    assert!(soon.header("Retry-After").is_some());
    client.call(browser("/api/nothing")).await.refused(429, "RATE_LIMITED");
}

#[actix_web::test]
async fn the_practice_shows_who_it_is_and_how_it_is_reached() {
    let database = std::rc::Rc::new(crate::support::database::TestDatabase::of("client"));
    let folder = crate::support::scratch::Scratch::new("logo");
    let logo = folder.path().join("logo.svg");
    let picture = "<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>";
    std::fs::write(&logo, picture).unwrap();
    let settings = [
        ("SENDER_NAME", "Praxis <am> See"),
        ("SENDER_PHONE", "+41 (0)44 123 45 67"),
        ("SENDER_HOURS", "Mo-Fr 8-17"),
        ("SENDER_COLOUR", "#7a0019"),
        ("SENDER_LOGO", logo.to_str().unwrap()),
    ];
    let client = Client::on(&database, &settings).await;
    let page = client.call(Call::get("/")).await.text();
    for part in ["am&#62; See", "href=\"tel:+41441234567\"", "Mo-Fr 8-17", "/assets/brand."] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let path = page.split('"').find(|part| part.starts_with("/assets/logo.")).unwrap();
    let shown = client.call(Call::get(path)).await;
    assert_eq!((shown.header("Content-Type"), shown.text().as_str()), (Some("image/svg+xml"), picture));
    // Also where somebody looks at it alone, it runs nothing.
    let policy = shown.header("Content-Security-Policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("script-src"), "{policy}");
    let path = page.split('"').find(|part| part.starts_with("/assets/brand.")).unwrap();
    let style = client.call(Call::get(path)).await;
    assert!(style.text().contains("--accent:#7a0019"), "{}", style.text());
    let receipt = client.deliver(&json!({"title": "T", "content": "C"})).await.expect(201);
    let link = client.call(Call::get(format!("/d/{}", token_of(&receipt)))).await.text();
    assert!(!link.contains(">T<") && link.contains("href=\"tel:"), "{link}");
}
