//! Guesses: how many a code allows, whoever makes them and how many at once.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use oc::config::Keys;
use oc::domain::access_code::AccessCode;
use oc::domain::ids::TenantId;
use oc::platform::secrets::SecretKeys;
use oc::platform::tenants::Field;
use oc::roles::client::codes::Codes;
use serde_json::json;

use super::{Client, altered, nth_altered};
use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::vault::vault;
use crate::support::{CODE_KEY, NEW_KEY, config};

const PATIENT: (&str, &str) = ("DATABASE_POOL_WAIT_MS", "30000");

fn failed(database: &TestDatabase) -> String {
    database.text("SELECT failed_total || ' ' || failed_link AS text FROM access_codes")
}

/// Different wrong codes that begin like this one.
fn guesses(code: &str, count: usize) -> Vec<String> {
    (0..count).map(|n| nth_altered(&nth_altered(code, 6, 1 + n % 31), 7, n / 31)).collect()
}

#[actix_web::test]
async fn of_five_hundred_guesses_at_once_as_many_are_looked_at_as_are_allowed() {
    let database = Rc::new(TestDatabase::of("client"));
    let (one, two) = (Client::on(&database, &[PATIENT]).await, Client::on(&database, &[PATIENT]).await);
    let (code, token) = one.hand_over("T").await;
    let guesses = guesses(&code, 500);
    let tries = guesses
        .iter()
        .enumerate()
        .map(|(i, guess)| if i % 2 == 0 { one.open(guess) } else { two.open(guess) });
    for answer in join_all(tries).await {
        answer.refused(404, "NOT_FOUND");
    }
    assert_eq!(failed(&database), "10 0");
    assert_eq!(one.state.codes.checks() + two.state.codes.checks(), 10);
    for client in [&one, &two] {
        client.open(&code).await.refused(404, "NOT_FOUND");
    }
    assert_eq!(two.open_by_link(&token, &code).await.expect(200)["title"], "T");
    assert_eq!(failed(&database), "10 0");
    assert_eq!(database.count("receipts WHERE kind = 'code_wrong'"), 10);
    assert_eq!(database.count("receipts WHERE kind = 'code_blocked'"), 1);
}

#[actix_web::test]
async fn whoever_guesses_in_parallel_does_not_get_more_guesses() {
    // The right code comes last: all before it have to be paid for before it is looked at.
    let database = Rc::new(TestDatabase::of("client"));
    let client = Client::on(&database, &[PATIENT]).await;
    let code = client.code_for("T", "C").await;
    let mut tried = guesses(&code, 40);
    tried.push(code);
    // What a slow machine does not get to in time costs nothing, and is asked again.
    let on = &client;
    let insist = tried.iter().map(|guess| async move {
        loop {
            let answer = on.open(guess).await;
            if answer.status != 503 {
                return answer;
            }
        }
    });
    let answers = join_all(insist).await;
    assert!(answers.iter().all(|answer| answer.status == 404));
    assert_eq!(client.state.codes.checks(), 10);
}

#[actix_web::test]
async fn the_same_wrong_code_twice_at_once_counts_twice() {
    let client = Client::new().await;
    let code = client.code_for("T", "C").await;
    let wrong = altered(&code, 7);
    join_all([client.open(&wrong), client.open(&wrong)]).await;
    assert_eq!(failed(&client.database), "2 0");
}

#[actix_web::test]
async fn right_codes_cost_nothing_also_beside_a_wrong_one() {
    let database = Rc::new(TestDatabase::of("client"));
    let client = Client::on(&database, &[PATIENT]).await;
    let code = client.code_for("T", "C").await;
    let wrong = altered(&code, 7);
    let tries = (0..60).map(|i| client.open(if i == 30 { &wrong } else { &code }));
    let answers = join_all(tries).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 200).count(), 59);
    assert_eq!(failed(&database), "1 0");
    assert_eq!(database.count("receipts WHERE kind = 'opened'"), 1);
}

#[actix_web::test]
async fn a_stranger_can_not_lock_out_whoever_has_the_link_nor_the_other_way_round() {
    let client = Client::new().await;
    let (code, token) = client.hand_over("T").await;
    for guess in guesses(&code, 15) {
        client.open(&guess).await.refused(404, "NOT_FOUND");
    }
    assert_eq!(failed(&client.database), "10 0");
    client.open_by_link(&token, &code).await.expect(200);
    let (code, token) = client.hand_over("U").await;
    for guess in guesses(&code, 15) {
        assert!([401, 403].contains(&client.open_by_link(&token, &guess).await.status));
    }
    client.open_by_link(&token, &code).await.refused(403, "ACCESS_CODE_BLOCKED");
    assert_eq!(client.open(&code).await.expect(200)["title"], "U");
}

#[actix_web::test]
async fn a_typo_costs_nothing() {
    let client = Client::new().await;
    let (code, token) = client.hand_over("T").await;
    let before = client.database.dump();
    let symbols = code.replace('-', "");
    for place in 0..12 {
        for other in super::ALPHABET.chars().filter(|c| *c != symbols.chars().nth(place).unwrap()).take(4) {
            let mut typo = symbols.clone();
            typo.replace_range(place..=place, &other.to_string());
            client.open(&typo).await.refused(404, "NOT_FOUND");
            client.open_by_link(&token, &typo).await.refused(404, "NOT_FOUND");
        }
    }
    assert_eq!(client.database.dump(), before);
    assert_eq!(client.state.codes.checks(), 0);
}

#[actix_web::test]
async fn a_new_code_has_all_its_tries_and_the_settings_say_how_many() {
    let database = Rc::new(TestDatabase::of("client"));
    let client = Client::on(&database, &[("ACCESS_CODE_ATTEMPTS", "5")]).await;
    let id = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d";
    let body = json!({"id": id, "title": "T", "content": "C"});
    let code = super::code_of(&client.deliver(&body).await.expect(201));
    for guess in guesses(&code, 6) {
        client.open(&guess).await;
    }
    assert_eq!(failed(&database), "5 0");
    let reissue = json!({"id": id, "title": "T", "content": "C", "sequence": 2, "generation": 2});
    let new = super::code_of(&client.deliver(&reissue).await.expect(201));
    client.open(&new).await.expect(200);
    client.open(&code).await.refused(404, "NOT_FOUND");
}

#[actix_web::test]
async fn the_database_allows_a_hundred_tries_whatever_the_settings_say() {
    let client = Client::new().await;
    client.code_for("T", "C").await;
    let more = "UPDATE access_codes SET failed_total = 101";
    let refused = diesel::connection::SimpleConnection::batch_execute(&mut client.database.connect(), more);
    assert!(refused.unwrap_err().to_string().contains("access_codes_check"));
}

#[actix_web::test]
async fn codes_of_fourteen_symbols_are_made_on_demand_and_others_go_on_working() {
    let database = Rc::new(TestDatabase::of("client"));
    let (short, long) =
        (Client::on(&database, &[]).await, Client::on(&database, &[("ACCESS_CODE_LENGTH", "14")]).await);
    let (twelve, fourteen) = (short.code_for("12", "C").await, long.code_for("14", "C").await);
    assert_eq!((twelve.len(), fourteen.len()), (14, 16));
    for client in [&short, &long] {
        assert_eq!(client.open(&twelve).await.expect(200)["title"], "12");
        assert_eq!(client.open(&fourteen.to_lowercase()).await.expect(200)["title"], "14");
    }
    long.open(&altered(&fourteen, 11)).await.refused(404, "NOT_FOUND");
}

/// Two tenants whose codes begin alike, which two keys make possible.
#[actix_web::test]
async fn codes_of_two_tenants_that_begin_alike_open_what_is_theirs_and_charge_what_is_guessed() {
    let database = Rc::new(TestDatabase::of("client"));
    let both = format!("{NEW_KEY},{CODE_KEY}");
    let (old, new) =
        (Client::on(&database, &[]).await, Client::on(&database, &[("ACCESS_CODE_KEY", &both)]).await);
    let ours = old.code_for("ours", "C").await;
    let theirs = AccessCode::parse(&altered(&ours, 7)).unwrap();
    let keys: Keys = config("client", &database, &[("ACCESS_CODE_KEY", NEW_KEY)]).access_code_keys;
    let codes = Codes::new(Arc::new(SecretKeys::new(&keys).unwrap()), &new.state.access);
    let made = codes.store(&TenantId::parse("other").unwrap(), theirs.clone()).unwrap().stored;
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let columns = "sequence, generation, version, content_type, expires_at, created_at, updated_at";
    let vault = vault(&database, "other");
    let sealed =
        |column, text| hex(&vault.seal_text(Field::new("documents", column), made.id, text).unwrap());
    database.execute(&format!(
        "INSERT INTO documents (tenant_id, id, title, content, {columns}) SELECT 'other', '{}', '\\x{}', '\\x{}', {columns} FROM documents",
        made.id,
        sealed("title", "theirs"),
        sealed("content", "C")
    ));
    database.execute(&format!(
        "INSERT INTO access_codes (tenant_id, id, document_id, key_id, selector_hash, verifier_salt, verifier_hash, sealed_code, created_at) \
         VALUES ('other', '{0}', '{0}', '{1}', '\\x{2}', '\\x{3}', '\\x{4}', '\\x{5}', now())",
        made.id,
        made.key_id,
        hex(&made.selector_hash),
        hex(&made.verifier_salt),
        hex(&made.verifier_hash),
        hex(&made.sealed_code)
    ));
    assert_eq!(new.open(&ours).await.expect(200)["title"], "ours");
    assert_eq!(new.open(&theirs.to_string()).await.expect(200)["title"], "theirs");
    let counted = "SELECT string_agg(failed_total::text, ' ') AS text FROM access_codes";
    assert_eq!(database.text(counted), "0 0", "a code that is right elsewhere costs nothing");
    new.open(&altered(&ours, 8)).await.refused(404, "NOT_FOUND");
    assert_eq!(database.text(counted), "1 1");
}

#[actix_web::test]
async fn an_address_that_guesses_wrong_too_often_has_to_wait_and_its_right_code_too() {
    let database = Rc::new(TestDatabase::of("client"));
    let client = Client::on(&database, &[("WRONG_CODES_PER_ADDRESS", "3")]).await;
    let code = client.code_for("T", "C").await;
    for typo in ["", "nonsense", "K7QM-4T9X-WR5D"] {
        client.open(typo).await;
    }
    for _ in 0..3 {
        client.open(&altered(&code, 0)).await.refused(404, "NOT_FOUND");
    }
    let answer = client.open(&code).await;
    assert!(answer.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().is_ok()));
    answer.refused(429, "RATE_LIMITED");
    let page = client.type_in(&code).await;
    assert_eq!(page.status, 429);
    assert!(page.text().contains("Please wait"), "{}", page.text());
    assert_eq!(failed(&database), "0 0", "who has to wait costs the code nothing");
}

#[actix_web::test]
async fn whoever_mistypes_one_code_again_and_again_has_to_wait_for_that_code_only() {
    let database = Rc::new(TestDatabase::of("client"));
    let client = Client::on(&database, &[("WRONG_CODES_PER_CODE", "2")]).await;
    let (code, other) = (client.code_for("T", "C").await, client.code_for("Other", "C").await);
    for guess in guesses(&code, 2) {
        client.open(&guess).await.refused(404, "NOT_FOUND");
    }
    client.open(&code).await.refused(429, "RATE_LIMITED");
    assert_eq!(client.open(&other).await.expect(200)["title"], "Other");
}

#[actix_web::test]
async fn a_tenant_whose_codes_are_guessed_at_lets_nobody_in_by_code_alone_and_everybody_by_link() {
    let database = Rc::new(TestDatabase::of("client"));
    let client = Client::on(&database, &[("WRONG_CODES_PER_TENANT", "2")]).await;
    let (code, token) = client.hand_over("T").await;
    for guess in guesses(&code, 2) {
        client.open(&guess).await.refused(404, "NOT_FOUND");
    }
    client.open(&code).await.refused(429, "RATE_LIMITED");
    client.open(&guesses(&code, 3)[2]).await.refused(429, "RATE_LIMITED");
    assert_eq!(client.open_by_link(&token, &code).await.expect(200)["title"], "T");
}

#[actix_web::test]
async fn tries_at_a_blocked_code_do_not_shut_out_its_tenant() {
    let database = Rc::new(TestDatabase::of("client"));
    let settings = [("WRONG_CODES_PER_TENANT", "8"), ("ACCESS_CODE_ATTEMPTS", "5")];
    let client = Client::on(&database, &settings).await;
    let (code, other) = (client.code_for("T", "C").await, client.code_for("Other", "C").await);
    for guess in guesses(&code, 30) {
        client.open(&guess).await.refused(404, "NOT_FOUND");
    }
    assert_eq!(client.open(&other).await.expect(200)["title"], "Other");
}

#[actix_web::test]
async fn while_a_tenant_is_shut_guesses_cost_whoever_makes_them() {
    let database = Rc::new(TestDatabase::of("client"));
    let settings = [("WRONG_CODES_PER_TENANT", "2"), ("WRONG_CODES_PER_ADDRESS", "4")];
    let client = Client::on(&database, &settings).await;
    let code = client.code_for("T", "C").await;
    let statuses = in_turn(&client, &guesses(&code, 4)).await;
    assert_eq!(statuses, [404, 404, 429, 429]);
    client.open(&altered(&code, 0)).await.refused(429, "RATE_LIMITED");
}

async fn in_turn(client: &Client, guesses: &[String]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for guess in guesses {
        statuses.push(client.open(guess).await.status);
    }
    statuses
}

#[actix_web::test]
async fn a_tenant_that_is_shut_answers_not_before_other_refusals() {
    let database = Rc::new(TestDatabase::of("client"));
    let settings = [("WRONG_CODES_PER_TENANT", "1"), ("REFUSAL_FLOOR_MS", "300")];
    let client = Client::on(&database, &settings).await;
    let code = client.code_for("T", "C").await;
    client.open(&altered(&code, 7)).await.refused(404, "NOT_FOUND");
    let begun = Instant::now();
    client.open(&code).await.refused(429, "RATE_LIMITED");
    assert!(begun.elapsed() >= Duration::from_millis(300), "{:?}", begun.elapsed());
}

#[actix_web::test]
async fn whoever_has_the_link_is_not_shut_out_by_neighbours_who_guess() {
    let database = Rc::new(TestDatabase::of("client"));
    let settings = [("WRONG_CODES_PER_ADDRESS", "3"), ("WRONG_CODES_PER_ADDRESS_DAY", "3")];
    let client = Client::on(&database, &settings).await;
    let (code, token) = client.hand_over("T").await;
    for _ in 0..4 {
        client.open(&altered(&code, 0)).await;
    }
    client.open(&code).await.refused(429, "RATE_LIMITED");
    client.open_by_link(&token, &altered(&code, 7)).await.refused(401, "ACCESS_CODE_WRONG");
    assert_eq!(client.open_by_link(&token, &code).await.expect(200)["title"], "T");
}

#[actix_web::test]
async fn guesses_that_come_at_once_get_no_more_than_the_budget() {
    let database = Rc::new(TestDatabase::of("client"));
    let client = Client::on(&database, &[PATIENT, ("WRONG_CODES_PER_ADDRESS", "20")]).await;
    let code = client.code_for("T", "C").await;
    let unknown: Vec<String> =
        (0..300).map(|n| nth_altered(&nth_altered(&code, 0, 1 + n % 31), 1, n / 31)).collect();
    let answers = join_all(unknown.iter().map(|guess| client.open(guess))).await;
    let with = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(404), with(429)), (20, 280));
}

#[actix_web::test]
async fn whoever_hangs_up_has_paid_for_the_guess() {
    let database = Rc::new(TestDatabase::of("client"));
    let client = Client::on(&database, &[("WRONG_CODES_PER_ADDRESS", "1")]).await;
    let code = client.code_for("T", "C").await;
    let wrong = altered(&code, 7);
    let hung_up = client.open(&wrong).now_or_never();
    assert!(hung_up.is_none(), "the database was asked");
    client.open(&wrong).await.refused(429, "RATE_LIMITED");
}

#[actix_web::test]
async fn a_page_of_strangers_makes_nobody_guess() {
    let ours = "https://app.example.org";
    let given = [("CORS_ORIGINS", ours), ("WRONG_CODES_PER_ADDRESS", "3")];
    let client = Client::on(&Rc::new(TestDatabase::of("client")), &given).await;
    let code = client.code_for("T", "C").await;
    let path = format!("/api/public/{code}");
    for call in [Call::get(&path), Call::get(&path).header("Origin", "https://evil.example")] {
        for site in ["cross-site", "same-site"] {
            for _ in 0..4 {
                client.call(call.clone().header("Sec-Fetch-Site", site)).await.refused(403, "FORBIDDEN");
            }
        }
    }
    let listed = Call::get(&path).header("Origin", ours).header("Sec-Fetch-Site", "cross-site");
    client.call(listed).await.expect(200);
    for site in ["same-origin", "none"] {
        client.call(Call::get(&path).header("Sec-Fetch-Site", site)).await.expect(200);
    }
}
