//! Codes that are handed out ahead of time.

use std::collections::HashSet;

use oc::roles::client::jobs::housekeeping;
use serde_json::{Value, json};

use super::{Client, code_of, token_of};
use crate::support::bad_input::refuses_every_broken_body;
use crate::support::http::{Answer, Call, assert_timestamp};

const PATH: &str = "/v1/access-codes/reservations";

impl Client {
    async fn reserve(&self, count: i64) -> Answer {
        self.call(Call::post(PATH, &json!({ "count": count }))).await
    }

    /// A code in reserve.
    async fn reserved(&self) -> String {
        code_of(&self.reserve(1).await.expect(201)["codes"][0])
    }
}

fn document(code: &str) -> Value {
    json!({"title": "T", "content": "C", "reservedCode": code})
}

#[actix_web::test]
async fn a_block_of_codes_is_handed_out_with_links_and_an_end() {
    let client = Client::new().await;
    let answer = client.reserve(500).await.expect(201);
    let codes: HashSet<String> = answer["codes"].as_array().unwrap().iter().map(code_of).collect();
    assert_eq!(i64::try_from(codes.len()).unwrap(), client.database.count("access_codes"));
    assert!((495..=500).contains(&codes.len()), "chance may make a selector twice: {}", codes.len());
    let tokens: HashSet<String> = answer["codes"].as_array().unwrap().iter().map(token_of).collect();
    assert_eq!(tokens.len(), codes.len());
    assert_timestamp(&answer["expiresAt"]);
    let dump = client.database.dump();
    assert!(tokens.iter().all(|token| token.len() == 43 && !dump.contains(token)));
    assert!(codes.iter().all(|code| !dump.contains(code) && !dump.contains(&code.replace('-', ""))));
}

#[actix_web::test]
async fn a_reserved_code_opens_what_names_it_and_nothing_before() {
    let client = Client::new().await;
    let code = client.reserved().await;
    client.open(&code).await.refused(409, "DOCUMENT_ON_ITS_WAY");
    assert_eq!(code_of(&client.deliver(&document(&code)).await.expect(201)), code);
    assert_eq!(client.open(&code).await.expect(200)["title"], "T");
    assert_eq!(client.database.count("access_codes"), 1);
}

#[actix_web::test]
async fn a_code_in_reserve_may_be_written_in_many_ways() {
    let client = Client::new().await;
    let code = client.reserved().await;
    let written = code.replace('-', "").to_lowercase();
    assert_eq!(code_of(&client.deliver(&document(&written)).await.expect(201)), code);
}

#[actix_web::test]
async fn a_code_that_is_not_in_reserve_is_replaced_by_another_one() {
    let client = Client::new().await;
    let used = client.reserved().await;
    client.deliver(&document(&used)).await.expect(201);
    let (late, foreign) = (client.reserved().await, client.reserved().await);
    client.database.execute("UPDATE access_codes SET expires_at = now() WHERE document_id IS NULL");
    let given = code_of(&client.deliver(&document(&late)).await.expect(201));
    assert_eq!(given, late, "somebody holds the letter already");
    for code in [&used, "K7QM-4T9X-WR5C", "0000-0000-0000", "no code"] {
        let given = code_of(&client.deliver(&document(code)).await.expect(201));
        assert_ne!(given, *code);
        client.open(&given).await.expect(200);
    }
    client
        .database
        .execute("UPDATE access_codes SET expires_at = now() + interval '1 hour' WHERE document_id IS NULL");
    let theirs =
        client.call(Call::post("/v1/documents", &document(&foreign)).tenant("other")).await.expect(201);
    assert_ne!(code_of(&theirs), foreign, "codes belong to the tenant that asked for them");
    client.open(&foreign).await.refused(409, "DOCUMENT_ON_ITS_WAY");
}

#[actix_web::test]
async fn whoever_knows_only_the_beginning_of_a_code_does_not_get_the_rest() {
    let client = Client::new().await;
    let code = client.reserved().await;
    let symbols: String = code.chars().filter(|c| *c != '-').collect();
    let letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let other = letters.chars().find(|c| !symbols[5..6].contains(*c)).unwrap();
    let guesses = letters.chars().map(|check| format!("{}{other}{}{check}", &symbols[..5], &symbols[6..11]));
    let guess = guesses.into_iter().find(|text| oc::domain::access_code::AccessCode::parse(text).is_ok());
    let answer = client.deliver(&document(&guess.unwrap())).await;
    answer.names_fields(&["reservedCode"]);
    assert!(!answer.text().contains(&code));
    assert_eq!(client.database.count("documents"), 0);
    assert_eq!(code_of(&client.deliver(&document(&code)).await.expect(201)), code, "the right one still can");
}

#[actix_web::test]
async fn two_documents_that_name_the_same_code_get_two_codes() {
    let client = Client::new().await;
    let code = client.reserved().await;
    let bodies = [document(&code), document(&code)];
    let answers = futures_util::future::join_all(bodies.iter().map(|body| client.deliver(body))).await;
    let codes: HashSet<String> = answers.iter().map(|answer| code_of(&answer.expect(201))).collect();
    assert!(codes.len() == 2 && codes.contains(&code), "{codes:?}");
}

#[actix_web::test]
async fn what_nobody_used_in_time_is_forgotten() {
    let client = Client::new().await;
    let (used, unused) = (client.reserved().await, client.reserved().await);
    client.deliver(&document(&used)).await.expect(201);
    housekeeping::run(&client.state).await.unwrap();
    assert_eq!(client.database.count("access_codes"), 2);
    client
        .database
        .execute("UPDATE access_codes SET expires_at = now() - interval '31 days' WHERE document_id IS NULL");
    housekeeping::run(&client.state).await.unwrap();
    client.open(&unused).await.refused(404, "NOT_FOUND");
    client.open(&used).await.expect(200);
}

#[actix_web::test]
async fn broken_requests_for_codes_are_named_and_reserve_nothing() {
    let client = Client::new().await;
    refuses_every_broken_body(&client.app, &client.database, "POST", PATH).await;
    for count in [
        json!(0),
        json!(-1),
        json!(501),
        json!("5"),
        json!(1.5),
        json!(null),
        json!([]),
        json!(true),
        json!(1e300),
    ] {
        client.call(Call::post(PATH, &json!({ "count": count }))).await.names_fields(&["count"]);
    }
    client.call(Call::post(PATH, &json!({}))).await.names_fields(&["count"]);
    assert_eq!(client.database.count("access_codes"), 0);
}
