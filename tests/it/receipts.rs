//! Signed receipts from the client role to the provider role and to whoever asks for proof.

use std::rc::Rc;
use std::time::{Duration, Instant};

use oc::platform::receipts::PublicKeys;
use serde_json::{Value, json};

use crate::client::Client;
use crate::delivery::Way;
use crate::support::NEW_KEY;
use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::process::{Ended, run, run_reading};
use crate::support::scratch::Scratch;

const SIGNED: [(&str, &str); 1] = [("RECEIPT_SIGNING_KEY", NEW_KEY)];

/// What stands in the history as signed, by kind and detail.
async fn receipts_of(way: &Way, id: &str) -> Vec<(String, String)> {
    let page =
        way.provider.call(Call::get(format!("/api/documents/{id}/events?limit=500"))).await.expect(200);
    let signed = |line: &Value| {
        let kind = [line["kind"].as_str().unwrap(), line["detail"].as_str().unwrap_or_default()].join(" ");
        Some((kind.trim().to_owned(), line["receipt"].as_str()?.to_owned()))
    };
    page["items"].as_array().unwrap().iter().filter_map(signed).collect()
}

async fn jwks(way: &Way) -> Value {
    let answer = way.client.call(Call::get("/.well-known/jwks.json")).await;
    assert_eq!(answer.header("Cache-Control"), Some("public, max-age=300"));
    answer.expect(200)
}

#[actix_web::test]
async fn every_step_of_a_document_leaves_a_receipt_that_says_which_text_it_was() {
    let way = Way::with_client(&SIGNED).await;
    let (id, code) = way.delivered("T").await;
    way.read(&code, "T").await;
    way.provider.expire_in(&id, 3_600).await.expect(200);
    let reissued = way.provider.reissue(&id).await.expect(200);
    way.provider.update(&id, &json!({"title": "U"})).await.expect(200);
    way.provider.send(&id).await.expect(200);
    way.read(reissued["accessCode"].as_str().unwrap(), "U").await;
    way.provider.revoke(&id).await.expect(200);
    way.fetch_receipts(7).await;
    let keys = PublicKeys::parse(&jwks(&way).await).unwrap();
    let receipts = receipts_of(&way, &id).await;
    let kinds: Vec<&str> = receipts.iter().map(|(kind, _)| kind.as_str()).collect();
    let all = [
        "delivered send",
        "delivered expiry",
        "delivered reissue",
        "delivered send",
        "delivered revoke",
        "opened",
        "opened",
    ];
    assert_eq!(kinds, all);
    let claims: Vec<_> = receipts.iter().map(|(_, jws)| keys.verify(jws).unwrap()).collect();
    let outcomes: Vec<&str> = claims.iter().map(|claims| claims.outcome.as_str()).collect();
    assert_eq!(
        outcomes,
        ["delivered", "expiry_changed", "reissued", "delivered", "revoked", "opened", "opened"]
    );
    let hash = |title: &str| {
        use base64::Engine as _;
        let hash = oc::platform::receipts::content_hash(title, "text/markdown", "Text.");
        Some(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(hash))
    };
    for (at, title) in ["T", "T", "T", "U", "U", "T", "U"].iter().enumerate() {
        assert_eq!(claims[at].content_hash, hash(title), "{at}");
        assert_eq!((claims[at].tenant.as_str(), &claims[at].document_id), ("default", &id));
        assert_eq!(claims[at].iss, "http://127.0.0.1:3000");
    }
}

#[actix_web::test]
async fn a_receipt_is_signed_the_same_every_time_and_kept_once() {
    let way = Way::with_client(&SIGNED).await;
    let (id, code) = way.delivered("T").await;
    way.read(&code, "T").await;
    way.fetch_receipts(2).await;
    let before = receipts_of(&way, &id).await;
    way.provider.database.execute("UPDATE client_accounts SET receipts_cursor = NULL");
    way.fetch_receipts(2).await;
    assert_eq!(receipts_of(&way, &id).await, before);
    assert_eq!(way.provider.database.count("document_receipts"), 2);
    let twice = [
        way.client.call(Call::get("/v1/receipts")).await.text(),
        way.client.call(Call::get("/v1/receipts")).await.text(),
    ];
    assert_eq!(twice[0], twice[1]);
}

#[actix_web::test]
async fn the_end_by_time_is_signed_and_a_revocation_before_the_text_names_none() {
    let way = Way::with_client(&SIGNED).await;
    let (id, _) = way.delivered("T").await;
    way.let_expire().await;
    way.fetch_receipts(2).await;
    let keys = PublicKeys::parse(&jwks(&way).await).unwrap();
    let receipts = receipts_of(&way, &id).await;
    let expired = keys.verify(&receipts.last().unwrap().1).unwrap();
    assert_eq!((expired.outcome.as_str(), expired.content_hash.is_some()), ("expired", true));
    let unknown = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d";
    assert_eq!(
        way.client.call(Call::delete(format!("/v1/documents/{unknown}?sequence=1"))).await.status,
        204
    );
    let feed = feed(&way.client, 3).await;
    let last = feed["items"].as_array().unwrap().last().unwrap().clone();
    let revoked = keys.verify(last["jws"].as_str().unwrap()).unwrap();
    assert_eq!((revoked.outcome.as_str(), revoked.content_hash), ("revoked", None));
}

#[actix_web::test]
async fn without_a_key_receipts_go_on_without_a_signature() {
    let way = Way::new().await;
    let (id, _) = way.delivered("T").await;
    way.fetch_receipts(1).await;
    assert_eq!(receipts_of(&way, &id).await, []);
    assert_eq!(jwks(&way).await, json!({"keys": []}));
    let feed = way.client.call(Call::get("/v1/receipts")).await.expect(200);
    assert!(feed["items"][0].get("jws").is_none(), "{feed}");
}

/// The feed of receipts, once it holds so many.
async fn feed(client: &Client, count: usize) -> Value {
    let started = Instant::now();
    loop {
        let feed = client.call(Call::get("/v1/receipts")).await.expect(200);
        if feed["items"].as_array().unwrap().len() >= count {
            return feed;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{feed}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A receipt, the public keys and the document, as files.
async fn files(folder: &Scratch) -> (String, String, String) {
    let client = Client::on(&Rc::new(TestDatabase::of("client")), &SIGNED).await;
    let code = client.code_for("T", "C").await;
    let document = client.open(&code).await.text();
    let feed = feed(&client, 2).await;
    let jws = feed["items"][1]["jws"].as_str().unwrap().to_owned();
    let jwks = client.call(Call::get("/.well-known/jwks.json")).await.text();
    (jws, folder.file("jwks.json", &jwks), folder.file("document.json", &document))
}

fn verify(jws: &str, more: &[&str]) -> Ended {
    run_reading(&[&["receipt", "verify", "-"], more].concat(), format!("{jws}\n").as_bytes())
}

#[actix_web::test]
async fn the_command_says_what_a_receipt_proves_and_refuses_what_is_not_genuine() {
    let folder = Scratch::new("receipts");
    let (jws, jwks, document) = files(&folder).await;
    let genuine = verify(&jws, &["--jwks", &jwks, "--document", &document]);
    assert_eq!(genuine.code, 0, "{} {}", genuine.out, genuine.err);
    for told in [
        "Genuine: signed by http://127.0.0.1:3000",
        "version 1",
        "was opened for the first time",
        "is the text that this was about",
    ] {
        assert!(genuine.out.contains(told), "{told}: {}", genuine.out);
    }
    assert!(verify(&jws, &["--jwks", &jwks]).out.contains("The text was not compared"));
    let text = std::fs::read_to_string(&document).unwrap();
    let other = folder.file("other.json", &text.replace("\"content\":\"C\"", "\"content\":\"D\""));
    let compared = verify(&jws, &["--jwks", &jwks, "--document", &other]);
    assert!(compared.code == 1 && compared.out.contains("NOT THIS DOCUMENT"), "{}", compared.out);
    let forged = verify(&jws.replacen('.', ".A", 1), &["--jwks", &jwks]);
    assert!(forged.code == 1 && forged.out.contains("NOT GENUINE"), "{}", forged.out);
    let both = verify(&format!("{jws}\n{}", &jws[1..]), &["--jwks", &jwks]);
    assert!(both.code == 1 && both.err.contains("1 of 2 receipts prove nothing"), "{}", both.err);
    let keys = std::fs::read_to_string(&jwks).unwrap();
    let stranger = folder.file("stranger.json", &keys.replacen("\"x\":\"", "\"x\":\"A", 1));
    assert_eq!(verify(&jws, &["--jwks", &stranger]).code, 2);
    assert_eq!(verify("", &["--jwks", &jwks]).code, 2);
    assert_eq!(run(&["receipt", "verify", "/nowhere", "--jwks", &jwks]).code, 2);
    assert_eq!(verify(&jws, &["--jwks", "http://127.0.0.1:1/jwks.json"]).code, 1);
}
