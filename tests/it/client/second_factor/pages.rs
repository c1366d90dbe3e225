//! The pages of the second factor.

use super::{Desk, TITLE, other_than};
use crate::client::{code_of, token_of, without_our_script};
use crate::support::http::{Answer, Call};
use crate::support::receiver::Behaviour;

/// A browser with one cookie.
struct Browser<'a> {
    desk: &'a Desk,
    cookie: Option<String>,
}

impl<'a> Browser<'a> {
    fn of(desk: &'a Desk) -> Self {
        Self { desk, cookie: None }
    }

    async fn go(&mut self, call: Call) -> Answer {
        let call = match &self.cookie {
            Some(cookie) => call.header("Cookie", cookie),
            None => call,
        };
        let answer = self.desk.client.call(call).await;
        if let Some(line) = answer.header("Set-Cookie") {
            self.cookie = Some(line.split(';').next().unwrap().to_owned());
        }
        answer
    }

    async fn post(&mut self, path: &str, body: &str) -> Answer {
        self.go(Call::new("POST", path).form(body).header("Sec-Fetch-Site", "same-origin")).await
    }
}

fn page(answer: &Answer, status: u16, parts: &[&str]) -> String {
    let text = answer.text();
    assert_eq!(answer.status, status, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(text.starts_with("<!doctype html>") && !without_our_script(&text).contains("<script"), "{text}");
    text
}

#[actix_web::test]
async fn a_person_has_a_number_sent_and_reads_without_any_script() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let mut browser = Browser::of(&desk);
    let first = browser.post("/", &format!("code={code}")).await;
    let text = page(&first, 200, &["One more step", "••• •• 67", "action=\"/otp\"", "Send the number"]);
    assert!(!text.contains("secret") && !text.contains(&code));
    let line = first.header("Set-Cookie").unwrap();
    assert!(line.starts_with("__Host-oc-session="), "{line}");
    for part in ["; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax", "; Max-Age=3600"] {
        assert!(line.contains(part) && !line.contains("Domain"), "{line}");
    }
    assert!(desk.messages().is_empty() && desk.receipts("opened") == 0);
    let sent = browser.post("/otp", "").await;
    let fields = [
        "action=\"/otp/verify\"",
        "inputmode=\"numeric\"",
        "autocomplete=\"one-time-code\"",
        "label for=\"otp\"",
    ];
    page(&sent, 200, &fields);
    let wrong = browser.post("/otp/verify", &format!("otp={}", other_than(&desk.number(), 1))).await;
    page(
        &wrong,
        401,
        &["This number is not right", "role=\"alert\"", "aria-invalid=\"true\"", "action=\"/otp/verify\""],
    );
    let soon = browser.post("/otp", "").await;
    page(&soon, 429, &["Please wait a minute", "action=\"/otp/verify\""]);
    assert!(soon.header("Retry-After").is_some());
    let otp = desk.number();
    let opened = browser.post("/otp/verify", &format!("otp={}+{}", &otp[..3], &otp[3..])).await;
    page(&opened, 200, &[TITLE, "Very secret text"]);
    assert_eq!(desk.receipts("opened"), 1);
    let closed = browser.go(Call::get("/")).await;
    assert!(closed.header("Set-Cookie").unwrap().contains("Max-Age=0"), "closing forgets the session");
}

#[actix_web::test]
async fn a_link_leads_to_the_same_steps() {
    let desk = Desk::new().await;
    let receipt = desk.client.deliver(&super::document("email")).await.expect(201);
    let mut browser = Browser::of(&desk);
    let path = format!("/d/{}", token_of(&receipt));
    let first = browser.post(&path, &format!("code={}", code_of(&receipt))).await;
    page(&first, 200, &["by mail to", "a•••@e•••.ch"]);
    browser.post("/otp", "").await;
    let otp = desk.mail.mails()[0].body();
    let opened = browser.post("/otp/verify", &format!("otp={}", otp.split(' ').next().unwrap())).await;
    page(&opened, 200, &[TITLE]);
}

#[actix_web::test]
async fn a_bot_that_presses_every_button_sends_nothing() {
    let desk = Desk::new().await;
    let receipt = desk.client.deliver(&super::document("sms")).await.expect(201);
    let before = desk.client.database.dump();
    let link = format!("/d/{}", token_of(&receipt));
    for path in ["/", &link, "/otp", "/otp/verify"] {
        for method in ["GET", "HEAD"] {
            assert_eq!(desk.client.call(Call::new(method, path)).await.status, 200);
        }
        for body in ["", "otp=", "otp=123456", "code="] {
            let pressed = desk.client.call(Call::new("POST", path).form(body)).await;
            assert!(pressed.status >= 400 && !pressed.text().contains("secret"), "{path} {body}");
        }
    }
    for (cookie, status) in [("__Host-oc-session=", 401), ("__Host-oc-session=x", 401), ("oc-session=x", 400)]
    {
        let pressed = desk.client.call(Call::new("POST", "/otp").header("Cookie", cookie)).await;
        page(&pressed, status, &["Please type your code", "action=\"/\""]);
    }
    assert!(desk.messages().is_empty());
    assert_eq!(desk.client.database.dump(), before);
}

#[actix_web::test]
async fn a_form_on_the_page_of_somebody_else_does_nothing() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let mut browser = Browser::of(&desk);
    browser.post("/", &format!("code={code}")).await;
    let cookie = browser.cookie.clone().unwrap();
    for site in ["cross-site", "same-site"] {
        for path in ["/otp", "/otp/verify"] {
            let call = Call::new("POST", path).form("otp=123456").header("Cookie", &cookie);
            page(
                &desk.client.call(call.header("Sec-Fetch-Site", site)).await,
                400,
                &["Please type your code"],
            );
        }
    }
    assert!(desk.messages().is_empty());
    assert_eq!(desk.client.database.count("otp_tallies"), 0);
}

#[actix_web::test]
async fn what_goes_wrong_is_said_where_it_can_be_mended() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let mut browser = Browser::of(&desk);
    browser.post("/", &format!("code={code}")).await;
    desk.sms.behave(Behaviour::Answer(500, String::new()));
    page(&browser.post("/otp", "").await, 503, &["could not be sent", "Nothing is lost", "Send the number"]);
    desk.let_pass("1 minute");
    desk.sms.behave(Behaviour::Close);
    let perhaps = browser.post("/otp", "").await;
    page(&perhaps, 503, &["may not have been sent", "action=\"/otp/verify\""]);
    desk.let_pass("1 minute");
    desk.sms.behave(Behaviour::Answer(200, String::new()));
    page(&browser.post("/otp", "").await, 200, &["action=\"/otp/verify\""]);
    page(&browser.post("/otp/verify", "other=1").await, 400, &["action=\"/otp/verify\"", "role=\"alert\""]);
    desk.let_pass("5 minutes");
    page(&browser.post("/otp/verify", "otp=123456").await, 410, &["not valid any more", "Send the number"]);
    browser.post("/otp", "").await;
    let wrong = other_than(&desk.number(), 1);
    for _ in 0..2 {
        browser.post("/otp/verify", &format!("otp={wrong}")).await;
    }
    let last = browser.post("/otp/verify", &format!("otp={wrong}")).await;
    page(&last, 401, &["Please have a new one sent", "Send the number"]);
    desk.client.database.execute("UPDATE documents SET revoked_at = now()");
    page(&browser.post("/otp", "").await, 410, &["This code is no longer valid", "action=\"/\""]);
}

#[actix_web::test]
async fn a_right_number_is_not_lost_when_its_page_can_not_be_shown() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let mut browser = Browser::of(&desk);
    browser.post("/", &format!("code={code}")).await;
    browser.post("/otp", "").await;
    let typed = format!("otp={}", desk.number());
    desk.client.database.execute("ALTER TABLE receipts RENAME TO away");
    page(&browser.post("/otp/verify", &typed).await, 500, &["Nothing is lost", "action=\"/otp/verify\""]);
    desk.client.database.execute("ALTER TABLE away RENAME TO receipts");
    page(&browser.post("/otp/verify", &typed).await, 200, &[TITLE]);
}

#[actix_web::test]
async fn without_https_the_cookie_has_a_plain_name() {
    let desk = Desk::with(&[("CLIENT_PUBLIC_URL", "http://127.0.0.1:3000")]).await;
    let code = desk.code_for("sms").await;
    let mut browser = Browser::of(&desk);
    let first = browser.post("/", &format!("code={code}")).await;
    let line = first.header("Set-Cookie").unwrap();
    assert!(line.starts_with("oc-session=") && !line.contains("Secure"), "{line}");
    page(&browser.post("/otp", "").await, 200, &["action=\"/otp/verify\""]);
}
