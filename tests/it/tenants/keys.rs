//! `oc keys`: master keys come and go, one rotation at a time.

use diesel::RunQueryDsl as _;
use diesel::sql_types::{Binary, Text, Uuid as SqlUuid};
use oc::platform::tenants::Field;

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

#[test]
fn a_row_that_cannot_be_opened_is_named_and_holds_up_nobody_else() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let mut conn = database.connect();
        for tenant in ["north", "south"] {
            done(&operate(role, &database, &["tenant", "create", tenant]));
            let vault = crate::support::vault::vault(&database, tenant);
            for i in 1..4 {
                let id = uuid::Uuid::from_u128(i);
                let sealed = vault.seal_text(Field::new("outbox", "payload"), id, "{}").unwrap();
                diesel::sql_query(
                    "INSERT INTO outbox (tenant_id, id, topic, destination, subject_id, sequence, state, due_at, created_at, give_up_at, payload) \
                     VALUES ($1, $2, 'test', 'client', $2, 1, 'pending', now(), now(), now(), $3)",
                )
                .bind::<Text, _>(tenant)
                .bind::<SqlUuid, _>(id)
                .bind::<Binary, _>(sealed)
                .execute(&mut conn)
                .unwrap();
            }
        }
        let broken = uuid::Uuid::from_u128(2);
        database.execute(&format!(
            "UPDATE outbox SET payload = set_byte(payload, 20, 255 - get_byte(payload, 20)) WHERE tenant_id = 'north' AND id = '{broken}'"
        ));
        let rotated = operate(role, &database, &["keys", "rotate", "--data"]);
        assert_eq!(rotated.code, 1, "{}", rotated.out);
        assert!(
            rotated.err.contains(&format!("tenant north: can't open outbox {broken}")),
            "{}",
            rotated.err
        );
        assert!(rotated.out.contains("north: 2 rows sealed anew, 1 can't be opened"), "{}", rotated.out);
        assert!(rotated.out.contains("south: 3 rows sealed with data key 2"), "{}", rotated.out);
        // It is gone on with, not begun once more.
        let again = operate(role, &database, &["keys", "rotate", "--data", "--resume"]);
        assert!(again.out.contains("south: 0 rows sealed with data key 2"), "{}", again.out);
        assert_eq!(database.count("tenant_keys"), 4);
    });
}
