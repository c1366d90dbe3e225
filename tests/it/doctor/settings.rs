//! Settings that can't be used, or are not meant for production.

use oc::roles::Role;

use super::of;
use crate::support::database::TestDatabase;

#[test]
fn every_broken_setting_is_named_at_once_and_the_rest_is_looked_at() {
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        let weak = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
        let report = of(
            *role,
            &database,
            &[("FIELD_ENCRYPTION_KEY", weak), ("PORT", "x"), ("JWT_SECRET", "changeme"), ("AUTH", "jwt")],
        );
        for name in ["FIELD_ENCRYPTION_KEY", "PORT", "JWT_SECRET", "JWT_ISSUER"] {
            report.has_problem("settings", "values", name);
        }
        assert!(!report.value.to_string().contains(weak) && !report.value.to_string().contains("changeme"));
        assert_eq!(report.state("database", "reachable"), "ok");
        assert_eq!(report.state("keys", "FIELD_ENCRYPTION_KEY"), "", "a broken key is not tried");
    }
}

#[test]
fn a_key_that_is_missing_is_a_problem_and_a_database_without_address_too() {
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        let report = of(*role, &database, &[("FIELD_ENCRYPTION_KEY", "")]);
        report.has_problem("settings", "values", "FIELD_ENCRYPTION_KEY");
        let report = super::examine(*role, "", &[]);
        report.has_problem("settings", "values", "DATABASE_URL");
        assert_eq!(report.state("database", "reachable"), "warning");
    }
}

#[cfg(feature = "client")]
#[test]
fn a_client_role_that_people_can_not_reach_or_trust_is_told() {
    let database = TestDatabase::of("client");
    let report = of(Role::Client, &database, &[]);
    assert_eq!(report.state("settings", "public address"), "warning", "it leads to this machine");
    assert_eq!(report.state("settings", "receipts"), "warning");
    let http = of(Role::Client, &database, &[("CLIENT_PUBLIC_URL", "http://client.example")]);
    http.has_problem("settings", "public address", "not https");
    let good =
        [("CLIENT_PUBLIC_URL", "https://client.invalid"), ("RECEIPT_SIGNING_KEY", crate::support::NEW_KEY)];
    let report = of(Role::Client, &database, &good);
    assert_eq!(
        (report.state("settings", "public address"), report.state("settings", "receipts")),
        ("ok", "ok")
    );
    assert_eq!(report.state("other role", "public address"), "warning", "nobody answers there");
}

#[test]
fn what_is_set_and_can_not_be_reached_is_told() {
    for role in Role::ALL {
        let database = TestDatabase::of(role.name());
        let nobody = [
            ("REDIS_URL", "redis://:verborgen@127.0.0.1:9"),
            ("SMTP_URL", "smtp://user:verborgen@127.0.0.1:9"),
            ("MAIL_FROM", "Praxis <no-reply@example.ch>"),
            ("SMS_GATEWAY_URL", "http://127.0.0.1:9/sms"),
            ("SMS_GATEWAY_TOKEN", "verborgen"),
            ("AUTH", "jwt"),
            ("JWT_JWKS_URL", "http://127.0.0.1:9/keys"),
            ("JWT_ISSUER", "i"),
            ("JWT_AUDIENCE", "a"),
            ("SERVICE_TOKEN_SECRET", "kT3yVw9xQe2ZrB7uLmN0aHsJd5fGcPq1"),
        ];
        let report = of(*role, &database, &nobody);
        assert_eq!(report.state("reach", "Redis"), "warning", "{}", report.value);
        report.has_problem("reach", "identity provider", "can't be reached");
        if role.name() == "client" {
            report.has_problem("reach", "mail server", "can't be reached");
            report.has_problem("reach", "SMS service", "can't be reached");
        }
        assert!(!report.value.to_string().contains("verborgen") && !report.said.contains("verborgen"));
    }
}
