//! What the fence costs the planner: every statement that a connection for tenants
//! has prepared still goes by an index.

use diesel::RunQueryDsl as _;
use diesel::connection::SimpleConnection as _;
use diesel::sql_query;
use diesel::sql_types::Text;
use oc::platform::clock;
use oc::platform::db::{Db, DbError};
use oc::platform::outbox::{self, Place};
use oc::roles::provider::jobs::refill;
use serde_json::json;
use uuid::Uuid;

use super::tenant;
use crate::client::Client;
use crate::provider::{Provider, id_of};
use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::receiver::{Behaviour, Receiver};

/// A statement as the role prepared it.
#[derive(diesel::QueryableByName, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Prepared {
    #[diesel(sql_type = Text)]
    types: String,
    #[diesel(sql_type = Text)]
    text: String,
    #[diesel(sql_type = Text)]
    nulls: String,
}

/// Every statement that the one connection for tenants has prepared.
async fn prepared(db: &Db) -> Vec<Prepared> {
    let sql = "SELECT array_to_string(parameter_types, ', ') AS types, statement AS text, \
                      array_to_string(array_fill('NULL'::text, ARRAY[cardinality(parameter_types)]), ', ') AS nulls \
               FROM pg_prepared_statements WHERE name <> '' AND cardinality(parameter_types) > 0 ORDER BY 2";
    let list = move |conn: &mut diesel::PgConnection| Ok::<_, DbError>(sql_query(sql).load(conn)?);
    db.of(&tenant("default")).read(list).await.unwrap()
}

/// Gives three hundred other tenants what this one has, so that reading all of a
/// table would be dear.
fn multiply(database: &TestDatabase) {
    let tables = database.texts(
        "SELECT relname::text AS text FROM pg_class c WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' \
         AND EXISTS (SELECT FROM pg_attribute WHERE attrelid = c.oid AND attname = 'tenant_id') \
         ORDER BY relname LIKE 'access%', relname",
    );
    for table in tables {
        database.execute(&format!(
            "INSERT INTO {table} OVERRIDING SYSTEM VALUE SELECT (jsonb_populate_record(t, jsonb_build_object('tenant_id', 't' || i, \
             'selector_hash', '\\x' || md5(random()::text), 'link_hash', '\\x' || md5(random()::text)))).* FROM {table} t, generate_series(1, 3000) i WHERE tenant_id = 'default'; \
             ANALYZE {table}"
        ));
    }
}

fn assert_by_index(database: &TestDatabase, statements: &[Prepared]) {
    for Prepared { types, text, nulls } in statements {
        let mut conn = database.connect();
        let enter =
            "SET ROLE oc_tenant; SET app.tenant_id = 'default'; SET plan_cache_mode = force_generic_plan";
        conn.batch_execute(&format!("{enter}; PREPARE statement ({types}) AS {text}")).unwrap();
        #[derive(diesel::QueryableByName)]
        struct Line {
            #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
            line: String,
        }
        let explain = format!("EXPLAIN (COSTS OFF) EXECUTE statement ({nulls})");
        let plan: Vec<Line> = sql_query(explain).load(&mut conn).unwrap();
        let plan: String = plan.into_iter().map(|line| line.line + "\n").collect();
        // The catalogue of databases has a handful of rows.
        assert!(!plan.replace("Seq Scan on pg_database", "").contains("Seq Scan"), "{text}\n{plan}");
        let reads = plan.contains(" Scan") && !plan.contains("Scan on written");
        assert!(!reads || plan.contains("app.tenant_id"), "{text}\n{plan}");
    }
}

#[actix_web::test]
async fn every_statement_for_a_tenant_of_the_provider_goes_by_an_index() {
    let codes = json!([{"accessCode": "0000-0000-0000", "link": "l"}]);
    let reserve = json!({"codes": codes, "expiresAt": "2028-01-01T00:00:00Z"}).to_string();
    let receipt = json!({"id": "x", "accessCode": "0000-0000-0000", "link": null}).to_string();
    let receiver = Receiver::start(Behaviour::Answer(201, receipt));
    let provider = Provider::to(&receiver, &[("DATABASE_POOL_SIZE", "2")]).await;
    let mut ids = Vec::new();
    for i in 0..12 {
        ids.push(provider.ready(&format!("title {i}")).await);
    }
    for id in &ids[..6] {
        provider.send(id).await.expect(200);
    }
    provider.list("").await.expect(200);
    provider.history(&ids[0]).await;
    provider.reissue(&ids[0]).await;
    provider.expire_in(&ids[1], 3_600).await;
    provider.revoke(&ids[2]).await;
    for id in [&ids[3], &ids[8]] {
        assert_eq!(provider.delete(id).await.status, 204);
    }
    let hook = json!({"url": "https://example.org/hook"});
    let hook = provider.call(Call::post("/api/webhooks", &hook).header("Idempotency-Key", "hook")).await;
    let hook = format!("/api/webhooks/{}", id_of(&hook.expect(201)));
    provider.call(Call::get("/api/webhooks")).await.expect(200);
    provider.call(Call::get(hook.as_str())).await.expect(200);
    provider.call(Call::put(hook.as_str(), &json!({"enabled": false}))).await.expect(200);
    let message = provider.messages().await.remove(0);
    provider.message(&message).await;
    provider.retry(&message).await;
    receiver.behave(Behaviour::Answer(201, reserve));
    assert!(refill::run(&provider.state).await.unwrap() > 0);
    let supersede = |conn: &mut diesel::PgConnection| {
        let own = tenant("default");
        let place = Place { tenant: &own, destination: "client", subject: Uuid::nil(), sequence: 1 };
        Ok::<_, DbError>(outbox::supersede_up_to(conn, place, clock::now())?)
    };
    provider.state.db.of(&tenant("default")).run_alone(supersede).await.unwrap();
    let statements = prepared(&provider.state.db).await;
    assert!(statements.len() > 15, "{statements:?}");
    multiply(&provider.database);
    assert_by_index(&provider.database, &statements);
}

#[actix_web::test]
async fn every_statement_for_a_tenant_of_the_client_goes_by_an_index() {
    let database = std::rc::Rc::new(TestDatabase::of("client"));
    let client = Client::on(&database, &[("DATABASE_POOL_SIZE", "2")]).await;
    for i in 0..12 {
        let code = client.code_for(&format!("title {i}"), "C").await;
        client.open(&code).await.expect(200);
    }
    let id = oc::platform::random::uuid();
    let body = |sequence: i64| json!({"id": id, "sequence": sequence, "title": "T", "content": "C"});
    client.deliver(&body(1)).await.expect(201);
    client.deliver(&body(2)).await.expect(201);
    let access = json!({"sequence": 3, "generation": 3, "expiresAt": "2026-12-20T00:00:00Z", "reservedCode": "0000-0000-0000"});
    client.call(Call::put(format!("/v1/documents/{id}/access"), &access)).await.expect(200);
    let withdrawn = client.call(Call::delete(format!("/v1/documents/{id}?sequence=4"))).await;
    assert_eq!(withdrawn.status, 204);
    let reserve = Call::post("/v1/access-codes/reservations", &json!({"count": 2}));
    client.call(reserve.header("Idempotency-Key", "two")).await.expect(201);
    client.call(Call::get("/v1/receipts")).await.expect(200);
    let statements = prepared(&client.state.db).await;
    assert!(statements.len() > 2, "{statements:?}");
    multiply(&database);
    assert_by_index(&database, &statements);
}
