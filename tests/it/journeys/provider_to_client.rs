//! A document goes from provider to client, whatever happens on the way.

use std::sync::Arc;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::{Pair, provider};
use crate::support::http::{Answer, Call, call};
use crate::support::process::PATIENCE;
use crate::support::receiver::{Behaviour, Gate, Receiver};
use crate::support::vault::opened;
use crate::support::waiting::until;

fn plan() -> Value {
    json!({"title": "Knee exercises", "content": "Bend the **left** knee.", "recipient": {"name": "Anna Muster"}})
}

#[test]
fn a_document_is_written_sent_and_read() {
    let pair = Pair::start();
    let id = pair.ready(&plan());
    let sent = pair.send(&id).expect(200);
    let code = &sent["accessCode"];
    assert_eq!(pair.document(&id)["accessCode"], *code);
    let opened = pair.open(code).expect(200);
    assert_eq!((&opened["id"], &opened["title"]), (&json!(id), &json!("Knee exercises")));
    assert_eq!(opened["content"], "Bend the **left** knee.");
    assert_eq!(opened["meta"]["expiresAt"], pair.document(&id)["expiresAt"]);
    let form = Call::new("POST", "/").form(&format!("code={}", code.as_str().unwrap()));
    let page = pair.client.call(&form);
    assert!(page.status == 200 && page.text().contains("<strong>left</strong>"), "{}", page.text());
    for served in [&pair.provider, &pair.client] {
        let said = served.process.said();
        let plain = code.as_str().unwrap().replace('-', "");
        for secret in [code.as_str().unwrap(), &plain, "knee", "Knee", "Muster"] {
            assert!(!said.contains(secret), "{secret} in the log: {said}");
        }
    }
}

#[test]
fn an_edit_reaches_the_client_under_the_same_code() {
    let pair = Pair::start();
    let id = pair.ready(&plan());
    let first = pair.send(&id).expect(200);
    let edit = json!({"content": "Bend the right knee."});
    pair.provider.call(&Call::put(format!("/api/documents/{id}"), &edit)).expect(200);
    let before = pair.open(&first["accessCode"]).expect(200);
    assert_eq!(before["content"], "Bend the **left** knee.", "nothing is sent by an edit alone");
    let second = pair.send(&id).expect(200);
    assert_eq!(second, first);
    let after = pair.open(&first["accessCode"]).expect(200);
    assert_eq!((&after["content"], &after["meta"]["version"]), (&edit["content"], &json!(3)));
    assert_eq!(after["createdAt"], before["createdAt"]);
}

#[test]
fn a_lost_answer_leads_to_one_document_with_one_code() {
    let receiver = Receiver::start(Behaviour::Close);
    let pair = Pair::start_by_way_of(|_| receiver.base_url());
    receiver.behave(Behaviour::ForwardAndClose(pair.client.address));
    let id = pair.ready(&plan());
    let queued = pair.send(&id).expect(202);
    assert_eq!(queued["state"], "queued");
    assert_eq!(pair.at_client.count("documents"), 1, "it has arrived all the same");
    receiver.behave(Behaviour::Forward(pair.client.address));
    let sent = until("the document to be delivered", PATIENCE, || {
        let document = pair.document(&id);
        (document["delivery"]["state"] == "delivered").then_some(document)
    });
    assert_eq!(pair.open(&sent["accessCode"]).expect(200)["title"], "Knee exercises");
    assert_eq!((pair.at_client.count("documents"), pair.codes_in_use()), (1, 1));
}

#[test]
fn what_could_not_be_delivered_is_delivered_later_by_itself() {
    let receiver = Receiver::start(Behaviour::Close);
    let pair = Pair::start_by_way_of(|_| receiver.base_url());
    let ids: Vec<String> = (0..3).map(|_| pair.ready(&plan())).collect();
    ids.iter().for_each(|id| drop(pair.send(id).expect(202)));
    receiver.behave(Behaviour::Forward(pair.client.address));
    for id in &ids {
        let code = until("the document to be delivered", PATIENCE, || {
            let document = pair.document(id);
            (document["delivery"]["state"] == "delivered").then(|| document["accessCode"].clone())
        });
        assert_eq!(pair.open(&code).expect(200)["id"], *id);
    }
    assert_eq!(pair.at_client.count("documents"), 3);
}

#[test]
fn a_provider_that_is_killed_in_the_middle_of_a_send_loses_nothing() {
    let receiver = Receiver::start(Behaviour::Hang);
    let pair = Pair::start_by_way_of(|_| receiver.base_url());
    let id = pair.ready(&plan());
    let (address, body) = (pair.provider.address, json!({ "documentId": id }));
    let request =
        std::thread::spawn(move || crate::support::http::try_call(address, &Call::post("/api/send", &body)));
    until("the call to the client role", PATIENCE, || (!receiver.calls().is_empty()).then_some(()));
    pair.provider.process.signal(Signal::KILL);
    assert!(request.join().unwrap().is_err(), "nobody answers");
    receiver.behave(Behaviour::Forward(pair.client.address));
    // As if the lease of the dead attempt had run out.
    pair.at_provider.execute("UPDATE outbox SET due_at = now(), leased_until = now() WHERE state = 'leased'");
    let next = provider(&pair.at_provider, &[("CLIENT_BASE_URL", &receiver.base_url())]);
    let code = until("the document to be delivered", PATIENCE, || {
        let document = next.call(&Call::get(format!("/api/documents/{id}"))).expect(200);
        (document["delivery"]["state"] == "delivered").then(|| document["accessCode"].clone())
    });
    assert_eq!(pair.open(&code).expect(200)["title"], "Knee exercises");
    assert_eq!(pair.at_client.count("documents"), 1);
}

#[test]
fn ten_sends_at_once_make_one_document_and_one_code() {
    let receiver = Receiver::start(Behaviour::Close);
    let pair = Pair::start_by_way_of(|_| receiver.base_url());
    for round in 1..=3 {
        // All ten are under way together: none is answered with a code before nine are answered without.
        let gate = Arc::new(Gate::default());
        receiver.behave(Behaviour::ForwardThrough(Arc::clone(&gate), pair.client.address));
        let id = pair.ready(&plan());
        let (told, answers) = std::sync::mpsc::channel();
        let mut answers: Vec<Answer> = std::thread::scope(|scope| {
            for _ in 0..10 {
                let (told, pair, id) = (told.clone(), &pair, &id);
                scope.spawn(move || told.send(pair.send(id)).unwrap());
            }
            let mut received: Vec<_> = answers.iter().take(9).collect();
            gate.open();
            received.extend(answers.iter().take(1));
            received
        });
        let delivered = answers.pop().unwrap().expect(200);
        for answer in answers {
            let queued = answer.expect(202);
            assert_eq!(queued["state"], "queued");
            // From the second round on there may be one in reserve.
            assert!([&delivered["accessCode"], &Value::Null].contains(&&queued["accessCode"]), "{queued}");
        }
        let document = pair.document(&id);
        assert_eq!(
            (&document["delivery"]["state"], &document["accessCode"]),
            (&json!("delivered"), &delivered["accessCode"])
        );
        assert_eq!((pair.at_client.count("documents"), pair.codes_in_use()), (round, round));
        assert_eq!(receiver.calls().len(), usize::try_from(round).unwrap());
    }
}

#[test]
fn tenants_stay_apart_on_the_whole_way() {
    let pair = Pair::start();
    for tenant in ["north", "south"] {
        let post =
            |path: &str, body: &Value| call(pair.provider.address, &Call::post(path, body).tenant(tenant));
        let id = post("/api/documents", &json!({"title": tenant, "content": "C"})).expect(201)["id"].clone();
        let path = format!("/api/documents/{}", id.as_str().unwrap());
        pair.provider.call(&Call::put(path, &json!({"status": "final"})).tenant(tenant)).expect(200);
        let sent = post("/api/send", &json!({ "documentId": id })).expect(200);
        assert_eq!(pair.open(&sent["accessCode"]).expect(200)["title"], tenant);
    }
    for tenant in ["north", "south"] {
        assert_eq!(opened(&pair.at_client, "client", tenant, ("documents", "title")), [tenant]);
    }
}

#[test]
fn an_access_that_has_ended_is_told_to_the_reader() {
    let pair = Pair::start();
    let mut body = plan();
    body["expiresIn"] = json!(60);
    let id = pair.ready(&body);
    let code = pair.send(&id).expect(200)["accessCode"].clone();
    pair.open(&code).expect(200);
    pair.at_client.execute("UPDATE documents SET expires_at = expires_at - interval '61 seconds'");
    pair.open(&code).refused(410, "ACCESS_CODE_EXPIRED");
}
