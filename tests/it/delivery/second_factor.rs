//! A provider asks for a second factor: from the document to the number and back.

use serde_json::{Value, json};

use super::Way;
use crate::provider::id_of;
use crate::support::http::{Answer, Call};
use crate::support::receiver::{Behaviour, Receiver};

const TOKEN: (&str, &str) = ("SMS_GATEWAY_TOKEN", "a-token-of-the-gateway");

/// A way whose client role can send SMS.
async fn with_sms() -> (Way, Receiver) {
    let sms = Receiver::start(Behaviour::Answer(200, "{}".to_owned()));
    let url = format!("http://{}/sms", sms.address());
    (Way::with_client(&[("SMS_GATEWAY_URL", &url), TOKEN]).await, sms)
}

impl Way {
    async fn written_for(&self, second_factor: &str) -> String {
        let body = json!({"title": "Plan", "content": "Text.", "recipient": {"phone": "+41 79 123 45 67"},
            "protection": {"secondFactor": second_factor}});
        let id = id_of(&self.provider.create(&body).await.expect(201));
        self.provider.update(&id, &json!({"status": "final"})).await.expect(200);
        id
    }

    async fn public(&self, what: &str, body: Value) -> Answer {
        self.client.call(Call::post(format!("/api/public/{what}"), &body)).await
    }

    /// A session of somebody with the code in which a number was sent.
    async fn asked(&self, code: &str) -> String {
        let asked = self.public("access", json!({ "accessCode": code })).await.refused(401, "OTP_REQUIRED");
        let session = super::text(&asked["details"]["session"]["token"]);
        self.public("otp", json!({ "session": session })).await.expect(202);
        session
    }
}

fn number(sms: &Receiver) -> String {
    let call = sms.every_call().pop().unwrap();
    let said: Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(said["to"], "+41791234567");
    said["text"].as_str().unwrap().split(' ').next().unwrap().to_owned()
}

#[actix_web::test]
async fn what_the_provider_asks_for_is_asked_of_whoever_has_the_code() {
    let (way, sms) = with_sms().await;
    let id = way.written_for("sms").await;
    assert_eq!(way.provider.document(&id).await["protection"], json!({"secondFactor": "sms"}));
    let code = way.sent(&id).await;
    way.client.open(&code).await.refused(401, "OTP_REQUIRED");
    let session = way.asked(&code).await;
    way.fetch_receipts(1).await;
    assert!(way.provider.document(&id).await["delivery"]["openedAt"].is_null());
    let opened = way.public("otp/verify", json!({"session": session, "otp": number(&sms)})).await;
    assert_eq!(opened.expect(200)["title"], "Plan");
    way.fetch_receipts(1).await;
    assert!(way.provider.document(&id).await["delivery"]["openedAt"].is_string());
}

#[actix_web::test]
async fn a_change_of_the_second_factor_travels_with_the_next_sending() {
    let (way, _sms) = with_sms().await;
    let id = way.written_for("none").await;
    let code = way.sent(&id).await;
    way.read(&code, "Plan").await;
    let change = json!({"protection": {"secondFactor": "sms"}});
    assert_eq!(way.provider.update(&id, &change).await.expect(200)["version"], 3);
    way.read(&code, "Plan").await;
    assert_eq!(way.sent(&id).await, code);
    way.client.open(&code).await.refused(401, "OTP_REQUIRED");
    // What is not named stays; null takes it away.
    way.provider.update(&id, &json!({"title": "Plan 2"})).await.expect(200);
    way.sent(&id).await;
    way.client.open(&code).await.refused(401, "OTP_REQUIRED");
    way.provider.update(&id, &json!({"protection": null})).await.expect(200);
    way.sent(&id).await;
    way.read(&code, "Plan 2").await;
}

#[actix_web::test]
async fn a_second_factor_needs_an_address_that_it_can_go_to() {
    let way = Way::new().await;
    let id = way.written_for("sms").await;
    for broken in [json!({"recipient": null}), json!({"recipient": {"phone": "079 123 45 67"}})] {
        way.provider.update(&id, &broken).await.names_fields(&["recipient.phone"]);
    }
    let other = json!({"protection": {"secondFactor": "email"}});
    way.provider.update(&id, &other).await.names_fields(&["recipient.email"]);
    assert_eq!(way.provider.document(&id).await["version"], 2);
    way.provider.update(&id, &json!({"recipient": null, "protection": null})).await.expect(200);
}

#[actix_web::test]
async fn a_client_role_that_can_not_send_numbers_refuses_the_document_by_name() {
    let way = Way::new().await;
    let id = way.written_for("sms").await;
    way.provider.send(&id).await.refused(502, "CLIENT_REFUSED");
    let delivery = way.provider.document(&id).await["delivery"].clone();
    assert_eq!(delivery["state"], "failed");
    let why = super::text(&delivery["lastError"]);
    assert_eq!(why, "The client role answered with status 400: it refuses protection.secondFactor");
    assert_eq!(way.client.database.count("documents"), 0);
    way.provider.update(&id, &json!({"protection": null})).await.expect(200);
    let code = way.sent(&id).await;
    way.read(&code, "Plan").await;
}

#[actix_web::test]
async fn the_provider_is_told_when_too_many_wrong_numbers_were_typed() {
    let (way, sms) = with_sms().await;
    let id = way.written_for("sms").await;
    let code = way.sent(&id).await;
    let session = way.asked(&code).await;
    let database = &way.client.database;
    database.execute("UPDATE otp_tallies SET wrong_total = 29");
    let wrong = format!("{:06}", (number(&sms).parse::<u32>().unwrap() + 1) % 1_000_000);
    way.public("otp/verify", json!({"session": session, "otp": wrong})).await.refused(401, "OTP_WRONG");
    way.public("otp/verify", json!({"session": session, "otp": wrong})).await.refused(403, "OTP_BLOCKED");
    way.fetch_receipts(2).await;
    assert!(way.provider.history(&id).await.contains(&"otp_blocked".to_owned()));
    let code = super::text(&way.provider.reissue(&id).await.expect(200)["accessCode"]);
    let session = way.asked(&code).await;
    way.public("otp/verify", json!({"session": session, "otp": number(&sms)})).await.expect(200);
}

#[actix_web::test]
async fn neither_numbers_nor_where_they_go_stand_in_the_database() {
    let (way, sms) = with_sms().await;
    let id = way.written_for("sms").await;
    let code = way.sent(&id).await;
    let session = way.asked(&code).await;
    let otp = number(&sms);
    super::dump::nothing_is_found(&way, &["+41 79 123 45 67", "+41791234567", &session].map(str::to_owned));
    // Six digits stand in many a moment and in many a hash by chance.
    let row = "to_jsonb(o) - ARRAY['sent_at', 'expires_at', 'otp_hash', 'session_id', 'code_id']";
    let rows = way.client.database.texts(&format!("SELECT ({row})::text AS text FROM otps o"));
    assert!(rows.len() == 1 && !rows[0].contains(&otp), "{rows:?}");
    let plain = ring::digest::digest(&ring::digest::SHA256, otp.as_bytes());
    let plain: String = plain.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert!(!way.client.database.dump().contains(&plain), "a plain hash of six digits hides nothing");
    way.public("otp/verify", json!({"session": session, "otp": otp})).await.expect(200);
    assert_eq!(way.client.database.count("otps"), 0, "what was used is gone");
}
