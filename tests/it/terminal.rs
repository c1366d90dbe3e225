//! `oc send` and `oc open` against real processes.

use std::io::Write as _;
use std::process::Stdio;

use oc::roles::Role;
use serde_json::{Value, json};

use crate::journeys::Pair;
use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::process::{Ended, PATIENCE, Served, oc, run, run_reading, run_with};
use crate::support::receiver::{Behaviour, Receiver};
use crate::support::scratch::Scratch;
use crate::support::waiting::until;

impl Pair {
    fn oc_send(&self, args: &[&str], input: &str) -> Ended {
        let url = self.provider.url();
        run_reading(&[&["send"], args, &["--provider", &url]].concat(), input.as_bytes())
    }

    fn oc_open(&self, args: &[&str]) -> Ended {
        run_with(&[&["open"], args].concat(), &[("OC_CLIENT_URL", &self.client.url())])
    }

    /// The newest document that the provider holds.
    fn newest(&self) -> Value {
        self.provider.call(&Call::get("/api/documents?limit=1")).expect(200)["items"][0].take()
    }
}

/// The value of a line such as `code      K7QM-4T9X-WR5C`.
fn told(out: &str, name: &str) -> String {
    let line =
        out.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_else(|| panic!("{name} in {out}"));
    line.trim().to_owned()
}

#[test]
fn a_file_is_sent_and_its_code_opens_it() {
    let pair = Pair::start();
    let text = "# Exercises\n\nBend **and** stretch. 🙂\n";
    let scratch = Scratch::new("files");
    let file = scratch.file("plan.md", text);
    let sent = pair.oc_send(&[&file, "--to", "Anna Muster"], "");
    assert_eq!((sent.code, sent.err.as_str()), (0, ""), "{sent:?}");
    let (code, link) = (told(&sent.out, "code"), told(&sent.out, "link"));
    assert!(link.contains("/d/") && !link.contains(&code), "{link}");
    let document = pair.newest();
    assert_eq!(document["id"], told(&sent.out, "document"));
    assert_eq!(
        (&document["title"], &document["contentType"]),
        (&json!("Exercises"), &json!("text/markdown"))
    );
    assert_eq!(
        (&document["recipient"]["name"], &document["status"]),
        (&json!("Anna Muster"), &json!("final"))
    );
    let (lower, spaced, older) =
        (code.to_lowercase(), code.replace('-', " "), format!("http://c/view/{code}/"));
    let by_link = [code.as_str(), "--link", link.as_str()];
    for typed in [&[code.as_str()][..], &[&lower], &[&spaced], &[&older], &by_link] {
        let opened = pair.oc_open(typed);
        assert_eq!((opened.code, opened.err.as_str()), (0, ""), "{typed:?}");
        assert_eq!(opened.out, text, "{typed:?}");
    }
    assert_eq!(pair.oc_open(&[&link]).code, 4, "a link alone opens nothing");
}

#[test]
fn plain_text_and_standard_input_and_a_title_are_taken() {
    let pair = Pair::start();
    let scratch = Scratch::new("files");
    let file = scratch.file("Reminder.TXT", "\n\n  Your appointment  \nTomorrow at nine.\n");
    assert_eq!(pair.oc_send(&[&file], "").code, 0);
    let document = pair.newest();
    assert_eq!(
        (&document["title"], &document["contentType"]),
        (&json!("Your appointment"), &json!("text/plain"))
    );
    assert_eq!(document["recipient"], Value::Null);
    let piped = pair.oc_send(&["-", "--title", "Given title"], "some text");
    assert_eq!(piped.code, 0, "{}", piped.err);
    let document = pair.newest();
    assert_eq!((&document["title"], &document["content"]), (&json!("Given title"), &json!("some text")));
    assert_eq!(document["contentType"], "text/markdown");
}

#[test]
fn machines_get_json() {
    let pair = Pair::start();
    let sent = pair.oc_send(&["-", "--json", "--tenant", "north"], "# T\n\ntext");
    let answer: Value = serde_json::from_str(&sent.out).unwrap();
    assert_eq!((sent.code, &answer["state"], sent.out.lines().count()), (0, &json!("delivered"), 1));
    let opened = pair.oc_open(&[answer["accessCode"].as_str().unwrap(), "--json"]);
    let document: Value = serde_json::from_str(&opened.out).unwrap();
    assert_eq!((&document["id"], &document["title"]), (&answer["documentId"], &json!("T")));
    let list = Call::get("/api/documents");
    assert_eq!(pair.provider.call(&list).expect(200), json!({"items": []}));
    assert_eq!(pair.provider.call(&list.tenant("north")).expect(200)["items"][0]["id"], answer["documentId"]);
}

#[test]
fn input_that_can_not_be_used_ends_with_two() {
    let pair = Pair::start();
    for (args, input, told) in [
        (vec!["/nowhere/file.md"], "", "/nowhere/file.md can't be read"),
        (vec!["/"], "", "/ can't be read"),
        (vec!["-"], "", "- is empty"),
        (vec!["-"], " \n\n", "- is empty"),
    ] {
        let refused = pair.oc_send(&args, input);
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{args:?}");
        assert!(refused.err.starts_with("oc: ") && refused.err.contains(told), "{}", refused.err);
    }
    let url = pair.provider.url();
    let binary = run_reading(&["send", "-", "--provider", &url], b"\xff\xfe\x00");
    assert_eq!(binary.code, 2);
    assert!(binary.err.contains("is not text in UTF-8"), "{}", binary.err);
    let address = run(&["open", "x", "--client", "localhost:3000"]);
    assert_eq!(address.code, 2);
    assert!(address.err.contains("must start with http:// or https://"), "{}", address.err);
    assert_eq!(pair.provider.call(&Call::get("/api/documents")).expect(200), json!({"items": []}));
}

#[test]
fn what_the_server_refuses_ends_with_one_and_its_reason() {
    let pair = Pair::start();
    let long = pair.oc_send(&["-", "--title", &"x".repeat(501)], "text");
    assert_eq!((long.code, long.out.as_str()), (1, ""));
    assert!(long.err.contains("title must be at most 500 characters long"), "{}", long.err);
    let tenant = pair.oc_send(&["-", "--tenant", "Not One"], "text");
    assert!(tenant.code == 1 && tenant.err.contains("X-Tenant"), "{}", tenant.err);
    let gone = run(&["open", "0000-0000-0000", "--client", "http://127.0.0.1:1"]);
    assert_eq!((gone.code, gone.out.as_str()), (1, ""));
    assert!(gone.err.contains("can't be reached") && gone.err.contains("oc dev"), "{}", gone.err);
}

#[test]
fn a_document_that_waits_ends_with_three() {
    let database = TestDatabase::of("provider");
    let receiver = Receiver::start(Behaviour::Close);
    let provider = Served::start(Role::Provider, &database, &[("CLIENT_BASE_URL", &receiver.base_url())]);
    let sent = run_reading(&["send", "-", "--provider", &provider.url()], b"# T\n\ntext");
    assert_eq!(sent.code, 3, "{sent:?}");
    assert_eq!(told(&sent.out, "code"), "not yet known");
    assert!(sent.err.contains("it is delivered later by itself"), "{}", sent.err);
    let json = run_reading(&["send", "-", "--json", "--provider", &provider.url()], b"# T\n\ntext");
    let answer: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((json.code, &answer["state"], &answer["accessCode"]), (3, &json!("queued"), &Value::Null));
}

#[test]
fn a_code_that_opens_nothing_ends_with_four() {
    let pair = Pair::start();
    for typed in ["0000-0000-0000", "x", "", "../../api/ready", "%00", "a b/c?d#e"] {
        let refused = pair.oc_open(&[typed]);
        assert_eq!((refused.code, refused.out.as_str()), (4, ""), "{typed}: {}", refused.err);
        assert!(refused.err.starts_with("oc: "), "{typed}: {}", refused.err);
    }
    let body = json!({"title": "T", "content": "C", "expiresAt": "2020-01-01T00:00:00Z"});
    let expired = pair.client.call(&Call::post("/v1/documents", &body)).expect(201);
    let refused = pair.oc_open(&[expired["accessCode"].as_str().unwrap()]);
    assert_eq!(refused.code, 4);
    assert!(refused.err.contains("Access to this document has ended"), "{}", refused.err);
}

#[test]
fn the_outbox_is_listed_shown_and_started_again() {
    let receiver = Receiver::start(Behaviour::refuse(400));
    let database = TestDatabase::of("provider");
    let base_url = receiver.base_url();
    let provider = Served::start(Role::Provider, &database, &[("CLIENT_BASE_URL", &base_url)]);
    let url = provider.url();
    let outbox = |args: &[&str]| run(&[&["outbox"], args, &["--provider", &url]].concat());
    let sent = run_reading(&["send", "-", "--provider", &url], b"Text.");
    assert_eq!(sent.code, 1, "{sent:?}");
    let listed = outbox(&["list", "--state", "failed"]);
    assert_eq!((listed.code, listed.out.lines().count()), (0, 1), "{listed:?}");
    let id = listed.out.split_whitespace().next().unwrap().to_owned();
    assert!(listed.out.contains("document.deliver") && listed.out.contains("status 400"), "{listed:?}");
    let shown = outbox(&["show", &id]);
    assert!(shown.out.contains("attempt 1") && shown.out.contains("\"message\":\"no\""), "{shown:?}");
    receiver.behave(Behaviour::Answer(201, json!({"id": "x", "accessCode": "K7QM-4T9X-WR5C"}).to_string()));
    assert_eq!(outbox(&["retry", "--all"]).out, "1 started again\n");
    crate::support::waiting::until("the delivery", crate::support::process::PATIENCE, || {
        outbox(&["show", &id, "--json"]).out.contains("\"state\":\"delivered\"").then_some(())
    });
    assert_eq!(outbox(&["retry", "--all"]).out, "0 started again\n");
    let refused = outbox(&["retry", &id]);
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("Only a message that has failed"), "{refused:?}");
    assert_eq!(outbox(&["show", "x"]).code, 1);
    assert_eq!(outbox(&["retry"]).code, 2);
}

#[test]
fn a_number_that_is_asked_for_is_read_from_standard_input() {
    let sms = Receiver::start(Behaviour::Answer(200, "{}".to_owned()));
    let (url, database) = (format!("http://{}/", sms.address()), TestDatabase::of("client"));
    let way_out = [("SMS_GATEWAY_URL", url.as_str()), ("SMS_GATEWAY_TOKEN", "a-token-of-the-gateway")];
    let client = Served::start(Role::Client, &database, &way_out);
    let body = json!({"title": "T", "content": "Bend.", "recipient": {"phone": "+41 79 123 45 67"},
        "protection": {"secondFactor": "sms"}});
    let code = client.call(&Call::post("/v1/documents", &body)).expect(201)["accessCode"].clone();
    let mut command = oc();
    command.args(["open", code.as_str().unwrap(), "--client", &client.url()]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let sent = until("the number", PATIENCE, || sms.every_call().pop());
    let sent: Value = serde_json::from_slice(&sent.body).unwrap();
    let otp: u32 = sent["text"].as_str().unwrap().split(' ').next().unwrap().parse().unwrap();
    let wrong = (otp + 1) % 1_000_000;
    child.stdin.take().unwrap().write_all(format!("{wrong:06}\n{otp:06}\n").as_bytes()).unwrap();
    let ended = Ended::from(child.wait_with_output().unwrap());
    assert_eq!((ended.code, ended.out.as_str()), (0, "Bend.\n"), "{}", ended.err);
    assert!(ended.err.contains("A number was sent to ••• •• 67"), "{}", ended.err);
    assert!(ended.err.contains("The number is not right"), "{}", ended.err);
}
