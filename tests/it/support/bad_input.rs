//! Bodies that every endpoint has to refuse, and fields that are broken in
//! every way that callers find.

use serde_json::{Value, json};

use super::app::TestApp;
use super::database::TestDatabase;
use super::http::{Answer, Call};

/// Bodies that are no JSON object.
fn broken_bodies() -> Vec<(&'static str, Vec<u8>)> {
    let deep = |open: &str, close: &str| [open.repeat(10_000), close.repeat(10_000)].concat().into_bytes();
    vec![
        ("nothing", Vec::new()),
        ("null", b"null".to_vec()),
        ("a list", b"[]".to_vec()),
        ("a string", b"\"x\"".to_vec()),
        ("a number", b"5".to_vec()),
        ("true", b"true".to_vec()),
        ("a list of documents", br#"[{"title":"T","content":"C"}]"#.to_vec()),
        ("no JSON", b"title=T&content=C".to_vec()),
        ("half of it", br#"{"title":"T","content":"C"#.to_vec()),
        ("more than one", br#"{"title":"T","content":"C"} {}"#.to_vec()),
        ("a trailing comma", br#"{"title":"T","content":"C",}"#.to_vec()),
        ("no UTF-8", b"{\"title\":\"\xff\xfe\",\"content\":\"C\"}".to_vec()),
        ("half a surrogate pair", br#"{"title":"\ud800","content":"C"}"#.to_vec()),
        ("a byte order mark", b"\xef\xbb\xbf{\"title\":\"T\",\"content\":\"C\"}".to_vec()),
        ("a raw null byte", b"{\"title\":\"a\0b\",\"content\":\"C\"}".to_vec()),
        ("a number out of range", br#"{"title":"T","content":"C","metadata":{"n":1e999}}"#.to_vec()),
        ("lists 10,000 deep", deep("[", "]")),
        ("objects 10,000 deep", deep("{\"a\":", "}")),
        ("metadata 10,000 deep", [b"{\"metadata\":".to_vec(), deep("[", "]"), b"}".to_vec()].concat()),
    ]
}

/// Sends every broken body with every content type that is wrong or right, and
/// looks at the database afterwards.
pub async fn refuses_every_broken_body(app: &TestApp, database: &TestDatabase, method: &str, path: &str) {
    let before = database.dump();
    for (what, body) in broken_bodies() {
        let call = Call::new(method, path).raw(body).header("Content-Type", "application/json");
        let answer = app.call(&call).await;
        assert_eq!(answer.status, 400, "{method} {path} with {what}: {}", answer.text());
        answer.names_fields(&["body"]);
    }
    let good = json!({"title": "T", "content": "C", "documentId": "x"}).to_string();
    let call = Call::new(method, path).raw(good.clone());
    app.call(&call).await.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "",
        "json",
        "text/json",
        "application/jsonx",
    ] {
        let answer = app.call(&call.clone().header("Content-Type", kind)).await;
        answer.refused(415, "UNSUPPORTED_MEDIA_TYPE");
    }
    let huge = json!({"title": "T", "content": "x".repeat(10_000_000)});
    app.call(&Call::new(method, path).json(&huge)).await.refused(413, "PAYLOAD_TOO_LARGE");
    assert_eq!(database.dump(), before, "{method} {path} wrote something");
}

/// Fields of a version, each broken in one way, and the name that the answer gives.
pub fn broken_fields() -> Vec<(&'static str, Value)> {
    let mut cases = Vec::new();
    for name in ["title", "content"] {
        let values = [
            json!(5),
            json!(true),
            json!([]),
            json!({}),
            json!(null),
            json!(""),
            json!(" \t\r\n\u{2003}"),
            json!("a\0b"),
            json!("\0"),
        ];
        cases.extend(values.map(|value| (name, json!({ name: value }))));
    }
    cases.push(("title", json!({"title": "x".repeat(501)})));
    cases.push(("title", json!({"title": "ü".repeat(501)})));
    cases.push(("content", json!({"content": "x".repeat(1_000_001)})));
    for value in
        [json!(5), json!([]), json!(""), json!("text/html"), json!("TEXT/PLAIN"), json!("text/plain\0")]
    {
        cases.push(("contentType", json!({ "contentType": value })));
    }
    for value in [
        json!(-1),
        json!(0),
        json!(59),
        json!(7_776_001),
        json!(60.5),
        json!("60"),
        json!(true),
        json!([60]),
        json!(1e300),
        json!(u64::MAX),
        json!(i64::MIN),
    ] {
        cases.push(("expiresIn", json!({ "expiresIn": value })));
    }
    for value in [json!(5), json!([]), json!("sms")] {
        cases.push(("protection", json!({ "protection": value })));
    }
    for value in [json!(5), json!(true), json!(""), json!("SMS"), json!("letter")] {
        cases.push(("protection.secondFactor", json!({"protection": {"secondFactor": value}})));
    }
    cases.push(("protection.codeFormat", json!({"protection": {"codeFormat": "short6"}})));
    // A number can't be sent to nowhere.
    cases.push(("recipient.phone", json!({"protection": {"secondFactor": "sms"}})));
    cases.push((
        "recipient.email",
        json!({"protection": {"secondFactor": "email"}, "recipient": {"phone": "+41 79 123 45 67"}}),
    ));
    cases.extend(broken_recipients());
    cases.extend(broken_metadata());
    cases
}

fn broken_recipients() -> Vec<(&'static str, Value)> {
    let mut cases = Vec::new();
    for value in [json!("Anna"), json!(5), json!([]), json!(true)] {
        cases.push(("recipient", json!({ "recipient": value })));
    }
    let parts: [(&str, &str, &[Value]); 4] = [
        ("name", "recipient.name", &[json!(5), json!(""), json!("  "), json!("x".repeat(201)), json!("a\0")]),
        (
            "email",
            "recipient.email",
            &[
                json!(5),
                json!(""),
                json!("x"),
                json!("a@b"),
                json!("a b@c.ch"),
                json!("a\0@c.ch"),
                json!(format!("{}@c.ch", "x".repeat(250))),
            ],
        ),
        (
            "phone",
            "recipient.phone",
            &[json!(5), json!(""), json!("call me"), json!("12"), json!("123\0"), json!("1".repeat(41))],
        ),
        (
            "language",
            "recipient.language",
            &[json!(5), json!(""), json!("d"), json!("de_CH"), json!("de\0"), json!("deutsch")],
        ),
    ];
    for (part, field, values) in parts {
        cases.extend(values.iter().map(|value| (field, json!({"recipient": { part: value }}))));
    }
    cases
}

fn broken_metadata() -> Vec<(&'static str, Value)> {
    let deep = (0..17).fold(json!(1), |inner, _| json!({ "a": inner }));
    [
        json!("x"),
        json!(5),
        json!([]),
        json!(true),
        deep,
        json!({"a": "x".repeat(16_384)}),
        json!({"a": "b\0"}),
        json!({"a\0": 1}),
        json!({"a": [{"b": ["\0"]}]}),
    ]
    .map(|value| ("metadata", json!({ "metadata": value })))
    .to_vec()
}

/// `body` with the fields of `change`.
pub fn with(body: &Value, change: &Value) -> Value {
    let mut body = body.clone();
    body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    body
}

/// Everything broken at once has to be named at once.
pub fn everything_broken() -> (Value, Vec<&'static str>) {
    let body = json!({
        "title": " ", "content": 5, "contentType": "text/html", "expiresIn": -1, "metadata": [],
        "recipient": {"name": 1, "email": "x", "phone": "x", "language": "x"},
    });
    let names = vec![
        "title",
        "content",
        "contentType",
        "expiresIn",
        "metadata",
        "recipient.name",
        "recipient.email",
        "recipient.phone",
        "recipient.language",
    ];
    (body, names)
}

/// Path segments that are no id.
pub fn malformed_segments() -> Vec<String> {
    let words = [
        "x",
        "null",
        "0",
        "-1",
        "%00",
        "a%00b",
        "%FF",
        "%FF%FE",
        "%C3%28",
        "%20",
        "%2F",
        "..%2F..",
        "%2e%2e",
        "%25",
        "%252e",
        "0192f0c1-7a3e-7cc2-9d0e",
        "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3dx",
        "%F0%9F%98%80",
        "'%20OR%201=1",
        "$(id)",
        "{id}",
    ];
    // http::Uri takes no braces; they are sent as they are typed into a browser.
    let mut segments: Vec<String> =
        words.iter().map(|word| word.replace('{', "%7B").replace('}', "%7D")).collect();
    segments.push("x".repeat(5_000));
    segments
}

/// The message of a refusal never holds control characters and stays short.
pub fn assert_harmless(answer: &Answer) {
    let message = answer.json()["message"].as_str().unwrap().to_owned();
    assert!(message.chars().count() < 200 && !message.chars().any(char::is_control), "{message:?}");
}
