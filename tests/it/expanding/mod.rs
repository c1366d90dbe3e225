//! Two versions run beside each other while one is rolled out. So a migration only adds;
//! what it replaces is removed one release later, when nobody uses it any more.
//!
//! `released.txt` lists what was released and never changes again. A migration that
//! removes says so in its first line: `-- Contract: WHAT AND WHY, unused since RELEASE`.

mod statements;

use std::collections::BTreeSet;
use std::path::Path;

use oc::roles::Role;
use ring::digest::{SHA256, digest};
use statements::harm;

const RELEASED: &str = include_str!("released.txt");

/// A line of the list: the role, the migration, the SHA-256 of its `up.sql`.
fn released() -> Vec<[&'static str; 3]> {
    let lines = RELEASED.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split(' ').collect::<Vec<_>>().try_into().unwrap()).collect()
}

/// Releases of the list, each a line `# 1.2.3`.
fn releases() -> Vec<&'static str> {
    RELEASED.lines().filter_map(|line| line.strip_prefix("# ")).collect()
}

fn text(role: &str, migration: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("migrations_{role}"));
    std::fs::read_to_string(folder.join(migration).join("up.sql")).unwrap()
}

fn migrations(role: &str) -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("migrations_{role}"));
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// What would break the version before, unless it says rightly that this is meant.
fn verdict(sql: &str) -> Vec<String> {
    let found = harm(sql);
    let contract = sql.lines().next().and_then(|line| line.strip_prefix("-- Contract: "));
    match contract.and_then(|text| text.split_once(", unused since ")) {
        None => found,
        Some((why, _)) if why.len() < 20 => vec!["the reason of the contract is missing".to_owned()],
        Some((_, release)) if !releases().contains(&release) => {
            vec![format!("{release} is no release in released.txt")]
        }
        Some(_) => Vec::new(),
    }
}

#[test]
fn every_migration_since_the_last_release_only_adds() {
    for role in Role::ALL {
        let known: BTreeSet<_> =
            released().iter().filter(|line| line[0] == role.name()).map(|line| line[1].to_owned()).collect();
        for migration in migrations(role.name()).difference(&known) {
            let found = verdict(&text(role.name(), migration));
            assert_eq!(found, Vec::<String>::new(), "migrations_{}/{migration}", role.name());
        }
    }
}

#[test]
fn a_migration_that_was_released_is_never_changed() {
    for [role, migration, expected] in released() {
        let hash = digest(&SHA256, text(role, migration).as_bytes());
        let hash: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hash, expected, "migrations_{role}/{migration} was released; write another one instead");
    }
    assert!(released().len() > 20, "the list was not found");
}

#[test]
fn what_breaks_the_version_before_is_named() {
    for harmful in [
        "DROP TABLE outbox;",
        "ALTER TABLE outbox DROP COLUMN topic;",
        "ALTER TABLE outbox RENAME COLUMN topic TO subject;",
        "ALTER TABLE outbox RENAME TO messages;",
        "alter table only outbox alter column topic type varchar(10);",
        "ALTER TABLE outbox ALTER COLUMN payload SET NOT NULL;",
        "ALTER TABLE outbox ALTER COLUMN topic DROP NOT NULL;",
        "ALTER TABLE outbox ALTER COLUMN attempts DROP DEFAULT;",
        "ALTER TABLE outbox ADD COLUMN a text NOT NULL;",
        "ALTER TABLE outbox ADD COLUMN a text, ADD COLUMN b int NOT NULL CHECK (b IN (1, 2));",
        "ALTER TABLE outbox ADD CHECK (attempts < 5);",
        "ALTER TABLE outbox ADD CONSTRAINT x UNIQUE (topic);",
        "CREATE UNIQUE INDEX x ON outbox (topic);",
        "CREATE TRIGGER t BEFORE INSERT ON outbox EXECUTE FUNCTION f();",
        "DO $$ BEGIN EXECUTE 'ALTER TABLE outbox DROP COLUMN topic'; END $$;",
        "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $f$ DROP TABLE outbox; $f$;",
        "-- adds\n/* a comment; */ TRUNCATE outbox;",
        "CREATE TABLE a (id int); ALTER TABLE b DROP COLUMN c;",
        "DELETE FROM outbox;",
        "REVOKE ALL ON outbox FROM oc_tenant;",
        "-- Contract: too short, unused since 0.0.1\nDROP TABLE outbox;",
        "-- Contract: outbox is not written any more, unused since 99.0.0\nDROP TABLE outbox;",
    ] {
        assert!(!verdict(harmful).is_empty(), "{harmful}");
    }
}

#[test]
fn what_only_adds_is_let_pass() {
    for fine in [
        "CREATE TABLE a (id int NOT NULL, name text NOT NULL DEFAULT 'drop table'); ALTER TABLE a DROP COLUMN name;",
        "CREATE TABLE a (id int); CREATE UNIQUE INDEX a_id ON a (id); CREATE TRIGGER t BEFORE INSERT ON a EXECUTE FUNCTION f();",
        "ALTER TABLE outbox ADD COLUMN a text, ADD COLUMN b int NOT NULL DEFAULT 0 CHECK (b >= 0);",
        "ALTER TABLE outbox ALTER COLUMN a SET STORAGE EXTERNAL, ALTER COLUMN b SET STATISTICS 0;",
        "CREATE INDEX CONCURRENTLY x ON outbox (topic) WHERE state IN ('a;b', 'DROP');",
        "DROP INDEX outbox_due; CREATE INDEX outbox_due ON outbox (due_at);",
        "-- A comment with DROP TABLE.\nCOMMENT ON COLUMN outbox.topic IS 'It''s; DROP TABLE';",
        "UPDATE outbox SET a = 1; INSERT INTO outbox (a) VALUES (2);",
    ] {
        assert_eq!(verdict(fine), Vec::<String>::new(), "{fine}");
    }
    let latest = releases().last().copied().unwrap();
    let meant =
        format!("-- Contract: nobody reads the column since then, unused since {latest}\nDROP TABLE x;");
    assert_eq!(verdict(&meant), Vec::<String>::new());
}
