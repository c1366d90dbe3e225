//! The second fence between tenants: PostgreSQL itself shows a tenant its own rows
//! only, whatever a statement forgets to ask for.
//!
//! What is done for a tenant is done as the role [`ROLE`], which owns nothing and
//! may not log in, and every table has a policy for that role: rows of the tenant
//! that the session names in `set_tenant`. The login itself, which owns the
//! tables, is not held back; it serves what concerns all tenants.

use std::fmt;

use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::result::QueryResult;
use diesel::sql_types::{Bool, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl as _, sql_query};

use crate::domain::ids::TenantId;

/// What acts for tenants. Roles belong to a whole server; what this one may do in a
/// database is granted there.
pub const ROLE: &str = "oc_tenant";
const POLICY: &str = "tenant_isolation";

/// What a tenant may do with the rows of a table unless [`Rights`] say otherwise.
const ALL: &str = "DELETE, INSERT, SELECT, UPDATE";
/// What holds of the platform's own tables.
const PLATFORM: &[Rights] = &[
    // A tenant does not lift its own suspension.
    ("tenants", "SELECT"),
    ("tenant_keys", "SELECT"),
    ("outbox_attempts", "INSERT, SELECT"),
    // Chained and removed by jobs only.
    ("audit_chains", "SELECT"),
    ("audit_log", "SELECT"),
    ("audit_pending", "INSERT, SELECT"),
];

/// A table and what a tenant may do with its own rows there, in alphabetical order.
pub type Rights = (&'static str, &'static str);

/// How often what two databases of one server do at the same time is done again.
const RACES: usize = 10;

/// Why there is no fence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FenceError {
    /// The role can't be made, or the login can't become it; what an administrator has to run.
    Role(String),
    /// The role is not held back by policies.
    TooMighty,
    /// A table stands outside.
    Open(String),
    /// The login is held back itself.
    NotOwner,
}

impl fmt::Display for FenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(statement) => write!(
                f,
                "the login may not prepare the role {ROLE}, which keeps tenants apart; let an administrator of the server run once: {statement}"
            ),
            Self::TooMighty => write!(
                f,
                "the role {ROLE} keeps tenants apart only if no privilege lets it see everything; let an administrator of the server \
                 run once: ALTER ROLE {ROLE} NOSUPERUSER NOBYPASSRLS"
            ),
            Self::Open(table) => {
                write!(f, "the table {table} has no row-level security; run `oc migrate` for this role first")
            }
            Self::NotOwner => f.write_str(
                "row-level security hides the tables from the login of DATABASE_URL; use the login that ran `oc migrate`, which owns them",
            ),
        }
    }
}

#[derive(QueryableByName)]
struct RoleState {
    #[diesel(sql_type = Nullable<Bool>)]
    mighty: Option<bool>,
    #[diesel(sql_type = Text)]
    login: String,
}

/// Makes the role and lets the login become it, where that is still to be done.
/// Other databases of the server may do so at the same time.
pub(super) fn ensure_role(conn: &mut PgConnection) -> QueryResult<Result<(), FenceError>> {
    let mut statement = String::new();
    for _ in 0..RACES {
        // What fails is looked at again: somebody else may have done it meanwhile.
        let state = role_state(conn)?;
        let tried = match state.mighty {
            Some(true) => return Ok(Err(FenceError::TooMighty)),
            Some(false) if become_and_return(conn).is_ok() => return Ok(Ok(())),
            Some(false) => {
                statement = format!("GRANT {ROLE} TO {}", state.login);
                conn.batch_execute(&statement)
            }
            None => {
                statement = format!("CREATE ROLE {ROLE} NOLOGIN NOINHERIT ROLE {}", state.login);
                conn.batch_execute(&format!("CREATE ROLE {ROLE} NOLOGIN NOINHERIT"))
            }
        };
        if let Err(error) = tried {
            log::debug!("the role {ROLE} was not prepared: {error}");
        }
    }
    Ok(Err(FenceError::Role(statement)))
}

fn role_state(conn: &mut PgConnection) -> QueryResult<RoleState> {
    let sql = format!(
        "SELECT (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = '{ROLE}') AS mighty, \
                quote_ident(session_user) AS login"
    );
    sql_query(sql).get_result(conn)
}

fn become_and_return(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute(&format!("SET ROLE {ROLE}; RESET ROLE"))
}

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    quoted: String,
    #[diesel(sql_type = Bool)]
    has_tenant: bool,
    #[diesel(sql_type = Bool)]
    fenced: bool,
    /// `DROP POLICY …` of every policy that concerns tenants.
    #[diesel(sql_type = Text)]
    dropping: String,
    /// What those policies say.
    #[diesel(sql_type = Text)]
    policies: String,
    #[diesel(sql_type = Text)]
    rights: String,
}

/// Every table of the schema that migrations write to, and how it is fenced.
const TABLES: &str = "
    SELECT c.relname::text AS name, quote_ident(c.relname) AS quoted, c.relrowsecurity AS fenced,
           EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id'
                   AND a.attnum > 0 AND NOT a.attisdropped) AS has_tenant,
           coalesce(p.dropping, '') AS dropping, coalesce(p.policies, '') AS policies,
           coalesce((SELECT string_agg(DISTINCT a.privilege_type, ', ' ORDER BY a.privilege_type)
                     FROM aclexplode(c.relacl) a WHERE a.grantee = r.oid), '') AS rights
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema()
    JOIN pg_roles r ON r.rolname = 'oc_tenant'
    LEFT JOIN LATERAL (
      SELECT string_agg(format('DROP POLICY %I ON %I;', p.polname, c.relname), ' ') AS dropping,
             string_agg(concat_ws(' ', p.polname, p.polcmd, p.polpermissive, pg_get_expr(p.polqual, c.oid),
                                  pg_get_expr(p.polwithcheck, c.oid)), '; ') AS policies
      FROM pg_policy p WHERE p.polrelid = c.oid AND p.polroles && ARRAY[0::oid, r.oid]) p ON true
    WHERE c.relkind IN ('r', 'p') ORDER BY 1";

/// Puts every table behind the fence, those of tenants and those of nobody, with no
/// more rights than are needed. What stands right already is not touched, so that
/// nobody who works meanwhile is held up. Within a transaction.
pub(super) fn put_up(conn: &mut PgConnection, rights: &[Rights]) -> QueryResult<()> {
    let schema = format!(
        "DO $$ BEGIN IF NOT has_schema_privilege('{ROLE}', current_schema(), 'USAGE') THEN \
         EXECUTE format('GRANT USAGE ON SCHEMA %I TO {ROLE}', current_schema()); END IF; END $$"
    );
    conn.batch_execute(&schema)?;
    let tables: Vec<Table> = sql_query(TABLES).load(conn)?;
    for table in tables {
        fence(conn, &table, rights)?;
    }
    Ok(())
}

/// Tables that are not fenced as they should be, by name.
pub(super) fn gaps(conn: &mut PgConnection, rights: &[Rights]) -> QueryResult<Vec<String>> {
    let tables: Vec<Table> = sql_query(TABLES).load(conn)?;
    let stands = |table: &Table| {
        let (condition, rights) = table.wanted(rights);
        table.fenced && table.policies == policies(condition) && table.rights == rights
    };
    Ok(tables.into_iter().filter(|table| !stands(table)).map(|table| table.name).collect())
}

/// What the policies of a table say if there is the one that should be.
fn policies(condition: &str) -> String {
    format!("{POLICY} * t {condition} {condition}")
}

impl Table {
    /// Which rows its policy lets through, and what may be done with them.
    fn wanted(&self, rights: &[Rights]) -> (&'static str, &'static str) {
        let named = rights.iter().chain(PLATFORM).find(|(name, _)| *name == self.name);
        match self.has_tenant {
            true => (
                "(tenant_id = current_setting('app.tenant_id'::text, true))",
                named.map_or(ALL, |(_, some)| *some),
            ),
            false => ("false", ""),
        }
    }
}

fn fence(conn: &mut PgConnection, table: &Table, rights: &[Rights]) -> QueryResult<()> {
    let (condition, rights) = table.wanted(rights);
    let quoted = &table.quoted;
    if !table.fenced {
        conn.batch_execute(&format!("ALTER TABLE {quoted} ENABLE ROW LEVEL SECURITY"))?;
    }
    if table.policies != policies(condition) {
        let dropping = &table.dropping;
        conn.batch_execute(&format!(
            "{dropping} CREATE POLICY {POLICY} ON {quoted} TO {ROLE} USING ({condition}) WITH CHECK ({condition})"
        ))?;
    }
    if table.rights != rights {
        conn.batch_execute(&format!("REVOKE ALL ON {quoted} FROM {ROLE}"))?;
        if !rights.is_empty() {
            conn.batch_execute(&format!("GRANT {rights} ON {quoted} TO {ROLE}"))?;
        }
    }
    Ok(())
}

/// How a login finds a database.
#[derive(QueryableByName)]
pub(super) struct Standing {
    #[diesel(sql_type = Nullable<Text>)]
    open: Option<String>,
    #[diesel(sql_type = Bool)]
    held_back: bool,
}

impl Standing {
    /// Looks at a database that has been migrated.
    pub(super) fn of(conn: &mut PgConnection) -> QueryResult<Self> {
        let sql = "SELECT (SELECT c.relname::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
                   WHERE n.nspname = current_schema() AND c.relkind IN ('r', 'p') AND NOT c.relrowsecurity \
                   ORDER BY 1 LIMIT 1) AS open, row_security_active('oc_database') AS held_back";
        sql_query(sql).get_result(conn)
    }

    /// Refuses a login from which policies hide what concerns all tenants.
    pub(super) fn check_login(&self) -> Result<(), FenceError> {
        if self.held_back { Err(FenceError::NotOwner) } else { Ok(()) }
    }

    /// Refuses a database in which a table stands outside of the fence.
    pub(super) fn check_tables(self) -> Result<(), FenceError> {
        self.open.map_or(Ok(()), |table| Err(FenceError::Open(table)))
    }
}

/// Lets a new connection act for tenants only, for as long as it lives. It shows no
/// row until it is told whose.
pub(super) fn enter(conn: &mut PgConnection) -> QueryResult<Result<(), FenceError>> {
    // `"$user"` in a search path would mean another schema from here on.
    conn.batch_execute(&format!(
        "SELECT set_config('search_path', quote_ident(current_schema()), false); SET ROLE {ROLE}"
    ))?;
    Ok(if Standing::of(conn)?.held_back { Ok(()) } else { Err(FenceError::TooMighty) })
}

/// Shows the rows of `tenant` from now on. Outside of a transaction, where no
/// rollback can take it back.
pub(super) fn set_tenant(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<()> {
    // The id of a tenant holds nothing that would have to be quoted.
    conn.batch_execute(&format!("SET app.tenant_id = '{tenant}'"))
}

/// Shows the rows of `tenant` until the transaction ends.
pub(super) fn set_tenant_within(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<()> {
    conn.batch_execute(&format!("SET LOCAL app.tenant_id = '{tenant}'"))
}
