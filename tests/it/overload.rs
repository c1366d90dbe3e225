//! Heads that are too large, too slow, too many: others are served all the while.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use oc::roles::Role;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::support::any_role;
use crate::support::database::TestDatabase;
use crate::support::http::{self, Call};
use crate::support::process::Served;

/// How long a client waits in these tests until the server gives it up.
const SOON: [(&str, &str); 1] = [("HEADER_TIMEOUT_MS", "300")];

fn begin(served: &Served, text: &str) -> TcpStream {
    let mut stream = http::open(served.address).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

fn rest(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A reset ends a connection as well.
    drop(stream.read_to_end(&mut text));
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn a_path_that_is_too_long_and_headers_that_are_too_large_are_told_so() {
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        let served = Served::start(*role, &database, &[]);
        let long = |length: usize| Call::get(format!("/nowhere?q={}", "x".repeat(length)));
        served.call(&long(8_192)).refused(414, "URI_TOO_LONG");
        served.call(&long(8_000)).refused(404, "NOT_FOUND");
        let with = |size: usize| Call::get("/api/health").header("X-Large", &"x".repeat(size));
        served.call(&with(32_768)).refused(431, "HEADERS_TOO_LARGE");
        assert_eq!(served.call(&with(32_000)).status, 200);
        // Beyond what the library reads, it answers by itself, and hangs up while the rest comes in.
        let many = (0..200).fold(Call::get("/api/health"), |call, i| call.header(&format!("X-{i}"), "x"));
        for call in [with(200_000), many] {
            let answer = http::try_call(served.address, &call);
            assert!(answer.as_ref().map_or(true, |answer| [400, 431].contains(&answer.status)), "{answer:?}");
        }
        assert_eq!(served.call(&Call::get("/api/health")).status, 200);
    }
}

#[test]
fn a_head_that_drips_in_is_given_up() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    let served = Served::start(role, &database, &SOON);
    let begun = Instant::now();
    let mut silent = begin(&served, "");
    let mut slow = begin(&served, "GET /api/health HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    let mut dripping = slow.try_clone().unwrap();
    std::thread::spawn(move || {
        while dripping.write_all(b"x").is_ok() && begun.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    assert!(rest(&mut slow).starts_with("HTTP/1.1 408 "));
    assert!(rest(&mut silent).starts_with("HTTP/1.1 408 "));
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
}

#[test]
fn two_thousand_connections_that_say_nothing_hold_up_nobody() {
    const COUNT: u64 = 2_000;
    let limit = getrlimit(Resource::Nofile);
    let room = limit.maximum.is_none_or(|most| most > 2 * COUNT);
    if !room || setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).is_err() {
        eprintln!("\nSKIPPED !!! a process may not open {COUNT} files here !!!\n");
        return;
    }
    let role = any_role();
    let database = TestDatabase::of(role.name());
    let served = Served::start(role, &database, &[("HEADER_TIMEOUT_MS", "60000")]);
    let head =
        |i: u64| if i.is_multiple_of(2) { "" } else { "GET /api/documents HTTP/1.1\r\nHost: localhost\r\n" };
    let idle: Vec<TcpStream> = (0..COUNT).map(|i| begin(&served, head(i))).collect();
    let begun = Instant::now();
    for _ in 0..50 {
        assert_eq!(served.call(&Call::get("/api/ready")).status, 200);
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    for stream in &idle {
        stream.set_nonblocking(true).unwrap();
    }
    let open = |mut stream: &TcpStream| {
        stream.read(&mut [0; 1]).is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    };
    assert!(idle.iter().all(open), "they were still there");
}
