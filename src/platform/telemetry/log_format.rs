//! How log lines look.

use std::fmt::{self, Write as _};

use log::Record;
use log::kv::{Error, Key, Value, VisitSource};
use serde::ser::{SerializeMap, Serializer as _};

use super::context::current;
use crate::platform::clock;

/// Names of what a JSON line says of the work that it is about; a line may say it itself.
const REQUEST_ID: &str = "request_id";

/// A line for people: `2026-11-20T17:57:06.120Z INFO  GET /api/documents status=200`.
pub(super) fn text(record: &Record<'_>) -> Result<String, Error> {
    struct Fields<'a>(&'a mut String);
    impl<'kvs> VisitSource<'kvs> for Fields<'_> {
        fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
            write!(self.0, " {key}={value}").map_err(|_| Error::msg("a field can't be written"))
        }
    }
    let mut line = format!("{} {:<5} {}", clock::now(), record.level(), record.args());
    record.key_values().visit(&mut Fields(&mut line))?;
    Ok(line)
}

/// A JSON object: `timestamp`, `level`, `target`, `message`, what the line says beside
/// that, and which request, trace and tenant it is about, where that is known.
pub(super) fn json(record: &Record<'_>) -> Result<String, serde_json::Error> {
    let mut line = Vec::with_capacity(256);
    let mut serializer = serde_json::Serializer::new(&mut line);
    let mut map = serializer.serialize_map(None)?;
    map.serialize_entry("timestamp", &Shown(clock::now()))?;
    map.serialize_entry("level", record.level().as_str())?;
    map.serialize_entry("target", record.target())?;
    map.serialize_entry("message", &Shown(record.args()))?;
    let mut fields = Fields { map: &mut map, names_request: false };
    record.key_values().visit(&mut fields).map_err(serde::ser::Error::custom)?;
    let names_request = fields.names_request;
    let about = current(|work| {
        if !names_request {
            map.serialize_entry(REQUEST_ID, &work.request_id)?;
        }
        if let Some(span) = &work.span {
            map.serialize_entry("trace_id", &Shown(span.trace_id()))?;
            map.serialize_entry("span_id", &Shown(span.span_id()))?;
        }
        work.tenant().map_or(Ok(()), |tenant| map.serialize_entry("tenant", tenant.as_str()))
    });
    about.unwrap_or(Ok(()))?;
    map.end()?;
    Ok(String::from_utf8_lossy(&line).into_owned())
}

/// Anything as the text that it shows.
struct Shown<T>(T);

impl<T: fmt::Display> serde::Serialize for Shown<T> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

struct Fields<'a, M> {
    map: &'a mut M,
    names_request: bool,
}

impl<'kvs, M: SerializeMap> VisitSource<'kvs> for Fields<'_, M> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let key = key.as_str();
        self.names_request |= key == REQUEST_ID;
        let written = if let Some(number) = value.to_i64() {
            self.map.serialize_entry(key, &number)
        } else if let Some(is) = value.to_bool() {
            self.map.serialize_entry(key, &is)
        } else {
            self.map.serialize_entry(key, &Shown(value))
        };
        written.map_err(|_| Error::msg("a field can't be written"))
    }
}

#[cfg(test)]
mod tests {
    use log::Level;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::domain::ids::TenantId;
    use crate::platform::telemetry::{Context, within};

    fn line() -> Json {
        let fields: &[(&str, u64)] = &[("status", 200)];
        let args = format_args!("said \"so\"\nand more");
        let record =
            Record::builder().level(Level::Info).target("oc::x").args(args).key_values(&fields).build();
        serde_json::from_str(&super::json(&record).unwrap()).unwrap()
    }

    #[test]
    fn a_line_is_one_json_object() {
        let mut said = line();
        assert!(said.as_object_mut().unwrap().remove("timestamp").unwrap().as_str().unwrap().ends_with('Z'));
        let wanted =
            json!({"level": "INFO", "target": "oc::x", "message": "said \"so\"\nand more", "status": 200});
        assert_eq!(said, wanted);
    }

    #[actix_web::test]
    async fn a_line_tells_which_work_it_is_about() {
        let work = Context::new("r-1".to_owned(), None);
        work.belongs_to(&TenantId::parse("praxis").unwrap());
        let said = within(work, async { line() }).await;
        assert_eq!((&said["request_id"], &said["tenant"]), (&json!("r-1"), &json!("praxis")));
        assert_eq!(line().get("tenant"), None);
    }
}
