//! Tenants that are deleted and begin anew.

use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use oc::config::{Keys, Provisioning, Tenancy};
use oc::domain::ids::TenantId;
use oc::platform::clock;
use oc::platform::db::Db;
use oc::platform::secrets::SecretKeys;
use oc::platform::tenants::{TenantError, Tenants, store};

use super::{begin_anew, done, operate};
use crate::support::database::{TestDatabase, settings};
use crate::support::{KEY, any_role, for_each_role};

fn tenant(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

#[test]
fn a_tenant_begins_anew_only_when_nobody_can_write_for_its_old_self() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        done(&operate(role, &database, &["tenant", "create", "north"]));
        done(&operate(role, &database, &["tenant", "delete", "north", "--yes"]));
        let early = operate(role, &database, &["tenant", "create", "north"]);
        assert!(early.code == 1 && early.err.contains("make it again after"), "{}", early.err);
        // Somebody wrote after the deletion had looked.
        database.execute(
            "INSERT INTO outbox (tenant_id, id, topic, destination, subject_id, sequence, state, due_at, created_at, give_up_at, payload) \
             VALUES ('north', gen_random_uuid(), 'late', 'client', gen_random_uuid(), 1, 'pending', now(), now(), now(), '\\x01')",
        );
        begin_anew(role, &database, "north");
        assert_eq!(database.count("outbox"), 0);
        // What its old keys sealed names a key that it does not have.
        assert_eq!(database.text("SELECT string_agg(id::text, ' ') AS text FROM tenant_keys"), "2");
    });
}

#[test]
fn nobody_gives_a_deleted_tenant_a_key() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    done(&operate(role, &database, &["tenant", "create", "north"]));
    done(&operate(role, &database, &["tenant", "delete", "north", "--yes"]));
    let masters = SecretKeys::new(&oc::config::Keys(vec![[7; 32]])).unwrap();
    let mut conn = database.connect();
    for name in ["north", "nobody"] {
        assert!(!store::insert_key(&mut conn, &masters, &tenant(name), clock::now()).unwrap());
    }
    assert_eq!(database.count("tenant_keys"), 0);
}

#[actix_web::test]
async fn whoever_asks_and_goes_away_confirms_nothing() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    done(&operate(role, &database, &["tenant", "create", "north"]));
    let keys = Arc::new(SecretKeys::new(&Keys(vec![master()])).unwrap());
    let cache = Duration::from_millis(150);
    let tenancy = Tenancy { provisioning: Provisioning::Manual, cache };
    let tenants = Tenants::new(Db::new(&settings(database.url()), role.owner()), keys, tenancy);
    tenants.vault(&tenant("north")).await.unwrap();
    done(&operate(role, &database, &["tenant", "suspend", "north"]));
    tokio::time::sleep(cache).await;
    let own = tenant("north");
    let mut asking = Box::pin(tenants.vault(&own));
    // On a busy machine, the answer may be there already.
    let once = |context: &mut std::task::Context<'_>| {
        let _ = asking.as_mut().poll(context);
        Poll::Ready(())
    };
    std::future::poll_fn(once).await;
    drop(asking);
    let refused = tenants.vault(&tenant("north")).await.unwrap_err();
    assert!(matches!(refused, TenantError::Suspended), "{refused}");
}

fn master() -> [u8; 32] {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(KEY).unwrap().try_into().unwrap()
}
