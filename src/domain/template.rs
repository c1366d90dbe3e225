//! The library of a tenant: texts that documents begin with.

use uuid::Uuid;

use super::document::{CONTENT_MAX, TITLE_MAX};
use super::fields::{Fields, Invalid};
use super::timestamp::Timestamp;
use serde_json::Value;

/// Longest name in characters.
pub const NAME_MAX: usize = 200;
/// Most templates of a tenant: a list of more would be searched instead of read.
pub const TEMPLATES_MAX: i64 = 200;

/// A text that documents begin with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// UUID v7.
    pub id: Uuid,
    /// What it is called, 1 to [`NAME_MAX`] characters.
    pub name: String,
    /// Title of a document that begins with it.
    pub title: String,
    /// Its text, in Markdown.
    pub content: String,
    /// When it was saved.
    pub updated_at: Timestamp,
}

impl Template {
    /// Reads `{name, title, content}`.
    pub fn parse(body: Value, id: Uuid, now: Timestamp) -> Result<Self, Invalid> {
        let mut fields = Fields::of_body(body)?;
        let template = Self {
            id,
            name: fields.required_text("name", NAME_MAX),
            title: fields.required_text("title", TITLE_MAX),
            content: fields.required_text("content", CONTENT_MAX),
            updated_at: now,
        };
        fields.finish().map(|()| template)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_part_has_to_be_there() {
        let read = |body| Template::parse(body, Uuid::from_u128(1), Timestamp::EPOCH);
        let good = read(json!({"name": " Knee ", "title": "T", "content": "C"})).unwrap();
        assert_eq!((good.name.as_str(), good.title.as_str(), good.content.as_str()), ("Knee", "T", "C"));
        let broken = read(json!({"name": " ", "title": "x".repeat(501)})).unwrap_err();
        let named: Vec<_> = broken.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(named, ["name", "title", "content"]);
    }
}
