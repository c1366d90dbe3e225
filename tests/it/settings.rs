//! Settings: their manual, their checks, their secrets.

use std::collections::BTreeMap;
use std::path::Path;

use oc::config::{Config, SETTINGS, Setting, Source, Value, Values};
use oc::roles::Role;

use crate::support::process::{Ended, oc, run, run_with};
use crate::support::tokens::JWT;
use crate::support::{CODE_KEY, KEY, NEW_KEY, any_role};

const DATABASE: &str = "postgres://oc:hunter2-password@127.0.0.1:1/oc";

/// `NAME=value` and `# NAME=value` of `.env.example`; a line may explain itself after ` # `.
fn manual() -> BTreeMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(".env.example");
    let text = std::fs::read_to_string(&path).unwrap();
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let line = line.trim_start_matches(['#', ' ']);
        let Some((name, value)) = line.split_once('=') else { continue };
        let is_name = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_';
        if !name.is_empty() && name.bytes().all(is_name) {
            let value = value.split(" #").next().unwrap_or_default().trim();
            assert!(found.insert(name.to_owned(), value.to_owned()).is_none(), "{name} stands there twice");
        }
    }
    found
}

#[test]
fn the_manual_names_every_setting_and_no_other() {
    let written: Vec<String> = manual().into_keys().collect();
    let mut known: Vec<&str> = SETTINGS.iter().map(|setting| setting.name).collect();
    known.sort_unstable();
    assert_eq!(written, known);
}

#[test]
fn the_manual_gives_the_defaults_of_the_code() {
    let manual = manual();
    for Setting { name, default, secret, .. } in SETTINGS {
        let written = manual.get(*name).map_or("(nothing)", String::as_str);
        let defaults = [default.of("provider"), default.of("client")];
        match default.describe().as_deref() {
            None if *secret => assert!(!written.contains(KEY), "{name} must not hold a usable secret"),
            None => {}
            // Each machine has its own number.
            Some("one per processor") => assert!(written.is_empty() || written.parse::<u16>().is_ok()),
            Some(_) if written.is_empty() => assert_ne!(defaults[0], defaults[1], "{name} has one default"),
            Some(_) => assert!(defaults.contains(&Some(written.to_owned())), "{name}={written}"),
        }
    }
}

#[test]
fn every_setting_stands_in_the_help_with_its_default() {
    for command in ["serve", "migrate", "config"] {
        let help = run(&[command, "--help"]).out;
        let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
        for setting in SETTINGS {
            for part in
                [format!("--{} ", setting.flag()), format!("[env: {}", setting.name), setting.help.to_owned()]
            {
                assert!(help.contains(&part), "{command}: {part} in {help}");
            }
            if let Some(default) = setting.default.describe() {
                assert!(help.contains(&format!("[default: {default}]")), "{command}: {}", setting.name);
            }
        }
    }
}

fn serve(role: Role, variables: &[(&str, &str)]) -> Ended {
    run_with(&["serve", "--role", role.name()], variables)
}

#[test]
fn one_message_lists_everything_that_is_wrong_and_no_value() {
    for role in Role::ALL {
        let secret_looking = "s3cr3t-value";
        let refused = serve(
            *role,
            &[
                ("PORT", "70000"),
                ("HOST", "elsewhere"),
                ("HTTP_WORKERS", "0"),
                ("MAX_BODY_BYTES", secret_looking),
                ("DATABASE_POOL_SIZE", "-1"),
                ("DATABASE_POOL_WAIT_MS", "1.5"),
                ("SHUTDOWN_TIMEOUT_SECONDS", "x"),
                ("CLIENT_BASE_URL", "s3cr3t-value"),
                ("CLIENT_PUBLIC_URL", "ftp://s3cr3t-value"),
                ("SEND_TIMEOUT_MS", "1"),
                ("IDEMPOTENCY_RETENTION_SECONDS", "299"),
                ("WEBHOOK_ALLOW_PRIVATE", "s3cr3t-value"),
                ("RATE_TENANT_PER_MINUTE", "many"),
                ("REDIS_URL", "http://s3cr3t-value"),
                ("TRUSTED_PROXIES", "10.0.0.0/8,s3cr3t-value"),
                ("CORS_ORIGINS", "https://s3cr3t-value/path"),
                ("TLS_CERT_FILE", "s3cr3t-value"),
                ("TENANT_PROVISIONING", "s3cr3t-value"),
                ("TENANT_CACHE_MS", "60001"),
            ],
        );
        assert_eq!((refused.code, refused.out.as_str()), (2, ""));
        let expected = [
            "DATABASE_URL",
            "AUTH",
            "PORT",
            "HOST",
            "HTTP_WORKERS",
            "MAX_BODY_BYTES",
            "DATABASE_POOL_SIZE",
            "DATABASE_POOL_WAIT_MS",
            "SHUTDOWN_TIMEOUT_SECONDS",
            "CLIENT_BASE_URL",
            "CLIENT_PUBLIC_URL",
            "SEND_TIMEOUT_MS",
            "IDEMPOTENCY_RETENTION_SECONDS",
            "WEBHOOK_ALLOW_PRIVATE",
            "RATE_TENANT_PER_MINUTE",
            "REDIS_URL",
            "TRUSTED_PROXIES",
            "CORS_ORIGINS",
            "TLS_KEY_FILE",
            "TENANT_PROVISIONING",
            "TENANT_CACHE_MS",
        ];
        for name in expected {
            let flag = name.to_lowercase().replace('_', "-");
            assert!(refused.err.contains(&format!("- {name} (--{flag}) ")), "{name} in {}", refused.err);
        }
        assert_eq!(refused.err.contains("ACCESS_CODE_KEY"), role.name() == "client");
        assert!(refused.err.contains("FIELD_ENCRYPTION_KEY (--field-encryption-key) is missing"));
        assert!(!refused.err.contains(secret_looking), "{}", refused.err);
        assert_eq!(refused.err.matches("oc: ").count(), 1);
    }
}

#[test]
fn without_authentication_only_the_loopback_interface_is_bound() {
    for host in ["0.0.0.0", "::", "192.0.2.1"] {
        let refused = serve(
            any_role(),
            &[
                ("AUTH", "none"),
                ("HOST", host),
                ("DATABASE_URL", DATABASE),
                ("ACCESS_CODE_KEY", CODE_KEY),
                ("FIELD_ENCRYPTION_KEY", KEY),
            ],
        );
        assert_eq!(refused.code, 2);
        assert!(refused.err.contains("HOST (--host) must be a loopback address"), "{}", refused.err);
    }
}

/// What is wrong with these settings beside those that every role needs.
fn complaint(role: Role, given: &[(&'static str, &str)]) -> String {
    let base = [
        ("PORT", "0"),
        ("DATABASE_URL", DATABASE),
        ("ACCESS_CODE_KEY", CODE_KEY),
        ("FIELD_ENCRYPTION_KEY", KEY),
    ];
    let value = |(name, text): &(&'static str, &str)| {
        (*name, Value { text: (*text).to_owned(), source: Source::Flag })
    };
    let values = Values::with_defaults(role.name(), base.iter().chain(given).map(value));
    Config::load(role.name(), &values).map_or_else(|problems| problems.to_string(), |_| String::new())
}

#[test]
fn without_authentication_nobody_is_served_through_a_proxy() {
    let open = ("AUTH", "none");
    for role in Role::ALL {
        for address in ["127.0.0.1", "10.0.0.0/8"] {
            let refused = complaint(*role, &[open, ("TRUSTED_PROXIES", address)]);
            assert!(refused.contains("TRUSTED_PROXIES (--trusted-proxies) must be empty"), "{refused}");
        }
        for (url, good) in [
            ("http://localhost:3000", true),
            ("http://[::1]", true),
            ("https://127.0.0.1", true),
            ("https://letters.example.org", false),
            ("http://192.168.1.4", false),
        ] {
            let said = complaint(*role, &[open, ("CLIENT_PUBLIC_URL", url)]);
            let refused = said.contains("CLIENT_PUBLIC_URL (--client-public-url) must lead to this machine");
            assert_eq!(refused, role.name() == "client" && !good, "{url}: {said}");
        }
    }
}

#[test]
fn what_is_confidential_does_not_travel_in_clear() {
    let asks = |role: Role, url: (&'static str, &str), more: &[(&'static str, &str)]| {
        complaint(role, &[JWT, &[url], more].concat())
    };
    let insecurely = ("CLIENT_BASE_URL_INSECURE", "true");
    for role in Role::ALL {
        let (name, cluster) = match role.name() {
            "client" => ("CLIENT_PUBLIC_URL", false),
            _ => ("CLIENT_BASE_URL", true),
        };
        for (url, good) in [
            ("https://client.example.org/api/", true),
            ("http://127.0.0.1:3000/api/", true),
            ("http://localhost:3000", true),
            ("http://client.example.org/api/", false),
            ("http://10.1.2.3/api/", false),
            ("http://oc-client-backend.oc-client.svc/api/", cluster),
            ("http://oc-client-backend.oc-client.svc.cluster.local/api/", cluster),
            ("http://svc.cluster.local.example.org/api/", false),
            ("http://evilsvc/api/", false),
        ] {
            let said = asks(*role, (name, url), &[]);
            assert_eq!(said.contains(&format!("{name} (--")), !good, "{} {url}: {said}", role.name());
            let insecure = asks(*role, (name, url), &[insecurely]);
            assert_eq!(insecure.is_empty(), good || cluster, "{} {url}: {insecure}", role.name());
        }
    }
}

#[test]
fn authentication_has_to_be_chosen_in_words() {
    let given = [("DATABASE_URL", DATABASE), ("ACCESS_CODE_KEY", CODE_KEY), ("FIELD_ENCRYPTION_KEY", KEY)];
    let missing = serve(any_role(), &given);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("AUTH (--auth) is missing: say --auth none"), "{}", missing.err);
    for (auth, message) in [("jwt", "is jwt, so JWT_SECRET"), ("off", "must be none or jwt")] {
        let refused = serve(any_role(), &[given[0], given[1], given[2], ("AUTH", auth)]);
        assert_eq!(refused.code, 2);
        assert!(refused.err.contains(message), "{}", refused.err);
    }
}

#[test]
fn the_effective_settings_are_shown_with_their_source_and_without_secrets() {
    for role in Role::ALL {
        let mut command = oc();
        command.args(["config", "--role", role.name(), "--port", "4000", "--host", "127.0.0.2"]);
        command.env("DATABASE_URL", DATABASE).env("ACCESS_CODE_KEY", CODE_KEY);
        command.env("FIELD_ENCRYPTION_KEY", format!("{KEY},{NEW_KEY}"));
        command.env("AUTH", "none").env("PORT", "5000").env("MAX_BODY_BYTES", "");
        let shown: Ended = command.output().unwrap().into();
        assert_eq!((shown.code, shown.err.as_str()), (0, ""), "{}", shown.err);
        for line in [
            "PORT=4000  # flag",
            "HOST=127.0.0.2  # flag",
            "AUTH=none  # environment",
            "MAX_BODY_BYTES=2097152  # default",
            "DATABASE_URL=***  # environment",
        ] {
            assert!(shown.out.lines().any(|l| l == line), "{line} in {}", shown.out);
        }
        let concerned = SETTINGS.iter().filter(|setting| setting.concerns(role.name())).count();
        assert_eq!(shown.out.lines().count(), concerned);
        for secret in ["hunter2", KEY, NEW_KEY] {
            assert!(!shown.out.contains(secret));
        }
    }
}

#[test]
fn what_is_wrong_is_shown_beside_the_effective_settings() {
    let shown = run_with(&["config", "--role", any_role().name()], &[("PORT", "x")]);
    assert_eq!(shown.code, 2);
    assert!(
        shown.out.contains("PORT=x  # environment\n") && shown.out.contains("DATABASE_URL=  # not set\n")
    );
    assert!(shown.err.contains("PORT (--port) must be a whole number from 0 to 65535"), "{}", shown.err);
}

#[test]
fn keys_of_codes_and_of_what_is_sealed_differ() {
    for keys in [format!("{KEY},{CODE_KEY}"), format!("{CODE_KEY}, {KEY} ")] {
        for role in Role::ALL {
            let said = complaint(*role, &[("AUTH", "none"), ("ACCESS_CODE_KEY", &keys)]);
            let refused = said.contains("ACCESS_CODE_KEY (--access-code-key) must have no key in common");
            assert_eq!(refused, role.name() == "client", "{said}");
            assert!(!said.contains(KEY));
        }
    }
}
