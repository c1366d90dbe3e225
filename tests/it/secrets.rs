//! Secrets: from files, checked, and never shown.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use oc::roles::Role;

use crate::support::process::run_with;
use crate::support::scratch::Scratch;
use crate::support::{CODE_KEY, KEY, any_role};

const DATABASE: &str = "postgres://oc:hunter2-password@127.0.0.1:1/oc";

#[test]
fn help_never_shows_the_value_of_a_variable() {
    let shown = run_with(
        &["serve", "--help"],
        &[("DATABASE_URL", DATABASE), ("ACCESS_CODE_KEY", CODE_KEY), ("FIELD_ENCRYPTION_KEY", KEY)],
    );
    assert!(!shown.out.contains("hunter2") && !shown.out.contains(KEY));
}

#[test]
fn an_unusable_secret_is_refused_and_never_shown() {
    let zeroes = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    let short = "c2hvcnQtYnV0LXNlY3JldA==";
    let mixed = format!("{KEY},{short}");
    // What manuals, keyboards and lazy hands give: counted up, a word, two bytes in turn.
    let of = |bytes: [u8; 32]| STANDARD.encode(bytes);
    let counted = of(std::array::from_fn(|i| u8::try_from(i).unwrap()));
    let down = of(std::array::from_fn(|i| u8::try_from(255 - i * 2).unwrap()));
    let words = of(*b"change-me-change-me-change-me-12");
    let typed = of(*b"0123456789abcdefghijklmnopqrstuv");
    let in_turn = of(std::array::from_fn(|i| if i % 2 == 0 { 0xa7 } else { 0x3c }));
    let both_roles = [
        ("client", "ACCESS_CODE_KEY"),
        ("client", "FIELD_ENCRYPTION_KEY"),
        ("provider", "FIELD_ENCRYPTION_KEY"),
    ];
    for (role, name) in both_roles {
        if Role::named(role).is_none() {
            continue;
        }
        let patterns = [&counted, &down, &words, &typed, &in_turn].map(String::as_str);
        let broken = [zeroes, short, "not base64!", mixed.as_str(), ",", &KEY[1..]];
        for key in broken.into_iter().chain(patterns) {
            let shown = run_with(
                &["config", "--role", role],
                &[(name, key), ("DATABASE_URL", DATABASE), ("AUTH", "none")],
            );
            assert_eq!(shown.code, 2, "{key}");
            let flag = name.to_lowercase().replace('_', "-");
            let told = format!("{name} (--{flag}) must be 32 random bytes");
            assert!(shown.err.contains(&told), "{}", shown.err);
            assert!(!shown.err.contains(key) || key == ",", "{}", shown.err);
        }
    }
    let refused = run_with(
        &["serve", "--role", any_role().name()],
        &[
            ("DATABASE_URL", "mysql://u:hunter2@h/d"),
            ("AUTH", "none"),
            ("ACCESS_CODE_KEY", CODE_KEY),
            ("FIELD_ENCRYPTION_KEY", KEY),
        ],
    );
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("DATABASE_URL (--database-url) must start with postgres://"),
        "{}",
        refused.err
    );
    assert!(!refused.err.contains("hunter2"), "{}", refused.err);
}

#[test]
fn a_malformed_database_address_keeps_its_password() {
    for address in [
        "postgres://oc:hunter2@[::1/oc",
        "postgres://oc:hunter2@h:99999999/oc",
        "postgres://oc:hunter2%zz@h/oc",
        "postgres://oc:hunter2@h/oc?sslmode",
    ] {
        let refused = run_with(&["migrate", "--role", any_role().name()], &[("DATABASE_URL", address)]);
        assert_ne!(refused.code, 0);
        assert!(!refused.err.contains("hunter2") && !refused.out.contains("hunter2"), "{}", refused.err);
        assert!(refused.err.contains("database"), "{}", refused.err);
    }
}

#[test]
fn an_at_sign_in_a_password_must_be_escaped_and_is_never_shown() {
    let address = "postgres://oc:p@hunter2@127.0.0.1/oc";
    let refused = run_with(&["migrate", "--role", any_role().name()], &[("DATABASE_URL", address)]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("%40") && !refused.err.contains("hunter2"), "{}", refused.err);
}

#[test]
fn a_secret_may_stand_in_a_file() {
    let scratch = Scratch::new("secret");
    let file = scratch.file("url", &format!("{DATABASE}\n"));
    let file = file.as_str();
    let role = any_role().name();
    let shown = run_with(
        &["config", "--role", role],
        &[
            ("DATABASE_URL_FILE", file),
            ("ACCESS_CODE_KEY", CODE_KEY),
            ("FIELD_ENCRYPTION_KEY", KEY),
            ("AUTH", "none"),
        ],
    );
    assert_eq!(shown.code, 0, "{}", shown.err);
    assert!(shown.out.contains("DATABASE_URL=***  # file\n"), "{}", shown.out);
    let both = run_with(
        &["config", "--role", role],
        &[
            ("DATABASE_URL_FILE", file),
            ("DATABASE_URL", DATABASE),
            ("ACCESS_CODE_KEY", CODE_KEY),
            ("FIELD_ENCRYPTION_KEY", KEY),
            ("AUTH", "none"),
        ],
    );
    assert!(both.out.contains("DATABASE_URL=***  # environment\n"), "{}", both.out);
    drop(scratch);
    let gone = run_with(&["config", "--role", role], &[("DATABASE_URL_FILE", file), ("AUTH", "none")]);
    assert_eq!(gone.code, 2);
    assert!(gone.err.contains("DATABASE_URL_FILE names "), "{}", gone.err);
}
