//! What every answer bears, and which pages of other origins may read it.

use oc::roles::Role;
use serde_json::json;

use crate::openapi::{UNDESCRIBED, concrete, described, operations};
use crate::support::database::TestDatabase;
use crate::support::http::{self, Answer, Call};
use crate::support::process::Served;
use crate::support::tokens::JWT;
use crate::support::{Settings, reading_path, writing_path};

const EXPECTED: [(&str, &str); 8] = [
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Frame-Options", "DENY"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=()"),
    ("X-Robots-Tag", "noindex"),
    ("Content-Security-Policy", "default-src 'none'"),
];

fn serve(role: Role, given: Settings<'_>) -> (Served, TestDatabase) {
    let database = TestDatabase::of(role.name());
    (Served::start(role, &database, given), database)
}

fn assert_hardened(what: &str, answer: &Answer) {
    for (name, start) in EXPECTED {
        let values: Vec<_> = answer.headers.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).collect();
        assert!(
            values.len() == 1 && values[0].1.starts_with(start),
            "{what}: {name} in {:?}",
            answer.headers
        );
    }
    let policy = answer.header("Content-Security-Policy").unwrap();
    for part in ["frame-ancestors 'none'", "base-uri 'none'", "form-action "] {
        assert!(policy.contains(part), "{what}: {policy}");
    }
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{what}: {policy}");
    let cached = answer.header("Cache-Control");
    let public = ["/assets/", "/.well-known/jwks.json"].iter().any(|part| what.contains(part));
    assert!(public && answer.status == 200 || cached == Some("no-store"), "{what}: {cached:?}");
    for name in ["Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Server"] {
        assert_eq!(answer.header(name), None, "{what}");
    }
}

/// Every route with the methods that it knows and one that it does not, and what has no route.
fn calls(role: Role) -> Vec<Call> {
    let described: Vec<Call> = operations(&described(role))
        .into_iter()
        .map(|(path, method, _)| Call::new(&method, concrete(&path)))
        .collect();
    let under_api = described
        .iter()
        .filter(|call| call.path.starts_with("/v1/"))
        .map(|call| Call::new(&call.method, format!("/api{}", call.path)));
    let pages = UNDESCRIBED.map(|path| {
        Call::get(concrete(path).replace("{file:.*}", "swagger-ui.css").replace("{code}", "0000-0000-0000"))
    });
    let special = [
        Call::get("/docs/"),
        Call::get("/nowhere"),
        Call::new("POST", "/").form("code=0000"),
        Call::new("POST", "/").form("nothing=1"),
        Call::post(writing_path(role), &json!([])),
        Call::post(writing_path(role), &json!({"title": "T", "content": "x".repeat(3_000_000)})),
        Call::get(format!("/{}", "x".repeat(9_000))),
        Call::get("/api/health").header("X-Large", &"x".repeat(40_000)),
        Call::get(reading_path(role).0).header("Origin", "https://elsewhere.example"),
        Call::new("OPTIONS", "/nowhere")
            .header("Origin", "https://elsewhere.example")
            .header("Access-Control-Request-Method", "GET"),
    ];
    let wrong: Vec<Call> = described.iter().map(|call| Call::new("PATCH", call.path.clone())).collect();
    under_api.chain(pages).chain(special).chain(wrong).chain(described.clone()).collect()
}

#[test]
fn every_answer_of_every_route_bears_every_header() {
    for role in Role::ALL {
        let (served, _database) = serve(*role, &[]);
        let mut statuses = Vec::new();
        for call in calls(*role) {
            let answer = served.call(&call);
            assert_hardened(&format!("{} {:.60} {}", call.method, call.path, answer.status), &answer);
            assert_eq!(answer.header("Strict-Transport-Security"), None, "not over http");
            statuses.push(answer.status);
        }
        for status in [200, 400, 404, 405, 413, 414, 431] {
            assert!(statuses.contains(&status), "{status} in {statuses:?}");
        }
    }
}

#[test]
fn whoever_is_reached_over_https_asks_browsers_to_stay_with_it() {
    for role in Role::ALL {
        let public = [("CLIENT_PUBLIC_URL", "https://letters.example.org")];
        let (served, _database) = serve(*role, &[JWT, &public].concat());
        let expected = (role.name() == "client").then_some("max-age=31536000");
        for path in ["/", "/nowhere", "/api/health"] {
            assert_eq!(served.call(&Call::get(path)).header("Strict-Transport-Security"), expected);
        }
    }
}

#[test]
fn only_pages_of_listed_origins_may_call() {
    let ours = "https://app.example.org";
    for role in Role::ALL {
        let (served, _database) =
            serve(*role, &[("CORS_ORIGINS", "https://app.example.org, http://localhost:5173")]);
        let asking = |origin: &str| {
            Call::new("OPTIONS", writing_path(*role))
                .header("Origin", origin)
                .header("Access-Control-Request-Method", "POST")
        };
        let preflight = served.call(&asking(ours));
        assert_eq!((preflight.status, preflight.header("Access-Control-Allow-Origin")), (204, Some(ours)));
        assert!(preflight.header("Access-Control-Allow-Methods").unwrap().contains("POST"));
        assert!(preflight.header("Access-Control-Allow-Headers").unwrap().contains("idempotency-key"));

        let (path, status) = reading_path(*role);
        for path in [path, "/nowhere"] {
            let answer = served.call(&Call::get(path).header("Origin", ours));
            assert_eq!(answer.header("Access-Control-Allow-Origin"), Some(ours));
            assert_eq!(answer.header("Vary"), Some("Origin"));
            assert!(answer.header("Access-Control-Expose-Headers").unwrap().contains("retry-after"));
            assert_eq!(answer.header("Access-Control-Allow-Credentials"), None);
        }
        for origin in [
            "https://app.example.org.evil.example",
            "http://app.example.org",
            "null",
            "https://app.example.org:8443",
        ] {
            let refused = served.call(&asking(origin));
            assert_eq!(
                (refused.status, refused.header("Access-Control-Allow-Origin")),
                (405, None),
                "{origin}"
            );
            let answer = served.call(&Call::get(path).header("Origin", origin));
            assert_eq!((answer.status, answer.header("Access-Control-Allow-Origin")), (status, None));
            assert_eq!(answer.header("Vary"), Some("Origin"), "a cache must not mix them up");
        }
    }
}

#[test]
fn without_authentication_pages_of_other_names_reach_nothing() {
    for role in Role::ALL {
        let (served, _database) = serve(*role, &[]);
        let port = served.address.port();
        let ask = |host: &str| http::get_as(host, served.address, "/api/health");
        for host in ["localhost", "127.0.0.1", "[::1]", "LOCALHOST", "oc.localhost", "127.9.9.9"] {
            assert_eq!(ask(host).status, 200, "{host}");
            assert_eq!(ask(&format!("{host}:{port}")).status, 200, "{host}");
        }
        for host in ["rebound.example.org", "localhost.example.org", "192.0.2.1", "10.0.0.1:3000", "", "::"] {
            ask(host).refused(421, "MISDIRECTED_REQUEST");
        }
    }
}
