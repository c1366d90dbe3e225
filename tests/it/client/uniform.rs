//! Whatever is refused looks the same, takes the same work and is answered at the
//! same moment.

use std::rc::Rc;
use std::time::{Duration, Instant};

use oc::domain::access_code::AccessCode;
use serde_json::json;

use super::{Client, altered, nth_altered};
use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};

/// Takes all tries from the code that was made last.
const BLOCK_NEWEST: &str = "UPDATE access_codes SET failed_total = 10 WHERE id = (SELECT id FROM access_codes ORDER BY created_at DESC, id DESC LIMIT 1)";

/// A code that nobody was given, and one that can't be any.
const UNKNOWN: &str = "1111-1111-111F";
const UNREADABLE: &str = "1111-1111-1111";

#[test]
fn an_unknown_code_is_a_code() {
    assert!(AccessCode::parse(UNKNOWN).is_ok() && AccessCode::parse(UNREADABLE).is_err());
}

/// Everything of a refusal but what differs from request to request, with its length.
pub fn constant_part(answer: &Answer) -> (usize, String) {
    let body = answer.refused(404, "NOT_FOUND");
    let mut headers = answer.headers.clone();
    // How often this caller has asked, whatever for.
    headers.retain(|(name, _)| name != "ratelimit");
    headers.sort();
    let mut text = format!("{headers:?} {}", answer.text());
    for name in ["timestamp", "requestId"] {
        text = text.replace(body[name].as_str().unwrap(), "");
    }
    (answer.body.len(), text)
}

/// A code of each kind that is refused without the link; the last ones are right.
async fn refused_codes(client: &Client) -> Vec<(&'static str, String)> {
    let live = client.code_for("live", "C").await;
    let blocked = client.code_for("blocked", "C").await;
    client.database.execute(BLOCK_NEWEST);
    let expired = json!({"title": "expired", "content": "C", "expiresAt": "2020-01-01T00:00:00Z"});
    let expired = super::code_of(&client.deliver(&expired).await.expect(201));
    let revoked = client.deliver(&json!({"title": "revoked", "content": "C"})).await.expect(201);
    client.call(Call::delete(format!("/v1/documents/{}", revoked["id"].as_str().unwrap()))).await;
    vec![
        ("unknown", UNKNOWN.to_owned()),
        ("unreadable", UNREADABLE.to_owned()),
        ("wrong", altered(&live, 7)),
        ("wrong and expired", altered(&expired, 7)),
        ("wrong and revoked", altered(&super::code_of(&revoked), 7)),
        ("wrong and blocked", altered(&blocked, 7)),
        ("right and blocked", blocked),
    ]
}

#[actix_web::test]
async fn every_refusal_is_the_same_byte_for_byte() {
    let client = Client::new().await;
    let codes = refused_codes(&client).await;
    let mut answers = Vec::new();
    for (what, code) in &codes {
        let by_path = constant_part(&client.open(code).await);
        let by_body = client.call(Call::post("/api/public/access", &json!({ "accessCode": code }))).await;
        assert_eq!(constant_part(&by_body), by_path, "{what}");
        let page = client.type_in(code).await;
        answers.push((*what, by_path, page.status, page.text().replace(code.as_str(), "CODE")));
    }
    let (_, answer, status, page) = &answers[0];
    for (what, other, other_status, other_page) in &answers[1..] {
        assert_eq!((other, other_status), (answer, status), "{what}");
        // That it can't be a code is no secret: the page helps to mend it.
        assert_eq!(other_page == page, *what != "unreadable", "{what}");
    }
}

#[actix_web::test]
async fn a_refusal_is_never_answered_before_its_time() {
    let database = Rc::new(TestDatabase::of("client"));
    let client = Client::on(&database, &[("REFUSAL_FLOOR_MS", "60")]).await;
    for (what, code) in refused_codes(&client).await {
        let begun = Instant::now();
        client.open(&code).await.refused(404, "NOT_FOUND");
        assert!(begun.elapsed() >= Duration::from_millis(60), "{what}: {:?}", begun.elapsed());
    }
}

/// The largest distance between the distributions of two samples, and the
/// probability that chance alone makes it as large (Kolmogorov and Smirnov).
fn distance(one: &mut [u128], two: &mut [u128]) -> f64 {
    one.sort_unstable();
    two.sort_unstable();
    let share = |sample: &[u128], limit: u128| {
        sample.partition_point(|value| *value <= limit) as f64 / sample.len() as f64
    };
    let all = one.iter().chain(two.iter());
    let largest = all.map(|limit| (share(one, *limit) - share(two, *limit)).abs()).fold(0.0, f64::max);
    let effective = (one.len() * two.len()) as f64 / (one.len() + two.len()) as f64;
    let lambda = (effective.sqrt() + 0.12 + 0.11 / effective.sqrt()) * largest;
    // The series does not converge where there is no difference.
    if lambda < 0.2 {
        return 1.0;
    }
    (1..=100).map(|k| 2.0 * (-1_f64).powi(k - 1) * (-2.0 * f64::from(k * k) * lambda * lambda).exp()).sum()
}

#[test]
fn the_test_of_distributions_sees_a_difference_and_only_a_difference() {
    let sample = |offset: u128| -> Vec<u128> { (0..2_000).map(|i| (i * 7_919) % 2_000 + offset).collect() };
    assert!(distance(&mut sample(0), &mut sample(0)) > 0.99);
    assert!(distance(&mut sample(0), &mut sample(200)) < 0.001);
}

/// Measured, so it wants a quiet machine: `make timing`.
#[actix_web::test]
#[ignore = "measures time; run it on a quiet machine with `make timing`"]
async fn no_refusal_can_be_told_from_another_by_its_time() {
    let database = Rc::new(TestDatabase::of("client"));
    let settings =
        [("REFUSAL_FLOOR_MS", "20"), ("RATE_ADDRESS_PER_MINUTE", "0"), ("WRONG_CODES_PER_INSTANCE", "0")];
    let client = Client::on(&database, &settings).await;
    let live = client.code_for("live", "C").await;
    let blocked = client.code_for("blocked", "C").await;
    client.database.execute(BLOCK_NEWEST);
    let mut times = [const { Vec::new() }; 4];
    for i in 0..2_000 {
        // Tries are given back, so that a wrong code stays a wrong one.
        if i % 8 == 0 {
            client.database.execute("UPDATE access_codes SET failed_total = 0 WHERE failed_total < 10");
        }
        let codes = [
            UNREADABLE.to_owned(),
            UNKNOWN.to_owned(),
            nth_altered(&live, 7, 1 + i % 31),
            altered(&blocked, 7),
        ];
        for (time, turn) in (0..4).map(|turn| (turn + i) % 4).map(|kind| (kind, &codes[kind])) {
            let begun = Instant::now();
            client.open(turn).await.refused(404, "NOT_FOUND");
            times[time].push(begun.elapsed().as_micros());
        }
    }
    for (one, two) in [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)] {
        let p = distance(&mut times[one].clone(), &mut times[two].clone());
        assert!(p > 0.005, "{one} and {two}: p = {p}");
    }
}
