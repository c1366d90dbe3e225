//! The running server: health, banner, log, large and broken bodies.

use std::io::{Read as _, Write as _};

use oc::roles::Role;
use serde_json::json;

use crate::support::database::TestDatabase;
use crate::support::http::{self, Call, assert_timestamp};
use crate::support::process::{Served, run_with};
use crate::support::{CODE_KEY, KEY, any_role, writing_path};

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
fn nobody_is_let_write_more_than_a_code_takes_without_a_token() {
    for role in Role::ALL.iter().filter(|role| role.name() == "client") {
        let (served, _database) = serve(*role);
        let code = |length| "0".repeat(length);
        for path in ["/", "/d/token"] {
            let form = |length| Call::new("POST", path).form(&format!("code={}", code(length)));
            assert_eq!(http::call(served.address, &form(5_000)).status, 413);
            assert_eq!(http::call_in_chunks(served.address, &form(5_000)).status, 413);
            assert_eq!(http::call(served.address, &form(3_000)).status, 404);
        }
        let body = |length| Call::post("/api/public/access", &json!({ "accessCode": code(length) }));
        http::call(served.address, &body(5_000)).refused(413, "PAYLOAD_TOO_LARGE");
        http::call(served.address, &body(3_000)).refused(404, "NOT_FOUND");
    }
}

#[test]
fn a_body_that_breaks_off_writes_nothing() {
    let role = any_role();
    let (served, database) = serve(role);
    let mut stream = http::open(served.address).unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n",
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
            said.lines().find(|line| line.contains("\"request_id\":\"the-request\"")).map(str::to_owned)
        });
        assert!(line.contains("\"status\":") && line.contains(":\"GET "), "{line}");
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
        &[("DATABASE_URL", database.url()), ("ACCESS_CODE_KEY", CODE_KEY), ("FIELD_ENCRYPTION_KEY", KEY)],
    );
    assert_eq!(refused.code, 1);
    let told = format!("can't listen on 127.0.0.1:{port}");
    assert!(
        refused.err.contains(&told) && refused.err.contains("choose another port with PORT (--port)"),
        "{}",
        refused.err
    );
}
