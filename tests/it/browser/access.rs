//! Who gets in, and for how long: asked for and changed in the workspace.

use std::time::Duration;

use oc::domain::dates::iso_day;
use oc::platform::clock;

use super::{House, word};
use crate::support::browser::Browser;

fn in_days(days: u64) -> String {
    iso_day(clock::now().plus(Duration::from_secs(days * 86_400)))
}

/// Puts a day into the field as the browser's calendar does.
fn choose(browser: &Browser, day: &str) {
    browser.find("#day");
    browser.eval(&format!("document.getElementById('day').value = '{day}'"));
}

/// Changes the end of access, first to a day that can't be.
fn change_end(house: &House, browser: &Browser) {
    let id = house.sent("Your plan after the operation");
    browser.go(&house.desk(&format!("/documents/{id}")));
    browser.follow("a[href$='/expiry']");
    browser.eval("document.querySelector('main form').noValidate = true");
    choose(browser, &in_days(120));
    browser.follow("main form button");
    assert_eq!(browser.focused().attribute("id").as_deref(), Some("day"), "where it can be mended");
    assert!(browser.find("#day-error").text().contains("Choose a day"));
    assert_eq!(browser.find("#day").value(), in_days(120));
    choose(browser, &in_days(7));
    browser.follow("main form button");
    browser.wait_for("Access has another end now");
    assert!(word(&house.stored(&id)["expiresAt"]).starts_with(&in_days(7)), "in winter and in summer");
    let ends = house.at_client.text("SELECT (expires_at AT TIME ZONE 'UTC')::date::text AS text FROM documents ORDER BY created_at DESC LIMIT 1");
    assert_eq!(ends, in_days(7), "the client role knows it");
}

#[test]
fn the_end_of_access_is_changed_and_what_is_wrong_stands_at_the_field() {
    let house = House::start();
    change_end(&house, &Browser::start("en"));
}

#[test]
fn the_end_of_access_is_changed_without_scripts() {
    let house = House::start();
    let browser = Browser::start("en");
    browser.without_scripts();
    change_end(&house, &browser);
}

/// Writes a document for whose opening a number is asked, first without a telephone, and sends it.
fn ask_for_a_number(house: &House, browser: &Browser) -> String {
    browser.go(&house.desk("/documents/new"));
    browser.find("#title").keys("Your plan");
    browser.find("#content").keys("Bend and stretch.");
    browser.find("#name").keys("Anna Muster");
    browser.find("#second-factor option[value='sms']").click();
    browser.follow("button[value='send']");
    assert!(browser.find("#phone-error").text().contains("international form"), "{}", browser.text());
    assert_eq!(browser.find("#second-factor").value(), "sms", "what was chosen stays");
    browser.find("#phone").keys("+41 79 123 45 67");
    browser.follow("button[value='send']");
    browser.wait_for("A number by SMS");
    browser.follow("main form button");
    browser.wait_for("A number by SMS");
    browser.find("#code").text()
}

/// Opens it with the code and the number.
fn open_with_number(house: &House, code: &str) {
    let reader = Browser::start("en");
    reader.go(&house.client.url());
    reader.find("#code").keys(code);
    reader.follow("#entry > button");
    reader.follow("#number > button");
    reader.find("#otp").keys(&house.number());
    reader.follow("#number > button");
    reader.wait_for("Bend and stretch");
}

#[test]
fn a_number_is_asked_for_by_whoever_writes_and_typed_by_whoever_reads() {
    let house = House::start();
    let code = ask_for_a_number(&house, &Browser::start("en"));
    open_with_number(&house, &code);
}

#[test]
fn a_number_is_asked_for_without_scripts() {
    let house = House::start();
    let browser = Browser::start("en");
    browser.without_scripts();
    let code = ask_for_a_number(&house, &browser);
    open_with_number(&house, &code);
}
