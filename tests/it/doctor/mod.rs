//! `oc doctor`: each fault that is planted is found and named, and nothing is changed.

mod database;
mod roles;
mod settings;

use oc::roles::Role;
use serde_json::Value;

use crate::support::database::TestDatabase;
use crate::support::process::{oc, run_with};
use crate::support::{CODE_KEY, KEY, Settings};

/// What it found.
struct Report {
    code: i32,
    value: Value,
    said: String,
}

impl Report {
    /// State, finding and advice of the checks of this name.
    fn checks(&self, group: &str, check: &str) -> Vec<(String, String, String)> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let checks = self.value["checks"].as_array().unwrap();
        let ours = checks.iter().filter(|one| one["group"] == group && one["check"] == check);
        ours.map(|one| (text(&one["state"]), text(&one["found"]), text(&one["advice"]))).collect()
    }

    /// The state of the worst check of this name; empty if there is none.
    fn state(&self, group: &str, check: &str) -> &'static str {
        let states: Vec<_> = self.checks(group, check).into_iter().map(|(state, ..)| state).collect();
        ["problem", "warning", "ok"].into_iter().find(|word| states.iter().any(|s| s == word)).unwrap_or("")
    }

    /// There is a problem here that says this, and what to do.
    fn has_problem(&self, group: &str, check: &str, words: &str) {
        let found = self.checks(group, check);
        let fits = |(state, found, advice): &(String, String, String)| {
            state == "problem" && found.contains(words) && advice.len() > 10
        };
        assert!(found.iter().any(fits), "{group}: {check}: {words}: {}", self.value);
        assert_eq!(self.code, 1);
    }
}

/// Settings in which there is nothing to be found, but for the roles and places of a test.
fn given<'a>(role: Role, url: &'a str, more: Settings<'a>) -> Vec<(&'static str, &'a str)> {
    let mut all = vec![("AUTH", "none"), ("DATABASE_URL", url), ("FIELD_ENCRYPTION_KEY", KEY)];
    if role.name() == "client" {
        all.push(("ACCESS_CODE_KEY", CODE_KEY));
    }
    all.retain(|(name, _)| !more.iter().any(|(other, _)| other == name));
    [&all[..], more].concat()
}

fn examine(role: Role, url: &str, more: Settings<'_>) -> Report {
    let ended = run_with(&["doctor", "--json", "--role", role.name()], &given(role, url, more));
    let value: Value = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{ended:?}"));
    assert_eq!(value["role"], role.name());
    for secret in [KEY, CODE_KEY] {
        assert!(!ended.out.contains(secret) && !ended.err.contains(secret));
    }
    Report { code: ended.code, value, said: ended.err }
}

/// Examines a role on a database, which stays as it is.
fn of(role: Role, database: &TestDatabase, more: Settings<'_>) -> Report {
    let before = (database.dump(), database.count("tenants"));
    let report = examine(role, database.url(), more);
    assert_eq!((database.dump(), database.count("tenants")), before, "a doctor changes nothing");
    report
}

#[test]
fn it_tells_in_words_what_it_looks_at_what_it_finds_and_what_to_do() {
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        let mut command = oc();
        command.args(["doctor", "--role", role.name()]);
        command.envs(given(*role, database.url(), &[("CLIENT_BASE_URL", "http://127.0.0.1:9/api/")]));
        let ended: crate::support::process::Ended = command.output().unwrap().into();
        assert!(ended.err.contains("looking at: database ..."), "{}", ended.err);
        assert!(ended.out.contains("ok       database: reachable: PostgreSQL "), "{}", ended.out);
        assert!(ended.out.contains("warning  settings: authentication: AUTH=none"), "{}", ended.out);
        assert!(ended.out.contains("\n         -> for production set AUTH=jwt"), "{}", ended.out);
        let last = ended.out.lines().last().unwrap();
        assert!(last.contains(" checks: ") && last.ends_with(" warnings"), "{last}");
        assert_eq!(ended.code, i32::from(role.name() == "provider"), "{}", ended.out);
    }
}
