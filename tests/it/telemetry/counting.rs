//! What happens is counted.

use serde_json::json;

use super::exposition::Samples;
use crate::journeys::{Pair, provider};
use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::process::PATIENCE;
use crate::support::receiver::{Behaviour, Receiver};
use crate::support::waiting::until;

const PLAN: fn() -> serde_json::Value = || json!({"title": "Plan", "content": "Drink water."});

#[test]
fn a_document_that_is_sent_and_opened_is_counted_on_both_sides() {
    let pair = Pair::start();
    let id = pair.ready(&PLAN());
    let sent = pair.send(&id).expect(200);
    pair.open(&sent["accessCode"]).expect(200);
    pair.open(&json!("0000-0000-0000")).refused(404, "NOT_FOUND");

    let told = Samples::of(pair.provider.address);
    assert_eq!(told.value("oc_documents_sent_total{outcome=\"delivered\"}"), 1.0);
    assert_eq!(told.value("oc_documents_sent_total{outcome=\"queued\"}"), 0.0);
    assert_eq!(told.value("oc_document_delivery_seconds_count"), 1.0);
    let delivered = "oc_outbox_attempts_total{destination=\"client\",outcome=\"delivered\"}";
    assert_eq!(told.value(delivered), 1.0);
    assert_eq!(told.value("oc_outbox_messages{destination=\"client\",state=\"waiting\"}"), 0.0);
    assert_eq!(told.value("oc_outbox_breakers{destination=\"client\",state=\"closed\"}"), 1.0);
    assert_eq!(told.value("oc_db_up"), 1.0);
    assert!(told.value("oc_db_connections_max{pool=\"tenants\"}") >= 2.0);
    assert!(told.value("oc_db_wait_seconds_count{pool=\"tenants\"}") >= 3.0);
    let post = "oc_http_requests_total{method=\"POST\",route=\"/api/send\",status=\"200\"}";
    assert_eq!(told.value(post), 1.0);
    assert_eq!(told.value("oc_http_requests_in_flight"), 1.0, "the scraping itself");

    let told = Samples::of(pair.client.address);
    assert_eq!(told.value("oc_deliveries_received_total{outcome=\"accepted\"}"), 1.0);
    assert_eq!(told.value("oc_access_attempts_total{outcome=\"opened\"}"), 1.0);
    assert_eq!(told.value("oc_access_attempts_total{outcome=\"refused\"}"), 1.0);
    assert_eq!(told.series("oc_outbox_messages"), Vec::<&str>::new(), "it promises nothing");
}

#[test]
fn what_waits_and_what_was_refused_is_counted() {
    let database = TestDatabase::of("provider");
    let client = Receiver::start(Behaviour::Close);
    let base = client.base_url();
    let given =
        [("CLIENT_BASE_URL", base.as_str()), ("SEND_TIMEOUT_MS", "300"), ("HOUSEKEEPING_SECONDS", "1")];
    let provider = provider(&database, &given);
    let send = || {
        let created = provider.call(&Call::post("/api/documents", &PLAN())).expect(201);
        let id = created["id"].as_str().unwrap().to_owned();
        let place = format!("/api/documents/{id}");
        provider.call(&Call::put(place, &json!({"status": "final"}))).expect(200);
        provider.call(&Call::post("/api/send", &json!({ "documentId": id })))
    };
    send().expect(202);
    let told = Samples::of(provider.address);
    assert_eq!(told.value("oc_documents_sent_total{outcome=\"queued\"}"), 1.0);
    assert_eq!(told.value("oc_code_reserve_taken_total{outcome=\"empty\"}"), 1.0);
    assert_eq!(told.value("oc_outbox_messages{destination=\"client\",state=\"waiting\"}"), 1.0);
    let unreachable = "oc_outbox_attempts_total{destination=\"client\",outcome=\"unreachable\"}";
    assert!(told.value(unreachable) >= 1.0);
    until("the jobs are counted", PATIENCE, || {
        let told = Samples::of(provider.address);
        let runs = told.value("oc_job_runs_total{task=\"housekeeping\",outcome=\"done\"}");
        (runs >= 1.0).then_some(())
    });
}
