//! What happens at the client role is told to the provider role, once and completely.

use oc::roles::provider::jobs::receipts;
use serde_json::{Value, json};

use super::{PATIENCE, Way, text};
use crate::provider::id_of;
use crate::support::http::{Call, assert_timestamp};
use crate::support::receiver::Behaviour;
use crate::support::waiting::until_async;

impl Way {
    /// How often a kind stands in the history of a document.
    async fn told(&self, id: &str, kind: &str) -> usize {
        self.provider.history(id).await.iter().filter(|told| *told == kind).count()
    }

    /// Types a code that begins like this one and ends otherwise.
    async fn mistype(&self, code: &str) {
        let before = self.client.database.count("receipts WHERE kind = 'code_wrong'");
        self.client.open(&super::reserve::with_wrong_verifier(code)).await.refused(404, "NOT_FOUND");
        let counted =
            || (self.client.database.count("receipts WHERE kind = 'code_wrong'") > before).then_some(());
        until_async("the wrong code to be counted", PATIENCE, counted).await;
    }
}

#[actix_web::test]
async fn the_provider_learns_when_a_document_was_first_opened() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    way.fetch_receipts(1).await;
    assert_eq!(way.provider.document(&id).await["delivery"]["openedAt"], Value::Null);
    for _ in 0..3 {
        way.read(&code, "T").await;
    }
    way.fetch_receipts(1).await;
    let opened = way.provider.document(&id).await["delivery"]["openedAt"].clone();
    assert_timestamp(&opened);
    assert_eq!(way.told(&id, "opened").await, 1);
    way.provider.update(&id, &json!({"title": "U"})).await.expect(200);
    way.provider.send(&id).await.expect(200);
    way.read(&code, "U").await;
    way.fetch_receipts(2).await;
    assert_eq!(way.told(&id, "opened").await, 2, "each version is opened for itself");
    assert_eq!(way.provider.document(&id).await["delivery"]["openedAt"], opened);
    assert_eq!(way.told(&id, "delivered").await, 2, "what the provider knows itself is not told twice");
}

#[actix_web::test]
async fn wrong_codes_and_the_end_of_access_are_told_once() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    way.mistype(&code).await;
    way.mistype(&code).await;
    for _ in 0..3 {
        way.let_expire().await;
    }
    way.fetch_receipts(4).await;
    assert_eq!((way.told(&id, "code_wrong").await, way.told(&id, "expired").await), (2, 1));
    assert_eq!(way.state_of(&id).await, "expired");
    assert_eq!(receipts::run(&way.provider.state).await.unwrap(), 0);
}

#[actix_web::test]
async fn a_page_whose_answer_is_lost_is_fetched_again_and_taken_over_once() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    way.read(&code, "T").await;
    way.receiver.behave(Behaviour::ForwardAndClose(way.served.address));
    for _ in 0..3 {
        assert_eq!(receipts::run(&way.provider.state).await.unwrap(), 0);
    }
    way.open();
    way.fetch_receipts(2).await;
    assert_eq!(way.told(&id, "opened").await, 1);
    // As if the process had died between taking a page over and moving on.
    way.provider.database.execute("UPDATE client_accounts SET receipts_cursor = NULL");
    way.fetch_receipts(2).await;
    assert_eq!(way.told(&id, "opened").await, 1);
}

#[actix_web::test]
async fn receipts_and_cursor_are_written_together_or_not_at_all() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    way.read(&code, "T").await;
    let full = "ALTER TABLE document_events ADD CONSTRAINT full_up CHECK (kind <> 'opened') NOT VALID";
    way.provider.database.execute(full);
    let tried = async || receipts::run(&way.provider.state).await.is_err();
    let started = std::time::Instant::now();
    while !tried().await {
        assert!(started.elapsed() < PATIENCE);
        way.provider.database.execute("UPDATE client_accounts SET receipts_cursor = NULL");
    }
    let document = way.provider.document(&id).await;
    assert_eq!(document["delivery"]["openedAt"], Value::Null);
    way.provider.database.execute("ALTER TABLE document_events DROP CONSTRAINT full_up");
    receipts::run(&way.provider.state).await.unwrap();
    assert_eq!(way.told(&id, "opened").await, 1);
}

#[actix_web::test]
async fn a_provider_that_was_away_for_long_misses_nothing() {
    let way = Way::new().await;
    let (id, _) = way.delivered("T").await;
    way.client.database.execute(&format!(
        "INSERT INTO receipts (tenant_id, document_id, kind, version, at) \
         SELECT 'default', '{id}', 'code_wrong', i, now() FROM generate_series(1, 1300) i"
    ));
    way.fetch_receipts(1_301).await;
    let versions = "SELECT string_agg(version::text, ' ' ORDER BY position) AS text FROM document_events WHERE kind = 'code_wrong'";
    let expected: Vec<String> = (1..=1_300).map(|i| i.to_string()).collect();
    assert_eq!(way.provider.database.text(versions), expected.join(" "));
}

#[actix_web::test]
async fn two_processes_that_fetch_at_once_take_each_receipt_over_once() {
    let way = Way::new().await;
    let (id, _) = way.delivered("T").await;
    let other = way.another(&[]).await;
    way.client.database.execute(&format!(
        "INSERT INTO receipts (tenant_id, document_id, kind, version, at) \
         SELECT 'default', '{id}', 'code_wrong', i, now() FROM generate_series(1, 1300) i"
    ));
    let mut fetched = 0;
    let started = std::time::Instant::now();
    while fetched < 1_301 {
        assert!(started.elapsed() < PATIENCE, "{fetched}");
        let (one, two) =
            futures_util::future::join(receipts::run(&way.provider.state), receipts::run(&other.state)).await;
        // On a slow machine the one waits too long for the other, and tries again.
        fetched += one.unwrap_or_default() + two.unwrap_or_default();
    }
    assert_eq!(fetched, 1_301);
    assert_eq!(way.provider.database.count("document_events WHERE kind = 'code_wrong'"), 1_300);
}

#[actix_web::test]
async fn each_tenant_gets_its_own_receipts() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    let south = |call: Call| way.provider.call(call.tenant("south"));
    let new = json!({"title": "S", "content": "C"});
    let other = id_of(&south(Call::post("/api/documents", &new)).await.expect(201));
    south(Call::put(format!("/api/documents/{other}"), &json!({"status": "final"}))).await.expect(200);
    let sent = south(Call::post("/api/send", &json!({ "documentId": other }))).await.expect(200);
    way.read(&code, "T").await;
    way.read(&text(&sent["accessCode"]), "S").await;
    way.fetch_receipts(4).await;
    let rows = "SELECT tenant_id || ' ' || document_id AS text FROM document_events WHERE kind = 'opened' ORDER BY 1";
    assert_eq!(way.provider.database.texts(rows), [format!("default {id}"), format!("south {other}")]);
}

#[actix_web::test]
async fn a_cursor_of_another_database_begins_anew_and_repeats_nothing() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    way.read(&code, "T").await;
    way.fetch_receipts(2).await;
    // As if the client role had been restored into a new server, whose transactions begin anew.
    way.provider.database.execute("UPDATE client_accounts SET receipts_cursor = '99999999999-1'");
    way.mistype(&code).await;
    way.fetch_receipts(3).await;
    assert_eq!((way.told(&id, "opened").await, way.told(&id, "code_wrong").await), (1, 1));
}

#[actix_web::test]
async fn a_kind_of_a_newer_client_role_is_passed_over() {
    let way = Way::new().await;
    let (id, _) = way.delivered("T").await;
    way.client.database.execute(&format!(
        "INSERT INTO receipts (tenant_id, document_id, kind, at) VALUES ('default', '{id}', 'framed', now()), ('default', '{id}', 'opened', now())"
    ));
    way.fetch_receipts(3).await;
    assert_eq!((way.told(&id, "framed").await, way.told(&id, "opened").await), (0, 1));
}

#[actix_web::test]
async fn a_deleted_document_still_gets_its_receipts() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    way.read(&code, "T").await;
    way.provider.delete(&id).await;
    way.fetch_receipts(3).await;
    assert_eq!(way.told(&id, "opened").await, 1);
}
