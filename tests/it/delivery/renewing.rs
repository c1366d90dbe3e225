//! Access that changes: another text, another code, another end.

use oc::roles::client::jobs::housekeeping;
use serde_json::{Value, json};

use super::{Way, promised, text};
use crate::support::http::Call;

fn millis(value: &Value) -> i64 {
    text(value).parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

impl Way {
    /// The document's access ends so many seconds from now, and both roles say so.
    async fn assert_life(&self, id: &str, code: &str, seconds: i64) {
        let at_provider = self.provider.document(id).await["expiresAt"].clone();
        let at_client = self.client.open(code).await.expect(200)["meta"]["expiresAt"].clone();
        assert_eq!(at_provider, at_client);
        let left = (millis(&at_client) - jiff::Timestamp::now().as_millisecond()) / 1_000;
        assert!((seconds - 20..=seconds).contains(&left), "{left}");
    }
}

#[actix_web::test]
async fn a_new_version_appears_under_the_same_code() {
    let way = Way::new().await;
    let (id, code) = way.delivered("First").await;
    way.provider.update(&id, &json!({"title": "Second"})).await.expect(200);
    way.read(&code, "First").await;
    assert_eq!(way.sent(&id).await, code);
    way.read(&code, "Second").await;
    way.close();
    for title in ["Third", "Fourth", "Fifth"] {
        way.provider.update(&id, &json!({ "title": title })).await.expect(200);
        assert_eq!(promised(&way.provider.send(&id).await), code);
    }
    way.read(&code, "Second").await;
    way.open();
    assert_eq!(way.catch_up().await, 1, "only the newest one goes out");
    way.read(&code, "Fifth").await;
    assert_eq!(way.client.database.count("access_codes"), 1);
}

#[actix_web::test]
async fn a_reissued_document_opens_with_the_new_code_only() {
    for size in ["0", "8"] {
        let way = Way::with(&[("CODE_RESERVE_SIZE", size)]).await;
        let (id, old) = way.delivered("T").await;
        way.provider.expire_in(&id, 3_600).await.expect(200);
        oc::roles::provider::jobs::refill::run(&way.provider.state).await.unwrap();
        let link = way.provider.document(&id).await["link"].clone();
        let answer = way.provider.reissue(&id).await.expect(200);
        let new = text(&answer["accessCode"]);
        assert_ne!(new, old);
        assert_ne!(answer["link"], link, "the old link goes with the old code");
        assert_eq!((&answer["documentId"], &answer["state"]), (&json!(id), &json!("delivered")));
        assert!(text(&answer["link"]).contains("/d/"));
        way.client.open(&old).await.refused(410, "ACCESS_CODE_REVOKED");
        way.read(&new, "T").await;
        way.assert_life(&id, &new, 30 * 86_400).await;
        let same = "SELECT count(DISTINCT coalesce(dead_at, d.updated_at))::text AS text FROM access_codes c \
                    JOIN documents d ON d.id = c.document_id WHERE c.dead_at IS NOT NULL";
        assert_eq!(way.client.database.text(same), "1");
        assert_eq!(way.provider.document(&id).await["accessCode"], json!(new));
    }
}

#[actix_web::test]
async fn the_old_code_dies_in_the_transaction_that_makes_the_new_one() {
    let way = Way::with(&[("CODE_RESERVE_SIZE", "0")]).await;
    let (id, old) = way.delivered("T").await;
    let refuse = "ALTER TABLE receipts ADD CONSTRAINT full_up CHECK (kind <> 'reissued') NOT VALID";
    way.client.database.execute(refuse);
    way.provider.reissue(&id).await.expect(202);
    way.read(&old, "T").await;
    assert_eq!(way.client.database.count("access_codes"), 1);
    way.client.database.execute("ALTER TABLE receipts DROP CONSTRAINT full_up");
    way.catch_up().await;
    way.client.open(&old).await.refused(410, "ACCESS_CODE_REVOKED");
    let moments = "SELECT count(DISTINCT coalesce(dead_at, created_at))::text AS text FROM access_codes";
    assert_eq!(way.client.database.text(moments), "1");
    way.read(&text(&way.provider.document(&id).await["accessCode"]), "T").await;
}

#[actix_web::test]
async fn the_end_of_access_can_be_moved_both_ways() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    for seconds in [60, 7_776_000, 3_600] {
        let answer = way.provider.expire_in(&id, seconds).await;
        assert_eq!(answer.expect(200)["delivery"]["state"], "delivered");
        way.assert_life(&id, &code, seconds).await;
    }
    assert_eq!(way.provider.document(&id).await["accessCode"], json!(code));
}

#[actix_web::test]
async fn an_edit_that_was_not_sent_is_not_published_by_another_operation() {
    let way = Way::new().await;
    let (id, _) = way.delivered("Published").await;
    way.provider.update(&id, &json!({"title": "Not yet"})).await.expect(200);
    let code = text(&way.provider.reissue(&id).await.expect(200)["accessCode"]);
    way.read(&code, "Published").await;
    way.provider.expire_in(&id, 3_600).await.expect(200);
    way.read(&code, "Published").await;
    way.provider.send(&id).await.expect(200);
    way.read(&code, "Not yet").await;
}

#[actix_web::test]
async fn what_is_asked_for_while_the_client_role_is_away_is_carried_out_in_order() {
    let way = Way::with(&[("CODE_RESERVE_SIZE", "8")]).await;
    way.fill_reserve().await;
    let (id, old) = way.delivered("Old").await;
    way.close();
    way.provider.expire_in(&id, 3_600).await.expect(202);
    let code = promised(&way.provider.reissue(&id).await);
    way.provider.update(&id, &json!({"title": "New"})).await.expect(200);
    assert_eq!(promised(&way.provider.send(&id).await), code);
    way.provider.expire_in(&id, 7_200).await.expect(202);
    way.read(&old, "Old").await;
    way.client.open(&code).await.refused(409, "DOCUMENT_ON_ITS_WAY");
    way.open();
    way.catch_up().await;
    way.read(&code, "New").await;
    way.client.open(&old).await.refused(410, "ACCESS_CODE_REVOKED");
    way.assert_life(&id, &code, 7_200).await;
    assert_eq!(way.state_of(&id).await, "delivered");
    let open = "outbox WHERE state NOT IN ('delivered', 'superseded')";
    assert_eq!(way.provider.database.count(open), 0);
}

#[actix_web::test]
async fn a_new_code_of_an_empty_reserve_comes_with_its_delivery() {
    let way = Way::with(&[("CODE_RESERVE_SIZE", "0")]).await;
    let (id, old) = way.delivered("T").await;
    way.close();
    let answer = way.provider.reissue(&id).await.expect(202);
    assert_eq!((&answer["accessCode"], &answer["link"]), (&Value::Null, &Value::Null));
    way.provider.expire_in(&id, 3_600).await.expect(202);
    way.open();
    way.catch_up().await;
    let document = way.provider.document(&id).await;
    let new = text(&document["accessCode"]);
    assert_ne!(new, old);
    way.read(&new, "T").await;
    assert!(text(&document["link"]).contains("/d/"));
    way.client.open(&old).await.refused(410, "ACCESS_CODE_REVOKED");
}

#[actix_web::test]
async fn what_has_expired_is_sent_again_under_the_same_code() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    way.let_expire().await;
    way.client.open(&code).await.refused(410, "ACCESS_CODE_EXPIRED");
    way.fetch_receipts(2).await;
    assert_eq!(way.state_of(&id).await, "expired");
    for refused in [way.provider.reissue(&id).await, way.provider.expire_in(&id, 3_600).await] {
        refused.refused(400, "INVALID_DOCUMENT_STATE");
    }
    // Long after the text was removed.
    housekeeping::run(&way.client.state).await.unwrap();
    assert_eq!(way.client.database.count("documents WHERE content IS NULL"), 1);
    assert_eq!(way.sent(&id).await, code);
    way.read(&code, "T").await;
    assert_eq!(way.state_of(&id).await, "delivered");
}

#[actix_web::test]
async fn an_access_that_has_just_ended_can_be_extended() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    let sql = "UPDATE documents SET expires_at = now() - interval '1 second'";
    way.client.database.execute(sql);
    housekeeping::run(&way.client.state).await.unwrap();
    way.client.open(&code).await.refused(410, "ACCESS_CODE_EXPIRED");
    way.provider.expire_in(&id, 3_600).await.expect(200);
    way.read(&code, "T").await;
    // The receipt of the end comes after the extension and ends nothing.
    way.fetch_receipts(4).await;
    assert_eq!(way.state_of(&id).await, "delivered");
}

#[actix_web::test]
async fn the_history_tells_everything_in_its_order_and_page_by_page() {
    let way = Way::new().await;
    let (id, _) = way.delivered("T").await;
    way.provider.update(&id, &json!({"title": "U"})).await.expect(200);
    way.provider.send(&id).await.expect(200);
    way.provider.expire_in(&id, 3_600).await.expect(200);
    way.provider.reissue(&id).await.expect(200);
    way.provider.revoke(&id).await.expect(200);
    let expected: Vec<&str> =
        "created finalised sent delivered edited sent delivered expiry_changed delivered \
                               reissued delivered revoked delivered"
            .split_whitespace()
            .collect();
    assert_eq!(way.provider.history(&id).await, expected);
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/documents/{id}/events?limit=4{after}");
        let page = way.provider.call(Call::get(path)).await.expect(200);
        found.extend(page["items"].as_array().unwrap().clone());
        match page["nextAfter"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    let part = |name: &str| found.iter().map(|event| event[name].clone()).collect::<Vec<Value>>();
    assert_eq!(part("kind"), expected.iter().map(|kind| json!(kind)).collect::<Vec<_>>());
    assert!(part("at").windows(2).all(|pair| millis(&pair[0]) <= millis(&pair[1])), "{found:?}");
    let versions: Vec<i64> = part("version").iter().map(|version| version.as_i64().unwrap()).collect();
    assert_eq!(versions, [1, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3, 3]);
    let ids: std::collections::HashSet<String> = part("id").iter().map(text).collect();
    assert_eq!(ids.len(), expected.len());
}
