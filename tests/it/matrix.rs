//! Every operation of both roles against another tenant's ids: nothing of them is
//! seen or changed, and the answer is the one for an id that does not exist.

use std::collections::BTreeSet;
use std::rc::Rc;

use oc::domain::cursor::Cursor;
use oc::domain::ids::DocumentId;
use oc::roles::Role;
use serde_json::{Value, json};

use crate::client::Client;
use crate::provider::{Provider, id_of, sending_to};
use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::process::{PATIENCE, Served};
use crate::support::waiting::until;

/// Operations that no tenant is named for: the probes, public keys, and whoever types a code.
const WITHOUT_TENANT: [&str; 8] = [
    "health",
    "show_metrics",
    "ready",
    "list_keys",
    "open_public_document",
    "open_with_code",
    "send_number",
    "verify_number",
];
/// Stands in the texts of the tenant that is attacked and nowhere else.
const MARK: &str = "written-by-north";

/// Everything by which a request can name what belongs to somebody.
struct Ids {
    document: String,
    webhook: String,
    message: String,
    delivered: String,
    cursor: String,
    event: String,
    receipt: String,
    reserved_code: String,
    key: String,
}

/// A request of this operation that names these in every place where it can.
fn request(operation: &str, ids: &Ids) -> Option<Call> {
    let Ids { document, webhook, message, delivered, cursor, event, receipt, reserved_code, key } = ids;
    let keyed = |call: Call| call.header("Idempotency-Key", key);
    let post = |path: String, body: Value| keyed(Call::post(path, &body));
    let bare = |path: String| keyed(Call::new("POST", path));
    let (documents, webhooks, messages) = ("/api/documents", "/api/webhooks", "/api/outbox");
    let delivery = json!({"id": delivered, "title": MARK, "content": MARK, "sequence": 3, "generation": 2,
                          "version": 2, "reservedCode": reserved_code});
    let access = json!({"sequence": 9, "generation": 9, "reservedCode": reserved_code, "expiresAt": "2027-01-01T00:00:00Z"});
    Some(match operation {
        "list_documents" => Call::get(format!("{documents}?cursor={cursor}")),
        "create_document" => post(documents.to_owned(), json!({"title": MARK, "content": MARK})),
        "find_document" => Call::get(format!("{documents}/{document}")),
        "update_document" => Call::put(format!("{documents}/{document}"), &json!({"title": "taken"})),
        "delete_document" => Call::delete(format!("{documents}/{document}")),
        "print_letter" => Call::get(format!("{documents}/{document}/letter.pdf")),
        "show_qr" => Call::get(format!("{documents}/{document}/qr.svg")),
        "list_events" => Call::get(format!("{documents}/{document}/events?after={event}")),
        "change_expiry" => post(format!("{documents}/{document}/expiry"), json!({"expiresIn": 3600})),
        "reissue_document" => bare(format!("{documents}/{document}/reissue")),
        "revoke_document" => bare(format!("{documents}/{document}/revoke")),
        "send_document" => post("/api/send".to_owned(), json!({"documentId": document})),
        "export_audit" => Call::get("/api/audit"),
        "list_messages" => Call::get(format!("{messages}?after={message}")),
        "find_message" => Call::get(format!("{messages}/{message}")),
        "retry_message" => bare(format!("{messages}/{message}/retry")),
        "find_sender" => Call::get("/api/sender"),
        "update_sender" => Call::put("/api/sender", &json!({"name": "Another practice"})),
        "replace_sender" => {
            Call::put("/v1/sender", &json!({"name": "Another practice", "sequence": i64::MAX}))
        }
        "list_webhooks" => Call::get(webhooks),
        "create_webhook" => post(webhooks.to_owned(), json!({"url": "https://example.org/hook"})),
        "find_webhook" => Call::get(format!("{webhooks}/{webhook}")),
        "update_webhook" => Call::put(format!("{webhooks}/{webhook}"), &json!({"enabled": false})),
        "delete_webhook" => Call::delete(format!("{webhooks}/{webhook}")),
        "replay_webhook" => {
            post(format!("{webhooks}/{webhook}/replay"), json!({"since": "2026-01-01T00:00:00Z"}))
        }
        "rotate_webhook" => bare(format!("{webhooks}/{webhook}/rotate")),
        "reserve_codes" => post("/v1/access-codes/reservations".to_owned(), json!({"count": 2})),
        "receive_document" => post("/v1/documents".to_owned(), delivery),
        "replace_document" => Call::put(format!("/v1/documents/{delivered}"), &delivery),
        "withdraw_document" => Call::delete(format!("/v1/documents/{delivered}?sequence=9")),
        "change_access" => Call::put(format!("/v1/documents/{delivered}/access"), &access),
        "list_standings" => Call::get(format!("/v1/documents?after={delivered}")),
        "list_receipts" => Call::get(format!("/v1/receipts?after={receipt}")),
        _ => return None,
    })
}

/// Both roles, and what the tenant `north` has there.
struct Both {
    provider: Provider,
    client: Client,
    theirs: Ids,
    unknown: Ids,
    _served: Served,
}

impl Both {
    async fn new() -> Self {
        let early = oc::platform::random::uuid();
        let database = Rc::new(TestDatabase::of("client"));
        let patience = ("DATABASE_POOL_WAIT_MS", "20000");
        let served = Served::start(Role::Client, &database, &[patience]);
        let client = Client::on(&database, &[patience]).await;
        let base_url = served.url();
        let slow = [patience, ("SEND_TIMEOUT_MS", "15000"), ("DELIVERY_TIMEOUT_MS", "15000")];
        let provider = Provider::with(&[&sending_to(&base_url)[..], &slow].concat()).await;
        let theirs = belongings(&provider, &client).await;
        // As somebody who has no rows there any more.
        let unknown_code = reserved(&client, "west").await;
        database.execute("DELETE FROM access_codes WHERE tenant_id = 'west'; DELETE FROM idempotency_keys WHERE tenant_id = 'west'");
        let unknown = Ids {
            document: early.to_string(),
            webhook: early.to_string(),
            message: early.to_string(),
            delivered: early.to_string(),
            cursor: Cursor(DocumentId(early)).encode(),
            event: theirs.event.clone(),
            receipt: "1-1".to_owned(),
            reserved_code: unknown_code,
            key: "a-key-of-nobody".to_owned(),
        };
        Self { provider, client, theirs, unknown, _served: served }
    }

    fn app(&self, role: Role) -> &TestApp {
        match role.name() {
            "provider" => &self.provider.app,
            _ => &self.client.app,
        }
    }

    async fn call(&self, role: Role, tenant: &str, operation: &str, ids: &Ids) -> Answer {
        let call = request(operation, ids).unwrap_or_else(|| panic!("{operation} is not in the matrix"));
        self.app(role).call(&call.tenant(tenant)).await
    }

    /// Every row of `north` in both databases.
    fn rows(&self) -> Vec<String> {
        let dumps = [self.provider.database.dump(), self.client.database.dump()].concat();
        dumps.lines().filter(|line| line.contains("(north,")).map(str::to_owned).collect()
    }
}

async fn reserved(client: &Client, tenant: &str) -> String {
    let body = json!({"count": 1});
    let call = Call::post("/v1/access-codes/reservations", &body).tenant(tenant);
    let codes = client.call(call.header("Idempotency-Key", "one-code")).await.expect(201);
    codes["codes"][0]["accessCode"].as_str().unwrap().to_owned()
}

/// Gives `north` one of everything, under keys that another tenant will use too.
async fn belongings(provider: &Provider, client: &Client) -> Ids {
    let key = "a-key-of-north";
    let call = async |call: Call| provider.call(call.tenant("north")).await;
    let keyed = |path: &str, body: Value| Call::post(path, &body).header("Idempotency-Key", key);
    let text = json!({"title": MARK, "content": MARK});
    let document = id_of(&call(keyed("/api/documents", text.clone())).await.expect(201));
    let final_now = Call::put(format!("/api/documents/{document}"), &json!({"status": "final"}));
    call(final_now).await.expect(200);
    call(keyed("/api/send", json!({"documentId": document}))).await.expect(200);
    call(Call::post("/api/documents", &text)).await.expect(201);
    let webhook =
        id_of(&call(keyed("/api/webhooks", json!({"url": "https://example.org/hook"}))).await.expect(201));
    call(Call::put("/api/sender", &json!({"name": MARK}))).await.expect(200);
    let told = Call::put("/v1/sender", &json!({"name": MARK, "sequence": 1})).tenant("north");
    assert_eq!(client.call(told).await.status, 204);
    let page = call(Call::get("/api/documents?limit=1")).await.expect(200);
    let events = call(Call::get(format!("/api/documents/{document}/events?limit=1"))).await.expect(200);
    let messages = call(Call::get("/api/outbox")).await.expect(200);
    let reserved_code = reserved(client, "north").await;
    let mut receipt = String::new();
    until("the receipts", PATIENCE, || {
        // Transactions of other tests on the server hold them back for a moment.
        let visible = "receipts WHERE tenant_id = 'north' AND txid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint";
        (client.database.count(visible) > 0).then_some(())
    });
    while receipt.is_empty() || receipt == "0-0" {
        let page = client.call(Call::get("/v1/receipts").tenant("north")).await.expect(200);
        receipt = page["next"].as_str().unwrap().to_owned();
    }
    until("the audit trail", PATIENCE, || {
        let waiting = client.database.count("audit_pending WHERE tenant_id = 'north'");
        (waiting == 0).then_some(())
    });
    Ids {
        delivered: document.clone(),
        document,
        webhook,
        message: id_of(&messages["items"][0]),
        cursor: page["nextCursor"].as_str().unwrap().to_owned(),
        event: events["nextAfter"].as_str().unwrap().to_owned(),
        receipt,
        reserved_code,
        key: key.to_owned(),
    }
}

/// Role, method and operation of everything that the descriptions name, readers
/// first and destroyers last.
fn operations() -> Vec<(Role, String, String)> {
    let mut found = Vec::new();
    for role in Role::ALL {
        let api = serde_json::to_value(role.api()).unwrap();
        for item in api["paths"].as_object().unwrap().values() {
            for (method, said) in item.as_object().unwrap() {
                found.push((*role, method.clone(), said["operationId"].as_str().unwrap().to_owned()));
            }
        }
    }
    found.retain(|(_, _, operation)| !WITHOUT_TENANT.contains(&operation.as_str()));
    found.sort_by_key(|(_, method, operation)| {
        let destroys = ["delete", "withdraw"].iter().any(|word| operation.starts_with(word));
        (destroys, method != "get")
    });
    found
}

/// An answer without what is new in every answer and without the ids that were named.
fn comparable(answer: &Answer, ids: &Ids) -> (u16, String) {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
    forget_what_is_new(&mut body);
    let mut text = body.to_string();
    let Ids { document, webhook, message, delivered, cursor, receipt, reserved_code, key, .. } = ids;
    for id in [document, webhook, message, delivered, cursor, receipt, reserved_code, key] {
        text = text.replace(id.as_str(), "ID");
    }
    (answer.status, text)
}

fn forget_what_is_new(value: &mut Value) {
    let new = [
        "timestamp",
        "requestId",
        "id",
        "accessCode",
        "link",
        "createdAt",
        "updatedAt",
        "expiresAt",
        "secret",
    ];
    match value {
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                if new.contains(&name.as_str()) && field.is_string() {
                    *field = Value::Null;
                }
                forget_what_is_new(field);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(forget_what_is_new),
        _ => {}
    }
}

#[actix_web::test]
async fn no_operation_shows_or_changes_anything_by_the_ids_of_another_tenant() {
    let both = Both::new().await;
    let before = both.rows();
    assert!(before.len() > 12, "{before:?}");
    let mut seen = BTreeSet::new();
    for (role, _, operation) in operations() {
        let foreign = both.call(role, "south", &operation, &both.theirs).await;
        let unknown = both.call(role, "south", &operation, &both.unknown).await;
        assert_eq!(
            comparable(&foreign, &both.theirs),
            comparable(&unknown, &both.unknown),
            "{operation} tells what is another tenant's"
        );
        assert!(foreign.status < 500, "{operation}: {}", foreign.text());
        assert!(!foreign.text().contains("\"north\""), "{operation}: {}", foreign.text());
        assert_eq!(foreign.header("Idempotency-Replayed"), None, "{operation}");
        if foreign.status >= 300 || !["create_document", "receive_document"].contains(&operation.as_str()) {
            assert!(!foreign.text().contains(MARK), "{operation}: {}", foreign.text());
        }
        seen.insert(foreign.status);
    }
    assert_eq!(both.rows(), before, "nothing of the other tenant was changed");
    assert!(seen.contains(&404) && seen.contains(&200) && seen.contains(&201), "{seen:?}");
}

#[actix_web::test]
async fn the_same_requests_of_their_owner_reach_what_they_name() {
    let both = Both::new().await;
    for (role, method, operation) in operations() {
        let own = both.call(role, "north", &operation, &both.theirs).await;
        assert!(own.status != 404 && own.status < 500, "{operation}: {}", own.text());
        assert!(method != "get" || own.status == 200, "{operation}: {}", own.text());
    }
}
