//! Who may act: made, unknown, suspended, deleted.

use oc::roles::Role;
use serde_json::json;

use super::{ALWAYS_ASK, done, operate};
use crate::openapi::{concrete, described, example_of, operations};
use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::process::{PATIENCE, Served};
use crate::support::waiting::until;
use crate::support::{any_role, for_each_role, writing_path};

/// One good request for every operation of a tenant.
fn requests(role: Role, tenant: &str) -> Vec<Call> {
    let api = described(role);
    let of_tenant = |operation: &serde_json::Value| {
        let given = operation["parameters"].as_array();
        given.into_iter().flatten().any(|parameter| parameter["name"] == "X-Tenant")
    };
    let operations = operations(&api).into_iter().filter(|(_, _, operation)| of_tenant(operation));
    let request = |(path, method, operation): (String, String, serde_json::Value)| {
        let call = Call::new(&method, concrete(&path)).tenant(tenant);
        let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
        match example_of(&api, schema) {
            Some(body) => call.json(&body),
            None => call,
        }
    };
    operations.map(request).collect()
}

fn write(served: &Served, role: Role, tenant: &str) -> Answer {
    let body = json!({"title": "T", "content": "C"});
    served.call(&Call::post(writing_path(role), &body).tenant(tenant))
}

#[test]
fn a_tenant_is_made_by_its_first_request_with_a_key_of_its_own() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let served = Served::start(role, &database, &[]);
        for tenant in ["north", "south", "north"] {
            assert_eq!(write(&served, role, tenant).status, 201);
        }
        let rows = "SELECT t.tenant_id || ' ' || t.state || ' ' || k.id AS text \
                    FROM tenants t JOIN tenant_keys k USING (tenant_id) ORDER BY 1";
        assert_eq!(database.texts(rows), ["north active 1", "south active 1"]);
        let listed = operate(role, &database, &["tenant", "list"]);
        assert_eq!(done(&listed).lines().count(), 2, "{}", listed.out);
    });
}

#[test]
fn where_tenants_are_made_by_hand_every_request_of_an_unknown_one_is_refused() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let served = Served::start(role, &database, &[("TENANT_PROVISIONING", "manual"), ALWAYS_ASK]);
        let requests = requests(role, "north");
        assert!(requests.len() >= 5);
        for call in &requests {
            served.call(call).refused(403, "TENANT_UNKNOWN");
        }
        assert_eq!(database.count("tenants"), 0);
        done(&operate(role, &database, &["tenant", "create", "north"]));
        assert_eq!(write(&served, role, "north").status, 201);
        write(&served, role, "south").refused(403, "TENANT_UNKNOWN");
        let again = operate(role, &database, &["tenant", "create", "north"]);
        assert_eq!((again.code, again.err.as_str()), (1, "oc: there is a tenant north already\n"));
    });
}

#[test]
fn every_request_of_a_suspended_tenant_is_refused_until_it_is_resumed() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let served = Served::start(role, &database, &[ALWAYS_ASK]);
        for tenant in ["north", "south"] {
            assert_eq!(write(&served, role, tenant).status, 201);
        }
        done(&operate(role, &database, &["tenant", "suspend", "north"]));
        until("the audit trail", PATIENCE, || (database.count("audit_pending") == 0).then_some(()));
        let before = database.dump();
        for call in requests(role, "north") {
            served.call(&call).refused(403, "TENANT_SUSPENDED");
        }
        assert_eq!(database.dump(), before, "nothing of it was done");
        assert_eq!(write(&served, role, "south").status, 201);
        assert_eq!(operate(role, &database, &["tenant", "suspend", "north"]).code, 1);
        done(&operate(role, &database, &["tenant", "resume", "north"]));
        assert_eq!(write(&served, role, "north").status, 201);
    });
}

#[test]
fn a_process_goes_on_with_what_it_knows_for_as_long_as_the_settings_say() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    let served = Served::start(role, &database, &[("TENANT_CACHE_MS", "60000")]);
    assert_eq!(write(&served, role, "north").status, 201);
    done(&operate(role, &database, &["tenant", "suspend", "north"]));
    assert_eq!(write(&served, role, "north").status, 201);
}

#[test]
fn what_is_no_tenant_and_what_is_not_meant_is_refused() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    assert_eq!(operate(role, &database, &["tenant", "create", "Not A Tenant"]).code, 2);
    for action in ["suspend", "resume"] {
        let unknown = operate(role, &database, &["tenant", action, "nobody"]);
        assert_eq!((unknown.code, unknown.err.as_str()), (1, "oc: there is no tenant nobody\n"));
    }
    done(&operate(role, &database, &["tenant", "create", "north"]));
    let unsure = operate(role, &database, &["tenant", "delete", "north"]);
    assert!(unsure.code == 2 && unsure.err.contains("say --yes"), "{}", unsure.err);
    assert_eq!(database.count("tenant_keys"), 1);
}
