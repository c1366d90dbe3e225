//! How often a number is sent and may be tried, exact whoever tries and how many at once.

use futures_util::future::join_all;
use serde_json::json;

use super::{Desk, SEND, TITLE, VERIFY, document, other_than};
use crate::client::code_of;
use crate::support::http::{Answer, Call};

fn seconds(answer: &Answer) -> u64 {
    answer.refused(429, "RATE_LIMITED");
    answer.header("Retry-After").unwrap().parse().unwrap()
}

impl Desk {
    /// Types wrong numbers, with a new one sent whenever one is used up.
    async fn guess_wrong(&self, session: &str, count: u32) {
        for n in 0..count {
            if n % 3 == 0 {
                self.let_pass("1 hour");
                self.send(session).await.expect(202);
            }
            self.verify(session, &other_than(&self.number(), 1 + n)).await.refused(401, "OTP_WRONG");
        }
    }
}

#[actix_web::test]
async fn a_number_may_be_tried_three_times() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let (session, otp) = desk.sent(&code).await;
    for left in [2, 1, 0] {
        let refused = desk.verify(&session, &other_than(&otp, 1)).await.refused(401, "OTP_WRONG");
        assert_eq!(refused["details"]["remainingAttempts"], left);
    }
    desk.verify(&session, &otp).await.refused(410, "OTP_EXPIRED");
    assert_eq!(desk.counted(), ("3".to_owned(), vec!["3".to_owned()]));
    assert_eq!(desk.receipts("opened"), 0);
}

#[actix_web::test]
async fn of_fifty_tries_at_once_three_are_counted() {
    let desk = Desk::new().await;
    let other = desk.another().await;
    let code = desk.code_for("sms").await;
    let (session, otp) = desk.sent(&code).await;
    let call = |n: u32| Call::post(VERIFY, &json!({"session": session, "otp": other_than(&otp, 1 + n)}));
    let tries = (0..50).map(|n| {
        let client = if n % 2 == 0 { &desk.client } else { &other };
        client.call(call(n))
    });
    let answers = join_all(tries).await;
    let with = |status: u16| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(401), with(410)), (3, 47));
    assert_eq!(desk.counted(), ("3".to_owned(), vec!["3".to_owned()]));
    desk.verify(&session, &otp).await.refused(410, "OTP_EXPIRED");
}

#[actix_web::test]
async fn a_right_number_opens_once_however_many_type_it_at_once() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let (session, otp) = desk.sent(&code).await;
    let answers = join_all((0..20).map(|_| desk.verify(&session, &otp))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 1);
    assert!(answers.iter().all(|answer| [200, 410].contains(&answer.status)));
    desk.verify(&session, &otp).await.refused(410, "OTP_EXPIRED");
    assert_eq!((desk.counted().0.as_str(), desk.receipts("opened")), ("0", 1));
}

#[actix_web::test]
async fn nine_wrong_numbers_end_the_day_and_a_new_one_does_not_help() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let session = desk.session(&code).await;
    desk.client.database.execute("ALTER TABLE otp_tallies ADD COLUMN kept timestamptz[]");
    desk.guess_wrong(&session, 8).await;
    desk.let_pass("1 hour");
    desk.send(&session).await.expect(202);
    let otp = desk.number();
    desk.verify(&session, &other_than(&otp, 1)).await.refused(401, "OTP_WRONG");
    let wait = seconds(&desk.verify(&session, &otp).await);
    assert!((3_600..=86_400).contains(&wait), "{wait}");
    desk.let_pass("1 minute");
    seconds(&desk.send(&session).await);
    let other_session = desk.session(&code).await;
    seconds(&desk.send(&other_session).await);
    let sent = desk.messages().len();
    desk.let_pass("24 hours");
    desk.send(&session).await.expect(202);
    assert_eq!(desk.messages().len(), sent + 1);
    assert_eq!(desk.verify(&session, &desk.number()).await.expect(200)["title"], TITLE);
    assert_eq!(desk.counted().0, "9", "a right one gives nothing back");
}

#[actix_web::test]
async fn thirty_wrong_numbers_end_the_life_of_the_code_and_the_sender_is_told() {
    let desk = Desk::new().await;
    let body = document("sms");
    let code = code_of(&desk.client.deliver(&body).await.expect(201));
    let session = desk.session(&code).await;
    for _ in 0..4 {
        desk.guess_wrong(&session, 7).await;
        desk.let_pass("25 hours");
    }
    desk.guess_wrong(&session, 1).await;
    assert_eq!(desk.receipts("otp_blocked"), 0);
    let otp = desk.number();
    desk.verify(&session, &other_than(&otp, 9)).await.refused(401, "OTP_WRONG");
    assert_eq!((desk.counted().0.as_str(), desk.receipts("otp_blocked")), ("30", 1));
    desk.let_pass("1000 hours");
    for session in [session, desk.session(&code).await] {
        desk.verify(&session, &otp).await.refused(403, "OTP_BLOCKED");
        desk.send(&session).await.refused(403, "OTP_BLOCKED");
    }
    // Another code, which the sender gives on purpose, begins anew.
    let path = format!("/v1/documents/{}/access", body["id"].as_str().unwrap());
    let reissue = json!({"sequence": 2, "generation": 2, "expiresAt": "2026-12-20T00:00:00Z"});
    let reissued = desk.client.call(Call::put(path, &reissue)).await.expect(200);
    let (session, otp) = desk.sent(&code_of(&reissued)).await;
    desk.verify(&session, &otp).await.expect(200);
}

#[actix_web::test]
async fn numbers_are_sent_half_a_minute_apart_and_five_in_an_hour() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let session = desk.session(&code).await;
    desk.send(&session).await.expect(202);
    assert!((1..=30).contains(&seconds(&desk.send(&session).await)));
    // Another session of the same document gains nothing.
    let other = desk.session(&code).await;
    assert!((1..=30).contains(&seconds(&desk.send(&other).await)));
    for _ in 0..4 {
        desk.let_pass("31 seconds");
        desk.send(&session).await.expect(202);
    }
    desk.let_pass("31 seconds");
    assert!((3_000..=3_600).contains(&seconds(&desk.send(&session).await)));
    assert_eq!(desk.messages().len(), 5);
    desk.let_pass("59 minutes");
    desk.send(&session).await.expect(202);
}

#[actix_web::test]
async fn of_twenty_presses_of_the_button_at_once_one_sends() {
    let desk = Desk::new().await;
    let other = desk.another().await;
    let code = desk.code_for("sms").await;
    let session = desk.session(&code).await;
    let body = json!({ "session": session });
    let presses = (0..20).map(|n| {
        let client = if n % 2 == 0 { &desk.client } else { &other };
        client.call(Call::post(SEND, &body))
    });
    let answers = join_all(presses).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 202).count(), 1);
    assert!(answers.iter().all(|answer| [202, 429].contains(&answer.status)));
    assert_eq!(desk.messages().len(), 1);
}

#[actix_web::test]
async fn a_number_is_good_for_five_minutes_and_a_new_one_replaces_it() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    let (session, first) = desk.sent(&code).await;
    desk.let_pass("4 minutes 59 seconds");
    desk.send(&session).await.expect(202);
    let second = desk.number();
    if first != second {
        desk.verify(&session, &first).await.refused(401, "OTP_WRONG");
    }
    desk.let_pass("5 minutes");
    desk.verify(&session, &second).await.refused(410, "OTP_EXPIRED");
    desk.let_pass("1 minute");
    desk.send(&session).await.expect(202);
    desk.verify(&session, &desk.number()).await.expect(200);
}

#[actix_web::test]
async fn whoever_types_wrong_numbers_has_to_wait() {
    let desk = Desk::with(&[("WRONG_CODES_PER_CODE", "2")]).await;
    let code = desk.code_for("sms").await;
    let (session, otp) = desk.sent(&code).await;
    for _ in 0..2 {
        desk.verify(&session, &other_than(&otp, 1)).await.refused(401, "OTP_WRONG");
    }
    seconds(&desk.verify(&session, &otp).await);
    assert_eq!(desk.counted().0, "2", "it was not looked at");
}

#[actix_web::test]
async fn what_is_over_is_removed() {
    let desk = Desk::new().await;
    let code = desk.code_for("sms").await;
    desk.sent(&code).await;
    let housekeeping = || oc::roles::client::jobs::housekeeping::run(&desk.client.state);
    housekeeping().await.unwrap();
    assert_eq!(desk.client.database.count("otps"), 1);
    desk.let_pass("5 minutes");
    housekeeping().await.unwrap();
    assert_eq!((desk.client.database.count("otps"), desk.client.database.count("otp_tallies")), (0, 1));
    desk.client.database.execute("DELETE FROM access_codes");
    assert_eq!(desk.client.database.count("otp_tallies"), 0);
}
