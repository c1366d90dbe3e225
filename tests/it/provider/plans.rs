//! Which index answers the list.

use std::time::Duration;

use diesel::connection::SimpleConnection as _;

use super::{Provider, id_of};
use crate::support::http::Call;
use crate::support::waiting::until_async;
use oc::domain::cursor::Cursor;
use oc::domain::ids::DocumentId;
use serde_json::json;

const ROWS: &str = "INSERT INTO documents \
    (tenant_id, id, title, content, content_type, status, version, delivery_state, created_at, updated_at) \
    SELECT CASE i % 3 WHEN 0 THEN 'default' WHEN 1 THEN 'north' ELSE 'south' END, \
           (lpad(to_hex(i), 8, '0') || '-0000-7000-8000-000000000000')::uuid, '\\x00', convert_to(repeat('x', 200), 'UTF8'), \
           'text/plain', 'draft', 1, 'none', now(), now() FROM generate_series(1, 5000) i; \
    ANALYZE documents";

#[actix_web::test]
async fn a_page_of_the_list_is_read_from_the_primary_key_without_sorting() {
    let provider = Provider::with(&[("DATABASE_POOL_SIZE", "2")]).await;
    provider.database.execute(ROWS);
    let middle = "00000f00-0000-7000-8000-000000000000";
    let cursor = Cursor(DocumentId(middle.parse().unwrap())).encode();
    for (query, parameters) in [
        (String::new(), "'default', 21".to_owned()),
        (format!("?cursor={cursor}"), format!("'default', '{middle}', 21")),
    ] {
        // They are not sealed, so that they can be read, but not shown.
        provider.list(&query).await.refused(500, "INTERNAL_ERROR");
        let statement = provider.database.last_statement("SELECT \"documents\"");
        let plan = provider.database.plan(Some("default"), &statement, &parameters);
        assert!(plan.contains("Index Scan Backward using documents_pkey"), "{plan}");
        assert!(!plan.contains("Sort") && !plan.contains("Seq Scan"), "{plan}");
        // Whether the tenant is the one whose rows are shown is asked once, not for each row.
        let asked_once = "One-Time Filter: (current_setting('app.tenant_id'::text, true) = $1)";
        let rest = plan.replace(asked_once, "").replace("Filter: (deleted_at IS NULL)", "");
        assert!(plan.contains(asked_once) && !rest.contains("Filter"), "{plan}");
        assert!(plan.contains("rows=21 loops=1"), "{plan}");
    }
}

/// Documents with even numbers were opened; of the others, forty are in the state that is looked
/// for, the oldest and the newest ones.
fn beside_opened(status: &str, state: &str) -> String {
    let sent = if state == "none" { "NULL" } else { "1" };
    format!(
        "TRUNCATE documents; INSERT INTO documents \
         (tenant_id, id, title, content, content_type, status, version, sent_version, sequence, operation, delivery_state, opened_at, created_at, updated_at) \
         SELECT 'default', (lpad(to_hex(i), 8, '0') || '-0000-7000-8000-000000000000')::uuid, '\\x00', '\\x00', 'text/plain', \
           CASE WHEN asked THEN '{status}' ELSE 'final' END, 1, CASE WHEN asked THEN {sent} ELSE 1 END, \
           CASE WHEN asked THEN coalesce({sent}, 0) ELSE 1 END, CASE WHEN asked AND {sent} IS NULL THEN NULL ELSE 'send' END, \
           CASE WHEN asked THEN '{state}' ELSE 'delivered' END, CASE WHEN asked THEN NULL ELSE now() END, now(), now() \
         FROM (SELECT i, i % 2 = 1 AND (i < 40 OR i > 4960) AS asked FROM generate_series(1, 5000) i) numbers; \
         ANALYZE documents"
    )
}

#[actix_web::test]
async fn what_is_not_finished_is_found_without_looking_at_what_is() {
    let provider = Provider::with(&[("DATABASE_POOL_SIZE", "2")]).await;
    for (path, status, state, words, index) in [
        ("/?show=drafts", "draft", "none", "status = 'draft'", "documents_drafts"),
        ("/?show=ready", "final", "none", "status = 'final' AND", "documents_ready"),
        ("/?show=underway", "final", "queued", "IN ('queued', 'delivering')", "documents_underway"),
        ("/?show=delivered", "final", "delivered", "opened_at IS NULL", "documents_unopened"),
        ("/?show=failed", "final", "failed", "delivery_state = 'failed'", "documents_failed"),
        ("/api/documents?state=queued", "final", "queued", "delivery_state = 'queued'", "documents_underway"),
    ] {
        provider.database.execute(&beside_opened(status, state));
        // They are not sealed, so that they can be read, but not shown.
        assert_eq!(provider.call(Call::get(path)).await.status, 500, "{path}");
        let statement = provider.database.last_statement("SELECT \"documents\"");
        assert!(statement.contains(words), "{path}: {statement}");
        let plan = provider.database.plan(Some("default"), &statement, "'default', 21");
        assert!(plan.contains(&format!("Index Scan Backward using {index}")), "{path}: {plan}");
        assert!(plan.contains("rows=21 loops=1") && !plan.contains("Sort"), "{path}: {plan}");
        assert!(!plan.contains("Rows Removed"), "{path}: {plan}");
    }
}

#[actix_web::test]
async fn a_replay_reads_what_happened_since_and_not_the_whole_history() {
    let provider = Provider::with(&[("DATABASE_POOL_SIZE", "2")]).await;
    let hook = json!({"url": "https://practice.example.ch/oc-events"});
    let id = id_of(&provider.call(Call::post("/api/webhooks", &hook)).await.expect(201));
    provider.database.execute(
        "INSERT INTO document_events (tenant_id, document_id, kind, at) \
         SELECT 'default', gen_random_uuid(), 'created', now() - i * interval '1 minute' FROM generate_series(5000, 1, -1) i; \
         ANALYZE document_events",
    );
    let path = format!("/api/webhooks/{id}/replay");
    // The statement is seen while it waits.
    let mut holder = provider.database.connect();
    holder.batch_execute("BEGIN; LOCK TABLE document_events IN ACCESS EXCLUSIVE MODE").unwrap();
    let replay = provider.call(Call::post(&path, &json!({"since": "2026-01-01T00:00:00Z"})));
    let look = async {
        let sql = "SELECT query AS text FROM pg_stat_activity WHERE datname = current_database() \
            AND starts_with(query, 'UPDATE webhook_endpoints p')";
        let statement = || provider.database.texts(sql).pop();
        let statement = until_async("the statement", Duration::from_secs(5), statement).await;
        holder.batch_execute("ROLLBACK").unwrap();
        statement
    };
    let (replayed, statement) = futures_util::future::join(replay, look).await;
    replayed.expect(202);
    let parameters = format!("'default', '{id}', now() - interval '5 minutes 30 seconds'");
    let plan = provider.database.plan(Some("default"), &statement, &parameters);
    assert!(plan.contains("document_events_at") && !plan.contains("document_events_feed"), "{plan}");
    assert!(plan.contains("rows=5 loops=1") && !plan.contains("rows=5000"), "{plan}");
}
