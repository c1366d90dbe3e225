//! Embedded migrations, and whose database this is.
//!
//! Diesel knows migrations by their version alone. Two roles that are pointed at
//! the same database by mistake would silently share that list and miss tables,
//! so the database bears the name of its role, and everything checks it.

use std::fmt;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection as _;
use diesel::migration::MigrationSource as _;
use diesel::pg::{Pg, PgConnection};
use diesel::sql_types::{Array, Bool, Nullable, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, sql_query};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _};

use super::fence::{self, FenceError, Rights, Standing};
use super::manager::address;
use crate::config::Database;

type Migration = Box<dyn diesel::migration::Migration<Pg>>;

/// Key of the advisory lock under which migrations run: "oc" in ASCII.
const LOCK_KEY: i64 = 0x6f63;

/// How long a statement that changes a table holds up everybody else at most.
const SHORT_WAIT: Duration = Duration::from_secs(2);
/// How long it is tried again, and how long another process is waited for.
const LONG_WAIT: Duration = Duration::from_secs(60);

/// A role and the migrations of its database.
#[derive(Debug, Clone, Copy)]
pub struct Owner {
    /// The role, as in `--role`.
    pub role: &'static str,
    /// The migrations compiled in for it.
    pub migrations: fn() -> EmbeddedMigrations,
    /// Tables with whose rows tenants may not do everything.
    pub rights: &'static [Rights],
}

/// Why a database can't be used or migrated.
#[derive(Debug)]
pub enum MigrateError {
    /// It can't be reached.
    Connect(String),
    /// It bears the name of another role.
    OtherRole {
        /// The role that was asked for.
        expected: &'static str,
        /// The role whose name it bears.
        found: String,
    },
    /// It holds migrations that no role of this program knows.
    Foreign,
    /// Migrations have not been run.
    Pending,
    /// There is nothing to take back.
    NothingToRevert,
    /// Nothing keeps its tenants apart.
    Fence(FenceError),
    /// A statement failed.
    Failed(String),
}

impl fmt::Display for MigrateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(why) => write!(f, "the database can't be reached: {why}"),
            Self::OtherRole { expected, found } => write!(
                f,
                "this database belongs to role {found}, not to role {expected}; give each role a database of its own in DATABASE_URL"
            ),
            Self::Foreign => f.write_str(
                "this database holds migrations of another program; give each role an empty database of its own in DATABASE_URL",
            ),
            Self::Pending => f.write_str("the database lacks migrations; run `oc migrate` for this role first"),
            Self::NothingToRevert => f.write_str("no migration is applied, so there is none to take back"),
            Self::Fence(error) => error.fmt(f),
            Self::Failed(why) => write!(f, "a migration failed and was rolled back: {why}"),
        }
    }
}

impl std::error::Error for MigrateError {}

impl From<diesel::result::Error> for MigrateError {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<FenceError> for MigrateError {
    fn from(error: FenceError) -> Self {
        Self::Fence(error)
    }
}

/// One migration and whether it is applied.
#[derive(Debug, PartialEq, Eq)]
pub struct Status {
    /// Folder name, `00000000000001_platform`.
    pub name: String,
    /// Whether it is applied.
    pub applied: bool,
}

#[derive(QueryableByName)]
struct Stamp {
    #[diesel(sql_type = Nullable<Text>)]
    role: Option<String>,
    #[diesel(sql_type = Array<Text>)]
    applied: Vec<String>,
}

#[derive(QueryableByName)]
struct Exists {
    #[diesel(sql_type = Bool)]
    stamped: bool,
    #[diesel(sql_type = Bool)]
    migrated: bool,
}

impl Owner {
    /// Refuses a database that belongs to another role, lacks migrations, or has a
    /// table in which nothing keeps tenants apart. Migrations that this program does
    /// not know yet are fine: an older version runs beside a newer one while it is
    /// rolled out.
    pub fn check(&self, conn: &mut PgConnection) -> Result<(), MigrateError> {
        if !known(conn)?.stamped {
            return Err(MigrateError::Pending);
        }
        let standing = Standing::of(conn)?;
        standing.check_login()?;
        let stamp = self.stamp(conn)?;
        self.check_role(&stamp)?;
        let lacks = |m: &Migration| !stamp.applied.contains(&m.name().version().to_string());
        if self.list()?.iter().any(lacks) {
            return Err(MigrateError::Pending);
        }
        Ok(standing.check_tables()?)
    }

    /// Runs what is pending, one migration per transaction, and tells `progress`
    /// the name of each; then fences every table. Any number of processes may do so at once.
    pub fn up(&self, settings: &Database, progress: &mut dyn FnMut(&str)) -> Result<(), MigrateError> {
        let mut conn = locked(settings)?;
        let mut is_behind = false;
        if known(&mut conn)?.stamped {
            let stamp = self.stamp(&mut conn)?;
            self.check_role(&stamp)?;
            let list = self.list()?;
            is_behind =
                stamp.applied.iter().any(|a| list.iter().all(|m| m.name().version().to_string() != *a));
        }
        let pending =
            conn.pending_migrations((self.migrations)()).map_err(|e| MigrateError::Failed(e.to_string()))?;
        fence::ensure_role(&mut conn)??;
        for migration in pending {
            progress(&migration.name().to_string());
            // A new table stands behind the fence as soon as anybody sees it.
            let run = |conn: &mut PgConnection| {
                conn.run_migration(&migration).map_err(|e| MigrateError::Failed(e.to_string()))?;
                self.put_stamp(conn)?;
                Ok::<_, MigrateError>(fence::put_up(conn, self.rights)?)
            };
            match migration.metadata().run_in_transaction() {
                true => patiently(&mut conn, run)?,
                false => run(&mut conn)?,
            }
        }
        // A newer version knows better which rights are needed.
        if is_behind {
            return Ok(());
        }
        patiently(&mut conn, |conn| Ok(fence::put_up(conn, self.rights)?))
    }

    /// Takes back the newest migration and returns its name.
    pub fn down(&self, settings: &Database) -> Result<String, MigrateError> {
        let mut conn = locked(settings)?;
        if known(&mut conn)?.stamped {
            let stamp = self.stamp(&mut conn)?;
            self.check_role(&stamp)?;
        }
        let applied = conn.applied_migrations().map_err(|e| MigrateError::Failed(e.to_string()))?;
        let newest = applied.first().ok_or(MigrateError::NothingToRevert)?;
        let list = self.list()?;
        let migration = list.iter().find(|m| m.name().version() == *newest).ok_or(MigrateError::Foreign)?;
        let revert = |conn: &mut PgConnection| {
            conn.revert_migration(migration).map(drop).map_err(|e| MigrateError::Failed(e.to_string()))
        };
        match migration.metadata().run_in_transaction() {
            true => patiently(&mut conn, revert)?,
            false => revert(&mut conn)?,
        }
        fence::ensure_role(&mut conn)??;
        patiently(&mut conn, |conn| Ok(fence::put_up(conn, self.rights)?))?;
        Ok(migration.name().to_string())
    }

    /// Every migration of the role, oldest first, and whether it is applied.
    pub fn status(&self, settings: &Database) -> Result<Vec<Status>, MigrateError> {
        let mut conn = connect(settings)?;
        let exists = known(&mut conn)?;
        if exists.stamped {
            let stamp = self.stamp(&mut conn)?;
            self.check_role(&stamp)?;
        }
        let applied = match exists.migrated {
            true => conn.applied_migrations().map_err(|e| MigrateError::Failed(e.to_string()))?,
            false => Vec::new(),
        };
        let one = |m: &Migration| Status {
            name: m.name().to_string(),
            applied: applied.contains(&m.name().version()),
        };
        Ok(self.list()?.iter().map(one).collect())
    }

    /// The versions of all migrations of the role.
    pub(super) fn versions(&self) -> Result<Vec<String>, MigrateError> {
        Ok(self.list()?.iter().map(|m| m.name().version().to_string()).collect())
    }

    fn list(&self) -> Result<Vec<Migration>, MigrateError> {
        let mut list: Vec<Migration> =
            (self.migrations)().migrations().map_err(|e| MigrateError::Failed(e.to_string()))?;
        list.sort_unstable_by_key(|m| m.name().version().to_string());
        Ok(list)
    }

    fn stamp(&self, conn: &mut PgConnection) -> Result<Stamp, MigrateError> {
        let sql = "SELECT (SELECT role FROM oc_database) AS role, \
                          ARRAY(SELECT version::text FROM __diesel_schema_migrations) AS applied";
        Ok(sql_query(sql).get_result(conn)?)
    }

    fn put_stamp(&self, conn: &mut PgConnection) -> Result<(), MigrateError> {
        let sql = "INSERT INTO oc_database (role) VALUES ($1) ON CONFLICT DO NOTHING";
        sql_query(sql).bind::<Text, _>(self.role).execute(conn)?;
        Ok(())
    }

    fn check_role(&self, stamp: &Stamp) -> Result<(), MigrateError> {
        match &stamp.role {
            Some(found) if found != self.role => {
                Err(MigrateError::OtherRole { expected: self.role, found: found.clone() })
            }
            _ => Ok(()),
        }
    }
}

fn exists(conn: &mut PgConnection) -> Result<Exists, MigrateError> {
    let sql = "SELECT to_regclass('oc_database') IS NOT NULL AS stamped, \
                      to_regclass('__diesel_schema_migrations') IS NOT NULL AS migrated";
    Ok(sql_query(sql).get_result(conn)?)
}

/// Refuses a database in which another program keeps its migrations.
fn known(conn: &mut PgConnection) -> Result<Exists, MigrateError> {
    let exists = exists(conn)?;
    let foreign = !exists.stamped && exists.migrated && {
        let sql = "SELECT false AS stamped, EXISTS (SELECT FROM __diesel_schema_migrations) AS migrated";
        sql_query(sql).get_result::<Exists>(conn)?.migrated
    };
    if foreign { Err(MigrateError::Foreign) } else { Ok(exists) }
}

fn connect(settings: &Database) -> Result<PgConnection, MigrateError> {
    PgConnection::establish(&address(settings))
        .map_err(|e| MigrateError::Connect(super::manager::without_address(&e.to_string())))
}

/// A connection that holds the migration lock until it is dropped.
fn locked(settings: &Database) -> Result<PgConnection, MigrateError> {
    let mut conn = connect(settings)?;
    let wait = LONG_WAIT.as_millis();
    conn.batch_execute(&format!("SET lock_timeout = {wait}; SELECT pg_advisory_lock({LOCK_KEY})"))?;
    Ok(conn)
}

/// Runs `work` in a transaction, again and again while somebody holds a table that it
/// needs. Everybody else who asks for the table queues up behind it, so it never waits long.
fn patiently<T>(
    conn: &mut PgConnection,
    mut work: impl FnMut(&mut PgConnection) -> Result<T, MigrateError>,
) -> Result<T, MigrateError> {
    let started = Instant::now();
    loop {
        conn.batch_execute(&format!("SET lock_timeout = {}", SHORT_WAIT.as_millis()))?;
        let begun = Instant::now();
        let done = conn.transaction(&mut work);
        conn.batch_execute(&format!("SET lock_timeout = {}", LONG_WAIT.as_millis()))?;
        match done {
            // diesel gives no SQLSTATE, and servers tell in their own language that the
            // wait was too long; whatever fails sooner has not waited.
            Err(MigrateError::Failed(_))
                if begun.elapsed() >= SHORT_WAIT && started.elapsed() < LONG_WAIT =>
            {
                log::info!("a table is in use; trying again");
                std::thread::sleep(SHORT_WAIT / 2);
            }
            done => return done,
        }
    }
}

/// Connects once and checks the database for `owner`.
pub fn check(owner: Owner, settings: &Database) -> Result<(), MigrateError> {
    open(owner, settings).map(|_| ())
}

/// A connection to the database of `owner`, for commands that need one.
pub fn open(owner: Owner, settings: &Database) -> Result<PgConnection, MigrateError> {
    let mut conn = connect(settings)?;
    owner.check(&mut conn)?;
    Ok(conn)
}
