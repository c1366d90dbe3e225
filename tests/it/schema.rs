//! The tables of both roles, as a real server sees them.

use oc::roles::Role;

use crate::support::database::TestDatabase;

/// Tables that belong to no tenant.
const WITHOUT_TENANT: &str = "('oc_database', '__diesel_schema_migrations')";

fn each_role(check: impl Fn(&str, &TestDatabase)) {
    Role::ALL.iter().for_each(|role| check(role.name(), &TestDatabase::of(role.name())));
}

#[test]
fn the_tenant_comes_first_in_every_primary_key() {
    each_role(|role, database| {
        let keys = database.texts(&format!(
            "SELECT t.relname || ' ' || coalesce((SELECT a.attname FROM pg_index i JOIN pg_attribute a \
               ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indrelid = t.oid AND i.indisprimary), 'none') AS text \
             FROM pg_class t WHERE t.relnamespace = 'public'::regnamespace AND t.relkind = 'r' \
               AND t.relname NOT IN {WITHOUT_TENANT}"
        ));
        assert!(keys.len() >= 2, "{keys:?}");
        assert!(keys.iter().all(|key| key.ends_with(" tenant_id")), "{role}: {keys:?}");
    });
}

#[test]
fn every_other_index_starts_with_the_tenant_unless_it_was_reviewed() {
    // Whoever types a code or follows a link names no tenant; workers and housekeeping look for what is due of all tenants.
    let reviewed = [
        "access_codes_selector",
        "access_codes_link",
        "access_codes_reserved",
        "access_codes_dead",
        "documents_expiry",
        "documents_ended",
        "documents_purge",
        "ended_sessions_forget",
        "idempotency_keys_expiry",
        "otps_expiry",
        "outbox_due",
        "outbox_settled",
        "receipts_at",
    ];
    each_role(|role, database| {
        let indexes = database.texts(&format!(
            "SELECT c.relname || ' ' || a.attname AS text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
               JOIN pg_class t ON t.oid = i.indrelid \
               JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] \
             WHERE t.relnamespace = 'public'::regnamespace AND t.relname NOT IN {WITHOUT_TENANT}"
        ));
        assert!(indexes.len() >= 4, "{indexes:?}");
        for index in indexes {
            let (name, first) = index.split_once(' ').unwrap();
            assert!(first == "tenant_id" || reviewed.contains(&name), "{role}: {index}");
        }
    });
}

#[test]
fn every_table_and_every_column_has_a_comment() {
    each_role(|role, database| {
        let silent = database.texts(
            "SELECT t.relname || coalesce('.' || a.attname, '') AS text FROM pg_class t \
               LEFT JOIN LATERAL (SELECT attname, attnum FROM pg_attribute WHERE attrelid = t.oid AND attnum > 0 \
                 AND NOT attisdropped UNION ALL SELECT NULL, 0) a ON true \
             WHERE t.relnamespace = 'public'::regnamespace AND t.relkind = 'r' \
               AND t.relname <> '__diesel_schema_migrations' \
               AND coalesce(length(CASE a.attnum WHEN 0 THEN obj_description(t.oid, 'pg_class') \
                 ELSE col_description(t.oid, a.attnum) END), 0) < 10",
        );
        assert_eq!(silent, Vec::<String>::new(), "{role}");
        assert!(database.tables().len() >= 4);
    });
}

#[test]
fn every_tenant_column_is_checked_by_the_database() {
    each_role(|role, database| {
        let sql = "INSERT INTO outbox (tenant_id, id, topic, destination, subject_id, sequence, state, due_at, created_at, give_up_at) \
                   VALUES ('Not A Tenant', gen_random_uuid(), 't', 'd', gen_random_uuid(), 1, 'pending', now(), now(), now())";
        let refused = diesel::connection::SimpleConnection::batch_execute(&mut database.connect(), sql);
        assert!(refused.unwrap_err().to_string().contains("outbox_tenant_id_check"), "{role}");
    });
}

#[test]
fn the_server_is_recent_enough() {
    each_role(|_, database| {
        let version: u32 =
            database.text("SELECT current_setting('server_version_num') AS text").parse().unwrap();
        assert!(version >= 150_000, "PostgreSQL 15 or newer is needed, this is {version}");
    });
}
