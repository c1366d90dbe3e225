//! Tokens between the roles, and the commands that show one, with real processes.

use std::time::Duration;

use oc::roles::Role;
use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::process::{Ended, PATIENCE, Served, run_reading, run_with};
use crate::support::receiver::{Behaviour, Receiver};
use crate::support::tokens::{EVERY_SCOPE, JWT, OTHER_SECRET, SERVICE_SECRET, token};
use crate::support::waiting::until;

/// Both roles, each asking for tokens.
struct Pair {
    provider: Served,
    client: Served,
    at_provider: TestDatabase,
    at_client: TestDatabase,
}

impl Pair {
    /// The client role trusts one secret alone; the provider role shows another, or none.
    fn start(shown: &str, trusted: &str) -> Self {
        let (at_provider, at_client) = (TestDatabase::of("provider"), TestDatabase::of("client"));
        let trusting =
            [("AUTH", "jwt"), ("SERVICE_TOKEN_SECRET", trusted), ("DATABASE_POOL_WAIT_MS", "10000")];
        let client = Served::start(Role::Client, &at_client, &trusting);
        let url = format!("{}/api/", client.url());
        let showing = [
            ("SERVICE_TOKEN_SECRET", shown),
            ("CLIENT_BASE_URL", url.as_str()),
            ("SEND_TIMEOUT_MS", "15000"),
            ("RECEIPTS_POLL_MS", "100"),
            ("CODE_RESERVE_SIZE", "4"),
            ("EVENTS_POLL_MS", "100"),
            ("WEBHOOK_ALLOW_PRIVATE", "true"),
        ];
        let provider = Served::start(Role::Provider, &at_provider, &[JWT, &showing].concat());
        Self { provider, client, at_provider, at_client }
    }

    fn call(&self, call: Call) -> Answer {
        self.provider.call(&call.header("Authorization", &format!("Bearer {}", token(EVERY_SCOPE))))
    }

    /// What a sending answers.
    fn send(&self) -> Answer {
        let document = json!({"title": "Walking", "content": "Every day.", "status": "final"});
        let id = self.call(Call::post("/api/documents", &document)).expect(201)["id"].clone();
        let path = format!("/api/documents/{}", id.as_str().unwrap());
        self.call(Call::put(path, &json!({"status": "final"}))).expect(200);
        self.call(Call::post("/api/send", &json!({ "documentId": id })))
    }

    fn events(&self, id: &Value) -> Vec<String> {
        let path = format!("/api/documents/{}/events", id.as_str().unwrap());
        let page = self.call(Call::get(path)).expect(200);
        page["items"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn the_provider_role_shows_tokens_for_deliveries_codes_and_receipts_and_never_to_webhooks() {
    let hook = Receiver::start(Behaviour::Answer(204, String::new()));
    let pair = Pair::start(SERVICE_SECRET, SERVICE_SECRET);
    let url = format!("http://{}/hook", hook.address());
    pair.call(Call::post("/api/webhooks", &json!({ "url": url }))).expect(201);
    let sent = pair.send().expect(200);
    let opened = Call::get(format!("/api/public/{}", sent["accessCode"].as_str().unwrap()));
    pair.client.call(&opened).expect(200);
    until("the receipt", PATIENCE, || {
        pair.events(&sent["documentId"]).contains(&"opened".to_owned()).then_some(())
    });
    until("the reserve", PATIENCE, || (pair.at_provider.count("code_reserve") > 0).then_some(()));
    until("the webhook", PATIENCE, || (!hook.every_call().is_empty()).then_some(()));
    for call in hook.every_call() {
        assert!(!call.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("Authorization")), "{call:?}");
    }
}

#[test]
fn a_client_role_with_another_secret_takes_nothing_and_nothing_is_lost() {
    let pair = Pair::start(OTHER_SECRET, SERVICE_SECRET);
    let queued = pair.send().expect(202);
    let path = format!("/api/documents/{}", queued["documentId"].as_str().unwrap());
    let error = until("the refusal", Duration::from_secs(15), || {
        let document = pair.call(Call::get(path.clone())).expect(200);
        document["delivery"]["lastError"].as_str().map(str::to_owned)
    });
    assert!(error.contains("status 401"), "{error}");
}

#[test]
fn a_token_of_the_roles_is_for_handing_over_alone() {
    let seen = Receiver::start(Behaviour::Answer(500, String::new()));
    let at_provider = TestDatabase::of("provider");
    let url = seen.base_url();
    let showing = [("SERVICE_TOKEN_SECRET", SERVICE_SECRET), ("CLIENT_BASE_URL", url.as_str())];
    let provider = Served::start(Role::Provider, &at_provider, &[JWT, &showing].concat());
    let bearer = format!("Bearer {}", token(EVERY_SCOPE));
    let created = json!({"title": "T", "content": "C"});
    provider.call(&Call::post("/api/documents", &created).header("Authorization", &bearer)).expect(201);
    let shown = until("a call with a token", PATIENCE, || {
        let calls = seen.every_call();
        calls
            .iter()
            .flat_map(|call| &call.headers)
            .find(|(n, _)| n.eq_ignore_ascii_case("Authorization"))
            .cloned()
    });
    let back = |path: &str| provider.call(&Call::get(path).header("Authorization", &shown.1));
    back("/api/documents").refused(401, "UNAUTHENTICATED");
    back("/api/outbox").refused(401, "UNAUTHENTICATED");
}

#[test]
fn the_commands_show_the_token_that_they_are_given() {
    let pair = Pair::start(SERVICE_SECRET, SERVICE_SECRET);
    let url = pair.provider.url();
    let refused = run_with(&["outbox", "list", "--provider", &url], &[]);
    assert!(refused.code == 1 && refused.err.contains("answered 401"), "{}", refused.err);
    let good = token(EVERY_SCOPE);
    let sent = run_reading(&["send", "-", "--title", "T", "--provider", &url, "--token", &good], b"Text");
    assert_eq!(sent.code, 0, "{}", sent.err);
    let listed = run_with(&["outbox", "list", "--provider", &url], &[("OC_TOKEN", &good)]);
    assert_eq!((listed.code, listed.out.lines().count()), (0, 1), "{}", listed.err);
    let help = run_with(&["send", "--help"], &[("OC_TOKEN", &good)]);
    assert!(help.code == 0 && !help.out.contains(&good), "{}", help.out);
}

fn check(args: &[&str], variables: &[(&str, &str)]) -> Ended {
    run_with(&[&["check"], args].concat(), variables)
}

#[test]
fn a_check_opens_what_it_sends_and_leaves_nothing_behind() {
    let pair = Pair::start(SERVICE_SECRET, SERVICE_SECRET);
    let (provider, client) = (pair.provider.url(), pair.client.url());
    let both = ["--provider", &provider, "--client", &client];
    let signed = check(&[&both[..], &["--tenant", "north"]].concat(), JWT);
    assert_eq!((signed.code, signed.err.as_str(), signed.out.lines().count()), (0, "", 3), "{signed:?}");
    let good = token(EVERY_SCOPE);
    let shown = check(&both, &[("OC_TOKEN", good.as_str())]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let tenants = pair.at_provider.texts("SELECT DISTINCT tenant_id::text AS text FROM outbox ORDER BY 1");
    assert_eq!(tenants.len(), 2, "{tenants:?}");
    assert_eq!(pair.call(Call::get("/api/documents")).expect(200), json!({"items": []}));
    until("the end of access", PATIENCE, || {
        (pair.at_client.count("documents WHERE content IS NOT NULL") == 0).then_some(())
    });
    let unknown = check(&both, &[]);
    assert!(unknown.code == 1 && unknown.err.contains("answered 401"), "{}", unknown.err);
    let elsewhere = check(&["--provider", &provider, "--client", &provider], JWT);
    assert!(elsewhere.code == 1 && elsewhere.err.contains("answered 404"), "{}", elsewhere.err);
}

#[test]
fn a_check_tells_why_its_document_does_not_arrive() {
    let pair = Pair::start(OTHER_SECRET, SERVICE_SECRET);
    let (provider, client) = (pair.provider.url(), pair.client.url());
    let late = check(&["--provider", &provider, "--client", &client, "--wait", "1"], JWT);
    assert!(late.code == 3 && late.err.contains("status 401"), "{late:?}");
    assert_eq!(pair.call(Call::get("/api/documents")).expect(200), json!({"items": []}));
}
