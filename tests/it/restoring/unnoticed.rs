//! A backup was put back and nobody has compared: what changes nothing at the client role
//! does not look delivered.

use oc::roles::provider::jobs::{housekeeping, refill};
use serde_json::json;

use super::put_back;
use crate::delivery::{Way, promised, text};
use crate::support::backup::Backup;

/// A provider role that has lost what came after the first sending.
async fn restored(title: &str, after: impl AsyncFn(&Way, &str)) -> (Way, String, String) {
    let way = Way::new().await;
    let (id, code) = way.delivered(title).await;
    let backup = Backup::of(way.provider.database.url());
    after(&way, &id).await;
    put_back(&way, &backup).await;
    (way, id, code)
}

async fn send_as(way: &Way, id: &str, title: &str) -> u16 {
    way.provider.update(id, &json!({ "title": title })).await.expect(200);
    way.provider.send(id).await.status
}

#[actix_web::test]
async fn a_newer_text_under_a_number_that_was_used_is_shown_as_failed_and_arrives_the_second_time() {
    for operations in [1, 3] {
        let (way, id, code) = restored("first", async |way, id| {
            for number in 0..operations {
                assert_eq!(send_as(way, id, &format!("lost {number}")).await, 200);
            }
        })
        .await;
        assert_eq!(send_as(&way, &id, "second").await, 502);
        let document = way.provider.document(&id).await;
        assert_eq!(document["delivery"]["state"], "failed", "{document}");
        assert!(text(&document["delivery"]["lastError"]).contains("oc reconcile"), "{document}");
        assert!(way.provider.history(&id).await.contains(&"failed".to_owned()));
        assert_eq!(way.sent(&id).await, code);
        way.read(&code, "second").await;
    }
}

#[actix_web::test]
async fn a_revocation_that_changes_nothing_is_not_shown_as_done() {
    let (way, id, code) = restored("T", async |way, id| {
        assert_eq!(send_as(way, id, "newer").await, 200);
    })
    .await;
    way.provider.revoke(&id).await;
    assert_eq!(way.state_of(&id).await, "failed");
    way.read(&code, "newer").await;
    way.provider.revoke(&id).await.expect(200);
    way.client.open(&code).await.refused(410, "ACCESS_CODE_REVOKED");
}

#[actix_web::test]
async fn what_is_asked_beside_the_code_is_not_shown_as_applied_where_it_was_not() {
    let way =
        Way::with_client(&[("SMS_GATEWAY_URL", "http://127.0.0.1:9/"), ("SMS_GATEWAY_TOKEN", "x")]).await;
    let id = way.provider.ready("T").await;
    let backup = Backup::of(way.provider.database.url());
    way.sent(&id).await;
    put_back(&way, &backup).await;
    let careful =
        json!({"recipient": {"name": "N", "phone": "+41791234567"}, "protection": {"secondFactor": "sms"}});
    way.provider.update(&id, &careful).await.expect(200);
    assert_eq!(way.provider.send(&id).await.status, 502);
    assert_eq!(way.state_of(&id).await, "failed", "nobody believes that a number is asked for");
}

#[actix_web::test]
async fn another_code_really_replaces_the_one_of_an_operation_that_was_lost() {
    let (way, id, _) = restored("T", async |way, id| {
        way.provider.reissue(id).await.expect(200);
    })
    .await;
    let lost = "SELECT 1 FROM access_codes WHERE dead_at IS NULL";
    assert_eq!(way.client.database.count(&format!("({lost}) AS living")), 1);
    way.provider.reissue(&id).await;
    way.settle_all().await;
    let known = text(&way.provider.document(&id).await["accessCode"]);
    if way.state_of(&id).await == "delivered" {
        way.read(&known, "T").await;
    }
    let newest = text(&way.provider.reissue(&id).await.expect(200)["accessCode"]);
    way.read(&newest, "T").await;
    assert_ne!(newest, known);
    way.client.open(&known).await.refused(410, "ACCESS_CODE_REVOKED");
}

#[actix_web::test]
async fn a_repetition_is_no_difference() {
    let way = Way::new().await;
    let delivery =
        json!({"id": "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d", "sequence": 2, "title": "T", "content": "C"});
    let other =
        json!({"id": "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d", "sequence": 2, "title": "U", "content": "C"});
    let older =
        json!({"id": "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d", "sequence": 1, "title": "T", "content": "C"});
    let with = |field: &str, value: serde_json::Value| {
        let mut body = delivery.clone();
        body[field] = value;
        body
    };
    let newer_code = with("generation", json!(2));
    let other_end = with("expiresAt", json!("2027-01-01T00:00:00Z"));
    for (body, expected) in [
        (&delivery, None),
        (&delivery, None),
        (&other, Some("2-1")),
        (&older, Some("2-1")),
        (&newer_code, Some("2-1")),
        (&other_end, Some("2-1")),
    ] {
        let answer = way.client.deliver(body).await;
        assert_eq!((answer.status, answer.header("X-Overtaken-By")), (201, expected), "{body}");
    }
}

#[actix_web::test]
async fn codes_that_a_backup_brought_back_are_promised_to_nobody() {
    let way = Way::with(&[("CODE_RESERVE_SIZE", "8")]).await;
    way.fill_reserve().await;
    let backup = Backup::of(way.provider.database.url());
    way.close();
    let code = promised(&way.provider.send(&way.provider.ready("of Anna").await).await);
    way.open();
    way.settle_all().await;
    way.read(&code, "of Anna").await;

    put_back(&way, &backup).await;
    way.close();
    let id = way.provider.ready("of Berta").await;
    let answer = way.provider.send(&id).await.expect(202);
    assert_eq!(answer["accessCode"], json!(null), "the code of Anna is among those that came back");
    way.open();
    way.settle_all().await;
    let own = text(&way.provider.document(&id).await["accessCode"]);
    way.read(&own, "of Berta").await;
    assert_eq!(refill::run(&way.provider.state).await.unwrap(), 8, "they do not count");
    housekeeping::run(&way.provider.state).await.unwrap();
    assert_eq!(way.provider.database.count("code_reserve"), 8);
    way.close();
    promised(&way.provider.send(&way.provider.ready("of Cora").await).await);
}
