//! Why the client role did not take a message, in words for people.

use serde_json::Value;

use crate::platform::http_client::CallError;
use crate::platform::outbox::Failure;

/// Fields of a message that are named where the client role refuses them.
const FIELDS: [&str; 15] = [
    "protection.secondFactor",
    "recipient.phone",
    "recipient.email",
    "recipient",
    "title",
    "content",
    "contentType",
    "metadata",
    "expiresAt",
    "reservedCode",
    "name",
    "phone",
    "hours",
    "colour",
    "logo",
];

/// Which fields a refusal is about. Nothing else of it is taken over: it may quote.
fn refused_fields(error: &CallError) -> String {
    let CallError::Status { status: 400, body, .. } = error else { return String::new() };
    let said: Value = serde_json::from_str(body).unwrap_or_default();
    let fields = said.pointer("/details/fields").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let refused = |name: &&str| fields.iter().any(|field| field.get("field").is_some_and(|f| f == *name));
    let names: Vec<_> = FIELDS.into_iter().filter(refused).collect();
    if names.is_empty() { String::new() } else { format!(": it refuses {}", names.join(", ")) }
}

/// A refusal in words for people, without what it says inside.
pub fn failure(error: &CallError) -> Failure {
    Failure {
        why: format!("The client role {error}{}", refused_fields(error)),
        temporary: error.is_temporary(),
        destination_in_trouble: error.is_about_destination(),
        retry_after: match error {
            CallError::Status { retry_after, .. } => *retry_after,
            _ => None,
        },
    }
}
