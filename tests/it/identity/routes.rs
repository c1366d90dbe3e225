//! Every route of both roles asks who calls, or stands on a short list.

use std::collections::BTreeSet;

use oc::roles::Role;
use serde_json::json;

use crate::openapi::{METHODS, concrete, described, mounted, operations};
use crate::support::database::TestDatabase;
use crate::support::for_each_role;
use crate::support::http::{Answer, Call};
use crate::support::process::Served;
use crate::support::receiver::{Behaviour, Receiver};
use crate::support::tokens::{
    EVERY_SCOPE, JWT, OTHER_SECRET, SECRET, SERVICE_SECRET, Signer, claims, claims_but, key_set, now, token,
};

/// Routes for everybody: probes, the description of the API, and what people open
/// a document with, or verify a receipt.
const FOR_EVERYBODY: [&str; 27] = [
    "/api/health",
    "/api/ready",
    "/livez",
    "/readyz",
    "/docs",
    "/docs/swagger.json",
    "/docs/swagger.yaml",
    "/docs/{file:.*}",
    "/",
    "/view/{code}",
    "/document",
    "/finish",
    "/assets/{file}",
    "/api/public/{accessCode}",
    "/api/public/access",
    "/api/public/otp",
    "/api/public/otp/verify",
    "/otp",
    "/otp/verify",
    "/d/{token}",
    "/p/{tenant}",
    "/p/{tenant}/logo/{version}",
    "/.well-known/jwks.json",
    "/sign-in",
    "/sign-in/account",
    "/sign-in/return",
    "/sign-out",
];

/// A role that asks for tokens, and what it trusts.
struct Guarded {
    role: Role,
    served: Served,
    keys: Signer,
    _jwks: Receiver,
    _database: TestDatabase,
}

impl Guarded {
    fn start(role: Role) -> Self {
        let keys = Signer::rsa();
        let jwks = Receiver::start(Behaviour::Answer(200, key_set(&[keys.jwk("known")])));
        let database = TestDatabase::of(role.name());
        let url = format!("http://{}/jwks", jwks.address());
        let more = [
            ("JWT_JWKS_URL", url.as_str()),
            ("SERVICE_TOKEN_SECRET", SERVICE_SECRET),
            ("CLIENT_BASE_URL", "http://127.0.0.1:1/"),
            ("RATE_ADDRESS_PER_MINUTE", "0"),
        ];
        let served = Served::start(role, &database, &[JWT, &more].concat());
        Self { role, served, keys, _jwks: jwks, _database: database }
    }

    /// Path, method and scope of every route that asks for a token.
    fn routes(&self) -> Vec<(String, String, String)> {
        let mut found = Vec::new();
        let described = operations(&described(self.role));
        for path in mounted(self.role).iter().filter(|path| !FOR_EVERYBODY.contains(&path.as_str())) {
            // What the provider role calls has a second name under /api.
            let known = path.strip_prefix("/api").filter(|rest| rest.starts_with("/v1/")).unwrap_or(path);
            for (_, method, said) in described.iter().filter(|(path, ..)| path == known) {
                let scope = said["security"][0]["bearer"][0].as_str();
                let scope = scope.unwrap_or_else(|| panic!("{method} {path} names no scope"));
                found.push((path.clone(), method.clone(), scope.to_owned()));
            }
        }
        assert!(found.len() >= 12, "{found:?}");
        found
    }

    fn call(&self, path: &str, method: &str, token: &str) -> Answer {
        let call = Call::new(method, concrete(path));
        self.served.call(&call.header("Authorization", &format!("Bearer {token}")))
    }

    /// Tokens that nobody may come in with, and why.
    fn bad_tokens(&self) -> Vec<(&'static str, String)> {
        let secret = Signer::secret(SECRET.as_bytes());
        let ours = |claims| secret.token_with(json!({"typ": "JWT"}), &claims);
        let good = claims(EVERY_SCOPE);
        let service = json!({"iss": "oc:provider", "aud": "oc:client", "sub": "oc:provider",
            "tenant_id": "praxis", "scope": EVERY_SCOPE, "iat": now(), "exp": now() + 60});
        let kind = json!({"typ": "oc-service+jwt"});
        let none = Signer::secret(b"").token_with(json!({"alg": "none"}), &good);
        let unsigned = none.rsplit_once('.').map(|(signed, _)| format!("{signed}."));
        let confused = Signer::secret(&self.keys.public());
        let (whole, other) = (token(EVERY_SCOPE), ours(claims_but("sub", json!("berta"))));
        let mixed = format!("{}.{}", whole.rsplit_once('.').unwrap().0, other.rsplit_once('.').unwrap().1);
        vec![
            ("alg none", unsigned.unwrap()),
            ("alg none with a signature", none),
            ("a public key as a secret", confused.token_with(json!({"kid": "known"}), &good)),
            (
                "a public key as a secret under its own algorithm",
                confused.token_with(json!({"kid": "known", "alg": "RS256"}), &good),
            ),
            (
                "our secret under another algorithm",
                secret.token_with(json!({"kid": "known", "alg": "RS256"}), &good),
            ),
            ("another secret", Signer::secret(OTHER_SECRET.as_bytes()).token_with(json!({}), &good)),
            ("the signature of another token", mixed),
            ("expired", ours(claims_but("exp", json!(now() - 31)))),
            ("without an end", ours(claims_but("exp", json!(null)))),
            ("not yet valid", ours(claims_but("nbf", json!(now() + 90)))),
            ("made in the future", ours(claims_but("iat", json!(now() + 90)))),
            ("another issuer", ours(claims_but("iss", json!("https://id.example.org")))),
            ("another audience", ours(claims_but("aud", json!("oc2")))),
            ("no tenant", ours(claims_but("tenant_id", json!(null)))),
            ("an unknown key", self.keys.token("unknown", &good)),
            ("no key", self.keys.token_with(json!({}), &good)),
            ("the right key and another algorithm", Signer::p256().token("known", &good)),
            ("oversized", ours(claims_but("sub", json!("x".repeat(9_000))))),
            ("garbage", "garbage".to_owned()),
            ("dots", "..".to_owned()),
            ("nothing", String::new()),
            ("a token of the roles with our secret", secret.token_with(kind.clone(), &service)),
            (
                "a token of the roles for people",
                Signer::secret(SERVICE_SECRET.as_bytes()).token_with(json!({}), &service),
            ),
            (
                "a token for people with the secret of the roles",
                Signer::secret(SERVICE_SECRET.as_bytes()).token_with(kind, &good),
            ),
        ]
    }
}

#[test]
fn without_a_good_token_every_route_gives_the_same_refusal() {
    for_each_role(|role| {
        let guarded = Guarded::start(role);
        let routes = guarded.routes();
        let mut messages = BTreeSet::new();
        let mut refuse = |answer: Answer, what: &str| {
            assert_eq!(answer.status, 401, "{what}: {}", answer.text());
            let body = answer.refused(401, "UNAUTHENTICATED");
            assert_eq!(answer.header("WWW-Authenticate"), Some("Bearer"), "{what}");
            assert!(body.get("details").is_none(), "{what}: {body}");
            messages.insert(body["message"].to_string());
        };
        for (path, method, _) in &routes {
            let call = || Call::new(method, concrete(path));
            refuse(guarded.served.call(&call()), &format!("{method} {path} without a token"));
            // Whatever else is wrong is not looked at.
            let broken =
                call().header("Idempotency-Key", "a b").tenant("NO TENANT").raw("{").header("If-Match", "x");
            refuse(guarded.served.call(&broken), &format!("{method} {path} with everything wrong"));
            let basic = call().header("Authorization", "Basic YW5uYTpzZWNyZXQ=");
            refuse(guarded.served.call(&basic), &format!("{method} {path} with a password"));
        }
        for (why, token) in guarded.bad_tokens() {
            for (path, method, _) in &routes {
                refuse(guarded.call(path, method, &token), &format!("{method} {path} with {why}"));
            }
        }
        assert_eq!(messages.len(), 1, "{messages:?}");
    });
}

#[test]
fn a_token_opens_the_routes_of_its_scope_and_no_other() {
    for_each_role(|role| {
        let guarded = Guarded::start(role);
        for (path, method, scope) in guarded.routes() {
            let others: Vec<_> = EVERY_SCOPE.split(' ').filter(|other| *other != scope).collect();
            let refused = guarded.call(&path, &method, &token(&others.join(" ")));
            let message = refused.refused(403, "FORBIDDEN")["message"].to_string();
            assert!(message.contains(&format!("scope {scope}")), "{method} {path}: {message}");
            let keyed = guarded.keys.token("known", &claims(&scope));
            for good in [token(&scope), keyed] {
                let answer = guarded.call(&path, &method, &good);
                assert!(!matches!(answer.status, 401 | 403 | 405), "{method} {path}: {}", answer.text());
            }
        }
    });
}

#[test]
fn another_tenant_than_that_of_the_token_is_refused() {
    for_each_role(|role| {
        let guarded = Guarded::start(role);
        for (path, method, _) in guarded.routes() {
            let call = |tenant: &str| {
                let bearer = format!("Bearer {}", token(EVERY_SCOPE));
                let call = Call::new(&method, concrete(&path)).tenant(tenant);
                guarded.served.call(&call.header("Authorization", &bearer))
            };
            for other in ["other", "default", "NO TENANT", ""] {
                call(other).refused(403, "TENANT_MISMATCH");
            }
            let own = call("praxis");
            assert!(!matches!(own.status, 401 | 403), "{method} {path}: {}", own.text());
        }
    });
}

#[test]
fn only_what_is_on_the_list_is_for_everybody() {
    for_each_role(|role| {
        let guarded = Guarded::start(role);
        for path in mounted(role) {
            for method in METHODS {
                let answer = guarded.served.call(&Call::new(method, concrete(&path)));
                match FOR_EVERYBODY.contains(&path.as_str()) {
                    true => {
                        assert!(!matches!(answer.status, 401 | 403), "{method} {path}: {}", answer.status);
                    }
                    false => {
                        // People are asked to sign in.
                        let asked = answer.status == 303
                            && answer.header("Location").is_some_and(|to| to.starts_with("/sign-in"));
                        let refused = asked || matches!(answer.status, 401 | 405);
                        assert!(refused, "{method} {path}: {}", answer.status);
                    }
                }
            }
        }
        // A bad token does not matter where none is asked for.
        assert_eq!(guarded.call("/api/health", "GET", "garbage").status, 200);
    });
}

#[test]
fn neither_tokens_nor_people_are_logged() {
    for_each_role(|role| {
        let guarded = Guarded::start(role);
        let (path, method, scope) = guarded.routes().remove(0);
        let good = token(&scope);
        guarded.call(&path, &method, &good);
        let bad = guarded.bad_tokens();
        for (_, token) in &bad {
            guarded.call(&path, &method, token);
        }
        let mut served = guarded.served;
        let refused = "the token has expired";
        served.process.wait_for(refused, |said| said.contains(refused).then_some(()));
        let said = served.process.said();
        for token in bad.iter().map(|(_, token)| token).chain([&good]) {
            for part in token.split('.').filter(|part| part.len() > 10) {
                assert!(!said.contains(part), "{said}");
            }
        }
        assert!(!said.contains("anna") && !said.contains(SECRET), "{said}");
    });
}
