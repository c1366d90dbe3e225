//! How a practice says what its clients see, and how they see it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{House, LANGUAGES, assert_accessible};
use crate::client::altered;
use crate::support::browser::{Browser, PATIENCE};
use crate::support::http::Call;
use crate::support::scratch::Scratch;
use crate::support::waiting::until;

/// A boat on a lake.
const BOAT: &str = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 48 48'><path d='M24 6v24H9z' fill='#7a0019'/>\
    <path d='M27 12v18h12z' fill='#c2707f'/><path d='M6 33h36l-6 9H12z' fill='#7a0019'/></svg>";

impl House {
    fn practice(&self) -> Value {
        self.provider.call(&Call::get("/api/sender")).expect(200)
    }

    /// Says what clients see, and waits until they do.
    fn introduce(&self, body: &Value) {
        self.provider.call(&Call::put("/api/sender", body)).expect(200);
        self.wait_until_shown();
    }

    fn wait_until_shown(&self) {
        until("the practice to be shown", PATIENCE, || {
            (self.practice()["delivery"] == "delivered").then_some(())
        });
    }
}

fn practice() -> Value {
    let logo = format!("data:image/svg+xml;base64,{}", STANDARD.encode(BOAT));
    json!({
        "name": "Physiotherapie Bootshaus", "address": "Uferweg 3\n3000 Bern", "phone": "+41 31 123 45 67",
        "hours": "Mo–Fr 7.30–18", "colour": "#7a0019", "logo": logo,
    })
}

#[test]
fn everybody_can_read_and_use_what_a_practice_shows_and_where_it_says_so() {
    let house = House::start();
    house.introduce(&practice());
    for language in LANGUAGES {
        let browser = Browser::start(language);
        let desk = |path: &str| browser.go(&format!("{}{path}", house.provider.url()));
        let client = |path: &str| browser.go(&format!("{}{path}", house.client.url()));
        let see = |state: &str| {
            assert_eq!(browser.eval("document.documentElement.lang"), language);
            assert_accessible(&browser, &format!("practice/{language}-{state}"));
        };
        desk("/settings");
        see("settings");
        desk("/settings/practice");
        see("form");
        browser.eval("document.getElementById('practice').noValidate = true; document.getElementById('name').value = '';\
            document.getElementById('colour').value = '#ffcc00'");
        browser.follow("#practice button:not(.second)");
        see("form-broken");
        let shows = |state: &str| {
            assert!(browser.text().contains("Physiotherapie Bootshaus"), "{state}");
            assert_eq!(
                browser.eval("getComputedStyle(document.documentElement).getPropertyValue('--accent')"),
                "#7a0019"
            );
            assert_eq!(
                browser.eval("document.querySelector('.brand .logo').naturalWidth > 0"),
                true,
                "{state}"
            );
            see(state);
        };
        client("/p/default");
        shows("entry");
        let (code, link) = house.delivered("sms");
        client(&link);
        assert!(!browser.text().contains("Bootshaus"), "a link tells nobody whose it is");
        browser.find("#code").keys(&altered(&code, 7));
        browser.follow("#entry > button");
        shows("wrong");
        browser.find("#code").clear();
        browser.find("#code").keys(&code);
        browser.follow("#entry > button");
        shows("number");
        let (code, _) = house.delivered("none");
        client("/p/default");
        browser.find("#code").keys(&code);
        browser.follow("#entry > button");
        shows("document");
        house.at_client.execute("UPDATE documents SET expires_at = now()");
        client("/document");
        shows("expired");
    }
}

#[test]
fn a_practice_chooses_name_colour_and_logo_with_and_without_scripts() {
    let house = House::start();
    let folder = Scratch::new("boat");
    let file = folder.path().join("boat.svg");
    std::fs::write(&file, BOAT).unwrap();
    for scripts in [true, false] {
        let browser = Browser::start("en");
        let name = if scripts { "With scripts" } else { "Without scripts" };
        browser.go(&format!("{}/settings", house.provider.url()));
        browser.follow("a[href='/settings/practice']");
        if !scripts {
            browser.without_scripts();
            browser.reload();
        }
        browser.find("#name").clear();
        browser.find("#name").keys(name);
        browser.find("#logo").keys(file.to_str().unwrap());
        if scripts {
            // What is typed is shown as it is typed.
            browser.eval("const c = document.getElementById('colour'); c.value = '#003399'; c.dispatchEvent(new Event('change'))");
            let accent = "getComputedStyle(document.querySelector('.example')).getPropertyValue('--accent')";
            until("the colour", PATIENCE, || (browser.eval(accent) == "#003399").then_some(()));
            let picture = "document.querySelector('.example .logo').naturalWidth > 0";
            until("the picture", PATIENCE, || (browser.eval(picture) == true).then_some(()));
            assert_eq!(browser.find(".example .brand span").text(), name);
            browser.shoot("practice/en-typing");
        }
        browser.follow("#practice button:not(.second)");
        assert!(browser.text().contains("Saved."), "{}", browser.text());
        house.wait_until_shown();
        let known = house.practice();
        assert_eq!(known["name"], name);
        assert_eq!(known["logo"], format!("data:image/svg+xml;base64,{}", STANDARD.encode(BOAT)));
        browser.go(&format!("{}/p/default", house.client.url()));
        assert!(browser.text().contains(name));
    }
    assert_eq!(house.practice()["colour"], "#003399");
}
