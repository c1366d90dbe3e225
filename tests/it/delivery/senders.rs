//! What recipients see of a practice gets to the client role, whatever happens on the way.

use std::sync::Arc;

use oc::roles::provider::jobs::deliver::run_due;
use serde_json::{Value, json};

use super::{PATIENCE, Way, callers, text};
use crate::provider::make_due;
use crate::provider::senders::{LOGO, practice};
use crate::support::http::Call;
use crate::support::receiver::{Behaviour, Gate};
use crate::support::waiting::until_async;

impl Way {
    async fn introduce(&self, name: &str) {
        self.provider.introduce(&json!({ "name": name })).await.expect(200);
    }

    /// The first page of the practice.
    async fn front(&self) -> String {
        self.client.call(Call::get("/p/default")).await.text()
    }

    async fn progress(&self) -> String {
        text(&self.provider.call(Call::get("/api/sender")).await.expect(200)["delivery"])
    }
}

#[actix_web::test]
async fn what_a_practice_says_is_shown_once_the_client_role_is_back() {
    let way = Way::new().await;
    way.close();
    way.provider.introduce(&practice()).await.expect(200);
    for _ in 0..3 {
        assert_eq!(way.catch_up_once().await, 1);
    }
    assert!(!way.front().await.contains("Praxis am See"));
    assert_eq!(way.progress().await, "queued");
    // A document that goes out meanwhile waits for nothing.
    way.open();
    let (_, code) = way.delivered("Exercises").await;
    let page = way.client.type_in(&code).await.text();
    assert!(page.contains("Exercises") && !page.contains("Praxis am See"), "{page}");
    way.settle_all().await;
    assert_eq!(way.progress().await, "delivered");
    for page in [way.front().await, way.client.type_in(&code).await.text()] {
        for part in ["Praxis am See", "/assets/brand.7a0019.css", "/p/default/logo/", "044 123 45 67"] {
            assert!(page.contains(part), "{part} in {page}");
        }
        assert!(!page.contains("Seestrasse"), "the address is for letters");
    }
}

#[actix_web::test]
async fn of_several_sayings_the_newest_is_shown_and_only_that_one_goes_out() {
    let way = Way::new().await;
    way.close();
    for name in ["One", "Two", "Three"] {
        way.introduce(name).await;
    }
    way.open();
    assert_eq!(way.catch_up().await, 1);
    assert!(way.front().await.contains("Three"));
    assert_eq!(way.receiver.every_call().iter().filter(|call| call.path.ends_with("/v1/sender")).count(), 1);
}

#[actix_web::test]
async fn a_saying_that_arrives_late_overwrites_nothing() {
    let way = Way::new().await;
    let gate = Arc::new(Gate::default());
    way.receiver.behave(Behaviour::ForwardThrough(Arc::clone(&gate), way.served.address));
    way.introduce("Older").await;
    make_due(&way.provider);
    let state = way.provider.state.clone();
    let late = actix_web::rt::spawn(async move { run_due(&state).await.unwrap() });
    callers(&way.receiver, 1).await;
    // The call is under way, and its machine stands still until the lease is over.
    way.open();
    way.introduce("Newer").await;
    way.end_leases();
    let other = way.another(&[]).await;
    while !way.front().await.contains("Newer") {
        make_due(&way.provider);
        run_due(&other.state).await.unwrap();
    }
    gate.open();
    late.await.unwrap();
    let arrived = || (way.receiver.callers() == 0).then_some(());
    until_async("the older one", PATIENCE, arrived).await;
    assert!(way.front().await.contains("Newer"), "the older one has arrived, and changed nothing");
}

#[actix_web::test]
async fn a_lost_answer_changes_nothing() {
    let way = Way::new().await;
    way.receiver.behave(Behaviour::ForwardAndClose(way.served.address));
    way.introduce("Praxis").await;
    way.catch_up_once().await;
    assert!(way.front().await.contains("Praxis"));
    assert_eq!(way.progress().await, "queued");
    let before = way.client.database.text("SELECT sequence::text AS text FROM senders");
    way.open();
    way.settle_all().await;
    assert_eq!(way.progress().await, "delivered");
    assert_eq!(way.client.database.text("SELECT sequence::text AS text FROM senders"), before);
    let told = "SELECT target AS text FROM audit_pending WHERE action = 'sender.received' \
                UNION ALL SELECT target FROM audit_log WHERE action = 'sender.received'";
    assert_eq!(way.client.database.texts(told), ["-"]);
}

#[actix_web::test]
async fn what_was_given_up_is_started_again_or_said_again() {
    let way = Way::new().await;
    way.receiver.behave(Behaviour::refuse(422));
    way.introduce("One").await;
    way.catch_up_once().await;
    assert_eq!(way.progress().await, "failed");
    let failed = way.provider.messages().await[0].clone();
    way.open();
    way.provider.retry(&failed).await.expect(202);
    way.settle_all().await;
    assert!(way.front().await.contains("One"));
    assert_eq!(way.provider.database.count("document_events"), 0, "it is about no document");
    way.receiver.behave(Behaviour::refuse(422));
    way.introduce("Two").await;
    way.catch_up_once().await;
    way.open();
    way.introduce("Two").await;
    way.settle_all().await;
    assert_eq!(way.progress().await, "delivered");
    assert!(way.front().await.contains("Two"));
}

#[actix_web::test]
async fn an_older_saying_that_fails_while_a_newer_one_waits_is_forgotten_with_it() {
    let way = Way::new().await;
    way.close();
    way.introduce("Older").await;
    let database = &way.provider.database;
    database.execute("UPDATE outbox SET state = 'leased', leased_until = now() + interval '1 hour'");
    way.introduce("Newer").await;
    database.execute(
        "UPDATE outbox SET state = 'failed', leased_until = NULL, settled_at = now() WHERE state = 'leased'",
    );
    assert_eq!(way.progress().await, "queued");
    way.open();
    way.settle_all().await;
    assert!(way.front().await.contains("Newer"));
    assert_eq!(way.progress().await, "delivered");
}

#[actix_web::test]
async fn a_kind_of_message_that_only_a_newer_version_knows_waits_for_it() {
    let way = Way::new().await;
    way.introduce("Praxis").await;
    let database = &way.provider.database;
    database.execute("UPDATE outbox SET topic = 'sender.of_tomorrow'");
    assert_eq!(way.catch_up_once().await, 1);
    assert_eq!(way.receiver.every_call().len(), 0, "nothing is guessed");
    assert_eq!(way.progress().await, "queued");
    let message = way.provider.message(&way.provider.messages().await[0]).await;
    assert!(message.to_string().contains("a newer one delivers them"), "{message}");
    database.execute("UPDATE outbox SET topic = 'sender.present'");
    way.settle_all().await;
    assert_eq!(way.progress().await, "delivered");
}

#[actix_web::test]
async fn an_answer_that_is_not_the_client_roles_is_not_believed() {
    let way = Way::new().await;
    way.receiver.behave(Behaviour::Answer(200, "{}".to_owned()));
    way.introduce("Praxis").await;
    way.catch_up_once().await;
    assert_eq!(way.progress().await, "queued");
}

#[actix_web::test]
async fn a_practice_that_begins_anew_is_newer_than_what_the_client_role_knows() {
    let way = Way::new().await;
    for name in ["One", "Two", "Three"] {
        way.introduce(name).await;
        way.settle_all().await;
    }
    // As after a deletion at the provider role alone, or a restored backup of its first days.
    way.provider.database.execute("DELETE FROM senders");
    way.introduce("Four").await;
    way.settle_all().await;
    assert!(way.front().await.contains("Four"));
}

#[actix_web::test]
async fn each_tenant_is_shown_as_itself() {
    let way = Way::new().await;
    way.introduce("Practice of default").await;
    let north = Call::put("/api/sender", &json!({"name": "Practice of north", "logo": LOGO})).tenant("north");
    way.provider.call(north).await.expect(200);
    way.settle_all().await;
    let page = async |tenant: &str| way.client.call(Call::get(format!("/p/{tenant}"))).await.text();
    assert!(page("north").await.contains("Practice of north"));
    assert!(page("default").await.contains("Practice of default") && !page("default").await.contains("logo"));
    let client: Value = way.client.deliver(&json!({"title": "T", "content": "C"})).await.expect(201);
    let opened = way.client.type_in(&text(&client["accessCode"])).await.text();
    assert!(opened.contains("Practice of default") && !opened.contains("north"), "{opened}");
}
