//! Both roles, asked by a generator what their descriptions promise. It is a
//! program of its own, so this is not part of `cargo test`: `make fuzz-api`.

use std::path::{Path, PathBuf};
use std::process::Command;

use oc::roles::Role;

use crate::support::Settings;
use crate::support::database::TestDatabase;
use crate::support::process::{Served, run_with};
use crate::support::tokens::{EVERY_SCOPE, JWT, SERVICE_SECRET};

const TENANT: &str = "praxis";

/// Every request comes from one address and one tenant.
const UNLIMITED: Settings<'static> = &[
    ("RATE_TENANT_PER_MINUTE", "0"),
    ("RATE_ADDRESS_PER_MINUTE", "0"),
    ("WRONG_CODES_PER_CODE", "0"),
    ("WRONG_CODES_PER_ADDRESS", "0"),
    ("WRONG_CODES_PER_ADDRESS_DAY", "0"),
    ("WRONG_CODES_PER_TENANT", "0"),
    ("WRONG_CODES_PER_INSTANCE", "0"),
];

#[test]
#[ignore = "needs Schemathesis: run make fuzz-api"]
fn whatever_is_asked_the_roles_answer_as_described() {
    let generator = PathBuf::from(std::env::var_os("OC_SCHEMATHESIS").expect("OC_SCHEMATHESIS"));
    let (at_provider, at_client) = (TestDatabase::of("provider"), TestDatabase::of("client"));
    let shared = [JWT, UNLIMITED, &[("SERVICE_TOKEN_SECRET", SERVICE_SECRET)]].concat();
    let client = Served::start(Role::Client, &at_client, &shared);
    let base = format!("{}/api/", client.url());
    let provider =
        Served::start(Role::Provider, &at_provider, &[&shared, &[("CLIENT_BASE_URL", &*base)][..]].concat());
    let made = run_with(&["token", "--tenant", TENANT, "--scope", EVERY_SCOPE, "--expires-in", "1d"], JWT);
    assert_eq!(made.code, 0, "{}", made.err);
    let failed: Vec<&str> = [(Role::Provider, &provider), (Role::Client, &client)]
        .into_iter()
        .filter(|(role, served)| !is_as_described(&generator, *role, served, made.out.trim()))
        .map(|(role, _)| role.name())
        .collect();
    assert!(failed.is_empty(), "not as described: {failed:?}");
    for served in [&provider, &client] {
        assert!(!served.process.said().contains("panicked"), "{}", served.process.said());
    }
}

fn is_as_described(generator: &Path, role: Role, served: &Served, token: &str) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let description = root.join(format!("openapi/{}.json", role.name()));
    let mut command = Command::new(generator);
    command
        .args(["--config-file", "schemathesis.toml", "run"])
        .arg(description)
        .args(["--url", &served.url()]);
    if let Some(examples) = std::env::var_os("FUZZ_EXAMPLES") {
        command.arg("--max-examples").arg(examples);
    }
    command.current_dir(root.join("fuzz/api")).env("OC_TOKEN", token).env("OC_TENANT", TENANT);
    command.env("PYTHONDONTWRITEBYTECODE", "1").status().unwrap().success()
}
