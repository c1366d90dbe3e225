//! Whose database it is, and which migrations it has.

use diesel::PgConnection;

use super::findings::Group;
use super::{Patient, failed};
use crate::platform::db::{MigrateError, inspect};

/// Whether the tables are there, so that others can look at them.
pub fn look(patient: &Patient, conn: &mut PgConnection, group: &Group<'_>) -> bool {
    let (owner, role) = (patient.role.owner(), patient.role.name());
    let migrate = format!("oc migrate --role {role}");
    let statuses = match owner.status(&patient.config.database) {
        Ok(statuses) => statuses,
        Err(error @ (MigrateError::OtherRole { .. } | MigrateError::Foreign)) => {
            group.problem("whose", error.to_string(), "let DATABASE_URL lead to this role's own database");
            return false;
        }
        Err(error) => {
            failed(group, "whose", &error);
            return false;
        }
    };
    let pending: Vec<_> = statuses.iter().filter(|status| !status.applied).map(|s| s.name.as_str()).collect();
    let all = statuses.len();
    match pending.as_slice() {
        [] => group.ok("applied", format!("all {all} are applied, and it is the database of role {role}")),
        _ if pending.len() == all => {
            group.problem("applied", "the database is empty: no migration was run", migrate);
            return false;
        }
        some => group.problem("applied", format!("not run yet: {}", some.join(", ")), migrate),
    }
    match inspect::unknown_migrations(conn, owner) {
        Ok(unknown) if unknown.is_empty() => {}
        Ok(unknown) => group.warning(
            "newer",
            format!("a newer version of oc has run {} migrations that this one does not know", unknown.len()),
            "fine while a new version is rolled out; otherwise upgrade this program",
        ),
        Err(error) => failed(group, "newer", &error),
    }
    pending.is_empty()
}
