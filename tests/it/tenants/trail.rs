//! What operators do stands in the audit trail, which outlives its tenant.

use std::time::Duration;

use super::{begin_anew, done, operate, operate_with};
use crate::support::database::TestDatabase;
use crate::support::process::Served;
use crate::support::scratch::Scratch;
use crate::support::waiting::until;
use crate::support::{KEY, NEW_KEY, for_each_role};

const PATIENCE: Duration = Duration::from_secs(20);

const TOLD: [&str; 7] = [
    "tenant.created",
    "tenant.suspended",
    "tenant.resumed",
    "tenant.exported",
    "keys.rotated",
    "tenant.deleted",
    "tenant.created",
];

#[test]
fn what_operators_do_is_told_and_stays_when_the_tenant_is_deleted() {
    for_each_role(|role| {
        let (database, scratch) = (TestDatabase::of(role.name()), Scratch::new("trail"));
        let file = scratch.path().join("north.jsonl");
        let run = |args: &[&str]| done(&operate(role, &database, args)).to_owned();
        run(&["tenant", "create", "north"]);
        run(&["tenant", "suspend", "north"]);
        run(&["tenant", "resume", "north"]);
        run(&["tenant", "export", "north", "--to", file.to_str().unwrap()]);
        run(&["keys", "rotate", "--data"]);
        assert!(run(&["tenant", "delete", "north", "--yes"]).contains("its audit trail stays"));
        begin_anew(role, &database, "north");
        // What fails changes nothing and is not told.
        assert_eq!(operate(role, &database, &["tenant", "create", "north"]).code, 1);
        let served = Served::start(role, &database, &[("AUDIT_CHAIN_MS", "10")]);
        until("the chain", PATIENCE, || (database.count("audit_log") == 7).then_some(()));
        drop(served);
        let told = "SELECT action AS text FROM audit_log WHERE tenant_id = 'north' AND who = 'operator' ORDER BY seq";
        assert_eq!(database.texts(told), TOLD);
        assert!(run(&["audit", "verify"]).contains("north: whole, entries 1 to 7"));
    });
}

#[test]
fn a_rotation_seals_the_trails_with_the_new_key() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        done(&operate(role, &database, &["tenant", "create", "north"]));
        let served = Served::start(role, &database, &[("AUDIT_CHAIN_MS", "10")]);
        until("the chain", PATIENCE, || (database.count("audit_log") == 1).then_some(()));
        drop(served);
        done(&operate(role, &database, &["tenant", "delete", "north", "--yes"]));
        let both = format!("{NEW_KEY},{KEY}");
        let verified = |keys: &str| operate_with(role, &database, keys, &["audit", "verify"]);
        assert_eq!(verified(NEW_KEY).code, 1, "its key is not known");
        let listed = operate_with(role, &database, &both, &["keys", "list"]);
        assert!(done(&listed).contains("still seals audit trails"), "{}", listed.out);
        let rotated = operate_with(role, &database, &both, &["keys", "rotate"]);
        assert!(done(&rotated).contains("1 audit trails sealed with it"), "{}", rotated.out);
        assert!(rotated.out.contains("not needed any more"), "{}", rotated.out);
        assert!(done(&verified(NEW_KEY)).contains("north: whole"));
    });
}
