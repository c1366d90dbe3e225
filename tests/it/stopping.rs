//! Stopping: what is in flight finishes, and nothing holds the process for ever.

use std::time::{Duration, Instant};

use oc::roles::Role;
use rustix::process::Signal;

use crate::support::database::TestDatabase;
use crate::support::http::{self, Answer, Call};
use crate::support::process::{PATIENCE, Process, Served, oc};
use crate::support::waiting::until;
use crate::support::{CODE_KEY, KEY, any_role, for_each_role, reading_path};

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
    // Housekeeping may wait as well, but only requests begin with SELECT.
    let waiting = "SELECT count(*)::text AS text FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock' AND starts_with(query, 'SELECT')";
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
        assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
        drop(blocked.holder);
        drop(blocked.request.join().unwrap());
    });
}

#[test]
fn an_idle_role_stops_at_once_on_either_signal() {
    for signal in [Signal::TERM, Signal::INT] {
        let database = TestDatabase::of(any_role().name());
        let mut served = Served::start(any_role(), &database, &[]);
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
    command
        .env("DATABASE_URL", database.url())
        .env("ACCESS_CODE_KEY", CODE_KEY)
        .env("FIELD_ENCRYPTION_KEY", KEY);
    let mut process = Process::start(command);
    assert_eq!(process.wait(), Some(0), "{}", process.said());
}
