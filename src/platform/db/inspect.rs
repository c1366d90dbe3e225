//! What somebody who looks for faults wants to know of a database. Nothing is changed.

use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Bool, Integer, Nullable, Text, Timestamptz};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, sql_query};

use super::fence;
use super::manager::{address, without_address};
use super::types::PgTimestamp;
use super::{MigrateError, Owner};
use crate::config::Database;
use crate::domain::timestamp::Timestamp;

/// Longest run of one question.
const STATEMENT: &str =
    "SET statement_timeout = '8s'; SET lock_timeout = '2s'; SET default_transaction_read_only = on";

/// A server and what a login may do there.
#[derive(Debug, QueryableByName)]
pub struct Server {
    /// 150008 for 15.8.
    #[diesel(sql_type = Integer)]
    pub version: i32,
    /// The same as text.
    #[diesel(sql_type = Text)]
    pub version_text: String,
    /// Where the server is; `None` on a Unix socket.
    #[diesel(sql_type = Nullable<Text>)]
    pub address: Option<String>,
    /// Whether that is this machine or a private network.
    #[diesel(sql_type = Bool)]
    pub is_private: bool,
    /// Whether that is this machine.
    #[diesel(sql_type = Bool)]
    pub is_here: bool,
    /// Whether the connection is encrypted.
    #[diesel(sql_type = Bool)]
    pub encrypted: bool,
    /// Whether the login may do everything.
    #[diesel(sql_type = Bool)]
    pub superuser: bool,
    /// Whether any login may connect.
    #[diesel(sql_type = Bool)]
    pub open_to_all: bool,
    /// Whether it takes changes.
    #[diesel(sql_type = Bool)]
    pub standby: bool,
    /// The language of its messages.
    #[diesel(sql_type = Text)]
    pub language: String,
    /// Connections that it takes.
    #[diesel(sql_type = Integer)]
    pub connections: i32,
    /// Bytes of the database.
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
}

/// Connects, for looking only.
pub fn connect(settings: &Database) -> Result<PgConnection, String> {
    let mut conn =
        PgConnection::establish(&address(settings)).map_err(|e| without_address(&e.to_string()))?;
    conn.batch_execute(STATEMENT).map_err(|e| e.to_string())?;
    Ok(conn)
}

/// The server and the login.
pub fn server(conn: &mut PgConnection) -> QueryResult<Server> {
    sql_query(
        "SELECT current_setting('server_version_num')::int AS version, current_setting('server_version') AS version_text, \
         host(inet_server_addr()) AS address, \
         coalesce(inet_server_addr() <<= ANY (ARRAY['127.0.0.0/8', '::1/128']::inet[]), true) AS is_here, \
         coalesce(inet_server_addr() <<= ANY (ARRAY['127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', \
           '::1/128', 'fc00::/7']::inet[]), true) AS is_private, \
         coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted, \
         (SELECT rolsuper FROM pg_roles WHERE rolname = session_user) AS superuser, \
         (SELECT datacl IS NULL OR EXISTS (SELECT FROM aclexplode(datacl) a WHERE a.grantee = 0 AND a.privilege_type = 'CONNECT') \
            FROM pg_database WHERE datname = current_database()) AS open_to_all, \
         pg_is_in_recovery() AS standby, current_setting('lc_messages') AS language, \
         current_setting('max_connections')::int AS connections, pg_database_size(current_database()) AS bytes",
    )
    .get_result(conn)
}

#[derive(QueryableByName)]
struct Now {
    #[diesel(sql_type = Timestamptz)]
    now: PgTimestamp,
}

/// What time it is there.
pub fn time(conn: &mut PgConnection) -> QueryResult<Timestamp> {
    Ok(sql_query("SELECT clock_timestamp() AS now").get_result::<Now>(conn)?.now.0)
}

#[derive(QueryableByName)]
struct Versions {
    #[diesel(sql_type = Array<Text>)]
    versions: Vec<String>,
}

/// Migrations that this program does not know: a newer one has run.
pub fn unknown_migrations(conn: &mut PgConnection, owner: Owner) -> Result<Vec<String>, MigrateError> {
    let sql = "SELECT ARRAY(SELECT version::text FROM __diesel_schema_migrations ORDER BY 1) AS versions";
    let applied = sql_query(sql).get_result::<Versions>(conn)?.versions;
    let known = owner.versions()?;
    Ok(applied.into_iter().filter(|version| !known.contains(version)).collect())
}

/// Tables that are not fenced as they should be.
pub fn unfenced(conn: &mut PgConnection, owner: Owner) -> QueryResult<Vec<String>> {
    fence::gaps(conn, owner.rights)
}

#[derive(QueryableByName)]
struct Answer {
    #[diesel(sql_type = Bool)]
    yes: bool,
}

/// Whether a role of the server keeps tenants apart, and this login may act as it.
pub fn fence_role(conn: &mut PgConnection) -> QueryResult<bool> {
    let role = fence::ROLE;
    let sql = format!(
        "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}' AND NOT rolsuper AND NOT rolbypassrls \
         AND pg_has_role(session_user, oid, 'MEMBER')) AS yes"
    );
    Ok(sql_query(sql).get_result::<Answer>(conn)?.yes)
}

/// Whether the login is held back by the fence itself: it does not own the tables.
pub fn held_back(conn: &mut PgConnection) -> QueryResult<bool> {
    Ok(sql_query("SELECT row_security_active('oc_database') AS yes").get_result::<Answer>(conn)?.yes)
}
