//! The example documents: enough of them, and each one travels unharmed.

use std::collections::BTreeSet;
use std::path::Path;

use oc::local::examples::{EXAMPLES, content_type_of, title_of};
use serde_json::json;

use crate::journeys::Pair;
use crate::support::http::Call;

#[test]
fn there_are_enough_examples_of_every_kind() {
    assert!(EXAMPLES.len() >= 8, "{}", EXAMPLES.len());
    for language in ["en", "fr", "de", "it"] {
        let part = format!(".{language}.");
        assert!(EXAMPLES.iter().any(|example| example.file.contains(&part)), "{language}");
    }
    let any = |what: &str, test: fn(&str) -> bool| {
        assert!(EXAMPLES.iter().any(|example| test(example.text)), "no example has {what}");
    };
    any("200 kB", |text| text.len() >= 190_000);
    any("a table", |text| text.contains("\n| --- |") || text.contains("\n|---") || text.contains("\n| :-"));
    any("an emoji", |text| {
        text.contains('👩') || text.chars().any(|c| ('\u{1F300}'..'\u{1FAFF}').contains(&c))
    });
    any("Arabic", |text| text.chars().any(|c| ('\u{0600}'..'\u{06FF}').contains(&c)));
    any("Hebrew", |text| text.chars().any(|c| ('\u{0590}'..'\u{05FF}').contains(&c)));
    assert!(EXAMPLES.iter().any(|example| content_type_of(example.file) == "text/plain"));
}

#[test]
fn every_file_of_the_folder_is_an_example_and_has_a_title() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let entries =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = entries.filter(|name| name != "README.md").collect();
    let known: BTreeSet<String> = EXAMPLES.iter().map(|example| example.file.to_owned()).collect();
    assert_eq!(files, known);
    for example in EXAMPLES {
        let title = title_of(example.text).unwrap();
        assert!(
            title.chars().count() > 8 && !title.starts_with('#') && !example.recipient.is_empty(),
            "{title}"
        );
    }
}

#[test]
fn every_example_arrives_byte_for_byte_and_becomes_a_page() {
    let pair = Pair::start();
    for example in EXAMPLES {
        let title = title_of(example.text).unwrap();
        let id = pair.ready(&json!({
            "title": title, "content": example.text, "contentType": content_type_of(example.file),
            "recipient": {"name": example.recipient}, "metadata": {"example": example.file},
        }));
        let sent = pair.send(&id).expect(200);
        let opened = pair.open(&sent["accessCode"]).expect(200);
        assert_eq!(
            (&opened["title"], &opened["meta"]["contentType"]),
            (&json!(title), &json!(content_type_of(example.file)))
        );
        assert!(opened["content"] == example.text.trim(), "{} was changed on its way", example.file);
        let code = sent["accessCode"].as_str().unwrap();
        let page = pair.client.call(&Call::new("POST", "/").form(&format!("code={code}")));
        assert_eq!(page.status, 200, "{}", example.file);
        let page = page.text();
        assert!(page.contains("<h1 ") && page.matches("<script").count() == 1, "{}", example.file);
        assert_eq!(page.contains("<table>"), example.text.contains("\n|"), "{}", example.file);
    }
    assert_eq!(pair.at_client.count("documents"), i64::try_from(EXAMPLES.len()).unwrap());
}
