//! The feed of receipts: ordered, complete, to be read again and again.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use oc::domain::ids::TenantId;
use oc::roles::client::jobs::housekeeping;
use serde_json::{Value, json};

use super::{Client, code_of};
use crate::support::http::{Call, assert_timestamp};

const ID: &str = "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d";

impl Client {
    /// A client role that knows a tenant.
    async fn of_somebody() -> Self {
        let client = Self::new().await;
        client.state.tenants.vault(&TenantId::parse("default").unwrap()).await.unwrap();
        client
    }

    async fn page(&self, query: &str) -> Value {
        self.call(Call::get(format!("/v1/receipts{query}"))).await.expect(200)
    }

    /// The first page with so many receipts. A transaction of another test on
    /// the same server may hold them back for a moment.
    async fn feed(&self, query: &str, count: usize) -> Value {
        for _ in 0..1_000 {
            let page = self.page(query).await;
            if page["items"].as_array().unwrap().len() >= count {
                return page;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{count} receipts do not come");
    }

    /// Writes receipts with these versions, each in a transaction of its own.
    fn write(&self, versions: &[i32]) {
        versions.iter().for_each(|version| self.database.execute(&insert(*version)));
    }
}

fn insert(version: i32) -> String {
    format!(
        "INSERT INTO receipts (tenant_id, document_id, kind, version, at) VALUES ('default', '{ID}', 'opened', {version}, now())"
    )
}

fn versions(page: &Value) -> Vec<i64> {
    page["items"].as_array().unwrap().iter().map(|item| item["version"].as_i64().unwrap()).collect()
}

fn next(page: &Value) -> String {
    format!("?after={}", page["next"].as_str().unwrap())
}

#[actix_web::test]
async fn everything_that_happens_to_a_document_is_told_in_its_order() {
    let client = Client::of_somebody().await;
    let body = json!({"id": ID, "version": 1, "title": "T", "content": "C"});
    let code = code_of(&client.deliver(&body).await.expect(201));
    client.open(&code).await.expect(200);
    client.open(&code).await.expect(200);
    let body = json!({"id": ID, "version": 2, "title": "U", "content": "C"});
    client.deliver(&body).await.expect(201);
    client.type_in(&code).await;
    client.call(Call::delete(format!("/v1/documents/{ID}?sequence=3"))).await;
    let page = client.feed("", 5).await;
    let items = page["items"].as_array().unwrap();
    let told: Vec<_> =
        items.iter().map(|i| format!("{} {}", i["kind"].as_str().unwrap(), i["version"])).collect();
    assert_eq!(told, ["delivered 1", "opened 1", "delivered 2", "opened 2", "revoked 2"]);
    for item in items {
        assert_eq!(item["documentId"], ID);
        assert_timestamp(&item["at"]);
        uuid::Uuid::parse_str(item["id"].as_str().unwrap()).unwrap();
    }
    assert_eq!(page["more"], false);
    assert_eq!(client.page("").await, page, "to read takes nothing away");
    let after = client.page(&next(&page)).await;
    assert_eq!(after, json!({"items": [], "next": page["next"], "more": false}));
}

#[actix_web::test]
async fn the_feed_is_read_page_by_page() {
    let client = Client::of_somebody().await;
    client.write(&[1, 2, 3, 4, 5]);
    client.feed("", 5).await;
    let first = client.page("?limit=2").await;
    let second = client.page(&format!("{}&limit=2", next(&first))).await;
    let third = client.page(&format!("{}&limit=2", next(&second))).await;
    let read = [versions(&first), versions(&second), versions(&third)].concat();
    assert_eq!(read, [1, 2, 3, 4, 5]);
    assert_eq!([&first["more"], &second["more"], &third["more"]], [true, true, false]);
}

#[actix_web::test]
async fn nothing_is_missed_when_transactions_end_in_another_order_than_they_began() {
    let client = Client::of_somebody().await;
    client.write(&[1]);
    let first = client.feed("", 1).await;
    let mut slow = client.database.connect();
    slow.batch_execute(&format!("BEGIN; {}", insert(2))).unwrap();
    client.write(&[3, 4]);
    // The feed stops before the transaction that is still open.
    let waiting = client.page(&next(&first)).await;
    assert_eq!(waiting, json!({"items": [], "next": first["next"], "more": false}));
    slow.batch_execute(&format!("{}; COMMIT", insert(5))).unwrap();
    let rest = client.feed(&next(&first), 4).await;
    assert_eq!(versions(&rest), [2, 5, 3, 4], "in the order of the transactions");
    let mut taken_back = client.database.connect();
    taken_back.batch_execute(&format!("BEGIN; {}", insert(6))).unwrap();
    client.write(&[7]);
    taken_back.batch_execute("ROLLBACK").unwrap();
    assert_eq!(versions(&client.feed(&next(&rest), 1).await), [7]);
}

#[actix_web::test]
async fn a_reader_that_polls_while_many_write_misses_none_and_gets_none_twice() {
    let client = Client::of_somebody().await;
    let database = &client.database;
    let url = database.url().to_owned();
    let writer = |start: i32| {
        let url = url.clone();
        std::thread::spawn(move || {
            let mut conn = <diesel::PgConnection as diesel::Connection>::establish(&url).unwrap();
            for version in start..start + 40 {
                conn.batch_execute(&format!(
                    "BEGIN; {}; {}; COMMIT",
                    insert(version),
                    insert(version + 1_000)
                ))
                .unwrap();
            }
        })
    };
    let writers: Vec<_> = [100, 200, 300, 400].map(writer).into_iter().collect();
    let (mut read, mut query) = (Vec::new(), String::new());
    let started = std::time::Instant::now();
    while read.len() < 320 {
        assert!(started.elapsed() < Duration::from_secs(20), "{}", read.len());
        let page = client.page(&format!("{query}{}limit=7", if query.is_empty() { "?" } else { "&" })).await;
        read.extend(versions(&page));
        query = next(&page);
    }
    writers.into_iter().for_each(|writer| writer.join().unwrap());
    assert_eq!(client.page(&query).await["items"], json!([]));
    let mut sorted = read.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!((read.len(), sorted.len()), (320, 320));
}

#[actix_web::test]
async fn whoever_only_asks_makes_no_tenant() {
    let client = Client::new().await;
    for path in ["/v1/receipts", "/v1/documents"] {
        let answer = client.call(Call::get(path).tenant("stranger")).await.expect(200);
        assert_eq!((&answer["items"], &answer["more"]), (&json!([]), &json!(false)), "{path}");
    }
    assert_eq!(client.database.count("tenants"), 0);
}

#[actix_web::test]
async fn another_tenant_has_a_feed_of_its_own() {
    let client = Client::of_somebody().await;
    client.write(&[1]);
    let page = client.feed("", 1).await;
    let other = Call::get(format!("/v1/receipts{}", next(&page))).tenant("other");
    assert_eq!(client.call(other).await.expect(200)["items"], json!([]));
    assert_eq!(client.call(Call::get("/v1/receipts").tenant("other")).await.expect(200)["items"], json!([]));
}

#[actix_web::test]
async fn a_cursor_that_the_database_never_gave_out_reads_from_the_beginning() {
    let client = Client::of_somebody().await;
    client.write(&[1, 2]);
    client.feed("", 2).await;
    assert_eq!(versions(&client.page("?after=99999999999999-1").await), [1, 2]);
}

#[actix_web::test]
async fn receipts_of_another_server_come_first_after_a_restore() {
    let client = Client::of_somebody().await;
    client.write(&[1, 2]);
    client.database.execute("UPDATE receipts SET txid = 99999999999999");
    // The first ones of the new server may come before anybody has looked.
    client.write(&[3]);
    assert_eq!(versions(&client.feed("", 1).await), [3]);
    assert_eq!(housekeeping::mend(&client.state).await.unwrap(), 2);
    assert_eq!(versions(&client.feed("", 3).await), [1, 2, 3]);
    assert_eq!(housekeeping::mend(&client.state).await.unwrap(), 0);
}

#[actix_web::test]
async fn broken_parameters_are_named() {
    let client = Client::of_somebody().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("after=x", "after"),
        ("after=1", "after"),
        ("after=-1-1", "after"),
        ("after=1-2-3", "after"),
        ("after=99999999999999999999-1", "after"),
        ("after=%00", "after"),
    ] {
        client.call(Call::get(format!("/v1/receipts?{query}"))).await.names_fields(&[field]);
    }
}
