//! Traces, told to a receiver that reads OTLP.

use std::time::Duration;

use oc::roles::Role;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use rustix::process::Signal;
use serde_json::json;

use crate::journeys::provider;
use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::process::Served;
use crate::support::receiver::{Behaviour, Receiver};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A span, and who told of it.
struct Told {
    service: String,
    span: Span,
}

impl Told {
    fn trace(&self) -> String {
        hex(&self.span.trace_id)
    }

    fn says(&self, key: &str) -> Option<String> {
        let said = self.span.attributes.iter().find(|attribute| attribute.key == key)?;
        Some(match said.value.as_ref()?.value.as_ref()? {
            Any::StringValue(text) => text.clone(),
            Any::IntValue(number) => number.to_string(),
            other => format!("{other:?}"),
        })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Everything that was told so far.
fn told(collector: &Receiver) -> Vec<Told> {
    let calls = collector.every_call();
    let requests = calls.iter().map(|call| {
        assert_eq!((call.method.as_str(), call.path.as_str()), ("POST", "/v1/traces"));
        let header = |name: &str| call.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        assert_eq!(header("content-type").unwrap().1, "application/x-protobuf");
        assert_eq!(header("x-scope").unwrap().1, "praxis and more");
        ExportTraceServiceRequest::decode(call.body.as_slice()).unwrap()
    });
    let mut spans = Vec::new();
    for resource in requests.flat_map(|request| request.resource_spans) {
        let attributes = resource.resource.unwrap().attributes;
        let name = attributes.iter().find(|attribute| attribute.key == "service.name").unwrap();
        let Some(Any::StringValue(service)) = name.value.clone().unwrap().value else { panic!("{name:?}") };
        let found = resource.scope_spans.into_iter().flat_map(|scope| scope.spans);
        spans.extend(found.map(|span| Told { service: service.clone(), span }));
    }
    spans
}

/// Both roles with their traces going to one collector, and what it was told once both
/// have stopped.
fn traced(ratio: &str, journey: impl FnOnce(&Served, &Served)) -> Vec<Told> {
    let collector = Receiver::start(Behaviour::Answer(200, String::new()));
    let endpoint = format!("http://{}", collector.address());
    let given = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()),
        ("OTEL_EXPORTER_OTLP_HEADERS", "X-Scope=praxis and more"),
        ("OTEL_TRACES_SAMPLER_ARG", ratio),
    ];
    let (at_provider, at_client) = (TestDatabase::of("provider"), TestDatabase::of("client"));
    let mut client = Served::start(Role::Client, &at_client, &given);
    let base = format!("{}/api/", client.url());
    let mut provider = provider(&at_provider, &[&given[..], &[("CLIENT_BASE_URL", &base)]].concat());
    journey(&provider, &client);
    for served in [&mut provider, &mut client] {
        served.process.signal(Signal::TERM);
        assert_eq!(served.process.wait(), Some(0), "{}", served.process.said());
    }
    told(&collector)
}

fn send_and_open(provider: &Served, client: &Served) {
    let plan =
        json!({"title": "Zwetschgenkompott", "content": "Murmeltierfett", "recipient": {"name": "Habakuk"}});
    let created = provider.call(&Call::post("/api/documents", &plan).tenant("praxis")).expect(201);
    let id = created["id"].as_str().unwrap().to_owned();
    let place = format!("/api/documents/{id}");
    provider.call(&Call::put(&place, &json!({"status": "final"})).tenant("praxis")).expect(200);
    let send = Call::post("/api/send", &json!({ "documentId": id })).tenant("praxis");
    let sent = provider.call(&send.header("traceparent", PARENT)).expect(200);
    let open = json!({"accessCode": sent["accessCode"]});
    client.call(&Call::post("/api/public/access", &open)).expect(200);
    client.call(&Call::get("/livez")).expect(200);
}

#[test]
fn one_trace_follows_a_document_from_its_sender_to_its_reader() {
    let spans = traced("0", send_and_open);
    let names: Vec<_> = spans.iter().map(|told| format!("{} {}", told.service, told.span.name)).collect();
    assert!(spans.iter().all(|told| told.trace() == TRACE), "nobody else asked for a trace: {names:?}");
    let find = |name: &str| {
        let mut found = spans.iter().filter(|told| format!("{} {}", told.service, told.span.name) == name);
        let one = found.next().unwrap_or_else(|| panic!("{name} in {names:?}"));
        assert!(found.next().is_none(), "{name} twice in {names:?}");
        one
    };
    let send = find("oc-provider POST /api/send");
    let deliver = find("oc-provider deliver");
    let call = find("oc-provider call");
    let received = find("oc-client POST /api/v1/documents");
    let read = find("oc-client open document");
    assert_eq!(hex(&send.span.parent_span_id), "00f067aa0ba902b7");
    for (child, parent) in [(deliver, send), (call, deliver), (received, call), (read, received)] {
        assert_eq!(
            child.span.parent_span_id, parent.span.span_id,
            "{} of {}",
            child.span.name, parent.span.name
        );
    }
    assert_eq!(send.says("tenant_id").as_deref(), Some("praxis"));
    assert_eq!(received.says("tenant_id").as_deref(), Some("praxis"));
    assert_eq!(send.says("http.response.status_code").as_deref(), Some("200"));
    assert_eq!(send.says("http.route").as_deref(), Some("/api/send"));
}

#[test]
fn a_reader_who_is_traced_is_linked_to_the_trace_of_the_document() {
    let spans = traced("1", send_and_open);
    let read = spans.iter().find(|told| told.span.name == "open document").unwrap();
    let reader = spans.iter().find(|told| told.span.name == "POST /api/public/access").unwrap();
    assert_eq!(read.trace(), TRACE);
    assert_ne!(reader.trace(), TRACE);
    let links: Vec<_> = read.span.links.iter().map(|link| link.span_id.clone()).collect();
    assert_eq!(links, std::slice::from_ref(&reader.span.span_id));
    assert_eq!(reader.says("tenant_id").as_deref(), Some("praxis"));
    assert!(spans.iter().all(|told| !told.span.name.contains("livez")), "probes are not traced");
    let everything = format!("{:?}", spans.iter().map(|told| &told.span).collect::<Vec<_>>());
    for personal in ["Zwetschgen", "Murmeltier", "Habakuk", "0.0.1"] {
        assert!(!everything.contains(personal), "{personal} in {everything}");
    }
}

#[test]
fn a_collector_that_is_away_or_hangs_holds_nobody_up() {
    let hanging = Receiver::start(Behaviour::Hang);
    for endpoint in ["http://127.0.0.1:1".to_owned(), format!("http://{}", hanging.address())] {
        let database = TestDatabase::of("client");
        let given = [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str())];
        let mut served = Served::start(Role::Client, &database, &given);
        for _ in 0..50 {
            assert_eq!(served.call(&Call::get("/")).status, 200);
        }
        served.process.signal(Signal::TERM);
        let begun = std::time::Instant::now();
        assert_eq!(served.process.wait(), Some(0), "{}", served.process.said());
        assert!(begun.elapsed() < Duration::from_secs(15));
    }
}
