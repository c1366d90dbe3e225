//! A database per test, copied from a migrated template.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use diesel::connection::SimpleConnection as _;
use diesel::migration::MigrationSource as _;
use diesel::pg::{Pg, PgConnection};
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, sql_query};
use oc::config::{Database, Problems, Source, Value, Values};
use oc::local::{Cluster, Options};
use oc::platform::db::PLANS;
use oc::roles::Role;

use super::scratch::scratch_path;

/// Keeps two test processes on one server from making the same template.
const LOCK: &str = "SELECT pg_advisory_lock(71830)";

struct Server {
    /// Address of a database in which others may be made.
    admin: String,
    /// The test's own server. Statics are never dropped: its guard process stops
    /// it when this process ends.
    cluster: Option<Cluster>,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    if let Ok(admin) = std::env::var("OC_TEST_DATABASE_URL") {
        return Server { admin, cluster: None };
    }
    let options = Options::kept(scratch_path("server"), search_path());
    let cluster = Cluster::start(&Options { throw_away: true, ..options }).unwrap();
    Server { admin: cluster.url("postgres"), cluster: Some(cluster) }
});

/// Folders of the PATH.
pub fn search_path() -> Vec<PathBuf> {
    std::env::var_os("PATH").map(|path| std::env::split_paths(&path).collect()).unwrap_or_default()
}

/// A program of PostgreSQL, of the version of the server if it is the test's own.
pub fn program(name: &str) -> PathBuf {
    let own = SERVER.cluster.as_ref().map(|cluster| cluster.programs().join(name));
    own.unwrap_or_else(|| PathBuf::from(name))
}

/// A migrated database of each role, made once and copied for every test.
static TEMPLATES: LazyLock<Vec<(&'static str, String)>> = LazyLock::new(|| {
    let mut admin = PgConnection::establish(&SERVER.admin).unwrap();
    admin.batch_execute(LOCK).unwrap();
    Role::ALL.iter().map(|role| (role.name(), template(&mut admin, *role))).collect()
});

/// The name tells which migrations are in it and how its tables are fenced, so that
/// a server that is kept between runs never serves an old one.
fn template(admin: &mut PgConnection, role: Role) -> String {
    let mut hasher = DefaultHasher::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("migrations_{}", role.name()));
    let migrations: Vec<Box<dyn diesel::migration::Migration<Pg>>> =
        (role.owner().migrations)().migrations().unwrap();
    for migration in migrations {
        let name = migration.name().to_string();
        std::fs::read(folder.join(&name).join("up.sql")).unwrap().hash(&mut hasher);
        name.hash(&mut hasher);
    }
    let fence = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/platform/db/fence.rs");
    std::fs::read(fence).unwrap().hash(&mut hasher);
    role.owner().rights.hash(&mut hasher);
    let name = format!("oc_template_{}_{:016x}", role.name(), hasher.finish());
    let made = format!("SELECT count(*) AS number FROM pg_database WHERE datname = '{name}'");
    let made: Number = sql_query(made).get_result(admin).unwrap();
    if made.number == 0 {
        let draft = format!("{name}_draft");
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).unwrap();
        admin.batch_execute(&format!("CREATE DATABASE {draft}")).unwrap();
        role.owner().up(&settings(&url_of(&draft)), &mut |_| {}).unwrap();
        admin.batch_execute(&format!("ALTER DATABASE {draft} RENAME TO {name}")).unwrap();
    }
    name
}

/// The address of another database on the server.
fn url_of(name: &str) -> String {
    let mut url = url::Url::parse(&SERVER.admin).unwrap();
    url.set_path(name);
    url.into()
}

/// Settings that lead to a database.
pub fn settings(url: &str) -> Database {
    let value = Value { text: url.to_owned(), source: Source::Flag };
    let values = Values::with_defaults("provider", [("DATABASE_URL", value)]);
    let mut problems = Problems::default();
    let database = Database::load(&values, &mut problems);
    problems.or(database).unwrap()
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    text: String,
}

/// A database of one test, removed with it.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    url: String,
}

impl TestDatabase {
    /// A migrated database of a role.
    pub fn of(role: &str) -> Self {
        let (_, template) = TEMPLATES.iter().find(|(name, _)| *name == role).unwrap();
        Self::made(&format!("TEMPLATE {template} STRATEGY file_copy"))
    }

    /// A database with nothing in it.
    pub fn empty() -> Self {
        Self::made("")
    }

    fn made(how: &str) -> Self {
        let name = format!("oc_test_{}", oc::platform::random::uuid().simple());
        let mut admin = PgConnection::establish(&SERVER.admin).unwrap();
        admin.batch_execute(&format!("CREATE DATABASE {name} {how}")).unwrap();
        let url = url_of(&name);
        Self { name, url }
    }

    /// The same database for somebody else, who does not remove it.
    pub fn again(&self) -> Borrowed {
        Borrowed(std::mem::ManuallyDrop::new(Self { name: self.name.clone(), url: self.url.clone() }))
    }

    /// Destroys what is in it, whoever uses it.
    pub fn clear(&self) {
        let mut admin = PgConnection::establish(&SERVER.admin).unwrap();
        admin.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).unwrap();
        admin.batch_execute(&format!("CREATE DATABASE {}", self.name)).unwrap();
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A connection of its own.
    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url).unwrap()
    }

    /// Runs statements.
    pub fn execute(&self, sql: &str) {
        self.connect().batch_execute(sql).unwrap();
    }

    /// The column `text` of a query.
    pub fn texts(&self, sql: &str) -> Vec<String> {
        let lines: Vec<Line> = sql_query(sql).load(&mut self.connect()).unwrap();
        lines.into_iter().map(|line| line.text).collect()
    }

    /// The first line of [`TestDatabase::texts`].
    pub fn text(&self, sql: &str) -> String {
        self.texts(sql).remove(0)
    }

    /// The text of the last statement on any connection that begins like this,
    /// with its parameters open: what the role really sends.
    pub fn last_statement(&self, beginning: &str) -> String {
        self.text(&format!(
            "SELECT query AS text FROM pg_stat_activity WHERE datname = current_database() \
               AND pid <> pg_backend_pid() AND starts_with(query, '{beginning}') ORDER BY query_start DESC LIMIT 1"
        ))
    }

    /// How the server runs a statement with these parameters, for a tenant or for everybody.
    pub fn plan(&self, tenant: Option<&str>, statement: &str, parameters: &str) -> String {
        let mut connection = self.connect();
        if let Some(tenant) = tenant {
            let enter = format!("SET ROLE oc_tenant; SET app.tenant_id = '{tenant}'");
            connection.batch_execute(&enter).unwrap();
        }
        let prepare = format!(
            "{PLANS}; PREPARE statement AS {statement}; \
             CREATE FUNCTION pg_temp.plan(q text) RETURNS SETOF text LANGUAGE plpgsql AS \
             $$ DECLARE line text; BEGIN FOR line IN EXECUTE q LOOP RETURN NEXT line; END LOOP; END $$"
        );
        connection.batch_execute(&prepare).unwrap();
        let explain = "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)";
        let sql = format!("SELECT pg_temp.plan($$ {explain} EXECUTE statement({parameters}) $$) AS text");
        let lines: Vec<Line> = sql_query(sql).load(&mut connection).unwrap();
        lines.into_iter().map(|line| line.text + "\n").collect()
    }

    /// How many rows a table holds.
    pub fn count(&self, table: &str) -> i64 {
        let sql = format!("SELECT count(*) AS number FROM {table}");
        let count: Number = sql_query(sql).get_result(&mut self.connect()).unwrap();
        count.number
    }

    /// Its tables.
    pub fn tables(&self) -> Vec<String> {
        self.texts("SELECT tablename::text AS text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    }

    /// Everything in it, as text: equal dumps mean that nothing was written. Tenants
    /// and their keys are left out: the first request makes them, whatever it asks for.
    pub fn dump(&self) -> String {
        let mut connection = self.connect();
        let mut dump = String::new();
        for table in self.tables().iter().filter(|table| !table.starts_with("tenant")) {
            let sql = format!("SELECT t::text AS text FROM \"{table}\" t ORDER BY 1");
            let rows: Vec<Line> = sql_query(sql).load(&mut connection).unwrap();
            dump.push_str(&format!("{table}\n"));
            rows.iter().for_each(|row| dump.push_str(&format!("  {}\n", row.text)));
        }
        dump
    }
}

/// A database that belongs to another thread.
pub struct Borrowed(std::mem::ManuallyDrop<TestDatabase>);

impl std::ops::Deref for Borrowed {
    type Target = TestDatabase;

    fn deref(&self) -> &TestDatabase {
        &self.0
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let dropped =
            PgConnection::establish(&SERVER.admin).map_err(|e| e.to_string()).and_then(|mut admin| {
                let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
                admin.batch_execute(&sql).map_err(|e| e.to_string())
            });
        if let Err(why) = dropped {
            eprintln!("the database {} stays behind: {why}", self.name);
        }
    }
}
