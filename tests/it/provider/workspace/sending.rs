//! Sending on pages, and what follows.

use super::{assert_says, form, hidden, led_to};
use crate::provider::send::{CODE, receipt, sending_to};
use crate::support::http::Call;
use crate::support::receiver::{Behaviour, Receiver};

#[actix_web::test]
async fn a_draft_is_sent_after_a_question_and_brings_code_and_link() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let id = provider.draft("Plan").await;
    let asked = provider.call(Call::get(format!("/documents/{id}/send"))).await;
    assert_says(&asked, 200, &["Send this document?", "Plan", "30 days"]);
    let page = led_to(&provider.step(&id, "send").await);
    assert_eq!(page, format!("/documents/{id}?done=sent"));
    let link = format!("https://c/view/{CODE}");
    assert_says(
        &provider.call(Call::get(page)).await,
        200,
        &[CODE, &link, "Delivered, not opened yet", "/letter.pdf"],
    );
    assert_eq!(provider.history(&id).await, ["created", "finalised", "sent", "delivered"]);
}

#[actix_web::test]
async fn a_button_that_is_pressed_twice_sends_once() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let id = provider.draft("Plan").await;
    let path = format!("/documents/{id}/send");
    let page = provider.page(&path).await;
    let (version, once) = (hidden(&page, "version"), hidden(&page, "once"));
    for _ in 0..2 {
        let sent = provider.call(form(path.as_str(), &[("version", &version), ("once", &once)])).await;
        assert_eq!(led_to(&sent), format!("/documents/{id}?done=sent"));
    }
    assert_eq!(provider.messages().await.len(), 1);
}

#[actix_web::test]
async fn what_was_changed_after_the_question_is_not_sent() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let id = provider.draft("Plan").await;
    let path = format!("/documents/{id}/send");
    let page = provider.page(&path).await;
    provider.call(super::typed(&id, 1, "Plan", "Changed.")).await;
    let fields = [("version", hidden(&page, "version")), ("once", hidden(&page, "once"))];
    let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_says(&provider.call(form(path, &fields)).await, 412, &["has changed meanwhile"]);
    assert_eq!(provider.messages().await.len(), 0);
}

#[actix_web::test]
async fn a_failure_shows_its_reason_and_a_button_that_tries_again() {
    let receiver = Receiver::start(Behaviour::refuse(422));
    let provider = sending_to(&receiver).await;
    let id = provider.draft("Plan").await;
    assert_eq!(led_to(&provider.step(&id, "send").await), format!("/documents/{id}?done=failed"));
    for path in ["/?show=failed".to_owned(), format!("/documents/{id}")] {
        let page = provider.call(Call::get(path)).await;
        assert_says(&page, 200, &["Delivery failed", "service refuses it", "status 422", "/retry"]);
    }
    receiver.behave(receipt());
    let tried = provider.call(form(format!("/documents/{id}/retry"), &[])).await;
    assert_eq!(led_to(&tried), format!("/documents/{id}?done=sent"));
    assert_eq!(provider.document(&id).await["delivery"]["state"], "delivered");
}

#[actix_web::test]
async fn while_the_client_role_is_away_it_waits_and_can_be_tried_at_once() {
    let receiver = Receiver::start(Behaviour::Close);
    let provider = sending_to(&receiver).await;
    let id = provider.draft("Plan").await;
    assert_eq!(led_to(&provider.step(&id, "send").await), format!("/documents/{id}?done=queued"));
    assert_says(
        &provider.call(Call::get("/")).await,
        200,
        &["Waiting to be delivered", "Try now", "data-live"],
    );
    receiver.behave(receipt());
    led_to(&provider.call(form(format!("/documents/{id}/retry"), &[])).await);
    assert_eq!(provider.document(&id).await["delivery"]["state"], "delivered");
}

#[actix_web::test]
async fn access_is_renewed_withdrawn_and_given_again() {
    let receiver = Receiver::start(receipt());
    let provider = sending_to(&receiver).await;
    let id = provider.draft("Plan").await;
    led_to(&provider.step(&id, "send").await);
    assert_eq!(led_to(&provider.step(&id, "reissue").await), format!("/documents/{id}?done=reissued"));
    receiver.behave(Behaviour::Answer(204, String::new()));
    assert_eq!(led_to(&provider.step(&id, "revoke").await), format!("/documents/{id}?done=revoked"));
    let page = provider.page(&format!("/documents/{id}")).await;
    assert!(
        page.contains("Withdrawn") && page.contains("Give access again") && !page.contains(CODE),
        "{page}"
    );
    receiver.behave(receipt());
    assert_eq!(led_to(&provider.step(&id, "send").await), format!("/documents/{id}?done=sent"));
    assert_eq!(led_to(&provider.step(&id, "delete").await), "/?done=deleted");
    provider.find(&id).await.refused(404, "NOT_FOUND");
}
