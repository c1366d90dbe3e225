//! What PostgreSQL itself keeps apart, whatever a statement forgets to ask for.

mod logins;
#[cfg(all(feature = "provider", feature = "client"))]
mod plans;
mod pool;

use diesel::sql_types::Text;
use diesel::{PgConnection, QueryableByName, RunQueryDsl as _, sql_query};
use oc::domain::ids::TenantId;
use oc::platform::db::{Db, DbError};
use oc::roles::Role;

use crate::support::database::{TestDatabase, settings};
use crate::support::http::Call;
use crate::support::process::{PATIENCE, Served, run_with};
use crate::support::vault;
use crate::support::waiting::until;
use crate::support::{any_role, reading_path};

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

/// The column `text` of a query.
fn texts(conn: &mut PgConnection, sql: &str) -> Result<Vec<String>, DbError> {
    let lines: Vec<Line> = sql_query(sql).load(conn)?;
    Ok(lines.into_iter().map(|line| line.text).collect())
}

fn execute(conn: &mut PgConnection, sql: &str) -> Result<usize, DbError> {
    Ok(sql_query(sql).execute(conn)?)
}

/// A statement that promises a message of this topic.
fn message(tenant: &str, topic: &str) -> String {
    format!(
        "INSERT INTO outbox (tenant_id, id, topic, destination, subject_id, sequence, state, due_at, created_at, give_up_at) \
         VALUES ('{tenant}', gen_random_uuid(), '{topic}', 'd', gen_random_uuid(), 1, 'pending', now(), now(), now())"
    )
}

/// Everything that a statement without a condition sees.
const ALL: &str = "SELECT tenant_id || ' ' || topic AS text FROM outbox ORDER BY 1";

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

/// A role's database with a message of `north` and one of `south`, and the way to it
/// over `connections`.
fn two_tenants(role: Role, connections: u32) -> (TestDatabase, Db) {
    let database = TestDatabase::of(role.name());
    database.execute(&format!("{}; {}", message("north", "theirs"), message("south", "ours")));
    let db = Db::new(&with_connections(&database, connections), role.owner());
    (database, db)
}

fn with_connections(database: &TestDatabase, connections: u32) -> oc::config::Database {
    let patience = std::time::Duration::from_secs(20);
    oc::config::Database { pool_size: connections, pool_wait: patience, ..settings(database.url()) }
}

#[actix_web::test]
async fn a_forgotten_condition_sees_and_changes_rows_of_its_tenant_only() {
    for role in Role::ALL {
        let (database, db) = two_tenants(*role, 4);
        let ours = tenant("south");
        assert_eq!(db.of(&ours).read(|conn| texts(conn, ALL)).await.unwrap(), ["south ours"]);
        let change = "UPDATE outbox SET last_error = 'changed'";
        assert_eq!(db.of(&ours).run(|conn| execute(conn, change)).await.unwrap(), 1);
        let named = "UPDATE outbox SET last_error = 'changed' WHERE tenant_id = 'north'";
        assert_eq!(db.of(&ours).run(|conn| execute(conn, named)).await.unwrap(), 0);
        assert_eq!(db.of(&ours).run(|conn| execute(conn, "DELETE FROM outbox")).await.unwrap(), 1);
        assert_eq!(database.texts(ALL), ["north theirs"]);
        assert_eq!(database.count("outbox WHERE last_error IS NOT NULL"), 0);
    }
}

#[actix_web::test]
async fn a_row_can_neither_be_written_for_another_tenant_nor_given_to_one() {
    for role in Role::ALL {
        let (database, db) = two_tenants(*role, 4);
        let before = database.dump();
        let give = "UPDATE outbox SET tenant_id = 'north'".to_owned();
        for sql in [message("north", "planted"), give] {
            let refused = db.of(&tenant("south")).run(move |conn| execute(conn, &sql)).await.unwrap_err();
            assert!(refused.to_string().contains("row-level security"), "{refused}");
        }
        assert_eq!(database.dump(), before);
    }
}

#[actix_web::test]
async fn a_tenant_sees_its_own_keys_only_and_can_neither_change_them_nor_where_it_stands() {
    for role in Role::ALL {
        let (database, db) = two_tenants(*role, 4);
        let vaults = ["north", "south"].map(|name| vault::vault(&database, name));
        let ours = tenant("south");
        for table in ["tenants", "tenant_keys"] {
            let names = format!("SELECT tenant_id AS text FROM {table}");
            let seen = db.of(&ours).read(move |conn| texts(conn, &names)).await.unwrap();
            assert_eq!(seen, ["south"], "{table}");
            for sql in [format!("DELETE FROM {table}"), format!("UPDATE {table} SET created_at = now()")] {
                let refused = db.of(&ours).run(move |conn| execute(conn, &sql)).await.unwrap_err();
                assert!(refused.to_string().contains("permission denied"), "{refused}");
            }
        }
        let make = "INSERT INTO tenants VALUES ('west', 'active', now())";
        assert!(db.of(&tenant("west")).run(|conn| execute(conn, make)).await.is_err());
        for vault in vaults {
            let own = vault.clone();
            db.of(vault.tenant()).read(move |conn| Ok::<_, DbError>(own.refresh(conn)?)).await.unwrap();
            assert_eq!(vault.newest_key(), 1);
            let own = vault.clone();
            let stranger = db.of(&tenant("west"));
            stranger.read(move |conn| Ok::<_, DbError>(own.refresh(conn)?)).await.unwrap();
            assert_eq!(vault.newest_key(), 0, "nobody else reads its keys");
        }
    }
}

#[actix_web::test]
async fn everybody_means_everybody() {
    for role in Role::ALL {
        let (_database, db) = two_tenants(*role, 4);
        let seen = db.of_everybody().read(|conn| texts(conn, ALL)).await.unwrap();
        assert_eq!(seen, ["north theirs", "south ours"]);
    }
}

#[test]
fn whoever_does_not_say_whose_rows_sees_none_in_any_table() {
    for role in Role::ALL {
        let (database, _) = two_tenants(*role, 2);
        for table in database.tables() {
            let mut conn = database.connect();
            execute(&mut conn, "SET ROLE oc_tenant").unwrap();
            match texts(&mut conn, &format!("SELECT count(*)::text AS text FROM {table}")) {
                Ok(count) => assert_eq!(count, ["0"], "{table}"),
                Err(error) => assert!(error.to_string().contains("permission denied"), "{table}: {error}"),
            }
        }
    }
}

#[test]
fn a_tenant_may_do_no_more_than_was_reviewed() {
    let reviewed = [
        ("__diesel_schema_migrations", ""),
        ("oc_database", ""),
        ("outbox_attempts", "INSERT, SELECT"),
        ("tenants", "SELECT"),
        ("audit_chains", "SELECT"),
        ("audit_log", "SELECT"),
        ("audit_pending", "INSERT, SELECT"),
        ("tenant_keys", "SELECT"),
        // The history of a draft goes with it.
        ("document_events", "DELETE, INSERT, SELECT"),
        ("receipts", "INSERT, SELECT"),
        ("ended_sessions", "INSERT, SELECT"),
        // What a practice is known as is replaced, never removed.
        ("senders", "INSERT, SELECT, UPDATE"),
    ];
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        let found = database.texts(
            "SELECT c.relname || ': ' || coalesce((SELECT string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) \
               FROM aclexplode(c.relacl) a WHERE a.grantee = 'oc_tenant'::regrole), '') AS text \
             FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')",
        );
        assert!(found.len() > 8, "{found:?}");
        for line in found {
            let (table, rights) = line.split_once(": ").unwrap();
            let default = if table.ends_with("_seq") { "" } else { "DELETE, INSERT, SELECT, UPDATE" };
            let wanted = reviewed.iter().find(|(name, _)| *name == table).map_or(default, |(_, some)| some);
            assert_eq!(rights, wanted, "{table} of {}", role.name());
        }
    }
}

#[test]
fn every_table_is_fenced_for_the_tenant_column_that_it_has() {
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        let policies = database.texts(
            "SELECT c.relname || ' ' || c.relrowsecurity || ' ' || coalesce(pg_get_expr(p.polqual, c.oid), 'none') || ' ' || \
               coalesce(pg_get_expr(p.polwithcheck, c.oid), 'none') AS text FROM pg_class c \
             LEFT JOIN pg_policy p ON p.polrelid = c.oid \
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1",
        );
        assert_eq!(policies.len(), database.tables().len());
        let own = "(tenant_id = current_setting('app.tenant_id'::text, true))";
        for policy in policies {
            let nobodys = ["oc_database ", "__diesel_schema_migrations "];
            let condition = if nobodys.iter().any(|name| policy.starts_with(name)) { "false" } else { own };
            assert!(policy.ends_with(&format!(" true {condition} {condition}")), "{policy}");
        }
    }
}

#[actix_web::test]
async fn a_table_made_behind_our_back_is_closed_to_tenants_until_it_is_fenced() {
    let role = any_role();
    let (database, db) = two_tenants(role, 4);
    let see = |table: &'static str| {
        let sql = format!("SELECT t::text AS text FROM {table} t");
        db.of(&tenant("south")).read(move |conn| texts(conn, &sql))
    };
    assert_eq!(see("outbox").await.unwrap().len(), 1);
    database.execute("CREATE TABLE loose (tenant_id text); INSERT INTO loose VALUES ('north'), ('south')");
    database.execute("CREATE TABLE nobodys (id int)");
    assert!(see("loose").await.unwrap_err().to_string().contains("permission denied"));
    let refused = role.owner().check(&mut database.connect()).unwrap_err();
    assert!(refused.to_string().starts_with("the table loose has no row-level security"), "{refused}");
    role.owner().up(&settings(database.url()), &mut |_| {}).unwrap();
    role.owner().check(&mut database.connect()).unwrap();
    assert_eq!(see("loose").await.unwrap(), ["(south)"]);
    assert!(see("nobodys").await.unwrap_err().to_string().contains("permission denied"));
}

#[test]
fn a_role_is_not_ready_while_a_table_stands_outside_of_the_fence() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    database.execute("CREATE TABLE loose (tenant_id text)");
    let mut served = Served::start(role, &database, &[]);
    let told = "the table loose has no row-level security; run `oc migrate` for this role first";
    served.process.wait_for("the advice", |said| said.contains(told).then_some(()));
    let ready = Call::get("/api/ready");
    assert_eq!(served.call(&ready).status, 503);
    let migrated = run_with(&["migrate", "--role", role.name()], &[("DATABASE_URL", database.url())]);
    assert_eq!(migrated.code, 0, "{}", migrated.err);
    until("the role to be ready", PATIENCE, || (served.call(&ready).status == 200).then_some(()));
    let (path, status) = reading_path(role);
    assert_eq!(served.call(&Call::get(path)).status, status);
}

#[test]
fn a_fence_that_somebody_has_changed_is_put_right_and_one_that_stands_is_left_alone() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    let state = || {
        database.texts(
            "SELECT c.relname || ' ' || c.relrowsecurity || ' ' || coalesce((SELECT string_agg(privilege_type, ' ') \
               FROM aclexplode(c.relacl) WHERE grantee = 'oc_tenant'::regrole), '') || ' ' || coalesce(p.text, '') AS text \
             FROM pg_class c LEFT JOIN LATERAL (SELECT string_agg(concat_ws(' ', p.polname, p.polcmd, p.polroles::regrole[], \
               pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid)), '; ') AS text FROM pg_policy p WHERE p.polrelid = c.oid) p ON true \
             WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1",
        )
    };
    let policies = || database.texts("SELECT string_agg(oid::text, ' ' ORDER BY oid) AS text FROM pg_policy");
    let migrate = || role.owner().up(&settings(database.url()), &mut |_| {}).unwrap();
    let (right, made) = (state(), policies());
    migrate();
    assert_eq!((state(), policies()), (right.clone(), made), "nothing was made anew");
    database.execute(
        "GRANT TRUNCATE, UPDATE ON outbox_attempts TO oc_tenant; GRANT SELECT ON oc_database TO oc_tenant; \
         CREATE POLICY more ON outbox TO oc_tenant USING (true); ALTER POLICY tenant_isolation ON outbox_attempts USING (true); \
         DROP POLICY tenant_isolation ON idempotency_keys; ALTER TABLE idempotency_keys DISABLE ROW LEVEL SECURITY",
    );
    assert_ne!(state(), right);
    migrate();
    assert_eq!(state(), right);
}
