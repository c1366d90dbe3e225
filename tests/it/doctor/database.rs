//! Faults of the database, of its migrations, its fence and its keys.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use oc::roles::Role;

use super::{examine, of};
use crate::support::database::TestDatabase;
use crate::support::vault::vault;
use crate::support::{KEY, NEW_KEY};

#[test]
fn a_role_in_order_has_no_problem() {
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        vault(&database, "practice");
        let report = of(*role, &database, &[]);
        for (group, check) in [
            ("settings", "values"),
            ("machine", "processors"),
            ("database", "reachable"),
            ("database", "encryption"),
            ("database", "owner"),
            ("database", "fence"),
            ("clock", "database server"),
            ("migrations", "applied"),
            ("keys", "FIELD_ENCRYPTION_KEY"),
        ] {
            assert_eq!(report.state(group, check), "ok", "{group}: {check}: {}", report.value);
        }
    }
}

#[test]
fn a_database_that_is_not_there_is_a_problem_and_its_password_stays_hidden() {
    for role in Role::ALL {
        let report = examine(*role, "postgres://oc:verborgen@127.0.0.1:9/oc", &[]);
        report.has_problem("database", "reachable", "can't be reached");
        assert!(!report.value.to_string().contains("verborgen"));
    }
}

#[test]
fn a_database_that_is_frozen_holds_nothing_up_for_long() {
    // Takes connections and never says a word.
    let frozen = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://oc@{}/oc", frozen.local_addr().unwrap());
    let begun = Instant::now();
    for role in Role::ALL {
        examine(*role, &url, &[]).has_problem("database", "reachable", "can't be reached");
    }
    assert!(begun.elapsed() < Duration::from_secs(60), "{:?}", begun.elapsed());
}

#[test]
fn a_migration_that_is_missing_is_named_and_so_is_an_empty_database() {
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        let newest = role.owner().down(&crate::support::database::settings(database.url())).unwrap();
        of(*role, &database, &[]).has_problem("migrations", "applied", &newest);
        let empty = TestDatabase::empty();
        examine(*role, empty.url(), &[]).has_problem("migrations", "applied", "the database is empty");
        assert_eq!(empty.tables(), Vec::<String>::new());
    }
}

#[test]
fn migrations_of_a_newer_version_are_a_warning_and_those_of_another_program_a_problem() {
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')");
        let report = of(*role, &database, &[]);
        assert_eq!(
            (report.state("migrations", "newer"), report.state("migrations", "applied")),
            ("warning", "ok")
        );
        let foreign = TestDatabase::empty();
        foreign.execute(
            "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now()); \
             INSERT INTO __diesel_schema_migrations (version) VALUES ('20200101000000')",
        );
        examine(*role, foreign.url(), &[]).has_problem("migrations", "whose", "another program");
    }
}

#[cfg(all(feature = "provider", feature = "client"))]
#[test]
fn a_database_of_the_other_role_is_a_problem() {
    for (role, other) in [(Role::Provider, "client"), (Role::Client, "provider")] {
        let database = TestDatabase::of(other);
        of(role, &database, &[]).has_problem("migrations", "whose", &format!("belongs to role {other}"));
    }
}

#[test]
fn a_table_outside_of_the_fence_is_named() {
    for role in Role::ALL {
        for fault in [
            "ALTER TABLE outbox DISABLE ROW LEVEL SECURITY",
            "DROP POLICY tenant_isolation ON outbox",
            "CREATE POLICY more ON outbox TO oc_tenant USING (true)",
            "GRANT TRUNCATE ON outbox TO oc_tenant",
        ] {
            let database = TestDatabase::of(role.name());
            database.execute(fault);
            of(*role, &database, &[]).has_problem("database", "fence", "outbox");
        }
        let database = TestDatabase::of(role.name());
        database.execute("CREATE TABLE mine (id int)");
        of(*role, &database, &[]).has_problem("database", "fence", "mine");
    }
}

#[test]
fn a_key_that_does_not_open_what_is_stored_is_a_problem() {
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        vault(&database, "practice");
        let lacks = of(*role, &database, &[("FIELD_ENCRYPTION_KEY", NEW_KEY)]);
        lacks.has_problem(
            "keys",
            "FIELD_ENCRYPTION_KEY",
            "1 data keys are encrypted with a key that it lacks",
        );
        let both = format!("{NEW_KEY},{KEY}");
        let both = of(*role, &database, &[("FIELD_ENCRYPTION_KEY", &both)]);
        assert_eq!(both.state("keys", "FIELD_ENCRYPTION_KEY"), "ok");
        database.execute("UPDATE tenant_keys SET wrapped = set_byte(wrapped, 30, get_byte(wrapped, 30) # 1)");
        of(*role, &database, &[]).has_problem("keys", "FIELD_ENCRYPTION_KEY", "can't be opened with it");
    }
}

#[cfg(feature = "client")]
#[actix_web::test]
async fn a_key_of_codes_that_is_missing_is_a_problem() {
    let client = crate::client::Client::new().await;
    client.hand_over("T").await;
    let database = std::rc::Rc::clone(&client.database);
    let ok = of(Role::Client, &database, &[]);
    assert_eq!(ok.state("keys", "ACCESS_CODE_KEY"), "ok", "{}", ok.value);
    let report = of(Role::Client, &database, &[("ACCESS_CODE_KEY", NEW_KEY)]);
    report.has_problem("keys", "ACCESS_CODE_KEY", "1 of 1 codes were made with a key that it lacks");
}
