//! New keys while everybody goes on.

use oc::platform::tenants::key_of;
use oc::roles::Role;
use serde_json::{Value, json};

use super::Way;
use crate::client::Client;
use crate::provider::senders::practice;
use crate::provider::{Provider, id_of};
use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::vault::{masters, tenant};
use crate::support::{KEY, NEW_KEY};
use crate::tenants::{done, operate_with};

/// Documents that are read while the keys change.
const DOCUMENTS: usize = 60;

fn both() -> String {
    format!("{NEW_KEY},{KEY}")
}

fn create(key: &str) -> Call {
    let body = json!({"title": "T", "content": "C", "recipient": {"name": "Anna"}, "metadata": {"a": 1}});
    Call::post("/api/documents", &body).header("Idempotency-Key", key)
}

/// Numbers of the data keys that sealed values of a role name.
fn keys_in_use(role: Role, database: &TestDatabase) -> Vec<u32> {
    let (mut conn, tenant) = (database.connect(), tenant("default"));
    let sealed = role.sealed();
    let rows = sealed.iter().flat_map(|table| table.page(&mut conn, &tenant, None, 10_000).unwrap());
    let mut keys: Vec<u32> =
        rows.flat_map(|row| row.sealed).flatten().map(|value| key_of(&value).unwrap()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[actix_web::test]
async fn every_key_is_rotated_while_documents_are_read_found_opened_and_written() {
    let way = Way::new().await;
    let (at_provider, at_client) = (&way.provider.database, &way.client.database);
    let mut documents = Vec::new();
    for i in 0..DOCUMENTS {
        documents.push(way.delivered(&format!("title {i}")).await);
    }
    way.provider.introduce(&practice()).await.expect(200);
    way.settle_all().await;
    let answered = way.provider.call(create("kept")).await.expect(201);
    let given = [("FIELD_ENCRYPTION_KEY", both()), ("DATABASE_POOL_WAIT_MS", "20000".to_owned())];
    let given = given.each_ref().map(|(name, value)| (*name, value.as_str()));
    let provider = Provider::on(at_provider, &given).await;
    let client = Client::on(at_client, &given).await;
    let urls = [(Role::Provider, at_provider.again()), (Role::Client, at_client.again())];
    let rotating = std::thread::spawn(move || {
        for _ in 0..3 {
            for (role, database) in &urls {
                done(&operate_with(*role, database, &both(), &["keys", "rotate", "--data"]));
            }
        }
    });
    let mut rounds = 0;
    while !rotating.is_finished() || rounds < 3 {
        for (i, (id, code)) in documents.iter().enumerate() {
            let title = format!("title {i}");
            assert_eq!(provider.document(id).await["title"], title);
            assert_eq!(client.open(code).await.expect(200)["title"], title);
        }
        assert_eq!(provider.list("?limit=50").await.expect(200)["items"].as_array().unwrap().len(), 50);
        let found = provider.list("?q=TITLE%205&limit=50").await.expect(200);
        assert_eq!(found["items"].as_array().unwrap().len(), 11, "5 and 50 to 59");
        shows_the_practice(&provider, &client).await;
        let again = provider.call(create("kept")).await;
        assert_eq!(again.expect(201), answered);
        let written = id_of(&provider.create(&json!({"title": "new", "content": "C"})).await.expect(201));
        provider.update(&written, &json!({"title": "newer"})).await.expect(200);
        rounds += 1;
    }
    rotating.join().unwrap();
    everything_is_new(&way, &documents, &answered).await;
}

/// Both roles know what the practice has said.
async fn shows_the_practice(provider: &Provider, client: &Client) {
    assert_eq!(provider.call(Call::get("/api/sender")).await.expect(200)["name"], "Praxis am See");
    let page = client.call(Call::get("/p/default")).await.text();
    assert!(page.contains("Praxis am See"), "{page}");
}

/// Only the new master key is needed, and only the newest data key is in use.
async fn everything_is_new(way: &Way, documents: &[(String, String)], answered: &Value) {
    let (at_provider, at_client) = (&way.provider.database, &way.client.database);
    for (role, database) in [(Role::Provider, at_provider), (Role::Client, at_client)] {
        let last = operate_with(role, database, &both(), &["keys", "rotate", "--data"]);
        assert!(done(&last).contains("0 data keys  not needed any more"), "{}", last.out);
        assert_eq!(keys_in_use(role, database), [5]);
        // Keys that were replaced an hour ago are destroyed.
        database.execute("UPDATE tenant_keys SET created_at = created_at - interval '2 hours'");
        done(&operate_with(role, database, &both(), &["keys", "rotate", "--data"]));
        let left = database.texts("SELECT id::text AS text FROM tenant_keys ORDER BY id");
        assert_eq!(left, ["5", "6"], "the fifth was in use until a moment ago");
        assert_eq!(keys_in_use(role, database), [6]);
    }
    let new = [("FIELD_ENCRYPTION_KEY", NEW_KEY)];
    let (provider, client) = (Provider::on(at_provider, &new).await, Client::on(at_client, &new).await);
    for (i, (id, code)) in documents.iter().enumerate() {
        assert_eq!(provider.document(id).await["title"], format!("title {i}"));
        client.open(code).await.expect(200);
    }
    shows_the_practice(&provider, &client).await;
    assert_eq!(provider.call(create("kept")).await.expect(201), *answered);
    let old = Provider::on(at_provider, &[("FIELD_ENCRYPTION_KEY", KEY)]).await;
    old.find(&documents[0].0).await.refused(500, "INTERNAL_ERROR");
    assert!(masters(KEY).by_id(masters(NEW_KEY).first().unwrap().id()).is_none());
}
