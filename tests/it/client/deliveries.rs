//! Taking documents in.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::{Client, code_of};
use crate::support::http::Call;
use crate::support::tokens::{JWT, token};
use crate::support::vault::opened;

const ID: &str = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d";
const ALPHABET: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// `^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$`
fn assert_form(code: &str) {
    let groups: Vec<&str> = code.split('-').collect();
    let right = |group: &&str| group.chars().count() == 4 && group.chars().all(|c| ALPHABET.contains(c));
    assert!(groups.len() == 3 && groups.iter().all(right), "{code}");
}

fn millis(value: &Value) -> i64 {
    value.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

fn in_days(days: i64) -> String {
    let moment = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
    format!("{moment:.3}")
}

#[actix_web::test]
async fn access_lasts_ninety_days_at_most() {
    let client = Client::new().await;
    let body = |days: i64| json!({"title": "T", "content": "C", "expiresAt": in_days(days)});
    client.deliver(&body(90)).await.expect(201);
    client.deliver(&body(91)).await.names_fields(&["expiresAt"]);
    assert_eq!(client.database.count("documents"), 1);
}

#[actix_web::test]
async fn title_and_content_are_enough() {
    let client = Client::new().await;
    let receipt = client.deliver(&json!({"title": " T ", "content": " C "})).await.expect(201);
    let code = code_of(&receipt);
    assert_form(&code);
    let token = receipt["link"].as_str().unwrap().strip_prefix("http://127.0.0.1:3000/d/").unwrap();
    assert_eq!(token.len(), 43);
    assert_eq!(uuid::Uuid::parse_str(receipt["id"].as_str().unwrap()).unwrap().get_version_num(), 7);
    let opened = client.open(&code).await.expect(200);
    assert_eq!(
        (&opened["id"], &opened["title"], &opened["content"]),
        (&receipt["id"], &json!("T"), &json!("C"))
    );
    assert_eq!(opened["meta"]["version"], 1);
    let life = millis(&opened["meta"]["expiresAt"]) - millis(&opened["createdAt"]);
    assert_eq!(life, 30 * 86_400_000);
}

#[actix_web::test]
async fn existing_senders_use_either_path() {
    let client = Client::new().await;
    for path in ["/v1/documents", "/api/v1/documents"] {
        let receipt =
            client.call(Call::post(path, &json!({"title": path, "content": "C"}))).await.expect(201);
        assert_eq!(client.open(&code_of(&receipt)).await.expect(200)["title"], path);
    }
    assert_eq!(client.database.count("documents"), 2);
}

#[actix_web::test]
async fn everything_that_is_delivered_is_kept() {
    let client = Client::new().await;
    let moment = in_days(60);
    let body = json!({
        "id": ID, "version": 7, "title": "T", "content": "C", "contentType": "text/plain", "metadata": {"a": [1]},
        "recipient": {"name": "Anna", "email": "a@b.ch"}, "expiresAt": moment, "expiresIn": 60,
    });
    let receipt = client.call(Call::post("/v1/documents", &body).tenant("north")).await.expect(201);
    assert_eq!(receipt["id"], ID);
    let meta = client.open(&code_of(&receipt)).await.expect(200)["meta"].clone();
    assert_eq!((&meta["contentType"], &meta["version"]), (&json!("text/plain"), &json!(7)));
    assert_eq!(meta["expiresAt"], moment, "a moment wins over a duration");
    let row = client.database.text("SELECT concat_ws('|', tenant_id, id) AS text FROM documents");
    assert_eq!(row, format!("north|{ID}"));
    let held = |column| opened(&client.database, "client", "north", ("documents", column));
    assert_eq!(held("recipient"), [r#"{"name":"Anna","email":"a@b.ch"}"#]);
    assert_eq!(held("metadata"), [r#"{"a":[1]}"#]);
}

#[actix_web::test]
async fn a_duration_counts_from_now() {
    let client = Client::new().await;
    let code =
        code_of(&client.deliver(&json!({"title": "T", "content": "C", "expiresIn": 3600})).await.expect(201));
    let opened = client.open(&code).await.expect(200);
    assert_eq!(millis(&opened["meta"]["expiresAt"]) - millis(&opened["createdAt"]), 3_600_000);
}

#[actix_web::test]
async fn a_repeated_delivery_gets_the_same_code_and_makes_one_document() {
    let client = Client::new().await;
    let body = json!({"id": ID, "version": 2, "title": "T", "content": "C"});
    let first = client.deliver(&body).await.expect(201);
    let before = client.database.dump();
    for _ in 0..3 {
        assert_eq!(client.deliver(&body).await.expect(201), first);
    }
    assert_eq!(client.database.dump(), before);
    assert_eq!((client.database.count("documents"), client.database.count("access_codes")), (1, 1));
}

#[actix_web::test]
async fn twenty_deliveries_of_one_document_at_once_agree_on_one_code() {
    let client = Client::on(
        &std::rc::Rc::new(crate::support::database::TestDatabase::of("client")),
        &[("DATABASE_POOL_WAIT_MS", "20000")],
    )
    .await;
    let body = json!({"id": ID, "title": "T", "content": "C"});
    let answers = futures_util::future::join_all((0..20).map(|_| client.deliver(&body))).await;
    let codes: HashSet<String> = answers.iter().map(|answer| code_of(&answer.expect(201))).collect();
    assert_eq!(codes.len(), 1);
    assert_eq!((client.database.count("documents"), client.database.count("access_codes")), (1, 1));
}

#[actix_web::test]
async fn a_higher_version_replaces_and_a_lower_one_is_ignored() {
    let client = Client::new().await;
    let version =
        |version: i32, title: &str| json!({"id": ID, "version": version, "title": title, "content": "C"});
    let code = code_of(&client.deliver(&version(3, "third")).await.expect(201));
    let created = client.open(&code).await.expect(200)["createdAt"].clone();
    for (sent, title, shown) in [
        (2, "second", "third"),
        (3, "other third", "third"),
        (5, "fifth", "fifth"),
        (4, "late fourth", "fifth"),
    ] {
        assert_eq!(code_of(&client.deliver(&version(sent, title)).await.expect(201)), code);
        let opened = client.open(&code).await.expect(200);
        assert_eq!((&opened["title"], &opened["createdAt"]), (&json!(shown), &created));
    }
    assert_eq!(client.database.count("documents"), 1);
}

#[actix_web::test]
async fn the_same_id_of_two_tenants_means_two_documents() {
    let client = Client::new().await;
    let mut codes = Vec::new();
    for tenant in ["north", "south"] {
        let body = json!({"id": ID, "title": tenant, "content": "C"});
        codes
            .push(code_of(&client.call(Call::post("/v1/documents", &body).tenant(tenant)).await.expect(201)));
    }
    assert_ne!(codes[0], codes[1]);
    for (code, tenant) in codes.iter().zip(["north", "south"]) {
        assert_eq!(client.open(code).await.expect(200)["title"], tenant);
    }
}

#[actix_web::test]
async fn two_thousand_codes_are_all_different_and_use_every_symbol() {
    let client = Client::new().await;
    let mut codes = HashSet::new();
    for round in 0..2_000 / 50 {
        let body = |i: usize| json!({"title": format!("{round} {i}"), "content": "C"});
        let bodies: Vec<Value> = (0..50).map(body).collect();
        let answers = futures_util::future::join_all(bodies.iter().map(|body| client.deliver(body))).await;
        codes.extend(answers.iter().map(|answer| code_of(&answer.expect(201))));
    }
    assert_eq!(codes.len(), 2_000);
    codes.iter().for_each(|code| assert_form(code));
    // Each of the eleven random symbols takes each of its 32 values: 62 times on average.
    for place in [0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12] {
        let seen: HashSet<u8> = codes.iter().map(|code| code.as_bytes()[place]).collect();
        assert_eq!(seen.len(), 32, "place {place}");
    }
}

#[actix_web::test]
async fn the_link_leads_to_the_public_address() {
    let database = std::rc::Rc::new(crate::support::database::TestDatabase::of("client"));
    let public = [("CLIENT_PUBLIC_URL", "https://client.example.org/read/")];
    let client = Client::on(&database, &[JWT, &public].concat()).await;
    let bearer = format!("Bearer {}", token("transfer:write"));
    let call = Call::post("/v1/documents", &json!({"title": "T", "content": "C"}));
    let receipt = client.call(call.header("Authorization", &bearer)).await.expect(201);
    let link = receipt["link"].as_str().unwrap();
    assert!(link.starts_with("https://client.example.org/read/d/"), "{link}");
}
