//! Reads the fields of a JSON object and gathers everything that is wrong with
//! them, so that one answer names every broken field at once (contract: row
//! *validation*).
//!
//! Written here because a wrong type has to be named beside a missing or too
//! long field, which a derived deserializer can't do: it stops at the first.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use super::json::{depth, holds_null_character, kind, whole};

/// Deepest nesting of objects and lists inside a free-form field.
pub const FREE_FORM_DEPTH: usize = 16;

/// One broken field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Path of the field, `recipient.email`; `body` for the request's body as a whole.
    pub field: String,
    /// Which rule it breaks: `required`, `type`, `maxLength`, `format`, `enum`, `minimum`, `maximum`, `characters`, `maxDepth`, `maxLines`, `contrast`.
    pub rule: &'static str,
    /// What to do about it, in words. Never repeats the value.
    pub message: String,
}

impl FieldError {
    /// An error of the field `field`.
    pub fn new(field: impl Into<String>, rule: &'static str, message: impl Into<String>) -> Self {
        Self { field: field.into(), rule, message: message.into() }
    }
}

/// A request of which at least one field is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid(pub Vec<FieldError>);

impl Invalid {
    /// A request of which exactly this field is broken.
    pub fn field(field: &str, rule: &'static str, message: impl Into<String>) -> Self {
        Self(vec![FieldError::new(field, rule, message)])
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, error) in self.0.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            write!(f, "{separator}{} {}", error.field, error.message)?;
        }
        Ok(())
    }
}

/// What a field may hold: `Absent` leaves a stored value as it is, `Null` clears it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given<T> {
    /// The field is not in the object.
    Absent,
    /// The field is `null`.
    Null,
    /// The field has this value.
    Value(T),
}

impl<T> Given<T> {
    /// The value, where there is one.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The value after this field was applied to `stored`.
    pub fn over(self, stored: Option<T>) -> Option<T> {
        match self {
            Self::Absent => stored,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }

    fn and_then<U>(self, f: impl FnOnce(T) -> Option<U>) -> Given<U> {
        match self {
            Self::Absent => Given::Absent,
            Self::Null => Given::Null,
            Self::Value(value) => f(value).map_or(Given::Absent, Given::Value),
        }
    }
}

/// A JSON object that is being read. Fields that nobody asks for are ignored:
/// existing front ends send whole documents back.
#[derive(Debug)]
pub struct Fields {
    path: String,
    object: Map<String, Value>,
    broken: Vec<FieldError>,
}

impl Fields {
    /// Starts to read a request's body.
    pub fn of_body(body: Value) -> Result<Self, Invalid> {
        match body {
            Value::Object(object) => Ok(Self { path: String::new(), object, broken: Vec::new() }),
            other => {
                Err(Invalid::field("body", "type", format!("must be a JSON object, not {}", kind(&other))))
            }
        }
    }

    /// Whether the object holds the field at all, be it `null`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// Refuses the whole if the field is absent or `null`.
    pub fn require(&mut self, name: &str) {
        if self.object.get(name).is_none_or(Value::is_null) {
            self.refuse(name, "required", "is required");
        }
    }

    /// A text of 1 to `max` characters, white space around it cut off.
    pub fn text(&mut self, name: &str, max: usize) -> Given<String> {
        let given = self.string(name);
        given.and_then(|text| self.checked_text(name, text, max))
    }

    /// Like [`Fields::text`], but the field must be there. Empty when it is broken.
    pub fn required_text(&mut self, name: &str, max: usize) -> String {
        if matches!(self.object.get(name), None | Some(Value::Null)) {
            self.refuse(name, "required", "is required");
            return String::new();
        }
        self.text(name, max).value().unwrap_or_default()
    }

    /// A text that `read` makes something of; `expected` says what it takes.
    pub fn parsed<T>(
        &mut self,
        name: &str,
        expected: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> Given<T> {
        let given = self.string(name);
        given.and_then(|text| {
            let value = read(text.trim());
            if value.is_none() {
                self.refuse(name, "format", expected);
            }
            value
        })
    }

    /// One of a list of texts.
    pub fn choice<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Given<T> {
        let given = self.string(name);
        given.and_then(|text| {
            let found = choices.iter().find(|(word, _)| *word == text);
            if found.is_none() {
                let words: Vec<_> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                self.refuse(name, "enum", format!("must be one of {}", words.join(", ")));
            }
            found.map(|(_, value)| *value)
        })
    }

    /// Any of a list of texts, each at most once, in the order of the list.
    pub fn choices<T: Copy>(&mut self, name: &str, choices: &[(&str, T)]) -> Given<Vec<T>> {
        self.take(name).and_then(|value| {
            let Value::Array(items) = value else {
                self.wrong_type(name, "a list", &value);
                return None;
            };
            let known = |item: &Value| choices.iter().any(|(word, _)| item == word);
            if !items.iter().all(known) {
                let words: Vec<_> = choices.iter().map(|(word, _)| format!("\"{word}\"")).collect();
                self.refuse(name, "enum", format!("must be a list of {}", words.join(", ")));
                return None;
            }
            let wanted = choices.iter().filter(|(word, _)| items.iter().any(|item| item == word));
            Some(wanted.map(|(_, value)| *value).collect())
        })
    }

    /// `true` or `false`.
    pub fn boolean(&mut self, name: &str) -> Given<bool> {
        self.take(name).and_then(|value| {
            let given = value.as_bool();
            if given.is_none() {
                self.wrong_type(name, "true or false", &value);
            }
            given
        })
    }

    /// A whole number between `min` and `max`.
    pub fn whole_number(&mut self, name: &str, min: i64, max: i64) -> Given<i64> {
        match self.take(name) {
            Given::Value(Value::Number(number)) => {
                match whole(&number) {
                    Some(value) if value < min => {
                        self.refuse(name, "minimum", format!("must be at least {min}"));
                    }
                    Some(value) if value > max => {
                        self.refuse(name, "maximum", format!("must be at most {max}"));
                    }
                    Some(value) => return Given::Value(value),
                    None => self.refuse(name, "type", "must be a whole number"),
                }
                Given::Absent
            }
            Given::Value(other) => {
                self.wrong_type(name, "a whole number", &other);
                Given::Absent
            }
            Given::Null => Given::Null,
            Given::Absent => Given::Absent,
        }
    }

    /// An object whose fields `read` takes over; their errors carry this field's name as prefix.
    pub fn object<T>(&mut self, name: &str, read: impl FnOnce(&mut Self) -> T) -> Given<T> {
        match self.take(name) {
            Given::Value(Value::Object(object)) => {
                let path = format!("{}{name}.", self.path);
                let mut inner = Self { path, object, broken: Vec::new() };
                let value = read(&mut inner);
                let whole = inner.broken.is_empty();
                self.broken.append(&mut inner.broken);
                if whole { Given::Value(value) } else { Given::Absent }
            }
            Given::Value(other) => {
                self.wrong_type(name, "an object", &other);
                Given::Absent
            }
            Given::Null => Given::Null,
            Given::Absent => Given::Absent,
        }
    }

    /// An object of any content: at most `max_bytes` of JSON, [`FREE_FORM_DEPTH`] deep.
    pub fn free_form(&mut self, name: &str, max_bytes: usize) -> Given<Value> {
        self.take(name).and_then(|value| {
            if !value.is_object() {
                self.wrong_type(name, "an object", &value);
            } else if depth(&value) > FREE_FORM_DEPTH {
                self.refuse(name, "maxDepth", format!("must be nested at most {FREE_FORM_DEPTH} deep"));
            } else if value.to_string().len() > max_bytes {
                self.refuse(name, "maxLength", format!("must be at most {max_bytes} bytes of JSON"));
            } else if holds_null_character(&value) {
                self.refuse(name, "characters", NO_NULL);
            } else {
                return Some(value);
            }
            None
        })
    }

    /// Marks a field as broken.
    pub fn refuse(&mut self, name: &str, rule: &'static str, message: impl Into<String>) {
        self.broken.push(FieldError::new(format!("{}{name}", self.path), rule, message));
    }

    /// Marks a field as broken for a reason that lies in another field, unless it is
    /// broken by itself: then that is said first.
    pub fn broken_by(&mut self, error: Option<FieldError>) {
        let within = |field: &str, other: &str| {
            field.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if let Some(error) = error.filter(|error| !self.broken.iter().any(|b| within(&error.field, &b.field)))
        {
            self.broken.push(error);
        }
    }

    /// Ends the reading: an error that names every broken field, if there is one.
    pub fn finish(self) -> Result<(), Invalid> {
        if self.broken.is_empty() { Ok(()) } else { Err(Invalid(self.broken)) }
    }

    fn take(&mut self, name: &str) -> Given<Value> {
        match self.object.remove(name) {
            None => Given::Absent,
            Some(Value::Null) => Given::Null,
            Some(value) => Given::Value(value),
        }
    }

    fn string(&mut self, name: &str) -> Given<String> {
        self.take(name).and_then(|value| match value {
            Value::String(text) => Some(text),
            other => {
                self.wrong_type(name, "a string", &other);
                None
            }
        })
    }

    fn checked_text(&mut self, name: &str, text: String, max: usize) -> Option<String> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            self.refuse(name, "minLength", "must not be empty");
        } else if trimmed.len() > max && trimmed.chars().count() > max {
            self.refuse(name, "maxLength", format!("must be at most {max} characters long"));
        } else if trimmed.contains('\0') {
            self.refuse(name, "characters", NO_NULL);
        } else if trimmed.len() == text.len() {
            return Some(text);
        } else {
            return Some(trimmed.to_owned());
        }
        None
    }

    fn wrong_type(&mut self, name: &str, expected: &str, got: &Value) {
        self.refuse(name, "type", format!("must be {expected}, not {}", kind(got)));
    }
}

const NO_NULL: &str = "must not hold null characters";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn every_broken_field_is_named_at_once() {
        let mut fields = Fields::of_body(json!({
            "title": 5, "text": "  ", "size": 1.5, "language": "xx", "who": {"name": ""}, "free": {"a": "\0"}
        }))
        .unwrap();
        fields.required_text("missing", 10);
        fields.required_text("title", 10);
        fields.text("text", 10);
        fields.whole_number("size", 0, 9);
        fields.choice("language", &[("de", 1)]);
        fields.object("who", |who| who.required_text("name", 10));
        fields.free_form("free", 100);
        let Invalid(broken) = fields.finish().unwrap_err();
        let named: Vec<_> = broken.iter().map(|e| (e.field.as_str(), e.rule)).collect();
        assert_eq!(
            named,
            [
                ("missing", "required"),
                ("title", "type"),
                ("text", "minLength"),
                ("size", "type"),
                ("language", "enum"),
                ("who.name", "minLength"),
                ("free", "characters"),
            ]
        );
    }

    #[test]
    fn null_clears_and_absence_keeps() {
        let mut fields = Fields::of_body(json!({"a": null})).unwrap();
        assert_eq!(fields.text("a", 5).over(Some("old".into())), None);
        assert_eq!(fields.text("b", 5).over(Some("old".into())), Some("old".into()));
    }

    #[test]
    fn a_free_form_field_has_bounds() {
        let mut deep = json!({});
        for _ in 0..FREE_FORM_DEPTH {
            deep = json!({ "a": deep });
        }
        for (value, rule) in
            [(deep, "maxDepth"), (json!({"a": "x".repeat(200)}), "maxLength"), (json!([]), "type")]
        {
            let mut fields = Fields::of_body(json!({ "free": value })).unwrap();
            fields.free_form("free", 100);
            assert_eq!(fields.finish().unwrap_err().0[0].rule, rule);
        }
    }

    proptest! {
        #[test]
        fn an_accepted_text_is_trimmed_and_within_its_bound(text in "\\PC{0,30}", max in 1usize..20) {
            let mut fields = Fields::of_body(json!({ "t": text })).unwrap();
            if let Given::Value(accepted) = fields.text("t", max) {
                prop_assert_eq!(accepted.trim(), accepted.as_str());
                prop_assert!((1..=max).contains(&accepted.chars().count()));
            } else {
                prop_assert!(fields.finish().is_err());
            }
        }
    }
}
