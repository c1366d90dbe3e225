//! The front ends that exist: applications of one page, on another origin while they are
//! developed, that speak JSON over fetch and give up after ten seconds.

use serde_json::{Value, json};

use super::{House, word};
use crate::support::browser::Browser;
use crate::support::receiver::{Behaviour, Receiver};

/// What a front end does for each of its calls: the status, and the body where it is JSON.
const CALL: &str = "async (method, url, body) => {
  const answer = await fetch(url, {
    method, signal: AbortSignal.timeout(10000),
    headers: body ? { 'Content-Type': 'application/json' } : {},
    body: body ? JSON.stringify(body) : undefined,
  });
  const text = await answer.text();
  return { status: answer.status, body: text ? JSON.parse(text) : null };
}";

/// A browser that shows a front end of this origin.
struct FrontEnd {
    browser: Browser,
    api: String,
}

impl FrontEnd {
    fn of(origin: &str, api: String) -> Self {
        let browser = Browser::start("en");
        browser.go(origin);
        // Pages of a role load nothing from elsewhere; an application on the same host may.
        browser.chromium("Page.setBypassCSP", &json!({"enabled": true}));
        browser.reload();
        Self { browser, api }
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> (u64, Value) {
        let url = format!("{}{path}", self.api);
        let answer = self.browser.eval(&format!("({CALL})({}, {}, {body})", json!(method), json!(url)));
        (answer["status"].as_u64().unwrap(), answer["body"].clone())
    }

    fn expect(&self, status: u64, method: &str, path: &str, body: &Value) -> Value {
        let (found, answer) = self.call(method, path, body);
        assert_eq!(found, status, "{method} {path}: {answer}");
        answer
    }

    fn is_refused(&self, (status, error): (u64, &str), method: &str, path: &str, body: &Value) {
        let answer = self.expect(status, method, path, body);
        assert_eq!((answer["statusCode"].as_u64(), answer["error"].as_str()), (Some(status), Some(error)));
        assert!(answer["message"].is_string() && answer["timestamp"].is_string(), "{answer}");
    }
}

/// The code of a document that the provider's front end has written and sent.
fn write_and_send(front_end: &FrontEnd) -> (String, String) {
    let text = json!({"title": "Plan", "content": "Take it easy."});
    let created = front_end.expect(201, "POST", "/api/documents", &text);
    assert_eq!((&created["status"], &created["accessCode"]), (&json!("draft"), &Value::Null));
    let path = format!("/api/documents/{}", word(&created["id"]));
    front_end.is_refused(
        (400, "INVALID_DOCUMENT_STATE"),
        "POST",
        "/api/send",
        &json!({"documentId": created["id"]}),
    );
    assert_eq!(front_end.expect(200, "PUT", &path, &json!({"status": "final"}))["status"], "final");
    let (status, sent) = front_end.call("POST", "/api/send", &json!({"documentId": created["id"]}));
    // Whatever the status of success is, the code is read.
    assert!((200..300).contains(&status), "{sent}");
    assert_eq!(sent["documentId"], created["id"]);
    let listed = front_end.expect(200, "GET", "/api/documents?limit=5", &Value::Null);
    assert_eq!(listed["items"][0]["accessCode"], sent["accessCode"]);
    front_end.is_refused((404, "NOT_FOUND"), "GET", "/api/documents/unknown", &Value::Null);
    front_end.is_refused((400, "VALIDATION_FAILED"), "POST", "/api/documents", &json!({"title": " "}));
    (path, word(&sent["accessCode"]))
}

fn read(house: &House, front_end: &FrontEnd, (path, code): (&str, &str)) {
    let opened = front_end.expect(200, "GET", &format!("/api/public/{code}"), &Value::Null);
    assert_eq!((&opened["title"], &opened["content"]), (&json!("Plan"), &json!("Take it easy.")));
    assert!(opened["id"].is_string() && opened["createdAt"].is_string(), "{opened}");
    front_end.is_refused((404, "NOT_FOUND"), "GET", "/api/public/1111-1111-111F", &Value::Null);
    house.at_client.execute("UPDATE documents SET expires_at = now() - interval '1 second'");
    let expired = (410, "ACCESS_CODE_EXPIRED");
    front_end.is_refused(expired, "GET", &format!("/api/public/{code}"), &Value::Null);
    house.at_client.execute("UPDATE documents SET revoked_at = now()");
    let revoked = (410, "ACCESS_CODE_REVOKED");
    front_end.is_refused(revoked, "GET", &format!("/api/public/{code}"), &Value::Null);
    assert!(path.starts_with("/api/documents/"));
}

#[test]
fn front_ends_of_another_origin_work_where_it_is_listed() {
    let elsewhere = Receiver::start(Behaviour::Answer(200, "{}".to_owned()));
    let origin = format!("http://{}", elsewhere.address());
    let house = House::with(&[("CORS_ORIGINS", &origin)]);
    let provider = FrontEnd::of(&origin, house.provider.url());
    let (path, code) = write_and_send(&provider);
    read(&house, &FrontEnd::of(&origin, house.client.url()), (&path, &code));
}

#[test]
fn front_ends_of_the_same_host_work() {
    let house = House::start();
    let provider = FrontEnd::of(&house.provider.url(), house.provider.url());
    let (path, code) = write_and_send(&provider);
    read(&house, &FrontEnd::of(&house.client.url(), house.client.url()), (&path, &code));
}

#[test]
fn front_ends_of_an_origin_that_is_not_listed_read_nothing() {
    let elsewhere = Receiver::start(Behaviour::Answer(200, "{}".to_owned()));
    let origin = format!("http://{}", elsewhere.address());
    let house = House::start();
    let (code, _) = house.delivered("none");
    let browser = Browser::start("en");
    browser.go(&origin);
    let url = format!("{}/api/public/{code}", house.client.url());
    let read = format!("fetch({}).then(() => 'read', () => 'refused')", json!(url));
    assert_eq!(browser.eval(&read), "refused");
    assert_eq!(house.at_client.count("receipts WHERE kind = 'opened'"), 0, "and opens nothing");
}
