//! A busy database and a missing one.

use std::time::{Duration, Instant};

use oc::local::{Cluster, Options};
use oc::roles::Role;
use serde_json::json;

use crate::support::database::{TestDatabase, search_path, settings};
use crate::support::http::{Answer, Call};
use crate::support::process::{PATIENCE, Served};
use crate::support::scratch::Scratch;
use crate::support::waiting::until;
use crate::support::{any_role, for_each_role, reading_path};

#[test]
fn a_busy_pool_answers_in_time_and_recovers() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let given = [
            ("DATABASE_POOL_SIZE", "1"),
            ("DATABASE_POOL_WAIT_MS", "200"),
            ("DATABASE_LOCK_TIMEOUT_MS", "1000"),
        ];
        let served = Served::start(role, &database, &given);
        let (path, status) = reading_path(role);
        assert_eq!(served.call(&Call::get(path)).status, status);
        let mut holder = database.connect();
        let lock = |holder: &mut _, sql: &str| {
            diesel::connection::SimpleConnection::batch_execute(holder, sql).unwrap();
        };
        lock(&mut holder, "BEGIN; LOCK TABLE documents IN ACCESS EXCLUSIVE MODE");
        let started = Instant::now();
        let answers: Vec<Answer> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..8).map(|_| scope.spawn(|| served.call(&Call::get(path)))).collect();
            running.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
        for answer in answers {
            answer.refused(503, "OVERLOADED");
            assert_eq!(answer.header("Retry-After"), Some("1"));
        }
        assert_eq!(served.call(&Call::get("/api/health")).status, 200);
        lock(&mut holder, "ROLLBACK");
        assert_eq!(served.call(&Call::get(path)).status, status);
    });
}

#[test]
fn a_database_that_stops_is_told_and_used_again_when_it_returns() {
    let scratch = Scratch::new("outage");
    let options = Options::kept(scratch.inner(), search_path());
    let cluster = Cluster::start(&options).unwrap();
    let roles: Vec<_> = Role::ALL
        .iter()
        .map(|role| {
            cluster.create_database(role.name(), None).unwrap();
            let url = cluster.url(role.name());
            role.owner().up(&settings(&url), &mut |_| {}).unwrap();
            (*role, Served::start_at(*role, &url, &[]))
        })
        .collect();
    for (role, served) in &roles {
        let (path, status) = reading_path(*role);
        assert_eq!(served.call(&Call::get(path)).status, status);
    }
    cluster.stop();
    for_each_role(|role| {
        let (_, served) = roles.iter().find(|(one, _)| *one == role).unwrap();
        assert_outage(role, served);
    });
    let _cluster = Cluster::start(&options).unwrap();
    for (role, served) in &roles {
        let ready = Call::get("/api/ready");
        until("the role to be ready again", PATIENCE, || (served.call(&ready).status == 200).then_some(()));
        let (path, status) = reading_path(*role);
        assert_eq!(served.call(&Call::get(path)).status, status);
    }
}

fn assert_outage(role: Role, served: &Served) {
    let (path, _) = reading_path(role);
    let started = Instant::now();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let answer = served.call(&Call::get(path));
            answer.refused(503, "DATABASE_UNAVAILABLE");
            assert_eq!(answer.header("Retry-After"), Some("1"));
        });
        scope.spawn(|| {
            let mut body = served.call(&Call::get("/api/ready")).expect(503);
            assert!(body["message"].take().is_string());
            let expected = json!({"status": "not-ready", "database": "connection-failed", "message": null});
            assert_eq!(body, expected);
        });
        assert_eq!(served.call(&Call::get("/api/health")).status, 200);
        assert!(started.elapsed() < Duration::from_millis(1_500), "health asks nobody");
    });
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
}

#[test]
fn a_role_starts_while_its_database_is_away() {
    let role = any_role();
    let served = Served::start_at(role, "postgres://oc@127.0.0.1:1/oc", &[]);
    assert_eq!(served.call(&Call::get("/api/health")).status, 200);
    assert_eq!(served.call(&Call::get("/api/ready")).status, 503);
}
