//! What a JSON value is like.

use serde_json::{Number, Value};

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

/// The value of `5`, and of `5.0` and `5e0`, which are the same number in JSON.
#[expect(clippy::cast_possible_truncation, reason = "a whole number of at most 2^53 is exact in both types")]
pub fn whole(number: &Number) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_whole = |value: &f64| value.fract() == 0.0 && value.abs() <= EXACT;
    number.as_i64().or_else(|| number.as_f64().filter(is_whole).map(|value| value as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_may_be_written_with_a_point_or_an_exponent() {
        let read = |text: &str| whole(&serde_json::from_str(text).unwrap());
        for (text, number) in [("60", 60), ("60.0", 60), ("6e1", 60), ("-0.0", 0), ("-2.0", -2)] {
            assert_eq!(read(text), Some(number), "{text}");
        }
        assert_eq!(read("9223372036854775807"), Some(i64::MAX));
        for text in ["60.5", "1e300", "1e-300", "9223372036854775808", "9223372036854775808.0"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
