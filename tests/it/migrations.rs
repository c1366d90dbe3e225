//! Migrations: up, down, many at once, and databases that belong to others.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection as _;
use oc::platform::db::migrations::Status;
use oc::roles::Role;
use rustix::process::Signal;

use crate::support::database::{TestDatabase, settings};
use crate::support::http::Call;
use crate::support::process::{Ended, PATIENCE, Process, Served, oc, run_with};
use crate::support::waiting::until;
use crate::support::{any_role, for_each_role, reading_path};

/// The first migration of every role.
const FIRST: &str = "00000000000001_platform";
/// How the names of the platform's migrations begin: every role has them.
const PLATFORM: &str = "000000000000";

fn folders_of(role: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("migrations_{role}"));
    let entries = fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

fn names_of(role: &str) -> BTreeSet<String> {
    folders_of(role).iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

fn platform_of(role: &str) -> BTreeSet<String> {
    names_of(role).into_iter().filter(|name| name.starts_with(PLATFORM)).collect()
}

fn stamps_of(role: &str) -> BTreeSet<String> {
    let stamp = |name: &String| name.split('_').next().unwrap().replace('-', "");
    names_of(role).iter().filter(|name| !name.starts_with(PLATFORM)).map(stamp).collect()
}

#[test]
fn the_platform_migrations_have_the_same_bytes_in_every_role() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(platform_of("provider"), platform_of("client"));
    assert_eq!(platform_of("provider").first().map(String::as_str), Some(FIRST));
    for name in platform_of("provider") {
        for file in ["up.sql", "down.sql"] {
            let read = |role: &str| {
                fs::read(root.join(format!("migrations_{role}")).join(&name).join(file)).unwrap()
            };
            assert!(!read("provider").is_empty());
            assert_eq!(read("provider"), read("client"), "{name}/{file}");
        }
    }
}

#[test]
fn no_two_roles_use_the_same_stamp() {
    let (provider, client) = (stamps_of("provider"), stamps_of("client"));
    assert!(!provider.is_empty() && !client.is_empty());
    assert_eq!(provider.intersection(&client).collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn every_migration_can_be_taken_back() {
    for folder in folders_of("provider").into_iter().chain(folders_of("client")) {
        for file in ["up.sql", "down.sql"] {
            let text = fs::read_to_string(folder.join(file)).unwrap_or_default();
            assert!(!text.trim().is_empty(), "{} lacks {file}", folder.display());
        }
    }
}

/// Structure of a database: columns, indexes and constraints.
fn structure(database: &TestDatabase) -> Vec<String> {
    database.texts(
        "SELECT concat_ws(' ', table_name, column_name, data_type, is_nullable, column_default) AS text \
           FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> '__diesel_schema_migrations' \
         UNION ALL SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> '__diesel_schema_migrations' \
         UNION ALL SELECT conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint \
           WHERE connamespace = 'public'::regnamespace AND conrelid <> '__diesel_schema_migrations'::regclass \
         ORDER BY 1",
    )
}

fn migrate(role: Role, database: &TestDatabase, direction: &[&str]) -> Ended {
    let args = [&["migrate", "--role", role.name()], direction].concat();
    run_with(&args, &[("DATABASE_URL", database.url())])
}

#[test]
fn up_down_and_up_again_lead_to_the_same_tables() {
    for role in Role::ALL {
        let database = TestDatabase::empty();
        let (owner, to) = (role.owner(), settings(database.url()));
        let mut applied = Vec::new();
        owner.up(&to, &mut |name| applied.push(name.to_owned())).unwrap();
        let (first, count) = (structure(&database), applied.len());
        assert!(count >= 2 && first.len() > 30);
        for name in applied.iter().rev() {
            assert_eq!(owner.down(&to).unwrap(), *name);
        }
        assert_eq!(database.tables(), ["__diesel_schema_migrations"]);
        assert_eq!(
            owner.down(&to).unwrap_err().to_string(),
            "no migration is applied, so there is none to take back"
        );
        let mut again = Vec::new();
        owner.up(&to, &mut |name| again.push(name.to_owned())).unwrap();
        assert_eq!(again, applied);
        assert_eq!(structure(&database), first);
        assert_eq!(database.text("SELECT role AS text FROM oc_database"), role.name());
    }
}

#[test]
fn the_newest_migration_can_be_taken_back_and_run_again() {
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        let (owner, to) = (role.owner(), settings(database.url()));
        let before = structure(&database);
        let newest = owner.down(&to).unwrap();
        let pending: Vec<Status> = owner.status(&to).unwrap().into_iter().filter(|s| !s.applied).collect();
        assert_eq!(pending, [Status { name: newest.clone(), applied: false }]);
        let mut again = Vec::new();
        owner.up(&to, &mut |name| again.push(name.to_owned())).unwrap();
        assert_eq!((again, structure(&database)), (vec![newest], before));
    }
}

#[test]
fn a_database_that_holds_texts_in_clear_is_refused_and_left_as_it_is() {
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        let (owner, to) = (role.owner(), settings(database.url()));
        // What came after the sealing goes first.
        while !owner.down(&to).unwrap().ends_with("_sealed") {}
        let (columns, values) = match role.name() {
            "provider" => ("status, delivery_state, updated_at", "'draft', 'none', now()"),
            _ => ("sequence, generation, expires_at, updated_at", "1, 1, now(), now()"),
        };
        database.execute(&format!(
            "INSERT INTO documents (tenant_id, id, title, content, content_type, version, created_at, {columns}) \
             VALUES ('default', gen_random_uuid(), 'T', 'C', 'text/plain', 1, now(), {values})"
        ));
        let refused = owner.up(&to, &mut |_| {}).unwrap_err().to_string();
        assert!(refused.contains("start with an empty database"), "{refused}");
        assert_eq!(database.text("SELECT title || content AS text FROM documents"), "TC");
    }
}

#[test]
fn ten_processes_may_migrate_at_once() {
    for role in Role::ALL {
        let database = TestDatabase::empty();
        let start = |_| {
            let mut command = oc();
            command.args(["migrate", "--role", role.name()]).env("DATABASE_URL", database.url());
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
        };
        let running: Vec<_> = (0..10).map(start).collect();
        let ended: Vec<Ended> =
            running.into_iter().map(|child| child.wait_with_output().unwrap().into()).collect();
        assert!(ended.iter().all(|one| one.code == 0), "{ended:?}");
        let applied: usize = ended.iter().map(|one| one.out.matches("applying ").count()).sum();
        assert_eq!(applied, folders_of(role.name()).len());
        assert_eq!(database.count("oc_database"), 1);
        role.owner().check(&mut database.connect()).unwrap();
    }
}

/// `oc migrate` of a database that is not there yet, once it waits for it.
fn waiting(role: Role, url: &str, seconds: &str) -> Process {
    let mut command = oc();
    command.args(["migrate", "--role", role.name(), "--wait", seconds]).env("DATABASE_URL", url);
    let mut process = Process::start(command);
    process.wait_for("a try", |said| said.contains("trying again").then_some(()));
    process
}

#[test]
fn a_migration_waits_for_a_database_that_is_not_there_yet() {
    let role = any_role();
    let database = TestDatabase::empty();
    let later = format!("{}_later", database.text("SELECT current_database()::text AS text"));
    let mut url = url::Url::parse(database.url()).unwrap();
    url.set_path(&later);
    let mut process = waiting(role, url.as_str(), "60");
    database.execute(&format!("CREATE DATABASE {later}"));
    let code = process.wait();
    database.execute(&format!("DROP DATABASE {later} WITH (FORCE)"));
    assert_eq!(code, Some(0), "{}", process.said());
    assert_eq!(process.said().matches("trying again").count(), 1, "{}", process.said());
    assert!(process.said().contains("is up to date"), "{}", process.said());
}

#[test]
fn a_database_that_never_comes_is_given_up() {
    let url = "postgres://oc@127.0.0.1:1/oc";
    let mut process = waiting(any_role(), url, "1");
    assert_eq!(process.wait(), Some(1), "{}", process.said());
    assert!(process.said().contains("oc: the database can't be reached: "), "{}", process.said());
    let at_once = run_with(&["migrate", "--role", any_role().name()], &[("DATABASE_URL", url)]);
    assert!(at_once.code == 1 && !at_once.err.contains("trying again"), "{at_once:?}");
}

#[test]
fn whoever_waits_for_a_database_ends_when_told() {
    let mut process = waiting(any_role(), "postgres://oc@127.0.0.1:1/oc", "60");
    process.signal(Signal::TERM);
    assert_eq!(process.wait(), Some(143), "{}", process.said());
}

#[test]
fn the_command_tells_what_it_does() {
    let role = any_role();
    let database = TestDatabase::empty();
    let count = folders_of(role.name()).len();
    let before = migrate(role, &database, &["status"]);
    assert_eq!((before.code, before.out.matches("pending  ").count()), (0, count), "{}", before.err);
    assert_eq!(database.tables(), Vec::<String>::new(), "to look at it changes nothing");
    let up = migrate(role, &database, &[]);
    assert!(up.out.contains(&format!("applying {FIRST}\n")), "{}", up.out);
    assert!(up.out.contains(&format!("{count} applied, the database of role {} is up to date", role.name())));
    let again = migrate(role, &database, &["up"]);
    assert!(again.out.starts_with("0 applied"), "{}", again.out);
    let after = migrate(role, &database, &["status"]);
    assert_eq!(after.out.matches("applied  ").count(), count, "{}", after.out);
    let down = migrate(role, &database, &["down"]);
    assert!(down.code == 0 && down.out.starts_with("took back 2"), "{} {}", down.out, down.err);
    assert_eq!(migrate(role, &database, &["status"]).out.matches("pending  ").count(), 1);
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    for role in Role::ALL {
        let database = TestDatabase::empty();
        database.execute(
            "CREATE TABLE __diesel_schema_migrations (version varchar(50) PRIMARY KEY, run_on timestamp NOT NULL DEFAULT now()); \
             INSERT INTO __diesel_schema_migrations (version) VALUES ('20200101000000'); \
             CREATE TABLE theirs (id int)",
        );
        let before = database.dump();
        for direction in ["up", "status", "down"] {
            let refused = migrate(*role, &database, &[direction]);
            assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{direction} of {}", role.name());
            assert!(refused.err.contains("migrations of another program"), "{}", refused.err);
        }
        let served = run_with(
            &["serve", "--role", role.name(), "--auth", "none", "--port", "0", "--migrate"],
            &[
                ("DATABASE_URL", database.url()),
                ("ACCESS_CODE_KEY", crate::support::CODE_KEY),
                ("FIELD_ENCRYPTION_KEY", crate::support::KEY),
            ],
        );
        assert_eq!(served.code, 1, "{}", served.err);
        let served = run_with(
            &["serve", "--role", role.name(), "--auth", "none", "--port", "0"],
            &[
                ("DATABASE_URL", database.url()),
                ("ACCESS_CODE_KEY", crate::support::CODE_KEY),
                ("FIELD_ENCRYPTION_KEY", crate::support::KEY),
            ],
        );
        assert_eq!(served.code, 1, "{}", served.err);
        assert_eq!(database.dump(), before);
    }
}

#[test]
fn a_role_without_its_tables_is_not_ready_until_they_are_made() {
    for_each_role(|role| {
        let database = TestDatabase::empty();
        let mut served = Served::start(role, &database, &[]);
        let advice = |said: &str| said.contains("run `oc migrate` for this role first").then_some(());
        served.process.wait_for("the advice", advice);
        let ready = Call::get("/api/ready");
        assert_eq!(served.call(&ready).expect(503)["status"], "not-ready");
        assert_eq!(served.call(&Call::get("/api/health")).status, 200);
        assert_eq!(migrate(role, &database, &[]).code, 0);
        until("the role to be ready", PATIENCE, || (served.call(&ready).status == 200).then_some(()));
        let (path, status) = reading_path(role);
        assert_eq!(served.call(&Call::get(path)).status, status);
    });
}

#[test]
fn serve_migrates_when_it_is_told_to() {
    let role = any_role();
    let database = TestDatabase::empty();
    let mut command = oc();
    command.args(["serve", "--role", role.name(), "--auth", "none", "--port", "0", "--migrate"]);
    command
        .env("DATABASE_URL", database.url())
        .env("ACCESS_CODE_KEY", crate::support::CODE_KEY)
        .env("FIELD_ENCRYPTION_KEY", crate::support::KEY);
    let mut process = crate::support::process::Process::start(command);
    process.wait_for("the banner", |said| said.contains(" on http://").then_some(()));
    role.owner().check(&mut database.connect()).unwrap();
}

#[test]
fn a_database_that_a_newer_version_has_migrated_still_serves() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    database.execute("INSERT INTO __diesel_schema_migrations (version) VALUES ('29990101000000')");
    role.owner().check(&mut database.connect()).unwrap();
    let right = "SELECT has_table_privilege('oc_tenant', 'outbox', 'TRUNCATE')::text AS text";
    database.execute("GRANT TRUNCATE ON outbox TO oc_tenant");
    let up = || {
        role.owner().up(&settings(database.url()), &mut |name| panic!("{name} was applied")).unwrap();
        database.text(right)
    };
    assert_eq!(up(), "true", "the newer version knows what it needs");
    database.execute("DELETE FROM __diesel_schema_migrations WHERE version = '29990101000000'");
    assert_eq!(up(), "false");
}

#[test]
fn a_table_that_is_in_use_is_waited_for_and_nobody_waits_long_behind() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    database.execute("ALTER TABLE outbox DISABLE ROW LEVEL SECURITY");
    let mut reader = database.connect();
    reader.batch_execute("BEGIN; SELECT FROM outbox LIMIT 1").unwrap();
    let to = settings(database.url());
    let migrating = std::thread::spawn(move || role.owner().up(&to, &mut |_| {}));
    let in_line =
        "pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock' AND relation = 'outbox'::regclass";
    until("the migration to wait", PATIENCE, || (database.count(in_line) == 1).then_some(()));
    // Everybody else stands in line behind it, for two seconds at most.
    database.connect().batch_execute("SET lock_timeout = '10s'; SELECT FROM outbox LIMIT 1").unwrap();
    assert!(!migrating.is_finished());
    reader.batch_execute("COMMIT").unwrap();
    migrating.join().unwrap().unwrap();
    role.owner().check(&mut database.connect()).unwrap();
}

#[test]
fn a_database_that_lacks_an_older_migration_is_not_ready_for_it() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let newer_stays = format!(
            "DELETE FROM __diesel_schema_migrations WHERE version = '{}'",
            platform_of(role.name()).last().and_then(|name| name.split('_').next()).unwrap()
        );
        database.execute(&newer_stays);
        let refused = role.owner().check(&mut database.connect()).unwrap_err();
        assert!(refused.to_string().contains("oc migrate"), "{refused}");
    });
}
