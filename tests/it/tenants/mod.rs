//! Tenants and their keys, as an operator handles them.

mod anew;
mod keys;
mod states;
mod trail;

use oc::roles::Role;

use crate::support::KEY;
use crate::support::database::TestDatabase;
use crate::support::process::{Ended, run_with};

/// Processes ask the database about a tenant with every request.
pub const ALWAYS_ASK: (&str, &str) = ("TENANT_CACHE_MS", "0");

/// Runs a command on the database of a role.
pub fn operate(role: Role, database: &TestDatabase, args: &[&str]) -> Ended {
    operate_with(role, database, KEY, args)
}

/// The same with this `FIELD_ENCRYPTION_KEY`.
pub fn operate_with(role: Role, database: &TestDatabase, keys: &str, args: &[&str]) -> Ended {
    let args = [args, &["--role", role.name()]].concat();
    run_with(&args, &[("DATABASE_URL", database.url()), ("FIELD_ENCRYPTION_KEY", keys), ALWAYS_ASK])
}

/// What a command says that must succeed.
pub fn done(ended: &Ended) -> &str {
    assert_eq!(ended.code, 0, "{}{}", ended.out, ended.err);
    &ended.out
}

/// Lets a deleted tenant begin anew, as if it had been deleted long ago.
pub fn begin_anew(role: Role, database: &TestDatabase, tenant: &str) {
    database.execute(&format!(
        "UPDATE tenants SET deleted_at = deleted_at - interval '1 hour' WHERE tenant_id = '{tenant}'"
    ));
    done(&operate(role, database, &["tenant", "create", tenant]));
}
