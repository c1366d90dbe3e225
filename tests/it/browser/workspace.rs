//! The pages of the workspace: everybody can use them, and nothing that is typed is lost.

use serde_json::{Value, json};

use super::{House, LANGUAGES, TEXT, assert_accessible, word};
use crate::support::browser::{Browser, PATIENCE};
use crate::support::http::Call;
use crate::support::waiting::until;

impl House {
    /// A new draft of the provider role.
    pub fn draft(&self, title: &str) -> String {
        let recipient = json!({"name": "Anna Muster", "email": "anna@example.ch", "language": "de"});
        let body = json!({"title": title, "content": TEXT, "recipient": recipient});
        word(&self.provider.call(&Call::post("/api/documents", &body)).expect(201)["id"])
    }

    pub fn sent(&self, title: &str) -> String {
        let id = self.draft(title);
        self.send(&id);
        id
    }

    /// Sends a draft; answers its code.
    pub fn send(&self, id: &str) -> String {
        let finished = Call::put(format!("/api/documents/{id}"), &json!({"status": "final"}));
        self.provider.call(&finished).expect(200);
        let sent = Call::post("/api/send", &json!({ "documentId": id }));
        word(&self.provider.call(&sent).expect(200)["accessCode"])
    }

    pub fn stored(&self, id: &str) -> Value {
        self.provider.call(&Call::get(format!("/api/documents/{id}"))).expect(200)
    }

    /// Waits until a document says this.
    fn wait_until_stored(&self, id: &str, content: &str) {
        until("the text to be saved", PATIENCE, || (self.stored(id)["content"] == content).then_some(()));
    }

    pub fn desk(&self, path: &str) -> String {
        format!("{}{path}", self.provider.url())
    }
}

#[test]
fn everybody_can_read_and_use_every_page_of_the_workspace() {
    let house = House::start();
    for (language, browser) in LANGUAGES.map(|language| (language, Browser::start(language))) {
        let see = |path: &str, state: &str| {
            browser.go(&house.desk(path));
            assert_eq!(browser.eval("document.documentElement.lang"), language);
            assert_accessible(&browser, &format!("workspace/{language}-{state}"));
        };
        if language == LANGUAGES[0] {
            see("/", "empty");
        }
        let draft = house.draft("Exercises for the knee");
        let sent = house.sent("Your plan after the operation");
        see("/", "documents");
        see("/?q=nothing+like+this", "none-found");
        see("/documents/new", "new");
        see(&format!("/documents/{draft}"), "draft");
        see(&format!("/documents/{draft}/edit"), "edit");
        see(&format!("/documents/{draft}/send"), "send");
        see(&format!("/documents/{draft}/library"), "keep");
        see(&format!("/documents/{sent}"), "sent");
        see(&format!("/documents/{sent}/edit"), "edit-sent");
        for step in ["reissue", "expiry", "revoke", "delete"] {
            see(&format!("/documents/{sent}/{step}"), step);
        }
        see("/library", "library");
        see("/settings", "settings");
        see("/nowhere", "no-page");
    }
}

#[test]
fn what_is_typed_is_saved_by_itself_and_kept_where_the_network_is_lost() {
    let house = House::start();
    let browser = Browser::start("en");
    let id = house.draft("T");
    browser.go(&house.desk(&format!("/documents/{id}/edit")));
    let text = browser.find("textarea#content");
    text.clear();
    text.keys("One");
    house.wait_until_stored(&id, "One");
    browser.offline(true);
    text.keys(" two");
    browser.wait_for("kept");
    // Whoever closes the window now loses nothing either.
    browser.offline(false);
    browser.reload();
    assert_eq!(browser.find("textarea#content").value(), "One two");
    house.wait_until_stored(&id, "One two");
    browser.find("textarea#content").keys(" three");
    browser.go(&house.desk("/"));
    browser.go(&house.desk(&format!("/documents/{id}/edit")));
    house.wait_until_stored(&id, "One two three");
}

#[test]
fn two_tabs_that_write_at_the_same_text_are_shown_each_other_and_overwrite_nothing() {
    let house = House::start();
    let browser = Browser::start("en");
    let id = house.draft("T");
    let path = house.desk(&format!("/documents/{id}/edit"));
    browser.go(&path);
    let first = browser.open_tab();
    browser.go(&path);
    let second = browser.tab();
    browser.find("textarea#content").clear();
    browser.find("textarea#content").keys("Theirs");
    house.wait_until_stored(&id, "Theirs");
    browser.go_to_tab(&first);
    browser.find("textarea#content").clear();
    browser.find("textarea#content").keys("Mine");
    browser.wait_for("Theirs");
    assert!(browser.find("#conflict").is_shown());
    assert_accessible(&browser, "workspace/en-conflict");
    assert_eq!(house.stored(&id)["content"], "Theirs", "nothing was overwritten");
    assert_eq!(browser.find("textarea#content").value(), "Mine", "nothing was lost");
    browser.find("#keep-mine").click();
    house.wait_until_stored(&id, "Mine");
    browser.go_to_tab(&second);
    browser.find("textarea#content").keys(" too");
    until("the conflict", PATIENCE, || browser.find("#conflict").is_shown().then_some(()));
    browser.find("#take-theirs").click();
    assert_eq!(browser.find("textarea#content").value(), "Mine");
    assert_eq!(house.stored(&id)["content"], "Mine");
}
