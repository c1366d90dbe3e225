//! What the description says is what the role does: examples, answers, refusals.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{concrete, each_role, operations};
use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::process::Served;
use crate::support::receiver::{Behaviour, Receiver};

/// A schema that can stand alone: references lead into it, and the names of
/// formats are checked.
fn validator(api: &Value, schema: &Value) -> jsonschema::Validator {
    let mut root = schema.clone();
    root["components"] = api["components"].clone();
    jsonschema::options().should_validate_formats(true).build(&root).unwrap()
}

fn assert_valid(api: &Value, schema: &Value, value: &Value, what: &str) {
    let errors: Vec<String> =
        validator(api, schema).iter_errors(value).map(|e| format!("{} at {}", e, e.instance_path)).collect();
    assert!(errors.is_empty(), "{what}: {errors:?} in {value}");
}

fn resolved<'a>(api: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => api.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

/// A value built of the examples that a schema gives; `None` if it gives none.
pub fn example_of(api: &Value, schema: &Value) -> Option<Value> {
    let schema = resolved(api, schema);
    if let Some(example) = schema.get("example") {
        return Some(example.clone());
    }
    if let Some(first) = schema["examples"].get(0).or_else(|| schema["enum"].get(0)) {
        return Some(first.clone());
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(list) = schema[choice].as_array() {
            return list.iter().find_map(|one| example_of(api, one));
        }
    }
    if let Some(items) = schema.get("items") {
        return Some(json!([example_of(api, items)?]));
    }
    let properties = schema["properties"].as_object()?;
    let values = properties.iter().filter_map(|(name, one)| Some((name.clone(), example_of(api, one)?)));
    Some(Value::Object(values.collect::<Map<_, _>>()))
}

#[test]
fn every_example_is_valid() {
    each_role(|_, api| {
        let schemas = api["components"]["schemas"].as_object().unwrap();
        let mut checked = 0;
        for (name, schema) in schemas {
            for (property, one) in schema["properties"].as_object().unwrap_or(&Map::new()) {
                if let Some(example) = one.get("example") {
                    assert_valid(api, one, example, &format!("{name}.{property}"));
                    checked += 1;
                }
            }
            if let Some(built) = example_of(api, schema) {
                assert_valid(api, schema, &built, name);
                checked += 1;
            }
        }
        for (path, method, operation) in operations(api) {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let media = &response["content"]["application/json"];
                if let Some(example) = media.get("example") {
                    assert_valid(api, &media["schema"], example, &format!("{method} {path} {status}"));
                    checked += 1;
                }
            }
        }
        assert!(checked > 25, "{checked}");
    });
}

/// When an operation is tried: what is made first can be sent, what was sent can
/// be changed, and what ends it comes last.
fn turn(path: &str, method: &str) -> u8 {
    match (method, path) {
        (_, "/api/send") => 2,
        (_, "/api/public/access" | "/api/public/otp") => 3,
        (_, "/api/public/otp/verify") => 4,
        ("POST", path) if !path.contains('{') => 0,
        ("PUT", path) if path.ends_with("{id}") => 1,
        ("GET", _) => 3,
        ("DELETE", _) => 6,
        (_, path) if path.ends_with("/revoke") => 5,
        _ => 4,
    }
}

/// What has been made so far, by the path that makes it.
#[derive(Default)]
struct Made(BTreeMap<String, String>);

impl Made {
    fn note(&mut self, path: &str, answer: &Value) {
        if let Some(id) = answer["id"].as_str() {
            self.0.insert(path.to_owned(), id.to_owned());
        }
        if let Some(code) = answer["accessCode"].as_str() {
            self.0.insert("/api/public".to_owned(), code.to_owned());
        }
    }

    /// A session that waits for a number.
    fn begin_session(&mut self, served: &Served) {
        let document = json!({"title": "T", "content": "C", "recipient": {"phone": "+41 79 123 45 67"},
            "protection": {"secondFactor": "sms"}});
        let code = served.call(&Call::post("/v1/documents", &document)).expect(201)["accessCode"].clone();
        let asked = served.call(&Call::post("/api/public/access", &json!({ "accessCode": code })));
        let token = asked.refused(401, "OTP_REQUIRED")["details"]["session"]["token"].clone();
        self.0.insert("session".to_owned(), token.as_str().unwrap().to_owned());
    }

    /// The number that was sent.
    fn note_number(&mut self, sms: &Receiver) {
        let sent: Value = serde_json::from_slice(&sms.every_call()[0].body).unwrap();
        let number = sent["text"].as_str().unwrap().split(' ').next().unwrap().to_owned();
        self.0.insert("otp".to_owned(), number);
    }

    /// What stands in the place of the path's parameter.
    fn parameter(&self, path: &str, database: &TestDatabase) -> String {
        match path.split("/{").next().unwrap() {
            "/api/outbox" if path.ends_with("/retry") => {
                let fail = "UPDATE outbox SET state = 'failed', settled_at = now(), leased_until = NULL, payload = 'x'";
                let newest = "SELECT max(sequence) FROM outbox WHERE destination = 'client'";
                database.execute(&format!("{fail} WHERE destination = 'client' AND sequence = ({newest})"));
                database.text("SELECT id::text AS text FROM outbox WHERE state = 'failed'")
            }
            "/api/outbox" => database.text("SELECT id::text AS text FROM outbox"),
            collection => self.0.get(collection).cloned().unwrap_or_default(),
        }
    }

    /// The example of a body, about what is there and about today.
    fn body(&self, mut example: Value) -> Value {
        if example.get("documentId").is_some() {
            example["documentId"] = json!(self.0["/api/documents"]);
        }
        if example.get("accessCode").is_some() {
            example["accessCode"] = json!(self.0["/api/public"]);
        }
        for name in ["session", "otp"] {
            if example.get(name).is_some() {
                example[name] = json!(self.0[name]);
            }
        }
        if example.get("expiresAt").is_some() {
            let moment = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * 30);
            example["expiresAt"] = json!(format!("{moment:.3}"));
        }
        example
    }
}

#[test]
fn a_request_made_of_the_examples_is_accepted_and_its_answer_is_as_described() {
    each_role(|role, api| {
        let database = TestDatabase::of(role.name());
        let sms = Receiver::start(Behaviour::Answer(200, "{}".to_owned()));
        let gateway = format!("http://{}/", sms.address());
        // The client role, which takes everything in.
        let link = "https://client.on-track.ch/d/lG0aCeUoXiT1vN6rWQ4sb7SxwJ3nq5Rk8ZyVtPfM2dg";
        let taken = json!({"id": "x", "accessCode": "K7QM-4T9X-WR5C", "link": link});
        let client = Receiver::start(Behaviour::Answer(201, taken.to_string()));
        let base_url = client.base_url();
        let given = [
            ("CLIENT_BASE_URL", base_url.as_str()),
            ("SMS_GATEWAY_URL", gateway.as_str()),
            ("SMS_GATEWAY_TOKEN", "a-token-of-the-gateway"),
        ];
        let served = Served::start(role, &database, &given);
        let mut made = Made::default();
        let mut operations = operations(api);
        operations.sort_by_key(|(path, method, _)| turn(path, method));
        for (path, method, operation) in operations {
            match path.as_str() {
                "/api/public/otp" => made.begin_session(&served),
                "/api/public/otp/verify" => made.note_number(&sms),
                _ => {}
            }
            let parameter = made.parameter(&path, &database);
            let place = path.replace("{id}", &parameter).replace("{accessCode}", &parameter);
            let mut call = Call::new(&method, place);
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if let Some(example) = example_of(api, schema) {
                call = call.json(&made.body(example));
            }
            let answer = served.call(&call);
            let said = &operation["responses"][answer.status.to_string()];
            assert!(
                said.is_object() && answer.status < 300,
                "{method} {path}: {} {}",
                answer.status,
                answer.text()
            );
            if let Some(schema) = said["content"]["application/json"].get("schema") {
                assert_valid(api, schema, &answer.json(), &format!("{method} {path}"));
            }
            for name in said["headers"].as_object().unwrap_or(&Map::new()).keys() {
                assert!(answer.header(name).is_some(), "{method} {path}: {name}");
            }
            if answer.status == 201 {
                made.note(&path, &answer.json());
            }
        }
    });
}

#[test]
fn every_refusal_is_as_described() {
    each_role(|role, api| {
        let database = TestDatabase::of(role.name());
        let served = Served::start(role, &database, &[]);
        for (path, method, operation) in
            operations(api).into_iter().filter(|(path, ..)| !path.ends_with("y") && !path.ends_with("health"))
        {
            let good =
                json!({"title": "T", "content": "C", "documentId": "0192f0c1-7a3e-7cc2-9d0e-3f6f5a1b2c3d"});
            let call = || Call::new(&method, concrete(&path));
            let mut answers = vec![served.call(&call()), served.call(&call().tenant("NO TENANT"))];
            if operation.get("requestBody").is_some() {
                answers.push(served.call(&call().json(&json!([]))));
                answers.push(served.call(&call().json(&json!({"title": 1, "documentId": 1}))));
                answers.push(served.call(&call().json(&json!({"title": "x".repeat(3_000_000)}))));
                answers.push(served.call(&call().raw(good.to_string())));
            }
            for answer in answers.iter().filter(|answer| answer.status >= 400) {
                let said = &operation["responses"][answer.status.to_string()];
                let schema = said["content"]["application/json"].get("schema");
                let schema =
                    schema.unwrap_or_else(|| panic!("{method} {path}: {} is not described", answer.status));
                assert_valid(api, schema, &answer.json(), &format!("{method} {path} {}", answer.status));
            }
        }
    });
}
