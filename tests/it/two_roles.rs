//! A database belongs to one role. Two roles that share one by mistake would
//! quietly miss tables, so everything refuses.

use oc::roles::Role;

use crate::support::database::{TestDatabase, settings};
use crate::support::http::Call;
use crate::support::process::{Served, run_with};
use crate::support::{CODE_KEY, KEY, for_each_role, reading_path};

/// Each role with the database of the other.
const WRONG: [(Role, Role); 2] = [(Role::Provider, Role::Client), (Role::Client, Role::Provider)];

#[test]
fn the_database_of_the_other_role_is_refused_by_every_command() {
    for (role, owner) in WRONG {
        let database = TestDatabase::of(owner.name());
        let before = (database.tables(), database.dump());
        for command in [
            vec!["migrate", "--role", role.name()],
            vec!["migrate", "--role", role.name(), "up"],
            vec!["migrate", "--role", role.name(), "status"],
            vec!["migrate", "--role", role.name(), "down"],
            vec!["serve", "--role", role.name(), "--auth", "none", "--port", "0"],
            vec!["serve", "--role", role.name(), "--auth", "none", "--port", "0", "--migrate"],
        ] {
            let refused = run_with(
                &command,
                &[
                    ("DATABASE_URL", database.url()),
                    ("ACCESS_CODE_KEY", CODE_KEY),
                    ("FIELD_ENCRYPTION_KEY", KEY),
                ],
            );
            assert_eq!((refused.code, refused.out.as_str()), (1, ""), "{command:?}");
            let told = format!("this database belongs to role {}, not to role {}", owner.name(), role.name());
            assert!(refused.err.contains(&told), "{command:?}: {}", refused.err);
        }
        assert_eq!((database.tables(), database.dump()), before);
    }
}

#[test]
fn a_database_that_changes_hands_under_a_running_role_is_not_used() {
    for_each_role(|role| {
        let (_, owner) = WRONG.into_iter().find(|(one, _)| *one == role).unwrap();
        let database = TestDatabase::empty();
        let mut served = Served::start(role, &database, &[]);
        owner.owner().up(&settings(database.url()), &mut |_| {}).unwrap();
        let (path, _) = reading_path(role);
        served.call(&Call::get(path)).refused(503, "DATABASE_UNAVAILABLE");
        let told = format!("this database belongs to role {}, not to role {}", owner.name(), role.name());
        served.process.wait_for(&told, |said| said.contains(&told).then_some(()));
    });
}
