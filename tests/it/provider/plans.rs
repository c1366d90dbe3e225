//! Which index answers the list.

use super::Provider;
use oc::domain::cursor::Cursor;
use oc::domain::ids::DocumentId;

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
