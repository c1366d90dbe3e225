//! A number is sent where it belongs, and typed.

use serde_json::json;

use super::{ACCESS, Desk, MAIL, TITLE, VERIFY, document, other_than};
use crate::client::{Client, code_of, token_of};
use crate::support::http::{Call, assert_timestamp};
use crate::support::mail::Manner;
use crate::support::receiver::Behaviour;

#[actix_web::test]
async fn a_document_opens_with_its_code_and_the_number_that_was_sent_by_sms() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let by_path = desk.client.open(&code).await;
    assert!(by_path.refused(401, "OTP_REQUIRED").get("details").is_none(), "{}", by_path.text());
    let asked = desk.access(&code).await;
    let details = asked.refused(401, "OTP_REQUIRED")["details"].clone();
    assert_eq!((&details["channel"], &details["to"]), (&json!("sms"), &json!("••• •• 67")));
    assert_timestamp(&details["session"]["expiresAt"]);
    assert!(!asked.text().contains("secret") && !asked.text().contains("4567"), "{}", asked.text());
    assert_eq!((desk.receipts("opened"), desk.messages().len()), (0, 0), "nothing was opened or sent");
    let session = details["session"]["token"].as_str().unwrap();
    let sent = desk.send(session).await.expect(202);
    assert_eq!((&sent["channel"], &sent["to"]), (&json!("sms"), &json!("••• •• 67")));
    for moment in ["expiresAt", "resendAt"] {
        assert_timestamp(&sent[moment]);
    }
    assert_eq!(desk.receipts("opened"), 0);
    let otp = desk.number();
    let typed = format!(" {} {} ", &otp[..3], &otp[3..]);
    let opened = desk.verify(session, &typed).await.expect(200);
    assert_eq!((&opened["title"], &opened["content"]), (&json!(TITLE), &json!("Very secret text")));
    assert_eq!(desk.receipts("opened"), 1);
    let again = desk.again(opened["session"]["token"].as_str().unwrap()).await.expect(200);
    assert_eq!(again["title"], TITLE);
    assert_eq!(desk.receipts("opened"), 1);
}

#[actix_web::test]
async fn an_sms_says_the_number_and_nothing_else_to_nobody_else() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let session = desk.session(&code).await;
    // Whoever has the code can't name another address.
    let body = json!({"session": session, "to": "+41790000000", "channel": "email", "phone": "+41790000000"});
    desk.client.call(Call::post(super::SEND, &body)).await.expect(202);
    let calls = desk.sms.every_call();
    let header = |name: &str| calls[0].headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    assert_eq!((calls.len(), calls[0].method.as_str(), calls[0].path.as_str()), (1, "POST", "/sms"));
    assert_eq!(header("authorization").unwrap().1, "Bearer a-token-of-the-gateway");
    let message = &desk.messages()[0];
    let keys: Vec<_> = message.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "text", "to"]);
    assert_eq!(message["to"], "+41791234567");
    let (otp, text) = (desk.number(), message["text"].as_str().unwrap());
    assert_eq!(
        text,
        format!("{otp} ist Ihre Nummer. Sie gilt 5 Minuten. Sagen Sie sie niemandem.\n\n@localhost #{otp}")
    );
    assert!(desk.mail.mails().is_empty());
}

#[actix_web::test]
async fn a_mail_brings_the_number_to_the_address_of_the_recipient() {
    let desk = Desk::new().await;
    let code = desk.code_for("email").await;
    let session = desk.session(&code).await;
    assert_eq!(desk.send(&session).await.expect(202)["to"], "a•••@e•••.ch");
    let mails = desk.mail.mails();
    let mail = &mails[0];
    assert_eq!(
        (mails.len(), mail.from.as_str(), &mail.to[..]),
        (1, "no-reply@praxis.example", &[MAIL.to_owned()][..])
    );
    assert_eq!(mail.header("Subject"), Some("Ihre Nummer"));
    assert_eq!(mail.header("Auto-Submitted"), Some("auto-generated"));
    assert!(mail.header("From").unwrap().contains("Praxis Nord"), "{}", mail.data);
    assert!(
        mail.header("Message-ID").unwrap().ends_with("@praxis.example>") && mail.header("Date").is_some()
    );
    assert!(!mail.data.contains("secret") && !mail.data.contains("Muster"), "{}", mail.data);
    let body = mail.body();
    let otp = body.split(' ').next().unwrap();
    assert!(body.contains("ist Ihre Nummer. Sie gilt 5 Minuten."), "{body}");
    assert_eq!(desk.verify(&session, otp).await.expect(200)["title"], TITLE);
    assert!(desk.messages().is_empty());
}

#[actix_web::test]
async fn a_link_asks_for_the_number_too() {
    let desk = Desk::new().await;
    let receipt = desk.client.deliver(&document("sms")).await.expect(201);
    let asked = desk.client.open_by_link(&token_of(&receipt), &code_of(&receipt)).await;
    let asked = asked.refused(401, "OTP_REQUIRED");
    let session = asked["details"]["session"]["token"].as_str().unwrap();
    desk.send(session).await.expect(202);
    assert_eq!(desk.verify(session, &desk.number()).await.expect(200)["title"], TITLE);
}

#[actix_web::test]
async fn nobody_is_told_of_a_second_factor_whose_code_is_not_right() {
    let desk = Desk::new().await;
    let (asking, plain) = (desk.code_for("sms").await, desk.code_for("none").await);
    let wrong = |code: &str| crate::client::altered(code, 7);
    let (one, two) = (desk.access(&wrong(&asking)).await, desk.access(&wrong(&plain)).await);
    let constant = crate::client::uniform::constant_part;
    assert_eq!(constant(&one), constant(&two));
}

#[actix_web::test]
async fn a_delivery_that_asks_for_a_way_that_is_not_set_up_is_refused() {
    let client = Client::new().await;
    for factor in ["sms", "email"] {
        let refused = client.deliver(&document(factor)).await;
        refused.names_fields(&["protection.secondFactor"]);
        assert!(refused.text().contains("not set up"), "{}", refused.text());
        let id = document(factor)["id"].as_str().unwrap().to_owned();
        let mut body = document(factor);
        body["id"] = json!(id);
        client
            .call(Call::put(format!("/v1/documents/{id}"), &body))
            .await
            .names_fields(&["protection.secondFactor"]);
    }
    assert_eq!(client.database.count("documents"), 0);
    client.deliver(&document("none")).await.expect(201);
}

#[actix_web::test]
async fn a_delivery_without_the_address_that_it_needs_is_refused() {
    let desk = Desk::new().await;
    for (factor, recipient, field) in [
        ("sms", json!({"email": MAIL}), "recipient.phone"),
        ("sms", json!({"phone": "079 123 45 67"}), "recipient.phone"),
        ("sms", json!(null), "recipient.phone"),
        ("email", json!({"phone": super::PHONE}), "recipient.email"),
        ("email", json!({"email": "jürg@example.ch"}), "recipient.email"),
        ("email", json!("x"), "recipient"),
        ("post", json!(null), "protection.secondFactor"),
    ] {
        let mut body = document(factor);
        body["recipient"] = recipient;
        desk.client.deliver(&body).await.names_fields(&[field]);
    }
}

#[actix_web::test]
async fn what_can_not_be_sent_is_told_and_takes_no_place_of_the_hour() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let session = desk.session(&code).await;
    for status in [500, 401, 400, 503, 429, 302] {
        desk.sms.behave(Behaviour::Answer(status, String::new()));
        let refused = desk.send(&session).await;
        refused.refused(503, "OTP_NOT_SENT");
        assert_eq!(refused.header("Retry-After"), Some("30"));
        assert_eq!(desk.client.database.count("otps"), 0, "nothing is kept");
        desk.send(&session).await.refused(429, "RATE_LIMITED");
        desk.let_pass("30 seconds");
    }
    desk.sms.behave(Behaviour::Answer(200, "{}".to_owned()));
    for _ in 0..5 {
        desk.send(&session).await.expect(202);
        desk.let_pass("30 seconds");
    }
    desk.send(&session).await.refused(429, "RATE_LIMITED");
    desk.verify(&session, &desk.number()).await.expect(200);
    assert_eq!(desk.messages().len(), 6 + 5, "no hidden try");
}

#[actix_web::test]
async fn an_earlier_number_is_good_as_long_as_no_later_one_was_sent() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let (session, otp) = desk.sent(&code).await;
    desk.verify(&session, &other_than(&otp, 1)).await.refused(401, "OTP_WRONG");
    desk.let_pass("30 seconds");
    desk.sms.behave(Behaviour::Answer(500, String::new()));
    desk.send(&session).await.refused(503, "OTP_NOT_SENT");
    let wrong = desk.verify(&session, &other_than(&otp, 1)).await.refused(401, "OTP_WRONG");
    assert_eq!(wrong["details"]["remainingAttempts"], 1, "what was tried stays tried");
    desk.verify(&session, &otp).await.expect(200);
}

#[actix_web::test]
async fn a_mail_server_that_refuses_or_is_away_is_told() {
    let desk = Desk::new().await;
    let code = desk.code_for("email").await;
    let session = desk.session(&code).await;
    for manner in [Manner::Refuse("550 no such user anna.muster"), Manner::Refuse("451 later")] {
        desk.mail.behave(manner);
        let refused = desk.send(&session).await;
        refused.refused(503, "OTP_NOT_SENT");
        assert!(!refused.text().contains("anna"), "{}", refused.text());
        assert_eq!(desk.client.database.count("otps"), 0, "nothing is kept");
        desk.let_pass("30 seconds");
    }
    desk.mail.behave(Manner::Accept);
    desk.send(&session).await.expect(202);
    assert_eq!(desk.mail.mails().len(), 1);
}

#[actix_web::test]
async fn a_service_that_can_not_be_reached_has_sent_nothing() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (mail, sms) = (format!("smtp://{free}"), format!("http://{free}/sms"));
    let desk = Desk::with(&[("SMTP_URL", &mail), ("SMS_GATEWAY_URL", &sms)]).await;
    for factor in ["sms", "email"] {
        let session = desk.session(&desk.code_for(factor).await).await;
        desk.send(&session).await.refused(503, "OTP_NOT_SENT");
        assert_eq!(desk.client.database.count("otps"), 0, "{factor}");
    }
}

#[actix_web::test]
async fn a_number_of_which_nobody_knows_whether_it_was_sent_counts_and_is_good() {
    let desk = Desk::with(&[("MESSAGE_TIMEOUT_MS", "300")]).await;
    let sent = "SELECT cardinality(sent_at)::text AS text FROM otp_tallies";
    let lost = [
        Behaviour::Hang,
        Behaviour::Close,
        Behaviour::Garbage,
        Behaviour::Answer(502, String::new()),
        Behaviour::Answer(504, String::new()),
    ];
    for behaviour in lost {
        let code = desk.code_for("sms").await;
        desk.sms.behave(behaviour);
        let session = desk.session(&code).await;
        desk.send(&session).await.refused(503, "OTP_NOT_SENT");
        desk.sms.behave(Behaviour::Answer(200, "{}".to_owned()));
        desk.send(&session).await.refused(429, "RATE_LIMITED");
        assert_eq!(desk.verify(&session, &desk.number()).await.expect(200)["title"], TITLE);
    }
    assert!(desk.client.database.texts(sent).iter().all(|count| count == "1"));
    for manner in [Manner::Hang, Manner::Close, Manner::CloseLate] {
        let code = desk.code_for("email").await;
        desk.mail.behave(manner);
        let session = desk.session(&code).await;
        desk.send(&session).await.refused(503, "OTP_NOT_SENT");
        desk.send(&session).await.refused(429, "RATE_LIMITED");
        assert_eq!(desk.client.database.count("otps"), 1, "{manner:?}");
        desk.client.database.execute("DELETE FROM otps");
    }
}

#[actix_web::test]
async fn a_right_number_is_not_lost_when_the_document_can_not_be_shown() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let (session, otp) = desk.sent(&code).await;
    // The number is used up in a transaction of its own, before the document is read.
    desk.client.database.execute("ALTER TABLE receipts RENAME TO away");
    let failed = desk.verify(&session, &otp).await;
    let details = failed.refused(500, "INTERNAL_ERROR")["details"].clone();
    assert!(!failed.text().contains("secret"), "{}", failed.text());
    desk.client.database.execute("ALTER TABLE away RENAME TO receipts");
    desk.again(&session).await.refused(401, "OTP_REQUIRED");
    desk.verify(&session, &otp).await.refused(410, "OTP_EXPIRED");
    let raised = details["session"]["token"].as_str().unwrap();
    assert_eq!(desk.again(raised).await.expect(200)["title"], TITLE);
    assert_eq!(desk.receipts("opened"), 1);
}

#[actix_web::test]
async fn the_number_is_only_good_for_the_address_that_it_was_sent_to() {
    let desk = Desk::new().await;
    let mut body = document("sms");
    let code = code_of(&desk.client.deliver(&body).await.expect(201));
    let (session, otp) = desk.sent(&code).await;
    body["version"] = json!(2);
    body["recipient"]["phone"] = json!("+41 79 765 43 21");
    desk.client.deliver(&body).await.expect(201);
    desk.verify(&session, &otp).await.refused(401, "OTP_WRONG");
    desk.let_pass("1 minute");
    desk.send(&session).await.expect(202);
    assert_eq!(desk.messages()[1]["to"], "+41797654321");
    let opened = desk.verify(&session, &desk.number()).await.expect(200);
    let raised = opened["session"]["token"].as_str().unwrap();
    desk.again(raised).await.expect(200);
    body["version"] = json!(3);
    body["recipient"]["phone"] = json!("+41 79 000 00 00");
    desk.client.deliver(&body).await.expect(201);
    let asked = desk.again(raised).await.refused(401, "OTP_REQUIRED");
    assert_eq!(asked["details"]["to"], "••• •• 00", "the number went to somebody else");
    desk.verify(raised, "123456").await.refused(410, "OTP_EXPIRED");
}

#[actix_web::test]
async fn a_version_that_asks_for_more_is_not_shown_to_whoever_has_shown_less() {
    let desk = Desk::new().await;
    let mut body = document("none");
    let code = code_of(&desk.client.deliver(&body).await.expect(201));
    let opened = desk.access(&code).await.expect(200);
    let plain = opened["session"]["token"].as_str().unwrap();
    let next = |version: i32, factor: &str| {
        let mut next = body.clone();
        next["version"] = json!(version);
        next["protection"] = json!({ "secondFactor": factor });
        next
    };
    desk.client.deliver(&next(2, "email")).await.expect(201);
    assert_eq!(desk.again(plain).await.refused(401, "OTP_REQUIRED")["details"]["channel"], "email");
    desk.send(plain).await.expect(202);
    let body_of_mail = desk.mail.mails()[0].body();
    let raised = desk.verify(plain, body_of_mail.split(' ').next().unwrap()).await.expect(200);
    let raised = raised["session"]["token"].as_str().unwrap().to_owned();
    desk.again(&raised).await.expect(200);
    desk.client.deliver(&next(3, "sms")).await.expect(201);
    assert_eq!(desk.again(&raised).await.refused(401, "OTP_REQUIRED")["details"]["channel"], "sms");
    desk.client.deliver(&next(4, "none")).await.expect(201);
    desk.again(plain).await.expect(200);
    desk.send(plain).await.refused(409, "CONFLICT");
    body["version"] = json!(5);
    desk.client.deliver(&body).await.expect(201);
}

#[actix_web::test]
async fn broken_requests_are_refused_by_name() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let session = desk.session(&code).await;
    for broken in
        [json!({}), json!({"session": 1}), json!({"session": ""}), json!({"session": "x".repeat(401)})]
    {
        desk.client.call(Call::post(super::SEND, &broken)).await.names_fields(&["session"]);
    }
    desk.client.call(Call::post(VERIFY, &json!({}))).await.names_fields(&["session", "otp"]);
    for broken in [json!(123_456), json!(""), json!("1".repeat(41)), json!(null)] {
        let body = json!({"session": session, "otp": broken});
        desk.client.call(Call::post(VERIFY, &body)).await.names_fields(&["otp"]);
    }
    desk.client.call(Call::post(ACCESS, &json!({"session": 1}))).await.names_fields(&["session"]);
    desk.client.call(Call::get(super::SEND)).await.refused(405, "METHOD_NOT_ALLOWED");
    assert!(desk.messages().is_empty());
    desk.send(&session).await.expect(202);
    let wrong = other_than(&desk.number(), 1);
    for typed in ["12345", "1234567", "abcdef", &wrong] {
        let answer = desk.verify(&session, typed).await;
        assert!([401, 410].contains(&answer.status), "{typed}: {}", answer.text());
    }
}
