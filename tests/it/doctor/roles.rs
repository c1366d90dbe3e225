//! Faults between the roles, and in the queue.
#![cfg(all(feature = "provider", feature = "client"))]

use std::net::TcpListener;
use std::time::{Duration, Instant};

use oc::roles::Role;

use super::{examine, of};
use crate::support::database::TestDatabase;
use crate::support::process::Served;
use crate::support::receiver::{Behaviour, Receiver};

const SECRET: &str = "kT3yVw9xQe2ZrB7uLmN0aHsJd5fGcPq1";
const OTHER: &str = "Wq8nRz4bXv1MjK6tYpD3sEoU7hAiCl2F";

/// A client role that asks for the token of the other role.
fn strict(database: &TestDatabase) -> Served {
    Served::start(Role::Client, database, &[("AUTH", "jwt"), ("SERVICE_TOKEN_SECRET", SECRET)])
}

fn with_secret<'a>(base: &'a str, secret: &'a str) -> [(&'static str, &'a str); 6] {
    [
        ("CLIENT_BASE_URL", base),
        ("SERVICE_TOKEN_SECRET", secret),
        ("AUTH", "jwt"),
        ("JWT_SECRET", "p2Xw7LkQ9sVd4RfT8bNz6McJ1hGy3KeU"),
        ("JWT_ISSUER", "i"),
        ("JWT_AUDIENCE", "a"),
    ]
}

#[test]
fn a_client_role_that_answers_and_accepts_the_token_is_in_order_and_nothing_is_changed_there() {
    let (provider, client) = (TestDatabase::of("provider"), TestDatabase::of("client"));
    let served = strict(&client);
    let base = format!("{}/api/", served.url());
    let before = (client.dump(), client.count("tenants"));
    let report = of(Role::Provider, &provider, &with_secret(&base, SECRET));
    for check in ["client role", "service token", "receipts"] {
        assert_eq!(report.state("other role", check), "ok", "{check}: {}", report.value);
    }
    assert_eq!(report.state("clock", "client role"), "ok", "{}", report.value);
    assert_eq!(report.code, 0, "{}", report.value);
    assert_eq!((client.dump(), client.count("tenants")), before);
}

#[test]
fn another_secret_is_a_problem_and_so_is_none() {
    let (provider, client) = (TestDatabase::of("provider"), TestDatabase::of("client"));
    let served = strict(&client);
    let base = format!("{}/api/", served.url());
    let report = of(Role::Provider, &provider, &with_secret(&base, OTHER));
    report.has_problem("other role", "service token", "refuses ours with status 401");
    of(Role::Provider, &provider, &[("CLIENT_BASE_URL", &base)]).has_problem(
        "other role",
        "service token",
        "asks for one",
    );
    let open = Served::start(Role::Client, &client, &[]);
    let base = format!("{}/api/", open.url());
    let report = of(Role::Provider, &provider, &with_secret(&base, SECRET));
    assert_eq!(report.state("other role", "service token"), "warning", "it takes everybody");
}

#[test]
fn a_client_role_that_is_down_frozen_not_ready_or_something_else_is_a_problem() {
    let provider = TestDatabase::of("provider");
    let report = of(Role::Provider, &provider, &[("CLIENT_BASE_URL", "http://127.0.0.1:9/api/")]);
    report.has_problem("other role", "client role", "can't be reached");
    let frozen = TcpListener::bind("127.0.0.1:0").unwrap();
    let base = format!("http://{}/api/", frozen.local_addr().unwrap());
    let begun = Instant::now();
    let report = of(Role::Provider, &provider, &[("CLIENT_BASE_URL", &base)]);
    report.has_problem("other role", "client role", "did not answer in time");
    assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
    let empty = TestDatabase::empty();
    let served = Served::start(Role::Client, &empty, &[]);
    let base = format!("{}/api/", served.url());
    let report = of(Role::Provider, &provider, &[("CLIENT_BASE_URL", &base)]);
    report.has_problem("other role", "client role", "not ready");
    let other = Receiver::start(Behaviour::Answer(200, "<html>".to_owned()));
    let base = other.base_url();
    let report = of(Role::Provider, &provider, &[("CLIENT_BASE_URL", &base)]);
    report.has_problem("other role", "client role", "something else answers there");
}

#[test]
fn a_clock_that_is_wrong_is_told() {
    let provider = TestDatabase::of("provider");
    for (date, state) in
        [("Sun, 06 Nov 1994 08:49:37 GMT", "problem"), ("Fri, 01 Jan 2100 00:00:00 GMT", "problem")]
    {
        let other = Receiver::start(Behaviour::AnswerWith(200, "Date", date.to_owned()));
        let report = examine(Role::Provider, provider.url(), &[("CLIENT_BASE_URL", &other.base_url())]);
        assert_eq!(report.state("clock", "client role"), state, "{date}: {}", report.value);
    }
}

#[test]
fn what_failed_in_the_queue_is_a_problem_and_what_waits_for_long_a_warning() {
    let provider = TestDatabase::of("provider");
    let far = [("CLIENT_BASE_URL", "http://127.0.0.1:9/api/")];
    assert_eq!(of(Role::Provider, &provider, &far).state("queue", "failed"), "ok");
    let message = |state: &str, topic: &str, age: &str| {
        let settled = if state == "failed" { "now()" } else { "NULL" };
        provider.execute(&format!(
            "INSERT INTO outbox (tenant_id, id, topic, destination, subject_id, sequence, state, due_at, created_at, give_up_at, settled_at) \
             VALUES ('default', gen_random_uuid(), '{topic}', 'client', gen_random_uuid(), 1, '{state}', now(), now() - interval '{age}', now(), {settled})"
        ));
    };
    message("pending", "document.deliver", "10 seconds");
    assert_eq!(of(Role::Provider, &provider, &far).state("queue", "waiting"), "ok");
    message("pending", "document.deliver", "2 hours");
    assert_eq!(of(Role::Provider, &provider, &far).state("queue", "waiting"), "warning");
    message("failed", "document.deliver", "1 day");
    of(Role::Provider, &provider, &far).has_problem("queue", "failed", "1 messages have failed");
    message("failed", "document.revoke", "1 day");
    of(Role::Provider, &provider, &far).has_problem(
        "queue",
        "failed",
        "1 of them revocations: these codes STILL OPEN",
    );
}

#[test]
fn a_reserve_that_is_empty_is_a_warning() {
    let provider = TestDatabase::of("provider");
    provider.execute("INSERT INTO client_accounts (tenant_id, created_at) VALUES ('default', now())");
    let report = of(Role::Provider, &provider, &[("CLIENT_BASE_URL", "http://127.0.0.1:9/api/")]);
    assert_eq!(report.state("queue", "reserve of codes"), "warning", "{}", report.value);
    assert_eq!(report.state("queue", "breaker"), "ok", "that it can't be seen is said");
}
