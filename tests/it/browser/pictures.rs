//! Pictures that are part of a text.

use super::{House, assert_accessible};
use crate::support::browser::{Browser, PATIENCE, PHONE};
use crate::support::http::Call;
use crate::support::waiting::until;

/// A picture of 1280 by 700 pixels, and a file that is none.
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/client.png");
const NO_PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/LICENSE");

fn content(house: &House, id: &str) -> String {
    super::word(&house.provider.call(&Call::get(format!("/api/documents/{id}"))).expect(200)["content"])
}

/// Chooses a file in the dialogue that the button opens.
fn choose(browser: &Browser, file: &str) {
    browser.find(".pictures input").keys(file);
}

fn says(browser: &Browser, words: &str) {
    let said = || browser.find(".pictures [role=status]").text().contains(words).then_some(());
    until(words, PATIENCE, said);
}

#[test]
fn a_picture_is_inserted_described_and_seen_by_the_client_on_screen_and_on_paper() {
    let house = House::start();
    let browser = Browser::start("en");
    let id = house.draft("Exercises");
    browser.go(&house.desk(&format!("/documents/{id}/edit")));
    let text = browser.find("textarea#content");
    text.clear();
    text.keys("Bend the knee so:  and stretch it.");
    // The caret stands where the picture belongs.
    browser.eval("document.getElementById('content').setSelectionRange(18, 18)");
    assert!(browser.find(".pictures button").is_shown());
    choose(&browser, PICTURE);
    says(&browser, "is inserted");
    assert_eq!(browser.focused().attribute("id").as_deref(), Some("content"));
    // What stands in its place is written over by whoever describes it.
    browser.press("A bent knee");
    until("the picture in the preview", PATIENCE, || browser.look_for("#preview img[alt='A bent knee']"));
    until("the text to be saved", PATIENCE, || content(&house, &id).contains("A bent knee").then_some(()));
    let stored = content(&house, &id);
    let (before, data) = stored.split_once("\n\n[p1]: data:image/").unwrap();
    assert_eq!(before, "Bend the knee so: ![A bent knee][p1] and stretch it.");
    assert!(data.len() < 200_000, "{}", data.len());
    assert_eq!(text.value(), before, "the data is nothing that anybody reads");
    browser.reload();
    assert_eq!(browser.find("textarea#content").value(), before, "nor when the text is opened again");
    choose(&browser, PICTURE);
    until("a second picture", PATIENCE, || content(&house, &id).contains("[p2]: data:").then_some(()));
    assert_accessible(&browser, "workspace/en-picture");

    let code = house.send(&id);
    let reader = Browser::start("de");
    reader.resize(PHONE).go(&house.client.url());
    reader.find("#code").keys(&code);
    reader.follow("#entry > button");
    let picture = "document.querySelector(\"article img[alt='A bent knee']\")";
    let shown = format!("{picture}.decode().then(() => {picture}.naturalWidth / {picture}.naturalHeight)");
    let shape = reader.eval(&shown).as_f64().unwrap();
    assert!((shape - 1280.0 / 700.0).abs() < 0.05, "{shape}");
    let printed = reader.print();
    let is_picture = |part: &[u8]| part.starts_with(b"/Subtype /Image");
    assert!(printed.windows(15).any(is_picture), "the picture is on paper, too");
    assert_accessible(&reader, "client/de-picture");
}

#[test]
fn a_file_that_is_no_picture_and_a_picture_without_room_are_told_and_change_nothing() {
    let house = House::start();
    let browser = Browser::start("en");
    let id = house.draft("Exercises");
    browser.go(&house.desk(&format!("/documents/{id}/edit")));
    let before = browser.find("textarea#content").value();
    choose(&browser, NO_PICTURE);
    says(&browser, "not a picture");
    assert_eq!(browser.find("textarea#content").value(), before);
    // There is room for a few signs, and not for what a picture needs at least.
    browser.eval("document.querySelector('.pictures').dataset.room = 1500");
    choose(&browser, PICTURE);
    says(&browser, "no room");
    assert_eq!(browser.find("textarea#content").value(), before);
}
