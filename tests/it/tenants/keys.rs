//! `oc keys`: master keys come and go, one rotation at a time.

use diesel::RunQueryDsl as _;

use super::{done, operate, operate_with};
use crate::support::database::TestDatabase;
use crate::support::{KEY, NEW_KEY, for_each_role};

#[test]
fn an_old_master_key_is_not_needed_any_more_after_a_rotation() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        for tenant in ["north", "south"] {
            done(&operate(role, &database, &["tenant", "create", tenant]));
        }
        let both = format!("{NEW_KEY},{KEY}");
        let listed = |keys: &str| done(&operate_with(role, &database, keys, &["keys", "list"])).to_owned();
        assert!(listed(&both).contains("2 data keys  still needed"), "{}", listed(&both));
        assert!(listed(NEW_KEY).contains("2 data keys  MISSING"), "{}", listed(NEW_KEY));
        let rotated = operate_with(role, &database, &both, &["keys", "rotate"]);
        assert!(done(&rotated).starts_with("2 data keys encrypted with the first"), "{}", rotated.out);
        assert!(rotated.out.contains("0 data keys  not needed any more"), "{}", rotated.out);
        assert!(!listed(NEW_KEY).contains("MISSING"));
        let again = operate_with(role, &database, NEW_KEY, &["keys", "rotate"]);
        assert!(done(&again).starts_with("0 data keys encrypted"), "{}", again.out);
        let lost = operate_with(role, &database, KEY, &["keys", "rotate"]);
        assert!(lost.code == 1 && lost.err.contains("FIELD_ENCRYPTION_KEY lacks a key"), "{}", lost.err);
    });
}

#[test]
fn one_rotation_waits_for_no_other() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let mut holder = database.connect();
        diesel::sql_query("SELECT pg_advisory_lock(31352713306798451)").execute(&mut holder).unwrap();
        let refused = operate(role, &database, &["keys", "rotate"]);
        assert!(refused.code == 1 && refused.err.contains("another rotation"), "{}", refused.err);
    });
}
