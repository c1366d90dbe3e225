//! What the provider role tells.

use std::time::Duration;

use oc::roles::Role;
use serde_json::json;

use super::PATIENCE;
use crate::provider::{Provider, id_of};
use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::process::Served;
use crate::support::tokens::{JWT, token};
use crate::support::waiting::until;

/// Titles, names and texts that must not get into the trail.
const SECRET: &str = "Depression diary";

impl Provider {
    /// Everything the trail of a tenant says, once so many entries are chained.
    async fn told(&self, tenant: &str, count: i64) -> Vec<String> {
        let started = std::time::Instant::now();
        while self.database.count("audit_log") < count {
            assert!(started.elapsed() < PATIENCE, "{}", self.database.dump());
            self.state.audit.chain_all().await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.database.texts(&format!(
            "SELECT concat_ws(' ', action, target, outcome, who) AS text FROM audit_log WHERE tenant_id = '{tenant}' ORDER BY seq"
        ))
    }
}

#[actix_web::test]
async fn everything_that_is_done_to_a_document_is_told_once() {
    let provider = Provider::sending_to("http://127.0.0.1:1/").await;
    let id = provider.ready(SECRET).await;
    provider.update(&id, &json!({"title": "Other"})).await.expect(200);
    provider.update(&id, &json!({"title": "Other"})).await.expect(200);
    provider.send(&id).await.expect(202);
    provider.send(&id).await.expect(202);
    provider.reissue(&id).await.expect(202);
    provider.expire_in(&id, 3_600).await.expect(202);
    provider.revoke(&id).await.expect(202);
    assert_eq!(provider.delete(&id).await.status, 204);
    let draft = provider.draft("D").await;
    assert_eq!(provider.delete(&draft).await.status, 204);
    provider.delete(&draft).await.expect(404);
    let done = |action: &str, id: &str| format!("{action} {id} done -");
    assert_eq!(
        provider.told("default", 10).await,
        [
            done("document.created", &id),
            done("document.finalised", &id),
            done("document.edited", &id),
            done("document.sent", &id),
            done("document.reissued", &id),
            done("document.expiry_changed", &id),
            done("document.revoked", &id),
            done("document.deleted", &id),
            done("document.created", &draft),
            done("document.deleted", &draft),
        ]
    );
    let trail = "SELECT string_agg(l::text, ' ') AS text FROM audit_log l";
    assert!(!provider.database.text(trail).contains(SECRET));
}

#[actix_web::test]
async fn reading_is_told_too_unless_the_settings_say_otherwise() {
    for (reads, count) in [("true", 5), ("false", 1)] {
        let provider = Provider::with(&[("AUDIT_READS", reads)]).await;
        let id = provider.draft("T").await;
        provider.find(&id).await.expect(200);
        provider.find("0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d").await.expect(404);
        provider.list("").await.expect(200);
        provider.history(&id).await;
        assert_eq!(provider.call(Call::get("/api/audit")).await.status, 200);
        let told = provider.told("default", count).await;
        let all = [
            format!("document.created {id} done -"),
            format!("document.read {id} done -"),
            "documents.listed - done -".to_owned(),
            format!("history.read {id} done -"),
            "audit.read - done -".to_owned(),
        ];
        let expected = usize::try_from(count).unwrap();
        let mut sorted = (told.clone(), all[..expected].to_vec());
        sorted.0.sort();
        sorted.1.sort();
        assert_eq!(sorted.0, sorted.1);
    }
}

#[actix_web::test]
async fn webhooks_and_messages_that_are_started_again_are_told() {
    let provider = Provider::sending_to("http://127.0.0.1:1/").await;
    let body = json!({"url": "https://practice.example.ch/hook"});
    let hook = id_of(&provider.call(Call::post("/api/webhooks", &body)).await.expect(201));
    let path = format!("/api/webhooks/{hook}");
    provider.call(Call::put(path.as_str(), &json!({"enabled": false}))).await.expect(200);
    provider.call(Call::new("POST", format!("{path}/rotate"))).await.expect(200);
    let since = json!({"since": "2026-11-20T18:00:00Z"});
    provider.call(Call::post(format!("{path}/replay"), &since)).await.expect(202);
    assert_eq!(provider.call(Call::delete(path.as_str())).await.status, 204);
    provider.call(Call::delete(path.as_str())).await.expect(404);
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(202);
    let message = provider.messages().await.remove(0);
    provider.retry(&message).await.expect(400);
    provider.database.execute("UPDATE outbox SET state = 'failed', settled_at = now(), leased_until = NULL");
    provider.retry(&message).await.expect(202);
    let told = provider.told("default", 9).await;
    let of_hook = |action: &str| format!("webhook.{action} {hook} done -");
    assert_eq!(told[..5], ["created", "changed", "rotated", "replayed", "deleted"].map(of_hook));
    assert_eq!(told[8], format!("message.retried {message} done -"));
}

#[actix_web::test]
async fn a_request_that_is_repeated_with_its_key_is_told_once() {
    let provider = Provider::new().await;
    let body = json!({"title": "T", "content": "C"});
    for _ in 0..3 {
        let call = Call::post("/api/documents", &body).header("Idempotency-Key", "k1");
        provider.call(call).await.expect(201);
    }
    provider.draft("other").await;
    assert_eq!(provider.told("default", 2).await.len(), 2);
}

#[actix_web::test]
async fn the_trail_is_a_feed_of_lines_for_its_own_tenant() {
    let provider = Provider::with(&[("AUDIT_READS", "false")]).await;
    for title in ["a", "b", "c"] {
        provider.draft(title).await;
    }
    let new = Call::post("/api/documents", &json!({"title": "S", "content": "C"})).tenant("south");
    provider.call(new).await.expect(201);
    provider.told("default", 4).await;
    let page = async |query: &str| {
        let answer = provider.call(Call::get(format!("/api/audit{query}"))).await;
        assert_eq!((answer.status, answer.header("Content-Type")), (200, Some("application/x-ndjson")));
        answer.text()
    };
    let all = page("").await;
    assert_eq!(all.lines().count(), 3);
    assert_eq!(page("?limit=2").await + &page("?after=2&limit=2").await, all);
    assert_eq!(page("?after=3").await, "");
    let south = provider.call(Call::get("/api/audit").tenant("south")).await.text();
    assert!(south.lines().count() == 1 && south.contains("\"tenant\":\"south\",\"seq\":1,"), "{south}");
    for bad in ["limit=0", "limit=10001", "after=-1", "after=x"] {
        let name = bad.split('=').next().unwrap();
        provider.call(Call::get(format!("/api/audit?{bad}"))).await.names_fields(&[name]);
    }
}

#[test]
fn no_whole_address_and_no_whole_user_agent_is_kept_and_what_was_read_is_written_at_the_end() {
    let database = TestDatabase::of("provider");
    // Nothing is chained before the process ends.
    let mut served = Served::start(Role::Provider, &database, &[("AUDIT_CHAIN_MS", "60000")]);
    let agent = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.77";
    let call = |call: Call| served.call(&call.header("User-Agent", agent));
    call(Call::post("/api/documents", &json!({"title": SECRET, "content": "C"}))).expect(201);
    call(Call::get("/api/documents")).expect(200);
    served.process.signal(rustix::process::Signal::TERM);
    assert_eq!(served.process.wait(), Some(0));
    let told =
        "SELECT concat_ws(' ', action, address, agent, length(mark)) AS text FROM audit_log ORDER BY seq";
    let rows = until("the entries", PATIENCE, || Some(database.texts(told)).filter(|rows| !rows.is_empty()));
    let from = "127.0.0.0/24 firefox 32";
    assert!(rows.contains(&format!("documents.listed {from}")), "{rows:?}");
    let dump = database.dump();
    for raw in ["127.0.0.1", "132.77", "Mozilla"] {
        assert!(!dump.contains(raw), "{raw}");
    }
    let marks = "SELECT count(DISTINCT mark)::text AS text FROM audit_log";
    assert_eq!(database.text(marks), "1", "the same caller has the same mark");
}

#[test]
fn whoever_is_refused_for_lack_of_a_right_is_told_of_by_name() {
    let database = TestDatabase::of("provider");
    let mut served = Served::start(Role::Provider, &database, JWT);
    let token = token("documents:read audit:read");
    let call = |call: Call| served.call(&call.header("Authorization", &format!("Bearer {token}")));
    for _ in 0..5 {
        call(Call::delete("/api/documents/0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d")).refused(403, "FORBIDDEN");
    }
    assert_eq!(call(Call::get("/api/audit")).status, 200);
    served.call(&Call::get("/api/audit")).refused(401, "UNAUTHENTICATED");
    served.process.signal(rustix::process::Signal::TERM);
    assert_eq!(served.process.wait(), Some(0));
    let told = "SELECT concat_ws(' ', tenant_id, who, action, target, outcome) AS text FROM audit_log GROUP BY 1 ORDER BY 1";
    assert_eq!(
        database.texts(told),
        ["praxis anna audit.read - done", "praxis anna request.refused DELETE /api/documents/{id} refused"]
    );
    assert_eq!(
        database.text("SELECT sum(times)::text AS text FROM audit_log WHERE outcome = 'refused'"),
        "5"
    );
}
