//! Sessions: what they are bound to, and what ends them.

use serde_json::json;

use super::{ACCESS, Desk, TITLE, document};
use crate::client::code_of;
use crate::support::NEW_KEY;
use crate::support::http::Call;

#[actix_web::test]
async fn another_session_can_not_use_the_number() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let (mine, otp) = desk.sent(&code).await;
    let other = desk.session(&code).await;
    desk.verify(&other, &otp).await.refused(410, "OTP_EXPIRED");
    let elsewhere = desk.session(&desk.code_for("sms").await).await;
    desk.verify(&elsewhere, &otp).await.refused(410, "OTP_EXPIRED");
    assert_eq!(desk.counted(), ("0".to_owned(), vec!["0".to_owned()]), "nothing was looked at");
    desk.verify(&mine, &otp).await.expect(200);
    desk.again(&other).await.refused(401, "OTP_REQUIRED");
    desk.again(&mine).await.refused(401, "OTP_REQUIRED");
}

#[actix_web::test]
async fn a_session_without_a_second_factor_opens_the_document_again_and_writes_nothing() {
    let desk = Desk::new().await;
    let code = desk.code_for("none").await;
    let opened = desk.access(&code).await.expect(200);
    let before = desk.client.database.dump();
    let again = desk.again(opened["session"]["token"].as_str().unwrap()).await.expect(200);
    assert_eq!((&again["title"], &again["meta"]), (&json!(TITLE), &opened["meta"]));
    desk.access(&code).await.expect(200);
    assert_eq!(desk.client.database.dump(), before);
    assert!(desk.client.open(&code).await.expect(200).get("session").is_none());
}

#[actix_web::test]
async fn a_session_ends_after_a_quarter_of_an_hour_of_rest_and_after_an_hour() {
    let desk = Desk::new().await;
    let code = desk.code_for("none").await;
    let token = desk.access(&code).await.expect(200)["session"]["token"].as_str().unwrap().to_owned();
    for (begun, seen) in [(15, 15), (60, 0), (600, 600)] {
        desk.again(&desk.older(&token, begun, seen)).await.refused(401, "SESSION_ENDED");
    }
    let renewed = desk.again(&desk.older(&token, 59, 14)).await.expect(200)["session"].clone();
    let still = desk.client.state.codes.read_session(renewed["token"].as_str().unwrap()).unwrap();
    assert!(
        still.ends_at() < still.seen.plus(std::time::Duration::from_secs(61)),
        "use does not make it longer"
    );
    let asking = desk.session(&desk.code_for("sms").await).await;
    desk.send(&desk.older(&asking, 15, 15)).await.refused(401, "SESSION_ENDED");
    assert!(desk.messages().is_empty());
}

#[actix_web::test]
async fn a_token_that_was_not_made_here_is_no_session() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let token = desk.session(&code).await;
    let other = super::Desk::with(&[("ACCESS_CODE_KEY", NEW_KEY)]).await;
    let foreign = other.session(&other.code_for("sms").await).await;
    let mut changed = token.clone().into_bytes();
    changed[10] = if changed[10] == b'A' { b'B' } else { b'A' };
    for token in ["x", &foreign, &String::from_utf8(changed).unwrap(), &token[..token.len() - 1]] {
        desk.again(token).await.refused(401, "SESSION_ENDED");
        desk.send(token).await.refused(401, "SESSION_ENDED");
        desk.verify(token, "123456").await.refused(401, "SESSION_ENDED");
    }
    assert!(desk.messages().is_empty());
}

#[actix_web::test]
async fn whatever_ends_the_access_ends_the_session_also_while_a_number_is_awaited() {
    let desk = Desk::new().await;
    let ends = [
        ("revoke", 410, "ACCESS_CODE_REVOKED"),
        ("reissue", 410, "ACCESS_CODE_REVOKED"),
        ("expire", 410, "ACCESS_CODE_EXPIRED"),
        ("purge", 401, "SESSION_ENDED"),
    ];
    for (end, status, code) in ends {
        let plain = desk.access(&code_of(&desk.client.deliver(&document("none")).await.expect(201))).await;
        let plain = plain.expect(200);
        let plain_id = plain["id"].as_str().unwrap().to_owned();
        let plain = plain["session"]["token"].as_str().unwrap();
        let body = document("sms");
        let receipt = desk.client.deliver(&body).await.expect(201);
        let (session, otp) = desk.sent(&code_of(&receipt)).await;
        for id in [body["id"].as_str().unwrap(), plain_id.as_str()] {
            let path = format!("/v1/documents/{id}");
            let access = |expires_at: &str, generation: i32| {
                let body = json!({"sequence": 2, "generation": generation, "expiresAt": expires_at});
                Call::put(format!("{path}/access"), &body)
            };
            match end {
                "revoke" => assert_eq!(desk.client.call(Call::delete(&path)).await.status, 204),
                "reissue" => drop(desk.client.call(access("2026-12-20T00:00:00Z", 2)).await.expect(200)),
                "expire" => drop(desk.client.call(access("2026-01-01T00:00:00Z", 1)).await.expect(200)),
                _ => desk.client.database.execute(&format!(
                    "DELETE FROM access_codes WHERE document_id = '{id}'; DELETE FROM documents WHERE id = '{id}'"
                )),
            }
        }
        desk.verify(&session, &otp).await.refused(status, code);
        desk.send(&session).await.refused(status, code);
        desk.again(plain).await.refused(status, code);
    }
    assert_eq!(desk.counted().0, "0");
}

#[actix_web::test]
async fn a_suspended_tenant_has_no_sessions() {
    let desk = Desk::with(&[("TENANT_CACHE_MS", "0")]).await;
    let code = desk.code_for("none").await;
    let opened = desk.access(&code).await.expect(200);
    desk.client.database.execute("UPDATE tenants SET state = 'suspended', suspended_at = now()");
    desk.again(opened["session"]["token"].as_str().unwrap()).await.refused(401, "SESSION_ENDED");
}

#[actix_web::test]
async fn a_session_is_of_one_tenant() {
    let desk = Desk::new().await;
    let deliver = |tenant: &str| Call::post("/v1/documents", &document("sms")).tenant(tenant);
    let north = code_of(&desk.client.call(deliver("north")).await.expect(201));
    let (session, otp) = desk.sent(&north).await;
    let call = Call::post(super::VERIFY, &json!({"session": session, "otp": otp})).tenant("south");
    assert_eq!(desk.client.call(call).await.expect(200)["title"], TITLE, "the header is not looked at");
    let moved = desk.client.state.codes.read_session(&session).unwrap();
    let moved =
        oc::domain::session::Session { tenant: oc::domain::ids::TenantId::parse("south").unwrap(), ..moved };
    let moved = desk.client.state.codes.session_token(&moved).unwrap();
    desk.again(&moved).await.refused(401, "SESSION_ENDED");
    desk.client.call(Call::post(ACCESS, &json!({"session": moved}))).await.refused(401, "SESSION_ENDED");
}
