//! Everything of a tenant: written out, destroyed, out of reach.

use std::collections::BTreeMap;

use oc::platform::tenants::{Field, VaultError};
use oc::roles::Role;
use oc::roles::provider::jobs::webhooks::pass_on;
use oc::roles::provider::jobs::{receipts, refill};
use serde_json::{Value, json};

use super::{PATIENCE, Way, promised, text};
use crate::client::Client;
use crate::provider::senders::{LOGO, practice};
use crate::provider::{Provider, id_of};
use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::scratch::Scratch;
use crate::support::vault::vault;
use crate::support::waiting::until_async;
use crate::tenants::{ALWAYS_ASK, begin_anew, done, operate};

/// Tables that hold something of tenants, without their keys and audit trails.
fn tables_of(database: &TestDatabase) -> Vec<String> {
    let mut tables = oc::platform::tenants::tables::with_tenants(&mut database.connect()).unwrap();
    tables.retain(|table| table != "tenant_keys" && !table.starts_with("audit_"));
    tables
}

fn rows_of(database: &TestDatabase, tenant: &str) -> BTreeMap<String, i64> {
    let count = |table: String| {
        let rows = database.count(&format!("{table} WHERE tenant_id = '{tenant}'"));
        (table, rows)
    };
    tables_of(database).into_iter().map(count).filter(|(_, rows)| *rows > 0).collect()
}

/// What the audit trail says was done, chained or not.
fn told(database: &TestDatabase) -> Vec<String> {
    database.texts(
        "SELECT action AS text FROM audit_pending WHERE tenant_id = 'default' \
         UNION SELECT action FROM audit_log WHERE tenant_id = 'default'",
    )
}

impl Way {
    /// A bit of everything for the tenant, and something of another one.
    async fn lived(&self) -> (String, String) {
        self.fill_reserve().await;
        let body = json!({
            "title": "Exercises", "content": "# Week 1", "recipient": {"name": "Anna Müster"}, "metadata": {"case": "A-17"},
        });
        let create = Call::post("/api/documents", &body).header("Idempotency-Key", "k");
        let id = id_of(&self.provider.call(create).await.expect(201));
        self.provider.update(&id, &json!({"status": "final"})).await.expect(200);
        let code = self.sent(&id).await;
        self.read(&code, "Exercises").await;
        let hook = json!({"url": "https://practice.example.ch/oc-events"});
        self.provider.call(Call::post("/api/webhooks", &hook)).await.expect(201);
        self.provider.introduce(&practice()).await.expect(200);
        self.settle_all().await;
        self.close();
        promised(&self.provider.send(&self.provider.ready("waits").await).await);
        let south = Call::post("/api/documents", &json!({"title": "South", "content": "C"})).tenant("south");
        self.provider.call(south).await.expect(201);
        for path in ["/api/sender", "/v1/sender"] {
            let call = Call::put(path, &json!({"name": "South", "sequence": 1})).tenant("south");
            let answer = if path == "/api/sender" {
                self.provider.call(call).await
            } else {
                self.client.call(call).await
            };
            assert!(answer.status < 300, "{}", answer.text());
        }
        let south = Call::post("/v1/documents", &json!({"title": "South", "content": "C"})).tenant("south");
        self.client.call(south).await.expect(201);
        (id, code)
    }
}

fn lines(path: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[actix_web::test]
async fn an_export_holds_everything_of_a_tenant_in_clear_and_nothing_of_another() {
    let way = Way::with(&[("CODE_RESERVE_SIZE", "8")]).await;
    let (id, code) = way.lived().await;
    let scratch = Scratch::new("export");
    for (role, database) in [(Role::Provider, &way.provider.database), (Role::Client, &way.client.database)] {
        let file = scratch.path().join(role.name());
        let file = file.to_str().unwrap();
        let export = ["tenant", "export", "default", "--to", file];
        done(&operate(role, database, &export));
        let lines = lines(file);
        let (head, rest) = lines.split_first().unwrap();
        assert_eq!(
            (&head["export"]["tenant"], &head["export"]["role"]),
            (&json!("default"), &json!(role.name()))
        );
        let (end, rows) = rest.split_last().unwrap();
        assert_eq!(end["end"]["rows"], rows.len());
        let mut counts = BTreeMap::new();
        for line in rows {
            *counts.entry(text(&line["table"])).or_insert(0) += 1;
            assert_eq!(line["row"]["tenant_id"], "default");
        }
        assert!(counts.keys().any(|table| table.starts_with("audit_")), "the audit trail");
        counts.retain(|table, _| !table.starts_with("audit_"));
        assert_eq!(counts, rows_of(database, "default"), "every row of every table");
        let written = std::fs::read_to_string(file).unwrap();
        for secret in ["South", "secrets", "selector_hash", "sealed", "wrapped", "\\\\x"] {
            assert!(!written.contains(secret), "{secret} in the export of {}", role.name());
        }
        let is_it = |line: &&Value| line["table"] == "documents" && line["row"]["id"] == id.as_str();
        let document = &rows.iter().find(is_it).unwrap()["row"];
        assert_eq!((&document["title"], &document["content"]), (&json!("Exercises"), &json!("# Week 1")));
        assert_eq!(document["recipient"], json!({"name": "Anna Müster"}));
        assert_eq!(document["metadata"], json!({"case": "A-17"}));
        let practice = &rows.iter().find(|line| line["table"] == "senders").unwrap()["row"];
        assert_eq!(
            (&practice["profile"]["name"], &practice["logo"]),
            (&json!("Praxis am See"), &json!(LOGO))
        );
        if role == Role::Provider {
            assert_eq!(document["access_code"], code.as_str());
            let waits = |line: &&Value| line["row"]["payload"]["title"] == "waits";
            assert!(rows.iter().any(|line| waits(&line)), "the message that waits");
            assert!(["document_events", "webhook_endpoints"].iter().all(|table| counts.contains_key(*table)));
        } else {
            assert!(["receipts", "access_codes"].iter().all(|table| counts.contains_key(*table)));
        }
        let again = operate(role, database, &export);
        assert!(again.code == 2 && again.err.contains("can't be made"), "{}", again.err);
        assert_eq!(std::fs::read_to_string(file).unwrap(), written);
    }
}

#[actix_web::test]
async fn a_deleted_tenant_is_shredded_and_gone_and_nobody_else_is() {
    let way = Way::with(&[("CODE_RESERVE_SIZE", "8")]).await;
    let (id, code) = way.lived().await;
    let title = Field::new("documents", "title");
    for (role, database) in [(Role::Provider, &way.provider.database), (Role::Client, &way.client.database)] {
        let south = rows_of(database, "south");
        let copied =
            database.text(&format!("SELECT encode(title, 'hex') AS text FROM documents WHERE id = '{id}'"));
        let byte = |i| u8::from_str_radix(&copied[i..i + 2], 16).unwrap();
        let copied: Vec<u8> = (0..copied.len()).step_by(2).map(byte).collect();
        let row: uuid::Uuid = id.parse().unwrap();
        assert_eq!(vault(database, "default").open_text(title, row, &copied).unwrap(), "Exercises");
        let deleted = operate(role, database, &["tenant", "delete", "default", "--yes"]);
        assert!(done(&deleted).contains("keys destroyed"), "{}", deleted.out);
        assert!(deleted.err.contains("Backups made before now"), "{}", deleted.err);
        assert_eq!(rows_of(database, "default"), BTreeMap::from([("tenants".to_owned(), 1)]));
        let told = told(database);
        assert!(told.contains(&"tenant.deleted".to_owned()) && told.len() > 2, "{told:?}");
        assert_eq!(rows_of(database, "south"), south);
        assert_eq!(database.count("tenant_keys WHERE tenant_id = 'default'"), 0);
        assert_eq!(vault(database, "default").open(title, row, &copied), Err(VaultError::UnknownKey));
        // Another life does not bring the old one back.
        begin_anew(role, database, "default");
        assert_eq!(vault(database, "default").open(title, row, &copied), Err(VaultError::UnknownKey));
        done(&operate(role, database, &["tenant", "delete", "default", "--yes"]));
    }
    let provider = Provider::on(&way.provider.database, &[]).await;
    provider.find(&id).await.refused(403, "TENANT_UNKNOWN");
    provider.create(&json!({"title": "T", "content": "C"})).await.refused(403, "TENANT_UNKNOWN");
    Client::on(&way.client.database, &[]).await.open(&code).await.refused(404, "NOT_FOUND");
}

#[actix_web::test]
async fn a_tenant_that_begins_anew_gets_its_account_again() {
    let way = Way::with(&[ALWAYS_ASK, ("CODE_RESERVE_SIZE", "8")]).await;
    way.fill_reserve().await;
    done(&operate(Role::Provider, &way.provider.database, &["tenant", "delete", "default", "--yes"]));
    way.provider.database.execute("UPDATE tenants SET deleted_at = now() - interval '1 hour'");
    done(&operate(Role::Provider, &way.provider.database, &["tenant", "create", "default"]));
    assert_eq!(way.provider.database.count("client_accounts"), 0);
    receipts::run(&way.provider.state).await.unwrap();
    way.delivered("T").await;
    assert_eq!(refill::run(&way.provider.state).await.unwrap(), 8);
}

#[actix_web::test]
async fn a_tenant_whose_keys_cannot_be_opened_holds_up_no_other() {
    let way = Way::with(&[ALWAYS_ASK, ("CODE_RESERVE_SIZE", "8"), ("WEBHOOK_ALLOW_PRIVATE", "true")]).await;
    let south = |call: Call| way.provider.call(call.tenant("south"));
    let hook = json!({"url": format!("http://{}/hook", way.receiver.address())});
    let new = json!({"title": "T", "content": "C"});
    for (path, body) in [("/api/webhooks", &hook), ("/api/documents", &new)] {
        way.provider.call(Call::post(path, body)).await.expect(201);
        south(Call::post(path, body)).await.expect(201);
    }
    way.provider.database.execute(
        "UPDATE tenant_keys SET wrapped = decode(repeat('00', 60), 'hex') WHERE tenant_id = 'default'",
    );
    assert_eq!(refill::run(&way.provider.state).await.unwrap(), 8);
    let told = || way.provider.database.count("outbox WHERE tenant_id = 'south'") > 0;
    let started = std::time::Instant::now();
    while !told() {
        assert!(started.elapsed() < PATIENCE);
        // Ends although one of them stays behind.
        pass_on(&way.provider.state).await.unwrap();
    }
    receipts::run(&way.provider.state).await.unwrap();
    assert_eq!(way.provider.database.count("outbox WHERE tenant_id = 'default'"), 0);
}

#[actix_web::test]
async fn the_codes_of_a_suspended_tenant_open_nothing_and_nobody_is_told_why() {
    let way = Way::new().await;
    let (_, code) = way.delivered("Exercises").await;
    let client = Client::on(&way.client.database, &[ALWAYS_ASK]).await;
    client.open(&code).await.expect(200);
    done(&operate(Role::Client, &way.client.database, &["tenant", "suspend", "default"]));
    let comparable = |answer: crate::support::http::Answer| {
        let mut body = answer.refused(404, "NOT_FOUND");
        body["timestamp"] = Value::Null;
        body["requestId"] = Value::Null;
        body
    };
    assert_eq!(comparable(client.open(&code).await), comparable(client.open("0000-0000-0000").await));
    assert_eq!(client.type_in(&code).await.status, 404);
    done(&operate(Role::Client, &way.client.database, &["tenant", "resume", "default"]));
    client.open(&code).await.expect(200);
}

#[actix_web::test]
async fn no_receipts_are_asked_for_a_suspended_tenant() {
    let way = Way::with(&[ALWAYS_ASK]).await;
    let (_, code) = way.delivered("T").await;
    way.read(&code, "T").await;
    done(&operate(Role::Provider, &way.provider.database, &["tenant", "suspend", "default"]));
    let asked = way.receiver.every_call().len();
    assert_eq!(receipts::run(&way.provider.state).await.unwrap(), 0);
    assert_eq!(way.receiver.every_call().len(), asked);
    done(&operate(Role::Provider, &way.provider.database, &["tenant", "resume", "default"]));
    way.fetch_receipts(2).await;
}

#[actix_web::test]
async fn the_messages_of_a_suspended_tenant_wait() {
    let way = Way::with(&[ALWAYS_ASK]).await;
    let id = way.provider.ready("waits").await;
    way.close();
    way.provider.send(&id).await.expect(202);
    let attempted = way.receiver.calls().len();
    way.open();
    done(&operate(Role::Provider, &way.provider.database, &["tenant", "suspend", "default"]));
    way.provider.database.execute("UPDATE outbox SET give_up_at = now()");
    let lines = way.provider.database.count("outbox_attempts");
    for _ in 0..3 {
        assert_eq!(way.catch_up_once().await, 1);
    }
    assert_eq!(way.receiver.calls().len(), attempted, "nobody was called");
    let waits = "SELECT concat_ws(' ', state, attempts, due_at > now() + interval '140 seconds', give_up_at > now()) AS text FROM outbox";
    assert_eq!(way.provider.database.text(waits), "pending 1 t t", "it does not become too old meanwhile");
    assert_eq!(way.provider.database.count("outbox_attempts"), lines);
    let why = "SELECT last_error AS text FROM outbox";
    assert_eq!(way.provider.database.text(why), "The message was not sent: This tenant is suspended");
    done(&operate(Role::Provider, &way.provider.database, &["tenant", "resume", "default"]));
    assert_eq!(way.catch_up_once().await, 1);
    let delivered =
        || (way.provider.database.text("SELECT state AS text FROM outbox") == "delivered").then_some(());
    until_async("the delivery", PATIENCE, delivered).await;
}
