//! What somebody is told who asks for too much.

use oc::roles::Role;
use serde_json::json;

use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::process::Served;
use crate::support::tokens::{EVERY_SCOPE, JWT, token};
use crate::support::{reading_path, writing_path};

fn assert_refused(answer: &Answer, policy: &str) {
    answer.refused(429, "RATE_LIMITED");
    let wait: u64 = answer.header("Retry-After").unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert_eq!(answer.header("RateLimit-Policy"), Some(policy));
    let standing = answer.header("RateLimit").unwrap();
    assert!(standing.contains(";r=0;t="), "{standing}");
}

#[test]
fn a_tenant_that_asks_for_too_much_is_told_when_to_come_again_and_others_are_served() {
    for role in Role::ALL.iter().filter(|role| role.name() == "provider") {
        let database = TestDatabase::of(role.name());
        let served = Served::start(*role, &database, &[("RATE_TENANT_PER_MINUTE", "3")]);
        let list = |tenant: &str| served.call(&Call::get("/api/documents").tenant(tenant));
        for left in ["2", "1", "0"] {
            let answer = list("noisy");
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("RateLimit-Policy"), Some("\"tenant\";q=3;w=60"));
            let standing = answer.header("RateLimit").unwrap();
            assert!(standing.starts_with(&format!("\"tenant\";r={left};t=")), "{standing}");
        }
        assert_refused(&list("noisy"), "\"tenant\";q=3;w=60");
        assert_eq!(list("quiet").status, 200);
        let other_route = served.call(&Call::get("/api/outbox").tenant("noisy"));
        assert_eq!(other_route.status, 200, "each route has its own budget");
    }
}

#[test]
fn an_address_has_one_budget_for_all_that_is_public() {
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        let given = [("RATE_ADDRESS_PER_MINUTE", "3"), ("TRUSTED_PROXIES", "127.0.0.0/8")];
        let served = Served::start(*role, &database, &[JWT, &given].concat());
        let bearer = format!("Bearer {}", token(EVERY_SCOPE));
        let from =
            |path: &str, address: &str| served.call(&Call::get(path).header("X-Forwarded-For", address));
        for path in ["/docs/swagger.json", "/nowhere", "/docs/"] {
            assert_ne!(from(path, "192.0.2.1").status, 429);
        }
        assert_refused(&from("/docs/swagger.json", "192.0.2.1"), "\"address\";q=3;w=60");
        assert_ne!(from("/nowhere", "192.0.2.2").status, 429);
        // Who calls for a tenant, and who looks whether it lives, is not public.
        if role.name() == "provider" {
            let (path, status) = reading_path(*role);
            let call = Call::get(path).header("X-Forwarded-For", "192.0.2.1");
            assert_eq!(served.call(&call.header("Authorization", &bearer)).status, status);
        }
        assert_eq!(from("/api/health", "192.0.2.1").status, 200);
        let said = served.process.said();
        assert!(!said.contains("192.0.2."), "{said}");
    }
}

#[test]
fn nobody_is_believed_who_is_no_trusted_proxy() {
    let role = Role::ALL[0];
    let database = TestDatabase::of(role.name());
    let served = Served::start(role, &database, &[("RATE_ADDRESS_PER_MINUTE", "3")]);
    let forged = |i: u32| {
        let address = format!("192.0.2.{i}");
        served.call(&Call::get("/nowhere").header("X-Forwarded-For", &address)).status
    };
    let statuses: Vec<u16> = (0..5).map(forged).collect();
    assert_eq!(statuses, [404, 404, 404, 429, 429]);
}

#[test]
fn zero_is_no_limit() {
    let role = Role::ALL[0];
    let database = TestDatabase::of(role.name());
    let served =
        Served::start(role, &database, &[("RATE_ADDRESS_PER_MINUTE", "0"), ("RATE_TENANT_PER_MINUTE", "0")]);
    for _ in 0..310 {
        let answer = served.call(&Call::get("/nowhere"));
        assert!(answer.status == 404 && answer.header("RateLimit").is_none());
    }
}

#[test]
fn a_missing_right_is_told_first_then_the_limit_then_what_is_wrong_with_the_body() {
    let role = Role::ALL[0];
    let database = TestDatabase::of(role.name());
    let served = Served::start(role, &database, &[JWT, &[("RATE_TENANT_PER_MINUTE", "2")]].concat());
    let broken = |scope: &str| {
        let bearer = format!("Bearer {}", token(scope));
        served.call(&Call::post(writing_path(role), &json!([])).header("Authorization", &bearer))
    };
    for _ in 0..2 {
        broken(EVERY_SCOPE).refused(400, "VALIDATION_FAILED");
    }
    assert_refused(&broken(EVERY_SCOPE), "\"tenant\";q=2;w=60");
    broken("nothing").refused(403, "FORBIDDEN");
    served.call(&Call::post(writing_path(role), &json!([]))).refused(401, "UNAUTHENTICATED");
}

#[test]
fn an_address_that_tries_tokens_is_stopped_and_good_tokens_still_open() {
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        let served = Served::start(*role, &database, &[JWT, &[("RATE_ADDRESS_PER_MINUTE", "3")]].concat());
        let show = |token: &str| {
            let call = Call::post(writing_path(*role), &json!([]));
            served.call(&call.header("Authorization", &format!("Bearer {token}")))
        };
        for _ in 0..3 {
            show("garbage").refused(401, "UNAUTHENTICATED");
        }
        assert_refused(&show("garbage"), "\"address\";q=3;w=60");
        assert_eq!(show(&token(EVERY_SCOPE)).status, 400);
        assert_eq!(served.call(&Call::get("/api/health")).status, 200);
    }
}
