//! Commands that need no server.

use oc::platform::version::REVISION;
use oc::roles::Role;

use crate::support::any_role;
use crate::support::database::TestDatabase;
use crate::support::process::{Served, oc, run, run_with};

const COMMANDS: [&str; 18] = [
    "serve",
    "migrate",
    "dev",
    "send",
    "open",
    "check",
    "doctor",
    "outbox",
    "token",
    "tenant",
    "keys",
    "audit",
    "receipt",
    "reconcile",
    "openapi",
    "healthcheck",
    "config",
    "completions",
];

#[test]
fn the_command_line_is_consistent() {
    oc::cli::command().debug_assert();
    let names: Vec<String> = oc::cli::command().get_subcommands().map(|c| c.get_name().to_owned()).collect();
    assert_eq!(names, COMMANDS);
}

#[test]
fn every_command_explains_itself() {
    for name in COMMANDS {
        let shown = run(&[name, "--help"]);
        assert_eq!((shown.code, shown.err.as_str()), (0, ""), "{name}");
        assert!(shown.out.contains(&format!("Usage: oc {name}")), "{}", shown.out);
    }
    for (name, part) in [
        ("serve", "SIGTERM"),
        ("migrate", "belongs to the other role"),
        ("dev", "Nothing has to be set up"),
        ("send", "Exit codes"),
        ("open", "Exit codes"),
        ("check", "Exit codes"),
        ("doctor", "changes nothing"),
        ("reconcile", "restored from a backup"),
        ("healthcheck", "Exit code"),
        ("config", "where its value comes from"),
        ("completions", "oc completions bash"),
    ] {
        let help = run(&[name, "--help"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains(part), "oc {name} --help does not say {part}: {help}");
    }
    for direction in ["up", "status", "down"] {
        assert_eq!(run(&["migrate", direction, "--help"]).code, 0, "{direction}");
    }
    for (command, _) in
        oc::cli::command().get_subcommands().flat_map(|c| c.get_arguments().map(move |a| (c, a)))
    {
        let silent: Vec<_> =
            command.get_arguments().filter(|a| !a.is_hide_set() && a.get_help().is_none()).collect();
        assert!(silent.is_empty(), "{}: {silent:?}", command.get_name());
    }
}

#[test]
fn without_a_command_the_help_is_shown() {
    let shown = run(&[]);
    assert_eq!(shown.code, 2);
    let help = shown.out + &shown.err;
    for part in COMMANDS.iter().copied().chain(["Start here:", "oc dev", ".env.example"]) {
        assert!(help.contains(part), "{part} in {help}");
    }
}

#[test]
fn the_version_names_the_revision_and_the_roles_that_are_compiled_in() {
    let roles: Vec<_> = Role::ALL.iter().map(|role| role.name()).collect();
    let revision = REVISION.map(|revision| format!("revision {revision}, ")).unwrap_or_default();
    let expected = format!("oc {} ({revision}roles: {})\n", env!("CARGO_PKG_VERSION"), roles.join(", "));
    assert_eq!(run(&["--version"]).out, expected);
}

#[test]
fn a_wrong_word_is_refused_with_the_right_ones() {
    let role = run(&["serve", "--role", "doctor"]);
    assert_eq!((role.code, role.out.as_str()), (2, ""));
    for known in Role::ALL {
        assert!(role.err.contains(known.name()), "{}", role.err);
    }
    assert_eq!(run(&["serv"]).code, 2);
    assert!(run(&["serv"]).err.contains("serve"));
    let missing = run(&["migrate"]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("--role"), "{}", missing.err);
}

#[test]
fn there_is_a_completion_script_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = run(&["completions", shell]);
        assert_eq!((script.code, script.err.as_str()), (0, ""), "{shell}");
        for part in ["healthcheck", "database-url", "role"] {
            assert!(script.out.contains(part), "{shell}: {part}");
        }
    }
    assert_eq!(run(&["completions", "cmd"]).code, 2);
}

#[test]
fn a_script_that_stops_reading_is_no_error() {
    let mut child = oc().args(["completions", "bash"]).stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_health_check_tells_by_its_exit_code() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    let served = Served::start(role, &database, &[]);
    let port = served.address.port().to_string();
    let ready = run_with(&["healthcheck"], &[("PORT", &port)]);
    assert_eq!((ready.code, ready.out.as_str(), ready.err.as_str()), (0, "ready\n", ""));
    assert_eq!(run(&["healthcheck", "--port", &port]).code, 0);
    assert_eq!(run(&["healthcheck", "--url", &format!("{}/api/health", served.url())]).code, 0);
    let other = run(&["healthcheck", "--url", &format!("{}/nowhere", served.url())]);
    assert_eq!(other.code, 1);
    assert!(other.err.contains("answered with status 404"), "{}", other.err);
    drop(served);
    let gone = run(&["healthcheck", "--port", &port]);
    assert_eq!((gone.code, gone.out.as_str()), (1, ""));
    assert!(gone.err.contains("can't be reached"), "{}", gone.err);
}

#[test]
fn an_empty_variable_counts_as_not_given() {
    let checked = run_with(&["healthcheck"], &[("PORT", "")]);
    assert_eq!(checked.code, 1, "{}", checked.err);
    assert!(checked.err.contains("http://127.0.0.1:"), "{}", checked.err);
}
