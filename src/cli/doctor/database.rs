//! The database server, the login, and the fence between tenants.

use diesel::PgConnection;

use super::findings::Group;
use super::{Patient, failed};
use crate::platform::db::inspect::{self, Server};

/// Oldest PostgreSQL that is supported.
const OLDEST: i32 = 15;

/// Connects and looks at the server; the connection, if there is one.
pub fn look(patient: &Patient, group: &Group<'_>) -> Option<PgConnection> {
    let settings = &patient.config.database;
    if patient.is_broken("DATABASE_URL") {
        group.warning("reachable", "not looked at: DATABASE_URL is broken", "see settings");
        return None;
    }
    let mut conn = match inspect::connect(settings) {
        Ok(conn) => conn,
        Err(why) => {
            group.problem(
                "reachable",
                format!("the database can't be reached: {why}"),
                "see whether the server runs, and that host, port, login, password and name in DATABASE_URL are right",
            );
            return None;
        }
    };
    match inspect::server(&mut conn) {
        Ok(server) => tell_server(patient, &server, group),
        Err(error) => failed(group, "server", &error),
    }
    Some(conn)
}

fn tell_server(patient: &Patient, server: &Server, group: &Group<'_>) {
    let Server { version_text, bytes, .. } = server;
    group.ok("reachable", format!("PostgreSQL {version_text}, {} MB in this database", bytes / 1_000_000));
    if server.version / 10_000 < OLDEST {
        group.problem(
            "version",
            format!("PostgreSQL {version_text} is too old"),
            "use PostgreSQL 15 or newer",
        );
    }
    if server.standby {
        group.problem(
            "writable",
            "this server is a standby that takes no changes",
            "let DATABASE_URL lead to the primary",
        );
    }
    tell_encryption(server, group);
    match server.superuser {
        true => group.warning(
            "login",
            "the login is a superuser",
            "make a login that only owns this database; docs/OPERATIONS.md says how",
        ),
        false => group.ok("login", "the login is no superuser"),
    }
    if server.open_to_all {
        group.warning(
            "login",
            "every login of the server may connect to this database",
            "REVOKE CONNECT ON DATABASE ... FROM PUBLIC",
        );
    }
    if !["en", "C", "POSIX"].iter().any(|good| server.language.starts_with(good)) {
        group.warning(
            "language",
            format!("the server speaks {}: statements that took too long are answered 500", server.language),
            "ALTER DATABASE ... SET lc_messages = 'C'",
        );
    }
    let wanted = patient.config.database.pool_size + 1;
    if i64::from(wanted) * 2 > i64::from(server.connections) {
        group.warning(
            "connections",
            format!(
                "the server takes {} connections, and each process of this role holds up to {wanted}",
                server.connections
            ),
            "raise max_connections, or lower DATABASE_POOL_SIZE; two processes have to fit beside each other",
        );
    }
}

fn tell_encryption(server: &Server, group: &Group<'_>) {
    let Some(address) = server.address.as_ref().filter(|_| !server.is_here) else {
        return group.ok("encryption", "the connection stays within this machine");
    };
    let advice = "build with --features pg-tls and add sslmode=verify-full to DATABASE_URL";
    match (server.encrypted, server.is_private) {
        (true, _) => group.ok("encryption", format!("the connection to {address} is encrypted")),
        (false, true) => group.warning(
            "encryption",
            format!("the connection to {address}, in a private network, is not encrypted"),
            advice,
        ),
        (false, false) => {
            group.problem("encryption", format!("the connection to {address} is not encrypted"), advice);
        }
    }
}

/// Whether tenants are kept apart in a database that was migrated.
pub fn fence(patient: &Patient, conn: &mut PgConnection, group: &Group<'_>) {
    let migrate = format!("oc migrate --role {}", patient.role.name());
    match inspect::held_back(conn) {
        Ok(true) => group.problem(
            "owner",
            "row-level security hides the tables from the login of DATABASE_URL",
            "use the login that ran oc migrate, which owns them",
        ),
        Ok(false) => group.ok("owner", "the login owns the tables"),
        Err(error) => failed(group, "owner", &error),
    }
    match inspect::fence_role(conn) {
        Ok(true) => group.ok("fence", "the role oc_tenant is there, and this login may act as it"),
        Ok(false) => group.problem(
            "fence",
            "the role oc_tenant is missing, may see everything, or this login may not act as it",
            format!("{migrate} makes it or says what an administrator has to run"),
        ),
        Err(error) => failed(group, "fence", &error),
    }
    match inspect::unfenced(conn, patient.role.owner()) {
        Ok(open) if open.is_empty() => group.ok("fence", "every table keeps tenants apart"),
        Ok(open) => group.problem(
            "fence",
            format!("not fenced as they should be: {}", open.join(", ")),
            format!("{migrate}; a table of your own has to go into another schema"),
        ),
        Err(error) => failed(group, "fence", &error),
    }
}
