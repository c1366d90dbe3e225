//! What a JSON value is like.

use serde_json::Value;

/// What kind of value it is, in words.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// How deep objects and lists are nested; 0 for anything else.
pub fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(fields) => 1 + fields.values().map(depth).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Whether a text in it, or a name, holds U+0000, which PostgreSQL can't store.
pub fn holds_null_character(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_null_character),
        Value::Object(fields) => {
            fields.iter().any(|(name, value)| name.contains('\0') || holds_null_character(value))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
