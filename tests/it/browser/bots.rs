//! Visitors who run no scripts, and visitors who are no people.

use super::{House, path_of, word};
use crate::support::browser::Browser;
use crate::support::http::Call;

#[test]
fn without_scripts_a_document_is_opened_read_and_finished() {
    let house = House::start();
    let (code, link) = house.delivered("sms");
    let browser = Browser::start("en");
    browser.without_scripts().go(&format!("{}{link}", house.client.url()));
    browser.find("#code").keys(&code);
    browser.find("#entry > button").click();
    browser.wait_for("Send the number").find("#number > button").click();
    browser.wait_for("Number").find("#otp").keys(&house.number());
    browser.find("#number > button").click();
    browser.wait_for("Bend and stretch");
    browser.shoot("no-script/document");
    browser.find("main form > button").click();
    browser.wait_for("The document is closed");
}

/// Everything that could tell of an opening.
fn traces(house: &House) -> [i64; 4] {
    ["receipts", "otps", "otp_tallies", "access_codes WHERE failed_total + failed_link > 0"]
        .map(|rows| house.at_client.count(rows))
}

#[test]
fn a_preview_of_a_link_opens_nothing_and_says_nothing_of_the_document() {
    let house = House::start();
    let (code, link) = house.delivered("none");
    let before = traces(&house);
    for agent in [
        "WhatsApp/2.23.20.0 A",
        "Slackbot-LinkExpanding 1.0",
        "facebookexternalhit/1.1",
        "Microsoft Office/16.0",
    ] {
        for method in ["GET", "HEAD"] {
            let answer = house.client.call(&Call::new(method, &link).header("User-Agent", agent));
            assert_eq!(answer.status, 200, "{agent}");
            let page = answer.text();
            assert!(!page.contains("operation") && !page.contains("og:") && !page.contains(&code), "{page}");
        }
    }
    let browser = Browser::start("en");
    browser.go(&format!("{}{link}", house.client.url()));
    assert_eq!(traces(&house), before);
    assert_eq!(house.open(&code).expect(200)["title"], "Your plan after the operation");
}

#[test]
fn a_bot_that_presses_every_button_and_follows_every_link_opens_nothing() {
    let house = House::start();
    let (code, link) = house.delivered("sms");
    let before = traces(&house);
    let browser = Browser::start("en");
    let page = format!("{}{link}", house.client.url());
    browser.go(&page);
    let count = browser.eval("document.querySelectorAll('button, a, summary').length").as_u64().unwrap();
    assert!(count > 4, "{count}");
    for nth in 0..count {
        browser.go(&page);
        browser.eval("document.querySelectorAll('form').forEach(form => { form.noValidate = true })");
        browser.eval(&format!("document.querySelectorAll('button, a, summary')[{nth}].click()"));
        browser.eval("new Promise(done => setTimeout(done, 0))");
        assert!(!browser.text().contains("operation"));
    }
    assert_eq!(traces(&house), before);
    assert!(house.sms.every_call().is_empty());
    let asked = house.open(&code).expect(401);
    assert_eq!(word(&asked["error"]), "OTP_REQUIRED");
    assert_eq!(path_of(&page), link);
}
