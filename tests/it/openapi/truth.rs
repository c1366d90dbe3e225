//! What the description says is what the role does: examples, answers, refusals.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{concrete, each_role, operations};
use crate::support::database::TestDatabase;
use crate::support::http::Call;
use crate::support::process::Served;

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
fn example_of(api: &Value, schema: &Value) -> Option<Value> {
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

#[test]
fn a_request_made_of_the_examples_is_accepted_and_its_answer_is_as_described() {
    each_role(|role, api| {
        let database = TestDatabase::of(role.name());
        let served = Served::start(role, &database, &[("CLIENT_BASE_URL", "http://127.0.0.1:1/")]);
        let mut made = BTreeMap::new();
        // Creating comes first, so that there is something to read, change and delete.
        let mut operations = operations(api);
        operations
            .sort_by_key(|(path, method, _)| (method == "DELETE", method != "POST" || path.contains("send")));
        for (path, method, operation) in operations {
            let collection = path.split("/{").next().unwrap().to_owned();
            let id: String = match collection.as_str() {
                "/api/send" => made.get("/api/documents").cloned(),
                "/api/public" => made.get("/v1/documents").cloned(),
                other => made.get(other).cloned(),
            }
            .unwrap_or_default();
            let mut call = Call::new(&method, path.replace("{id}", &id).replace("{accessCode}", &id));
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            if let Some(mut body) = example_of(api, schema) {
                if body.get("documentId").is_some() {
                    body["documentId"] = json!(id);
                }
                call = call.json(&body);
            }
            if method == "DELETE" && collection == "/api/documents" {
                // One that was never sent.
                let new = json!({"title": "T", "content": "C"});
                let new = served.call(&Call::post("/api/documents", &new)).expect(201);
                call = Call::delete(path.replace("{id}", new["id"].as_str().unwrap()));
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
                let name = if role.name() == "client" { "accessCode" } else { "id" };
                made.insert(collection, answer.json()[name].as_str().unwrap().to_owned());
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
