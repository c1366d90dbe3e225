//! The running server: health, large bodies, a busy and a missing database, stopping.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use oc::local::{Cluster, Options};
use oc::roles::Role;
use rustix::process::Signal;
use serde_json::json;

use crate::support::database::{TestDatabase, search_path, settings};
use crate::support::http::{self, Answer, Call, assert_timestamp};
use crate::support::process::{PATIENCE, Process, Served, oc, run_with};
use crate::support::scratch::Scratch;
use crate::support::waiting::until;
use crate::support::{KEY, any_role, for_each_role, reading_path, writing_path};

fn serve(role: Role) -> (Served, TestDatabase) {
    let database = TestDatabase::of(role.name());
    (Served::start(role, &database, &[]), database)
}

#[test]
fn health_and_readiness_have_their_fixed_bodies() {
    for role in Role::ALL {
        let (served, _database) = serve(*role);
        for path in ["/api/health", "/livez"] {
            let mut body = served.call(&Call::get(path)).expect(200);
            assert_timestamp(&body["timestamp"]);
            body["timestamp"].take();
            assert_eq!(body, json!({"status": "ok", "timestamp": null}));
        }
        for path in ["/api/ready", "/readyz"] {
            assert_eq!(
                served.call(&Call::get(path)).expect(200),
                json!({"status": "ready", "database": "connected"})
            );
        }
    }
}

#[test]
fn the_banner_is_one_line_that_says_where() {
    for role in Role::ALL {
        let (served, _database) = serve(*role);
        let said = served.process.said();
        let banner: Vec<_> = said.lines().filter(|line| line.starts_with("oc ")).collect();
        let expected = format!("oc {} {} on {} ", env!("CARGO_PKG_VERSION"), role.name(), served.url());
        assert!(banner.len() == 1 && banner[0].starts_with(&expected), "{said}");
        assert!(banner[0].contains("auth none"), "{said}");
    }
}

#[test]
fn a_body_that_is_too_large_is_answered_and_the_sender_can_read_it() {
    for role in Role::ALL {
        let (served, database) = serve(*role);
        let body = json!({"title": "T", "content": "x".repeat(10_000_000)});
        let call = Call::post(writing_path(*role), &body);
        http::call(served.address, &call).refused(413, "PAYLOAD_TOO_LARGE");
        http::call_in_chunks(served.address, &call).refused(413, "PAYLOAD_TOO_LARGE");
        let fits = Call::post(writing_path(*role), &json!({"title": "T", "content": "x".repeat(900_000)}));
        assert_eq!(http::call_in_chunks(served.address, &fits).status, 201);
        assert_eq!(database.count("documents"), 1);
    }
}

#[test]
fn a_form_that_is_too_large_is_answered_and_the_sender_can_read_it() {
    for role in Role::ALL.iter().filter(|role| role.name() == "client") {
        let (served, _database) = serve(*role);
        let call = Call::new("POST", "/").form(&format!("code={}", "x".repeat(10_000_000)));
        for answer in [http::call(served.address, &call), http::call_in_chunks(served.address, &call)] {
            assert!([400, 413].contains(&answer.status), "{}", answer.status);
            assert!(answer.text().contains("role=\"alert\""), "{}", answer.text());
        }
    }
}

#[test]
fn a_body_that_breaks_off_writes_nothing() {
    let role = any_role();
    let (served, database) = serve(role);
    let mut stream = http::open(served.address).unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n",
        writing_path(role)
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(br#"{"title":"T","content":"C"}"#).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert!(!String::from_utf8_lossy(&rest).contains(" 201 "), "{}", String::from_utf8_lossy(&rest));
    assert_eq!(served.call(&Call::get("/api/ready")).status, 200);
    assert_eq!(database.count("documents"), 0);
}

#[test]
fn the_log_holds_one_line_per_request_and_nothing_of_its_content() {
    for role in Role::ALL {
        let (mut served, _database) = (serve(*role).0, ());
        let call = Call::get("/api/public/K7QM-4T9X-WR5C?q=Muster").header("X-Request-Id", "the-request");
        served.call(&call);
        let line = served.process.wait_for("the line of the request", |said| {
            said.lines().find(|line| line.contains("request_id=the-request")).map(str::to_owned)
        });
        assert!(line.contains("status=") && line.contains(" GET "), "{line}");
        served.call(&Call::get("/api/health"));
        let said = served.process.said();
        assert!(
            !said.contains("K7QM") && !said.contains("Muster") && !said.contains("/api/health "),
            "{said}"
        );
    }
}

#[test]
fn a_taken_port_is_told_with_what_to_do() {
    let role = any_role();
    let (served, database) = serve(role);
    let port = served.address.port().to_string();
    let refused = run_with(
        &["serve", "--role", role.name(), "--auth", "none", "--port", &port],
        &[("DATABASE_URL", database.url()), ("ACCESS_CODE_KEY", KEY)],
    );
    assert_eq!(refused.code, 1);
    let told = format!("can't listen on 127.0.0.1:{port}");
    assert!(
        refused.err.contains(&told) && refused.err.contains("choose another port with PORT (--port)"),
        "{}",
        refused.err
    );
}

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
        assert!(started.elapsed() < Duration::from_millis(500), "health asks nobody");
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

/// A request that waits for a lock, and whoever holds it.
struct Blocked {
    holder: diesel::PgConnection,
    request: std::thread::JoinHandle<std::io::Result<Answer>>,
}

fn block(role: Role, served: &Served, database: &TestDatabase) -> Blocked {
    let mut holder = database.connect();
    let sql = "BEGIN; LOCK TABLE documents IN ACCESS EXCLUSIVE MODE";
    diesel::connection::SimpleConnection::batch_execute(&mut holder, sql).unwrap();
    let (address, path) = (served.address, reading_path(role).0);
    let request = std::thread::spawn(move || http::try_call(address, &Call::get(path)));
    let waiting = "SELECT count(*)::text AS text FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    until("the request to wait", PATIENCE, || (database.text(waiting) == "1").then_some(()));
    Blocked { holder, request }
}

const PATIENT: [(&str, &str); 2] =
    [("DATABASE_STATEMENT_TIMEOUT_MS", "60000"), ("DATABASE_LOCK_TIMEOUT_MS", "60000")];

#[test]
fn a_stop_lets_requests_in_flight_finish() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let given =
            [PATIENT[0], PATIENT[1], ("SHUTDOWN_DRAIN_MS", "500"), ("SHUTDOWN_TIMEOUT_SECONDS", "10")];
        let mut served = Served::start(role, &database, &given);
        let Blocked { mut holder, request } = block(role, &served, &database);
        served.process.signal(Signal::TERM);
        // While it drains it still answers, but says that it is going.
        until("the role to be not ready", PATIENCE, || {
            (served.call(&Call::get("/api/ready")).status == 503).then_some(())
        });
        until("the end of listening", PATIENCE, || {
            std::net::TcpStream::connect(served.address).is_err().then_some(())
        });
        assert!(!served.process.has_ended() && !request.is_finished());
        diesel::connection::SimpleConnection::batch_execute(&mut holder, "ROLLBACK").unwrap();
        assert_eq!(request.join().unwrap().unwrap().status, reading_path(role).1);
        let started = Instant::now();
        assert_eq!(served.process.wait(), Some(0), "{}", served.process.said());
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    });
}

#[test]
fn a_stuck_request_does_not_hold_a_stop_longer_than_its_limit() {
    for_each_role(|role| {
        let database = TestDatabase::of(role.name());
        let given = [PATIENT[0], PATIENT[1], ("SHUTDOWN_TIMEOUT_SECONDS", "1")];
        let mut served = Served::start(role, &database, &given);
        let blocked = block(role, &served, &database);
        let started = Instant::now();
        served.process.signal(Signal::TERM);
        served.process.wait();
        assert!(started.elapsed() < Duration::from_millis(3_500), "{:?}", started.elapsed());
        drop(blocked.holder);
        drop(blocked.request.join().unwrap());
    });
}

#[test]
fn an_idle_role_stops_at_once_on_either_signal() {
    for signal in [Signal::TERM, Signal::INT] {
        let (mut served, _database) = serve(any_role());
        served.call(&Call::get("/api/ready"));
        let started = Instant::now();
        served.process.signal(signal);
        assert_eq!(served.process.wait(), Some(0));
        assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    }
}

#[test]
fn a_role_that_is_told_so_ends_with_its_standard_input() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    let mut command = oc();
    command.args(["serve", "--role", role.name(), "--auth", "none", "--port", "0", "--stop-with-stdin"]);
    command.env("DATABASE_URL", database.url()).env("ACCESS_CODE_KEY", KEY);
    let mut process = Process::start(command);
    assert_eq!(process.wait(), Some(0), "{}", process.said());
}
