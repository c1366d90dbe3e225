//! What the letter says, and what it keeps to itself.

use serde_json::json;

use super::super::Provider;
use super::super::send::CODE;
use super::{CONTENT, SENDER, TITLE, anna, letter_with, receipt};
use crate::support::http::Call;
use crate::support::pdf::Pdf;
use crate::support::receiver::Receiver;

#[actix_web::test]
async fn a_letter_speaks_the_language_of_its_recipient() {
    for (tag, parts) in [
        ("de", ["Ein Dokument liegt für Sie bereit", "Teil B: Ihr Code", "Gültig bis", "Freundliche Grüsse"]),
        (
            "fr-CH",
            [
                "Un document est prêt pour vous",
                "Partie B : votre code",
                "Valable jusqu’au",
                "Meilleures salutations",
            ],
        ),
        ("it", ["Un documento è pronto per lei", "Parte B: il suo codice", "Scadenza", "Cordiali saluti"]),
        ("en", ["A document is ready for you", "Part B: your code", "Valid until", "Kind regards"]),
        ("rm", ["A document is ready for you", "Part B: your code", "Valid until", "Kind regards"]),
    ] {
        let Some(letter) = letter_with(&SENDER, anna(tag), "none").await else { return };
        let text = letter.text();
        for part in parts {
            assert!(text.contains(part), "{part} in {text}");
        }
        for part in ["Anna Muster", "Praxis am See", "Seestrasse 12", "044 123 45 67", "Mo–Fr 8–12", CODE]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(text.contains("client.on-track.ch") && !text.contains("{}"), "{text}");
        assert!(!text.contains('ß'), "{text}");
    }
}

#[actix_web::test]
async fn a_letter_says_nothing_of_its_document() {
    for second_factor in ["none", "sms", "email"] {
        let Some(letter) = letter_with(&SENDER, anna("de"), second_factor).await else { return };
        let said = format!("{} {}", letter.text(), letter.info());
        for word in [TITLE, CONTENT].into_iter().flat_map(str::split_whitespace).chain(["F42", "Tagebuch"]) {
            assert!(!said.contains(word) || word == "3", "{word} in {said}");
        }
        for private in ["anna@example.ch", "79 123", "12345"] {
            assert!(!said.contains(private), "{private} in {said}");
        }
    }
}

#[actix_web::test]
async fn a_second_factor_is_a_step_of_its_own() {
    for (second_factor, step) in [("sms", "per SMS erhalten"), ("email", "per E-Mail erhalten")] {
        let Some(letter) = letter_with(&[], anna("de"), second_factor).await else { return };
        assert!(letter.text().contains(step), "{}", letter.text());
    }
    let Some(letter) = letter_with(&[], anna("de"), "none").await else { return };
    assert!(!letter.text().contains("erhalten"), "{}", letter.text());
}

#[actix_web::test]
async fn what_is_not_set_of_the_sender_is_left_out() {
    let Some(letter) = letter_with(&[], anna("en"), "none").await else { return };
    let text = letter.text();
    assert!(!text.contains("questions") && !text.contains("Telephone"), "{text}");
    let only = [("SENDER_PHONE", "044 123 45 67")];
    let Some(letter) = letter_with(&only, anna("en"), "none").await else { return };
    assert!(letter.text().contains("help: 044 123 45 67"), "{}", letter.text());
}

#[actix_web::test]
async fn a_letter_comes_from_the_practice_of_its_tenant() {
    let receiver = Receiver::start(receipt());
    let provider = Provider::to(&receiver, &SENDER).await;
    let id = provider.ready_for(anna("de"), "none").await;
    provider.send(&id).await.expect(200);
    let theirs =
        json!({"name": "Praxis am Fluss", "address": "Uferweg 3\n3000 Bern", "phone": "031 123 45 67"});
    provider.introduce(&theirs).await.expect(200);
    let north = Call::put("/api/sender", &json!({"name": "Praxis Nord"})).tenant("north");
    provider.call(north).await.expect(200);
    let Some(letter) = Pdf::of(&provider.letter(&id).await.body) else { return };
    let text = letter.text();
    for part in ["Praxis am Fluss", "Uferweg 3", "3000 Bern", "031 123 45 67"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // Nothing of what holds for those who have said nothing is mixed in.
    for other in ["Praxis am See", "Seestrasse", "044 123", "Mo–Fr", "Nord"] {
        assert!(!text.contains(other), "{other} in {text}");
    }
}

#[actix_web::test]
async fn names_of_many_countries_are_written() {
    for name in ["Zoë Đorđević", "Nguyễn Văn Ánh", "Łukasz Żółć", "Иван Петров", "Γιώργος Παπαδόπουλος"]
    {
        let recipient = json!({"name": name, "language": "fr"});
        let Some(letter) = letter_with(&[], recipient, "none").await else { return };
        assert!(letter.text().contains(name), "{name} in {}", letter.text());
    }
}
