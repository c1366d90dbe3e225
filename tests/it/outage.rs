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
use crate::support::{any_role, for_each_role, reading_path, writing_path};

#[test]
fn a_connection_that_the_server_has_closed_is_left_however_often_somebody_asks() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let given = [
            ("DATABASE_POOL_SIZE", "2"),
            // All ask for the same code.
            ("WRONG_CODES_PER_CODE", "0"),
            ("WRONG_CODES_PER_ADDRESS", "0"),
            ("WRONG_CODES_PER_ADDRESS_DAY", "0"),
            ("WRONG_CODES_PER_INSTANCE", "0"),
        ];
        let served = Served::start(role, &database, &given);
        let (path, status) = reading_path(role);
        let works = || served.call(&Call::get(path)).status == status;
        until("the role to work", PATIENCE, || works().then_some(()));
        for _ in 0..50 {
            works();
        }
        let others = "datname = current_database() AND pid <> pg_backend_pid()";
        database.execute(&format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"));
        let begun = Instant::now();
        while !works() {
            assert!(begun.elapsed() < Duration::from_secs(8), "whoever asks often never gets another one");
        }
    });
}

#[test]
fn a_busy_pool_answers_in_time_and_recovers() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let given = [
            ("DATABASE_POOL_SIZE", "2"),
            ("DATABASE_POOL_WAIT_MS", "200"),
            ("DATABASE_LOCK_TIMEOUT_MS", "1000"),
            // All ask for the same code at once.
            ("WRONG_CODES_PER_CODE", "0"),
        ];
        let served = Served::start(role, &database, &given);
        let (path, status) = reading_path(role);
        // The first request makes the tenant, one after the other with every job that begins.
        until("the role to work", PATIENCE, || {
            (served.call(&Call::get(path)).status == status).then_some(())
        });
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

#[test]
fn a_database_that_freezes_holds_no_request_for_ever() {
    let scratch = Scratch::new("freeze");
    let cluster = Cluster::start(&Options::kept(scratch.inner(), search_path())).unwrap();
    let limits = [
        ("DATABASE_POOL_WAIT_MS", "200"),
        ("DATABASE_CONNECT_TIMEOUT_SECONDS", "2"),
        ("DATABASE_STATEMENT_TIMEOUT_MS", "300"),
    ];
    for role in Role::ALL {
        cluster.create_database(role.name(), None).unwrap();
        let url = cluster.url(role.name());
        role.owner().up(&settings(&url), &mut |_| {}).unwrap();
        let served = Served::start_at(*role, &url, &limits);
        let (path, status) = reading_path(*role);
        assert_eq!(served.call(&Call::get(path)).status, status);
        let backends = Backends::freeze(&cluster);
        let started = Instant::now();
        let write = Call::post(writing_path(*role), &json!({"title": "T", "content": "C"}));
        for call in [&Call::get(path), &write] {
            assert_eq!(served.call(call).status, 503);
        }
        assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
        drop(backends);
        until("the role to work again", Duration::from_secs(10), || {
            (served.call(&Call::get(path)).status == status).then_some(())
        });
    }
}

/// The processes of a server, stopped until dropped.
struct Backends(Vec<String>);

impl Backends {
    fn freeze(cluster: &Cluster) -> Self {
        let file = std::fs::read_to_string(cluster.folder().join("data/postmaster.pid")).unwrap();
        let postmaster = file.lines().next().unwrap().trim().to_owned();
        let listed = std::process::Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().unwrap();
        let listed = String::from_utf8(listed.stdout).unwrap();
        let child = |line: &str| {
            let (pid, parent) = line.trim().split_once(char::is_whitespace)?;
            (parent.trim() == postmaster).then(|| pid.to_owned())
        };
        let mut pids: Vec<String> = listed.lines().filter_map(child).collect();
        pids.push(postmaster.clone());
        let frozen = Self(pids);
        frozen.signal("-STOP");
        frozen
    }

    fn signal(&self, name: &str) {
        assert!(std::process::Command::new("kill").arg(name).args(&self.0).status().unwrap().success());
    }
}

impl Drop for Backends {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}
