//! What somebody gets to know who has a copy of both databases.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use oc::platform::receipts::content_hash;
use oc::roles::provider::jobs::deliver::run_due;
use oc::roles::provider::jobs::webhooks::pass_on;
use serde_json::{Value, json};

use super::{Way, promised, text};
use crate::provider::{id_of, make_due};
use crate::support::NEW_KEY;
use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::receiver::Behaviour;
use crate::support::vault::opened;

/// What is written and must not be found.
const WRITTEN: [&str; 10] = [
    "Zwetschgenkuchen",
    "Quittengelee",
    "Xaveria Unverwechselbar",
    "xaveria@unverwechselbar.example",
    "+41 44 987 65 43",
    "Holunderbluete",
    "Mirabellenschluessel",
    "Preiselbeerantwort",
    "Praxis Hagebutte",
    "+41 44 555 44 33",
];

/// Everything that stands in a database: as text, and what is stored as bytes decoded.
struct Dump {
    text: String,
    bytes: Vec<Vec<u8>>,
}

impl Dump {
    fn of(database: &TestDatabase) -> Self {
        let mut text = String::new();
        for table in database.tables() {
            let sql = format!("SELECT to_jsonb(t)::text || t::text AS text FROM \"{table}\" t");
            text.push_str(&database.texts(&sql).join("\n"));
        }
        let hexadecimal = |part: &str| part.chars().take_while(char::is_ascii_hexdigit).collect::<String>();
        let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        let decode = |hex: String| hex.as_bytes().chunks_exact(2).map(byte).collect();
        let bytes = text.split("\\x").skip(1).map(|part| decode(hexadecimal(part))).collect();
        Self { text, bytes }
    }

    /// Whether something stands in it in any form.
    fn holds(&self, wanted: &str) -> bool {
        let plain = wanted.replace('-', "");
        [wanted, &plain].into_iter().flat_map(forms).any(|form| {
            self.text.contains(&form)
                || self.text.to_lowercase().contains(&form.to_lowercase())
                || self.bytes.iter().any(|bytes| contains(bytes, form.as_bytes()))
        })
    }
}

/// A text as it is, in hexadecimal, and in base64 wherever it may begin.
fn forms(wanted: &str) -> Vec<String> {
    let mut forms =
        vec![wanted.to_owned(), wanted.bytes().map(|byte| format!("{byte:02x}")).collect::<String>()];
    for shift in 0..3 {
        // Signs that depend on what stands before and after are left out.
        let shifted = ["\0".repeat(shift).as_bytes(), wanted.as_bytes()].concat();
        for encoded in [STANDARD.encode(&shifted), URL_SAFE.encode(&shifted)] {
            forms.push(encoded[(shift * 8).div_ceil(6)..shifted.len() * 8 / 6].to_owned());
        }
    }
    forms
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

fn document() -> Value {
    json!({
        "title": "Zwetschgenkuchen", "content": "# Quittengelee\n\nThree times a day.",
        "recipient": {"name": "Xaveria Unverwechselbar", "email": "xaveria@unverwechselbar.example", "phone": "+41 44 987 65 43"},
        "metadata": {"case": "Holunderbluete"},
    })
}

impl Way {
    /// Writes a document and makes it ready to be sent.
    async fn written(&self, key: &str) -> String {
        let create = Call::post("/api/documents", &document()).header("Idempotency-Key", key);
        let id = id_of(&self.provider.call(create).await.expect(201));
        self.provider.update(&id, &json!({"status": "final"})).await.expect(200);
        id
    }

    async fn sent_with_key(&self, id: &str, key: &str) -> Value {
        let send = Call::post("/api/send", &json!({ "documentId": id })).header("Idempotency-Key", key);
        self.provider.call(send).await.json()
    }
}

#[actix_web::test]
async fn neither_database_holds_a_text_a_name_or_a_usable_code() {
    let way = Way::with(&[("CODE_RESERVE_SIZE", "8")]).await;
    way.fill_reserve().await;
    let mut secrets: Vec<String> = WRITTEN.map(str::to_owned).to_vec();
    // Delivered, opened, re-issued; each with an answer that is kept.
    let id = way.written("Mirabellenschluessel").await;
    let sent = way.sent_with_key(&id, "Mirabellenschluessel-2").await;
    let code = text(&sent["accessCode"]);
    way.read(&code, "Zwetschgenkuchen").await;
    secrets.extend([code, text(&sent["link"])]);
    let reissued = way.provider.reissue(&id).await.expect(200);
    secrets.extend([text(&reissued["accessCode"]), text(&reissued["link"])]);
    way.provider.expire_in(&id, 86_400).await.expect(200);
    // Refused in words that quote what was sent.
    let refused = way.written("Mirabellenschluessel-3").await;
    let quote = json!({"statusCode": 400, "error": "VALIDATION_FAILED", "message": "Zwetschgenkuchen for Xaveria Unverwechselbar: Preiselbeerantwort"});
    way.receiver.behave(Behaviour::Answer(400, quote.to_string()));
    assert_eq!(way.provider.send(&refused).await.status, 502);
    let message = way.provider.message(&way.provider.messages().await[0]).await;
    assert!(text(&message["attempts"][0]["answer"]).contains("Preiselbeerantwort"), "{message}");
    // In the queue, under a code of the reserve.
    way.close();
    let queued = way.written("Mirabellenschluessel-4").await;
    secrets.push(promised(&way.provider.send(&queued).await));
    make_due(&way.provider);
    assert_eq!(run_due(&way.provider.state).await.unwrap(), 1, "it failed once more");
    // A webhook with its secret, and a message for it.
    let hook = json!({"url": "https://practice.example.ch/oc-events"});
    let hook = way.provider.call(Call::post("/api/webhooks", &hook)).await.expect(201);
    secrets.push(text(&hook["secret"]).trim_start_matches("whsec_").to_owned());
    way.provider.update(&queued, &json!({"title": "Zwetschgenkuchen, once more"})).await.expect(200);
    pass_on(&way.provider.state).await.unwrap();
    nothing_is_found(&way, &secrets);
    // What the practice says of itself, told to the client role.
    let practice = json!({"name": "Praxis Hagebutte", "phone": "+41 44 555 44 33"});
    way.provider.introduce(&practice).await.expect(200);
    nothing_is_found(&way, &secrets);
    // And after everything has gone through.
    way.open();
    let waiting = "outbox WHERE destination = 'client' AND state IN ('pending', 'leased')";
    while way.provider.database.count(waiting) > 0 {
        way.catch_up().await;
    }
    nothing_is_found(&way, &secrets);
}

pub(super) fn nothing_is_found(way: &Way, secrets: &[String]) {
    for (role, database) in [("provider", &way.provider.database), ("client", &way.client.database)] {
        let dump = Dump::of(database);
        assert!(dump.text.len() > 5_000 && dump.bytes.len() > 10, "{role} has nothing in it");
        for secret in secrets {
            assert!(secret.len() >= 8 && !dump.holds(secret), "{secret} stands in the database of {role}");
        }
    }
}

#[actix_web::test]
async fn a_text_that_somebody_guesses_is_not_confirmed_by_either_database() {
    let way = Way::with_client(&[("RECEIPT_SIGNING_KEY", NEW_KEY)]).await;
    let (id, code) = way.delivered("Zwetschgenkuchen").await;
    way.read(&code, "Zwetschgenkuchen").await;
    way.provider.revoke(&id).await.expect(200);
    way.fetch_receipts(3).await;
    assert_eq!(way.provider.database.count("document_receipts"), 3);
    let guessed = content_hash("Zwetschgenkuchen", "text/markdown", "Text.");
    let hexadecimal: String = guessed.iter().map(|byte| format!("{byte:02x}")).collect();
    nothing_is_found(&way, &[hexadecimal, URL_SAFE_NO_PAD.encode(guessed), STANDARD.encode(guessed)]);
    let known = opened(&way.provider.database, "provider", "default", ("document_receipts", "jws"));
    let payload = URL_SAFE_NO_PAD.decode(known[0].split('.').nth(1).unwrap()).unwrap();
    assert!(contains(&payload, URL_SAFE_NO_PAD.encode(guessed).as_bytes()), "there is something to find");
}

#[actix_web::test]
async fn what_is_planted_is_found() {
    let way = Way::new().await;
    way.delivered("T").await;
    let planted = "Zwetschgenkuchen";
    let columns = [
        format!("last_error = '... {planted} ...'"),
        format!("last_error = upper('{planted}')"),
        format!("title = '\\x00ff' || convert_to('{planted}', 'UTF8')"),
        format!("last_error = encode(convert_to('{planted}', 'UTF8'), 'hex')"),
        format!("last_error = encode(convert_to('a{planted}z', 'UTF8'), 'base64')"),
        format!("title = convert_to(encode(convert_to('ab{planted}', 'UTF8'), 'base64'), 'UTF8')"),
    ];
    for column in columns {
        let database = &way.provider.database;
        assert!(!Dump::of(database).holds(planted), "{column}");
        let kept = "CREATE TABLE kept AS SELECT * FROM documents; UPDATE documents SET";
        database.execute(&format!("{kept} {column}"));
        assert!(Dump::of(database).holds(planted), "{column}");
        let back =
            "UPDATE documents d SET title = k.title, last_error = k.last_error FROM kept k; DROP TABLE kept";
        database.execute(back);
    }
}
