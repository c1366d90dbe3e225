//! What recipients see of a practice: where it is shown, and where nobody is told whose page
//! it is.

use std::rc::Rc;

use oc::roles::Role;
use serde_json::{Value, json};

use super::{Client, altered, code_of, token_of};
use crate::support::bad_input;
use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::vault::opened;
use crate::tenants::{ALWAYS_ASK, done, operate};

const LOGO: &str = "data:image/svg+xml;base64,PHN2Zy8+";
const PATH: &str = "/v1/sender";
/// Enough for the slowest machine: a page whose practice can't be read in time shows none.
const PATIENT: (&str, &str) = ("DATABASE_POOL_WAIT_MS", "15000");
const NAME: &str = "Praxis am See";

fn said(sequence: i64, name: &str) -> Value {
    json!({"sequence": sequence, "name": name, "phone": "+41 44 123 45 67", "hours": "Mo–Fr 8–12", "colour": "#7a0019", "logo": LOGO})
}

impl Client {
    async fn hear(&self, body: &Value) -> Answer {
        self.call(Call::put(PATH, body)).await
    }

    /// A client role that knows the practice `default`.
    async fn of_practice() -> Self {
        let client = Self::on(&Rc::new(TestDatabase::of("client")), &[PATIENT]).await;
        assert_eq!(client.hear(&said(1, NAME)).await.status, 204);
        client
    }

    async fn page_at(&self, path: &str) -> String {
        self.call(Call::get(path)).await.text()
    }

    async fn type_at(&self, path: &str, code: &str) -> Answer {
        self.call(Call::new("POST", path).form(&format!("code={code}"))).await
    }
}

/// Whether a page shows the practice, which it does with everything or not at all.
#[track_caller]
fn shows(page: &str) -> bool {
    let parts = [NAME, "/assets/brand.7a0019.css", "/p/default/logo/1"];
    let found = parts.iter().filter(|part| page.contains(*part)).count();
    assert!(found == 0 || found == parts.len(), "{page}");
    assert_eq!(found > 0, page.contains("default"), "{page}");
    found > 0
}

#[actix_web::test]
async fn the_page_of_a_practice_shows_it_and_the_page_for_everybody_does_not() {
    let client = Client::of_practice().await;
    let page = client.page_at("/p/default").await;
    for part in [NAME, "href=\"tel:+41441234567\"", "Mo–Fr 8–12", "method=\"post\" action=\"?\""] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(shows(&page) && !shows(&client.page_at("/").await));
    let style = client.call(Call::get("/assets/brand.7a0019.css")).await;
    assert_eq!((style.status, style.header("Content-Type")), (200, Some("text/css; charset=utf-8")));
    assert!(style.text().contains("--accent:#7a0019"));
    let code = client.code_for("Exercises", "C").await;
    let opened = client.type_at("/p/default", &code).await;
    assert!(opened.status == 200 && shows(&opened.text()) && opened.text().contains("Exercises"));
}

#[actix_web::test]
async fn a_practice_that_is_not_here_looks_like_one_that_has_said_nothing() {
    let client = Client::of_practice().await;
    client
        .call(Call::post("/v1/documents", &json!({"title": "T", "content": "C"})).tenant("silent"))
        .await
        .expect(201);
    let before = client.database.dump();
    let silent = client.call(Call::get("/p/silent")).await;
    for other in ["unknown", "NO%20TENANT", "%00", "x".repeat(64).as_str(), "%22%3E%3Cscript%3E"] {
        let answer = client.call(Call::get(format!("/p/{other}"))).await;
        assert_eq!((answer.status, answer.text()), (200, silent.text()), "{other}");
        let typed = client.type_at(&format!("/p/{other}"), "0000-0000-0000").await;
        assert_eq!((typed.status, shows(&typed.text())), (404, false), "{other}");
        client.call(Call::get(format!("/p/{other}/logo/1"))).await.refused(404, "NOT_FOUND");
    }
    client.call(Call::get("/p/silent/logo/1")).await.refused(404, "NOT_FOUND");
    assert_eq!(client.database.dump(), before, "nobody is made by being looked for");
    let everybody = client.page_at("/").await;
    assert_eq!(silent.text().replace("action=\"?\"", "action=\"/\""), everybody);
}

#[actix_web::test]
async fn a_suspended_practice_looks_like_one_that_is_not_here() {
    let database = Rc::new(TestDatabase::of("client"));
    let client = Client::on(&database, &[ALWAYS_ASK, PATIENT]).await;
    client.hear(&said(1, NAME)).await;
    assert!(shows(&client.page_at("/p/default").await));
    done(&operate(Role::Client, &database, &["tenant", "suspend", "default"]));
    assert_eq!(client.page_at("/p/default").await, client.page_at("/p/unknown").await);
    client.call(Call::get("/p/default/logo/1")).await.refused(404, "NOT_FOUND");
    done(&operate(Role::Client, &database, &["tenant", "resume", "default"]));
    assert!(shows(&client.page_at("/p/default").await));
    done(&operate(Role::Client, &database, &["tenant", "delete", "default", "--yes"]));
    assert_eq!(client.page_at("/p/default").await, client.page_at("/p/unknown").await);
}

#[actix_web::test]
async fn a_link_does_not_tell_whose_it_is_before_somebody_has_typed_a_code() {
    let client = Client::of_practice().await;
    let (code, token) = client.hand_over("T").await;
    let path = format!("/d/{token}");
    let unknown = client.page_at("/d/lG0aCeUoXiT1vN6rWQ4sb7SxwJ3nq5Rk8ZyVtPfM2dg").await;
    assert_eq!(client.page_at(&path).await, unknown);
    // What link scanners and previews do tells them nothing either.
    for form in
        ["", "code=", "code=%20", "code=x", "other=1", "code=0000-0000-0001", "lang=de", "lang=de&code="]
    {
        let answer = client.call(Call::new("POST", &path).form(form)).await;
        assert!(!shows(&answer.text()), "{form}");
    }
    let preview =
        client.call(Call::get(&path).header("Accept", "text/html").header("User-Agent", "WhatsApp/2")).await;
    assert_eq!(preview.text(), unknown);
    // Whoever holds the link and types a code may know whom to call.
    let wrong = client.type_at(&path, &altered(&code, 7)).await;
    assert!(wrong.status == 401 && shows(&wrong.text()), "{}", wrong.text());
    assert!(shows(&client.type_at(&path, &code).await.text()));
    client.database.execute("UPDATE access_codes SET failed_link = 10");
    let blocked = client.type_at(&path, &code).await;
    assert!(
        blocked.status == 403 && shows(&blocked.text()) && blocked.text().contains("tel:"),
        "{}",
        blocked.text()
    );
}

#[actix_web::test]
async fn a_code_alone_tells_whose_it_is_only_if_it_is_right() {
    let client = Client::of_practice().await;
    let code = client.code_for("T", "C").await;
    assert!(!shows(&client.type_in(&altered(&code, 7)).await.text()), "wrong");
    assert!(!shows(&client.type_in("1111-1111-111F").await.text()), "unknown");
    client.database.execute("UPDATE documents SET expires_at = now()");
    let expired = client.type_in(&code).await;
    assert!(expired.status == 410 && shows(&expired.text()), "{}", expired.text());
    client.database.execute("UPDATE access_codes SET failed_total = 10");
    assert!(!shows(&client.type_in(&code).await.text()), "blocked");
}

#[actix_web::test]
async fn a_page_that_shows_a_practice_goes_on_doing_so() {
    let client = Client::of_practice().await;
    let (code, token) = client.hand_over("T").await;
    let wrong = client.type_at(&format!("/d/{token}"), &altered(&code, 7)).await.text();
    assert!(wrong.contains("name=\"practice\" value=\"default\""), "{wrong}");
    for form in [
        "practice=default&code=x",
        "practice=default&said=wrong-9&lang=de&code=",
        "practice=default&code=0000-0000-0000",
    ] {
        let answer = client.call(Call::new("POST", format!("/d/{token}")).form(form)).await;
        assert!(shows(&answer.text()), "{form}: {}", answer.text());
    }
    for form in ["practice=unknown&code=x", "practice=%22%3E&code=x", "practice=&code=x"] {
        let answer = client.call(Call::new("POST", "/").form(form)).await.text();
        assert!(!shows(&answer) && !answer.contains("unknown"), "{form}: {answer}");
    }
    let german = client.call(Call::new("POST", "/p/default").form("lang=de&code=")).await.text();
    assert!(shows(&german) && german.contains("Zugangscode"), "{german}");
}

#[actix_web::test]
async fn a_session_shows_the_practice_until_it_is_finished() {
    let client = Client::of_practice().await;
    let code = client.code_for("T", "C").await;
    let session =
        client.type_in(&code).await.header("Set-Cookie").unwrap().split(';').next().unwrap().to_owned();
    let with = |call: Call| client.call(call.header("Cookie", &session));
    assert!(shows(&with(Call::get("/document?lang=fr")).await.text()));
    client.database.execute("UPDATE documents SET expires_at = now()");
    assert!(shows(&with(Call::get("/document")).await.text()), "expired meanwhile");
    let closed = with(Call::new("POST", "/finish")).await;
    assert!(closed.status == 200 && !shows(&closed.text()), "others may use the browser next");
    assert!(shows(&with(Call::get("/document")).await.text()), "the session is over");
    assert!(!shows(&client.page_at("/document").await), "there is none");
}

#[actix_web::test]
async fn a_saying_that_is_not_newer_changes_nothing() {
    let client = Client::of_practice().await;
    assert_eq!(client.hear(&said(5, "Five")).await.status, 204);
    let before = client.database.text("SELECT s::text AS text FROM senders s");
    for sequence in [5, 4, 1] {
        assert_eq!(client.hear(&said(sequence, "Older")).await.status, 204);
    }
    assert_eq!(client.database.text("SELECT s::text AS text FROM senders s"), before);
    let bare = json!({"sequence": 6, "name": "Six"});
    assert_eq!(client.hear(&bare).await.status, 204);
    let page = client.page_at("/p/default").await;
    assert!(
        page.contains("Six")
            && !page.contains("tel:")
            && !page.contains("/logo/")
            && !page.contains("brand."),
        "{page}"
    );
}

#[actix_web::test]
async fn a_logo_is_served_from_here_and_runs_nothing() {
    let client = Client::of_practice().await;
    let logo = client.call(Call::get("/p/default/logo/1")).await;
    assert_eq!(
        (logo.status, logo.header("Content-Type"), logo.text().as_str()),
        (200, Some("image/svg+xml"), "<svg/>")
    );
    assert_eq!(logo.header("Cache-Control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(logo.header("X-Content-Type-Options"), Some("nosniff"));
    let policy = logo.header("Content-Security-Policy").unwrap();
    assert!(
        policy.contains("default-src 'none'") && policy.contains("sandbox") && !policy.contains("script"),
        "{policy}"
    );
    let other = client.call(Call::get("/p/default/logo/7")).await;
    assert_eq!((other.status, other.header("Cache-Control")), (200, Some("no-store")));
    let page = client.call(Call::get("/p/default")).await;
    assert!(!page.header("Content-Security-Policy").unwrap().contains("unsafe"));
}

#[actix_web::test]
async fn what_is_written_of_a_practice_becomes_no_markup() {
    let client = Client::new().await;
    let evil = json!({"sequence": 1, "name": "\"><script>alert(1)</script>", "phone": "<img src=x>", "hours": "</title>"});
    assert_eq!(client.hear(&evil).await.status, 204);
    let page = super::without_our_script(&client.page_at("/p/default").await);
    for part in ["<script", "<img", "</title></"] {
        assert!(!page.contains(part), "{part} in {page}");
    }
}

#[actix_web::test]
async fn what_a_sender_says_of_itself_is_checked_and_sealed() {
    let client = Client::new().await;
    let before = client.database.dump();
    let broken =
        json!({"sequence": 0, "name": " ", "phone": "a\nb", "hours": 1, "colour": "#777777", "logo": "x"});
    client.hear(&broken).await.names_fields(&["sequence", "name", "phone", "hours", "colour", "logo"]);
    client.hear(&json!({})).await.names_fields(&["sequence", "name"]);
    bad_input::refuses_every_broken_body(&client.app, &client.database, "PUT", PATH).await;
    assert_eq!(client.database.dump(), before);
    client.hear(&said(1, NAME)).await;
    assert!(opened(&client.database, "client", "default", ("senders", "profile"))[0].contains(NAME));
}

#[actix_web::test]
async fn pages_are_shown_although_nobody_can_say_whose_they_are() {
    let client = Client::of_practice().await;
    let code = code_of(&client.deliver(&json!({"title": "Exercises", "content": "C"})).await.expect(201));
    client.database.execute("ALTER TABLE senders RENAME TO elsewhere");
    let page = client.type_in(&code).await;
    assert!(
        page.status == 200 && page.text().contains("Exercises") && !shows(&page.text()),
        "{}",
        page.text()
    );
    assert_eq!(client.page_at("/p/default").await, client.page_at("/p/other").await);
    let receipt = client.deliver(&json!({"title": "T", "content": "C"})).await.expect(201);
    assert_eq!(client.call(Call::get(format!("/d/{}", token_of(&receipt)))).await.status, 200);
}
