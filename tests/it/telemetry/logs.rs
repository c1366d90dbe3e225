//! Log lines.

use serde_json::Value;

use crate::support::any_role;
use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::process::Served;
use crate::support::reading_path;

/// The line of the access log about a request with this id.
fn access_line(said: &str, id: &str) -> Option<String> {
    said.lines().find(|line| line.contains(id) && line.contains("GET ")).map(str::to_owned)
}

#[test]
fn a_request_is_one_json_line_that_names_its_tenant() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    let mut served = Served::start(role, &database, &[]);
    served.call(&Call::get("/metrics").tenant("praxis").header("X-Request-Id", "request-17"));
    let line = served.process.wait_for("the line", |said| access_line(said, "request-17"));
    let line: Value = serde_json::from_str(&line).unwrap();
    let text = |key: &str| line[key].as_str().unwrap_or_else(|| panic!("{key} in {line}"));
    assert_eq!((text("level"), text("target"), text("message")), ("INFO", "oc::access", "GET /metrics"));
    assert_eq!((text("request_id"), text("tenant")), ("request-17", "praxis"));
    assert_eq!(line["status"], 200);
    assert!(line["micros"].as_u64().is_some_and(|micros| micros > 0), "{line}");
    assert!(text("timestamp").ends_with('Z'));
    assert_eq!(line.get("trace_id"), None, "nothing is traced");
    let lines = served.process.said();
    assert_eq!(lines.lines().filter(|line| line.contains("request-17")).count(), 1, "{lines}");
    for line in lines.lines().filter(|line| line.starts_with('{')) {
        serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
}

#[test]
fn lines_for_people_and_levels_of_modules_can_be_asked_for() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    let given = [("LOG_FORMAT", "text"), ("RUST_LOG", "warn,oc::access=debug")];
    let mut served = Served::start(role, &database, &given);
    let (path, status) = reading_path(role);
    served.call(&Call::get(path).header("X-Request-Id", "request-18"));
    served.call(&Call::get("/livez").header("X-Request-Id", "request-19"));
    let line = served.process.wait_for("the line", |said| access_line(said, "request-18"));
    assert!(line.contains(" INFO  GET /") && line.contains(&format!(" status={status} micros=")), "{line}");
    let probe = served.process.wait_for("the probe", |said| access_line(said, "request-19"));
    assert!(probe.contains(" DEBUG GET /livez"), "{probe}");
}
