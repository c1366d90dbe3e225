//! From writing to reading, as people do it.

use serde_json::json;

use super::{ENTER, House, TAB, TEXT, path_of};
use crate::support::browser::{Browser, DESKTOP, PATIENCE, PHONE};
use crate::support::http::Call;
use crate::support::pdf::Pdf;
use crate::support::waiting::until;

/// Writes a document in the workspace and sends it; answers its code and the path of its link.
fn write_and_send(house: &House, browser: &Browser) -> (String, String) {
    browser.resize(DESKTOP).go(&house.provider.url());
    browser.follow("a[href='/documents/new']");
    browser.find("#title").keys("Your plan after the operation");
    browser.eval(&format!("document.getElementById('content').value = {}", json!(TEXT)));
    browser.find("#content").keys(" ");
    browser.find("#name").keys("Anna Muster");
    until("the preview", PATIENCE, || browser.look_for("#preview table").map(|_| ()));
    browser.shoot("journey/1-write");
    browser.follow("button[value='send']");
    browser.shoot("journey/2-send");
    browser.follow("main form button");
    let code = browser.find("#code").text();
    let link = browser.find("#link").text();
    browser.shoot("journey/3-sent");
    (code, path_of(&link))
}

#[test]
fn a_document_is_written_sent_printed_opened_read_and_finished() {
    let house = House::start();
    let (at_desk, at_home) = (Browser::start("en"), Browser::start("de"));
    let (code, link) = write_and_send(&house, &at_desk);
    let letter = at_desk.find("a[href$='letter.pdf']").attribute("href").unwrap();
    let letter = house.provider.call(&Call::get(letter));
    assert_eq!((letter.status, letter.header("Content-Type")), (200, Some("application/pdf")));
    let on_paper = Pdf::of(&letter.body).unwrap().text();
    assert!(on_paper.contains(&code) && !on_paper.contains("operation"), "{on_paper}");

    at_home.resize(PHONE).go(&format!("{}{link}", house.client.url()));
    assert!(!at_home.text().contains("operation") && !at_home.title().contains("operation"));
    at_home.find("#code").keys(&code.to_lowercase().replace('-', " "));
    assert_eq!(at_home.find("#code").value(), code, "hyphens come by themselves");
    at_home.follow("#entry > button");
    assert_eq!(at_home.find("h1").text(), "Your plan after the operation");
    assert_eq!(at_home.find("td:last-child").text(), "10");
    at_home.shoot("journey/4-read");
    let printed = Pdf::of(&at_home.print()).unwrap().text();
    for part in ["Praxis am See", "Your plan after the operation", "Monday", "SHA-256"] {
        assert!(printed.contains(part), "{part} in {printed}");
    }
    assert!(!printed.contains("Ich bin fertig"), "buttons are not printed: {printed}");

    at_desk.wait_for("Opened");
    at_desk.shoot("journey/5-opened");
    at_home.follow("header form > button");
    at_home.wait_for("geschlossen");
    at_home.back();
    assert!(!at_home.text().contains("Bend and stretch"), "{}", at_home.text());
}

#[test]
fn everything_can_be_done_with_the_keyboard_alone() {
    let house = House::start();
    let (code, _) = house.delivered("sms");
    let browser = Browser::start("en");
    browser.go(&house.client.url());
    // The field has the focus, so somebody may type at once.
    browser.press(&code).press(ENTER);
    browser.wait_for("Send the number").press(ENTER);
    browser.wait_for("Number");
    assert_eq!(browser.focused().attribute("id").as_deref(), Some("otp"));
    browser.press(&house.number()).press(ENTER);
    browser.wait_for("Bend and stretch");
    assert_eq!(browser.focused().tag(), "h1", "what is new is read first");
    // Backwards to the button at the top of the page.
    let back = "\u{e008}\u{e004}\u{e000}";
    for _ in 0..6 {
        if browser.focused().text() == "I am finished" {
            break;
        }
        browser.press(back);
    }
    browser.press(ENTER);
    browser.wait_for("The document is closed");
    browser.go(&house.client.url()).press(TAB);
    for _ in 0..20 {
        let shown = "getComputedStyle(document.activeElement).outlineStyle !== 'none'";
        assert_eq!(browser.eval(shown), true, "the focus is seen on {}", browser.focused().tag());
        if browser.press(TAB).focused().tag() == "body" {
            return;
        }
    }
}
