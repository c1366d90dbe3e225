//! The letter with the code, and the QR code of the link.

mod page;
mod qr;
mod words;

use serde_json::{Value, json};

use super::send::CODE;
use super::{Provider, id_of, make_due};
use crate::support::http::{Answer, Call};
use crate::support::pdf::Pdf;
use crate::support::receiver::{Behaviour, Receiver};
use crate::support::{Settings, bad_input};

const LINK: &str = "https://client.on-track.ch/d/lG0aCeUoXiT1vN6rWQ4sb7SxwJ3nq5Rk8ZyVtPfM2dg";
const TITLE: &str = "Zwangsstörung-Tagebuch";
const CONTENT: &str = "Expositionstherapie Woche 3";

/// Somebody to write from.
const SENDER: [(&str, &str); 4] = [
    ("SENDER_NAME", "Praxis am See"),
    ("SENDER_ADDRESS", "Seestrasse 12, 8002 Zürich"),
    ("SENDER_PHONE", "044 123 45 67"),
    ("SENDER_HOURS", "Mo–Fr 8–12"),
];

fn receipt() -> Behaviour {
    let given = json!({"id": "x", "accessCode": CODE, "link": LINK});
    Behaviour::Answer(201, given.to_string())
}

impl Provider {
    /// A final document for this recipient.
    async fn ready_for(&self, recipient: Value, second_factor: &str) -> String {
        let written = json!({
            "title": TITLE, "content": CONTENT, "metadata": {"case": "F42.1"}, "recipient": recipient,
            "protection": {"secondFactor": second_factor},
        });
        let id = id_of(&self.create(&written).await.expect(201));
        self.update(&id, &json!({"status": "final"})).await.expect(200);
        id
    }

    async fn letter(&self, id: &str) -> Answer {
        self.call(Call::get(format!("/api/documents/{id}/letter.pdf"))).await
    }

    async fn qr(&self, id: &str) -> Answer {
        self.call(Call::get(format!("/api/documents/{id}/qr.svg"))).await
    }
}

/// A letter to this recipient, in a file; `None` where nobody can read it.
async fn letter_with(given: Settings<'_>, recipient: Value, second_factor: &str) -> Option<Pdf> {
    let receiver = Receiver::start(receipt());
    let provider = Provider::to(&receiver, given).await;
    let id = provider.ready_for(recipient, second_factor).await;
    provider.send(&id).await.expect(200);
    let answer = provider.letter(&id).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    Pdf::of(&answer.body)
}

fn anna(language: &str) -> Value {
    json!({"name": "Anna Muster", "email": "anna@example.ch", "phone": "+41 79 123 45 67", "language": language})
}

#[actix_web::test]
async fn a_letter_is_a_file_that_nobody_keeps_and_whose_name_tells_nothing() {
    let receiver = Receiver::start(receipt());
    let provider = Provider::to(&receiver, &SENDER).await;
    let id = provider.ready_for(anna("de"), "none").await;
    provider.send(&id).await.expect(200);
    let (letter, qr) = (provider.letter(&id).await, provider.qr(&id).await);
    assert_eq!((letter.status, qr.status), (200, 200));
    assert_eq!(letter.header("Content-Type"), Some("application/pdf"));
    assert_eq!(qr.header("Content-Type"), Some("image/svg+xml"));
    assert_eq!(
        (letter.header("Cache-Control"), qr.header("Cache-Control")),
        (Some("no-store"), Some("no-store"))
    );
    let name = format!("inline; filename=\"letter-{id}.pdf\"");
    assert_eq!(letter.header("Content-Disposition"), Some(name.as_str()));
    assert!(letter.body.len() < 120_000, "{} bytes", letter.body.len());
}

#[actix_web::test]
async fn without_a_code_that_opens_there_is_nothing_to_print() {
    let receiver = Receiver::start(receipt());
    let provider = Provider::to(&receiver, &[]).await;
    let refused = async |id: &str, part: &str| {
        for answer in [provider.letter(id).await, provider.qr(id).await] {
            let message = answer.refused(400, "INVALID_DOCUMENT_STATE")["message"].to_string();
            assert!(message.contains(part), "{message}");
        }
    };
    refused(&provider.draft("T").await, "never sent").await;
    let id = provider.ready("T").await;
    refused(&id, "never sent").await;
    receiver.behave(Behaviour::Close);
    provider.send(&id).await.expect(202);
    refused(&id, "no access code yet").await;
    receiver.behave(receipt());
    make_due(&provider);
    provider.send(&id).await.expect(200);
    assert_eq!(provider.letter(&id).await.status, 200);
    provider.database.execute("UPDATE documents SET expires_at = now()");
    refused(&id, "has ended").await;
    provider.expire_in(&id, 3_600).await.expect(200);
    assert_eq!(provider.letter(&id).await.status, 200);
    receiver.behave(Behaviour::Close);
    provider.revoke(&id).await.expect(202);
    refused(&id, "has ended").await;
    receiver.behave(Behaviour::Answer(204, String::new()));
    make_due(&provider);
    provider.revoke(&id).await;
    refused(&id, "has ended").await;
    let failed = provider.ready("T").await;
    receiver.behave(Behaviour::refuse(422));
    provider.send(&failed).await.refused(502, "CLIENT_REFUSED");
    refused(&failed, "failed").await;
}

#[actix_web::test]
async fn what_is_no_document_has_no_letter() {
    let receiver = Receiver::start(receipt());
    let provider = Provider::to(&receiver, &[]).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(200);
    for path in ["letter.pdf", "qr.svg"] {
        let call = Call::get(format!("/api/documents/{id}/{path}")).tenant("other");
        provider.call(call).await.refused(404, "NOT_FOUND");
        for segment in bad_input::malformed_segments() {
            let answer = provider.call(Call::get(format!("/api/documents/{segment}/{path}"))).await;
            answer.refused(404, "NOT_FOUND");
        }
    }
    provider.delete(&id).await;
    provider.letter(&id).await.refused(404, "NOT_FOUND");
}

#[actix_web::test]
async fn every_letter_stands_in_the_audit_trail_and_a_refused_one_does_not() {
    let receiver = Receiver::start(receipt());
    let provider = Provider::to(&receiver, &[("AUDIT_READS", "false"), ("AUDIT_CHAIN_MS", "60000")]).await;
    let id = provider.ready("T").await;
    provider.letter(&id).await.refused(400, "INVALID_DOCUMENT_STATE");
    provider.send(&id).await.expect(200);
    for _ in 0..2 {
        assert_eq!(provider.letter(&id).await.status, 200);
    }
    let sql =
        "SELECT concat_ws(' ', target, outcome) AS text FROM audit_pending WHERE action = 'letter.printed'";
    let told = format!("{id} done");
    assert_eq!(provider.database.texts(sql), [told.clone(), told]);
}

#[actix_web::test]
async fn a_letter_changes_nothing_of_its_document() {
    let receiver = Receiver::start(receipt());
    let provider = Provider::to(&receiver, &[]).await;
    let id = provider.ready("T").await;
    provider.send(&id).await.expect(200);
    let before = (provider.document(&id).await, provider.history(&id).await);
    assert_eq!(provider.letter(&id).await.status, 200);
    assert_eq!((provider.document(&id).await, provider.history(&id).await), before);
}
