//! What the pages show.

use askama::Template;

use super::{markdown, number};
use crate::domain::document::ContentType;
use crate::domain::timestamp::Timestamp;
use crate::domain::words::SecondFactor;
use crate::roles::client::flows::opening::OpenedDocument;

/// Where somebody types a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The page for everybody.
    Start,
    /// The page of a link.
    Link,
}

/// The page with the one field.
#[derive(Template)]
#[template(path = "client/entry.html")]
pub struct EntryPage {
    code: String,
    error: Option<String>,
    by_link: bool,
    /// The code is right, but its document has not arrived yet.
    on_its_way: bool,
}

impl EntryPage {
    /// Nothing typed yet.
    pub fn empty(place: Place) -> Self {
        Self { code: String::new(), error: None, by_link: place == Place::Link, on_its_way: false }
    }

    /// The code opens nothing, or nothing can be opened now.
    pub fn refused(place: Place, code: &str, error: String) -> Self {
        Self { code: shown(code), error: Some(error), ..Self::empty(place) }
    }

    /// The document has not arrived yet.
    pub fn on_its_way(place: Place, code: &str) -> Self {
        Self { code: shown(code), on_its_way: true, ..Self::empty(place) }
    }
}

/// The second factor: have a number sent, or type it.
#[derive(Template)]
#[template(path = "client/number.html")]
pub struct NumberPage<'a> {
    how: &'static str,
    to: &'a str,
    sent: bool,
    error: Option<String>,
}

impl<'a> NumberPage<'a> {
    /// Nothing was sent yet.
    pub fn first(channel: SecondFactor, to: &'a str) -> Self {
        Self { how: number::how(channel), to, sent: false, error: None }
    }

    /// A number is on its way.
    pub fn sent(channel: SecondFactor, to: &'a str) -> Self {
        Self { sent: true, ..Self::first(channel, to) }
    }

    /// Something went wrong.
    pub fn with_error(self, error: String) -> Self {
        Self { error: Some(error), ..self }
    }
}

/// What somebody typed, no longer than the field takes.
fn shown(code: &str) -> String {
    code.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// An open document.
#[derive(Template)]
#[template(path = "client/document.html")]
pub struct DocumentPage<'a> {
    title: &'a str,
    /// HTML that [`markdown::to_html`] made harmless.
    body: Option<String>,
    plain: &'a str,
    received: String,
    valid_until: String,
}

impl<'a> DocumentPage<'a> {
    /// The page of this document.
    pub fn of(document: &'a OpenedDocument) -> Self {
        let is_markdown = document.content_type == ContentType::Markdown.as_str();
        Self {
            title: &document.title,
            body: is_markdown.then(|| markdown::to_html(without_title(&document.content, &document.title))),
            plain: &document.content,
            received: day(document.updated_at),
            valid_until: day(document.expires_at),
        }
    }
}

/// A text often begins with its title as a heading; the page shows it once.
fn without_title<'a>(content: &'a str, title: &str) -> &'a str {
    let (first, rest) = content.split_once('\n').unwrap_or((content, ""));
    match first.strip_prefix("# ") {
        Some(heading) if heading.trim() == title && !rest.trim().is_empty() => rest,
        _ => content,
    }
}

/// `2026-11-20`, the date in UTC.
fn day(moment: Timestamp) -> String {
    moment.to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_that_repeats_the_title_is_shown_once() {
        assert_eq!(without_title("# T\n\ntext", "T"), "\ntext");
        assert_eq!(without_title("# Other\n\ntext", "T"), "# Other\n\ntext");
        assert_eq!(without_title("# T", "T"), "# T");
    }

    #[test]
    fn what_was_typed_is_escaped() {
        let page = EntryPage::refused(Place::Start, "\"><script>", "no".to_owned()).render().unwrap();
        assert!(!page.contains("<script"));
    }
}
