//! `oc token`, and the commands that show a token.

use crate::support::any_role;
use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::process::{Ended, Served, run_with};
use crate::support::tokens::JWT;

fn make(args: &[&str]) -> Ended {
    run_with(&[&["token"], args].concat(), JWT)
}

#[test]
fn a_token_is_printed_alone_and_opens_what_it_says() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    let served = Served::start(role, &database, JWT);
    let (path, scope) = match role.name() {
        "provider" => ("/api/outbox", "admin"),
        _ => ("/v1/receipts", "transfer:write"),
    };
    let status = |token: &str| {
        let call = Call::get(path).header("Authorization", &format!("Bearer {}", token.trim_end()));
        served.call(&call).status
    };
    let made = make(&["--tenant", "praxis", "--scope", scope, "--subject", "anna", "--expires-in", "5m"]);
    assert_eq!((made.code, made.err.as_str(), made.out.lines().count()), (0, "", 1), "{}", made.err);
    assert_eq!(status(&made.out), 200);
    assert_eq!(status(&make(&["--tenant", "praxis", "--scope", "audit:read"]).out), 403);
}

#[test]
fn what_makes_no_token_is_refused() {
    for args in [
        &[][..],
        &["--tenant", "NO TENANT"],
        &["--tenant", "praxis", "--scope", "everything"],
        &["--tenant", "praxis", "--expires-in", "1y"],
        &["--tenant", "praxis", "--subject", ""],
    ] {
        let refused = make(args);
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{args:?}");
    }
    let jwks = [
        ("JWT_JWKS_URL", "https://id.example/jwks"),
        ("JWT_ISSUER", "https://id.example"),
        ("JWT_AUDIENCE", "oc"),
    ];
    for settings in [&[][..], &jwks] {
        let refused = run_with(&["token", "--tenant", "praxis"], settings);
        assert_eq!((refused.code, refused.out.as_str()), (2, ""));
        assert!(refused.err.contains("the identity provider makes the tokens"), "{}", refused.err);
    }
    let short = run_with(&["token", "--tenant", "praxis"], &[("JWT_SECRET", "hunter2")]);
    assert!(
        short.code == 2 && short.err.contains("JWT_SECRET") && !short.err.contains("hunter2"),
        "{}",
        short.err
    );
}

#[test]
fn a_role_that_asks_for_tokens_listens_where_it_is_told() {
    let role = any_role();
    let database = TestDatabase::of(role.name());
    let served = Served::start(role, &database, &[JWT, &[("HOST", "0.0.0.0")]].concat());
    assert!(served.process.said().contains("(auth jwt, "), "{}", served.process.said());
    assert_eq!(served.address.ip().to_string(), "0.0.0.0");
}
