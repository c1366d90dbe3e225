//! Another end of access.

use std::time::Duration;

use oc::domain::dates::iso_day;
use oc::platform::clock;

use super::{LANGUAGES, Provider, assert_says, form, hidden, led_to};
use crate::provider::send::{CODE, receipt, sending_to};
use crate::support::http::{Answer, Call};
use crate::support::receiver::{Behaviour, Receiver};

/// So many days from now, as the field holds it.
fn in_days(days: u64) -> String {
    iso_day(clock::now().plus(Duration::from_secs(days * 86_400)))
}

async fn sent(provider: &Provider) -> String {
    let id = provider.draft("Plan").await;
    led_to(&provider.step(&id, "send").await);
    id
}

/// Types a day and presses the button.
async fn end_with(provider: &Provider, id: &str, day: &str) -> Answer {
    let path = format!("/documents/{id}/expiry");
    let once = hidden(&provider.page(&path).await, "once");
    provider.call(form(path, &[("once", &once), ("day", day)])).await
}

#[actix_web::test]
async fn access_ends_with_the_day_that_was_chosen_under_the_same_code() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let id = sent(&provider).await;
    assert_says(&provider.call(Call::get(format!("/documents/{id}"))).await, 200, &["/expiry"]);
    let asked = provider.page(&format!("/documents/{id}/expiry")).await;
    let range = format!("value=\"{}\" min=\"{}\" max=\"{}\"", in_days(30), in_days(0), in_days(90));
    assert!(asked.contains(&range) && asked.contains("Until now"), "{range} in {asked}");
    let page = led_to(&end_with(&provider, &id, &in_days(7)).await);
    assert_eq!(page, format!("/documents/{id}?done=ending"));
    assert_says(&provider.call(Call::get(page)).await, 200, &["Access has another end now", CODE, "23:59"]);
    let document = provider.document(&id).await;
    let end = oc::domain::timestamp::Timestamp::parse(document["expiresAt"].as_str().unwrap()).unwrap();
    assert_eq!(iso_day(end), in_days(7));
    let history = provider.history(&id).await;
    assert_eq!(history, ["created", "finalised", "sent", "delivered", "expiry_changed", "delivered"]);
    let trail = "audit_pending WHERE action = 'document.expiry_changed'";
    assert_eq!(provider.database.count(trail), 1, "it stands in the audit trail, as with the API");
}

#[actix_web::test]
async fn a_button_that_is_pressed_twice_changes_the_end_once() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let id = sent(&provider).await;
    let path = format!("/documents/{id}/expiry");
    let once = hidden(&provider.page(&path).await, "once");
    for _ in 0..2 {
        let fields = [("once", once.as_str()), ("day", &in_days(7))];
        led_to(&provider.call(form(path.as_str(), &fields)).await);
    }
    assert_eq!(provider.history(&id).await.iter().filter(|kind| *kind == "expiry_changed").count(), 1);
}

#[actix_web::test]
async fn a_day_that_can_not_be_is_told_beside_the_field_in_every_language() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let id = sent(&provider).await;
    for day in ["", "soon", "2020-01-01", &in_days(91)] {
        let refused = end_with(&provider, &id, day).await;
        assert_says(&refused, 400, &["id=\"day-error\"", "aria-invalid=\"true\"", "role=\"alert\""]);
        assert!(refused.text().contains(&format!("value=\"{day}\"")), "what was typed stays");
    }
    assert_eq!(provider.history(&id).await, ["created", "finalised", "sent", "delivered"]);
    let mut said = Vec::new();
    for language in LANGUAGES {
        let page = provider.page(&format!("/documents/{id}/expiry?lang={language}")).await;
        said.push(page.split("<h1").nth(1).unwrap().split("</main>").next().unwrap().to_owned());
    }
    said.dedup();
    assert_eq!(said.len(), 4);
}

#[actix_web::test]
async fn only_an_access_that_is_there_gets_another_end() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let draft = provider.draft("Plan").await;
    let page = provider.page(&format!("/documents/{draft}")).await;
    assert!(!page.contains("/expiry"), "{page}");
    let path = format!("/documents/{draft}/expiry");
    assert_eq!(provider.call(Call::get(path)).await.status, 400);
    let id = sent(&provider).await;
    receiver.behave(Behaviour::Close);
    assert_eq!(led_to(&end_with(&provider, &id, &in_days(7)).await), format!("/documents/{id}?done=queued"));
    let page = provider.call(Call::get(format!("/documents/{id}"))).await;
    assert_says(&page, 200, &["The new end of access is waiting"]);
    receiver.behave(Behaviour::Answer(204, String::new()));
    led_to(&provider.step(&id, "revoke").await);
    assert_eq!(provider.call(Call::get(format!("/documents/{id}/expiry"))).await.status, 400);
    let others = Call::get(format!("/documents/{id}/expiry")).tenant("north");
    assert_says(&provider.call(others).await, 404, &["There is no such document"]);
}
