//! Every state of the client's pages, in every language, on a telephone and on a desk, light and
//! dark: everybody can use it, and it says nothing of the document before the code.

use serde_json::json;

use super::{House, LANGUAGES, TEXT, assert_accessible, path_of, word};
use crate::client::altered;
use crate::support::browser::Browser;
use crate::support::http::Call;
use crate::support::receiver::Behaviour;

/// A person with a browser in front of one client role.
struct Reader<'a> {
    house: &'a House,
    browser: Browser,
    language: &'static str,
}

impl<'a> Reader<'a> {
    fn start(house: &'a House, language: &'static str) -> Self {
        Self { house, browser: Browser::start(language), language }
    }

    fn go(&self, path: &str) -> &Browser {
        self.browser.go(&format!("{}{path}", self.house.client.url()))
    }

    /// Types a code on a page and presses the button.
    fn type_code(&self, path: &str, code: &str) -> &Browser {
        self.go(path);
        self.browser.find("#code").keys(code);
        self.browser.follow("#entry > button")
    }

    /// The page as it is now, which must not show the document.
    fn see(&self, state: &str) {
        assert!(!self.browser.text().contains("operation"), "{state} shows the document");
        assert_eq!(self.browser.eval("document.documentElement.lang"), self.language);
        self.look(state);
    }

    fn look(&self, state: &str) {
        assert_accessible(&self.browser, &format!("client/{}-{state}", self.language));
    }

    fn entry(&self) {
        let house = self.house;
        self.go("/");
        assert_eq!(self.browser.focused().attribute("id").as_deref(), Some("code"));
        self.see("entry");
        self.browser.eval("document.querySelector('#entry').noValidate = true");
        self.browser.follow("#entry > button");
        self.see("empty");
        let (code, link) = house.delivered("none");
        self.go(&link);
        self.see("link");
        let typo = format!("{}{}", &code[..code.len() - 1], if code.ends_with('0') { '1' } else { '0' });
        self.type_code("/", &typo);
        self.see("typo");
        self.type_code("/", "1111-1111-111F");
        self.see("refused");
        self.type_code(&link, &altered(&code, 7));
        self.see("wrong");
        house.at_client.execute("UPDATE access_codes SET failed_link = 10");
        self.type_code(&link, &code);
        self.see("blocked");
        self.go("/nowhere");
        self.see("no-page");
        self.go("/");
        self.browser.eval("document.querySelector('details').open = true");
        self.see("help");
    }

    fn too_often(&self) {
        let (code, link) = self.house.delivered("none");
        for _ in 0..6 {
            self.type_code(&link, &altered(&code, 7));
        }
        self.see("wait");
    }

    fn ends(&self) {
        let house = self.house;
        let expired = json!({"title": "Your operation", "content": "C", "expiresAt": "2020-01-01T00:00:00Z"});
        self.type_code("/", &word(&house.deliver(&expired)["accessCode"]));
        self.see("expired");
        let revoked = house.deliver(&json!({"title": "Your operation", "content": "C"}));
        house.client.call(&Call::delete(format!("/v1/documents/{}", word(&revoked["id"]))));
        self.type_code("/", &word(&revoked["accessCode"]));
        self.see("revoked");
        let reserved = Call::post("/v1/access-codes/reservations", &json!({"count": 1}));
        let reserved = house.client.call(&reserved).expect(201)["codes"][0].clone();
        self.type_code(&path_of(&word(&reserved["link"])), &word(&reserved["accessCode"]));
        self.see("on-its-way");
        let (code, _) = house.delivered("none");
        house.at_client.execute("ALTER TABLE receipts RENAME TO away");
        self.type_code("/", &code);
        self.see("busy");
        house.at_client.execute("ALTER TABLE away RENAME TO receipts");
        self.go("/");
        self.browser.find("#code").keys("k7qm4t9xwr5c");
        self.browser.offline(true);
        self.browser.find("#entry > button").click();
        assert!(self.browser.find("[data-offline]").is_shown());
        self.see("offline");
        self.browser.offline(false);
    }

    fn numbers(&self) {
        let house = self.house;
        let (code, _) = house.delivered("sms");
        self.type_code("/", &code);
        self.see("step");
        house.sms.behave(Behaviour::Answer(500, String::new()));
        self.browser.follow("#number > button");
        self.see("not-sent");
        house.at_client.execute("UPDATE otp_tallies SET refused_at = NULL");
        house.sms.behave(Behaviour::Close);
        self.browser.follow("#number > button");
        self.see("perhaps-sent");
        house.at_client.execute("UPDATE otp_tallies SET sent_at = '{}'");
        house.sms.behave(Behaviour::Answer(202, "{}".to_owned()));
        self.browser.follow(".again > button");
        self.see("number");
        self.browser.find("#otp").keys("000 00");
        self.browser.follow("#number > button");
        self.see("number-wrong");
        self.browser.follow(".again > button");
        self.see("number-wait");
        house.at_client.execute("UPDATE otps SET expires_at = now() - interval '1 second'");
        self.browser.find("#otp").keys(&house.number());
        self.browser.follow("#number > button");
        self.see("number-expired");
        house.at_client.execute("UPDATE otp_tallies SET wrong_total = 30, sent_at = '{}'");
        self.browser.follow("#number > button");
        self.see("number-blocked");
    }

    fn document(&self) {
        let (code, link) = self.house.delivered("none");
        self.type_code(&link, &code);
        assert_eq!(self.browser.title(), "Your plan after the operation");
        assert_eq!(self.browser.focused().tag(), "h1");
        self.look("document");
        self.browser.follow("header form > button");
        self.see("finished");
        self.go("/document");
        self.see("ended");
        let plain =
            self.house.deliver(&json!({"title": "Your plan", "content": TEXT, "contentType": "text/plain"}));
        self.type_code("/", &word(&plain["accessCode"]));
        self.look("plain-text");
    }
}

#[test]
fn where_a_code_is_typed_everybody_can_read_and_use_the_page() {
    let house = House::start();
    for language in LANGUAGES {
        let reader = Reader::start(&house, language);
        reader.entry();
        reader.too_often();
    }
}

#[test]
fn where_access_has_ended_everybody_can_read_and_use_the_page() {
    let house = House::start();
    LANGUAGES.into_iter().for_each(|language| Reader::start(&house, language).ends());
}

#[test]
fn where_a_number_is_typed_everybody_can_read_and_use_the_page() {
    let house = House::start();
    LANGUAGES.into_iter().for_each(|language| Reader::start(&house, language).numbers());
}

#[test]
fn an_open_document_can_be_read_and_used_by_everybody() {
    let house = House::start();
    LANGUAGES.into_iter().for_each(|language| Reader::start(&house, language).document());
}
