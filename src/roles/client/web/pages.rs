//! What the pages show.

use askama::Template;

use super::said::{Said, Tone};
use super::texts;
use crate::domain::dates;
use crate::domain::document::ContentType;
use crate::domain::words::SecondFactor;
use crate::platform::receipts::content_hash;
use crate::platform::web::{Page, markdown};
use crate::roles::client::flows::Asked;
use crate::roles::client::flows::opening::OpenedDocument;

/// Where somebody types a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The page for everybody.
    Start,
    /// The page of a practice.
    Practice,
    /// The page of a link.
    Link,
}

/// The page with the one field.
#[derive(Template)]
#[template(path = "client/entry.html")]
pub struct EntryPage {
    pub page: Page,
    code: String,
    place: Place,
    said: Option<Said>,
}

impl EntryPage {
    /// What was typed, and what is said about it.
    pub fn new(page: Page, place: Place, (code, said): (&str, Option<Said>)) -> Self {
        Self { page, code: shown(code), place, said }
    }

    /// Nothing typed yet.
    pub fn empty(page: Page, place: Place) -> Self {
        Self::new(page, place, ("", None))
    }

    /// What is said beside the field.
    fn error(&self) -> Option<String> {
        self.said.filter(|said| said.tone() == Tone::Field).map(|said| said.text(&self.page))
    }

    /// What the whole page is about.
    fn notice(&self) -> Option<Notice> {
        self.said.and_then(|said| Notice::of(said, &self.page))
    }

    fn heading(&self) -> &'static str {
        self.page.t(self.said.and_then(Said::title).unwrap_or(texts::READ))
    }

    fn lead(&self) -> &'static str {
        self.page.t(if self.place == Place::Link { texts::LEAD_LINK } else { texts::LEAD_START })
    }

    /// Where the form goes: of the start page, also from pages that others lead to.
    fn action(&self) -> &'static str {
        if self.place == Place::Start { "/" } else { "?" }
    }

    fn word(&self) -> String {
        self.said.map(Said::word).unwrap_or_default()
    }

    fn button(&self) -> &'static str {
        let again = self.said.is_some_and(|said| matches!(said, Said::OnItsWay | Said::Busy | Said::Wait(_)));
        self.page.t(if again { texts::TRY_AGAIN } else { texts::OPEN })
    }

    fn focus_field(&self) -> bool {
        self.notice().is_none()
    }
}

/// What a page says that is about nothing else.
pub struct Notice {
    text: String,
    /// `alert` or `wait`.
    tone: &'static str,
}

impl Notice {
    fn of(said: Said, page: &Page) -> Option<Self> {
        let tone = match said.tone() {
            Tone::Field => return None,
            Tone::Wait => "wait",
            Tone::Alert => "alert",
        };
        Some(Self { text: said.text(page), tone })
    }
}

/// The second factor: have a number sent, or type it.
#[derive(Template)]
#[template(path = "client/number.html")]
pub struct NumberPage {
    pub page: Page,
    by_mail: bool,
    to: String,
    sent: bool,
    typed: String,
    said: Option<Said>,
}

impl NumberPage {
    /// Nothing was sent yet.
    pub fn first(page: Page, channel: SecondFactor, to: &str) -> Self {
        let by_mail = channel == SecondFactor::Email;
        Self { page, by_mail, to: to.to_owned(), sent: false, typed: String::new(), said: None }
    }

    /// A number is on its way.
    pub fn sent(page: Page, channel: SecondFactor, to: &str) -> Self {
        Self { sent: true, ..Self::first(page, channel, to) }
    }

    /// The page once more, where a number is typed or sent anew.
    pub fn again(page: Page, asked: &Asked, said: Option<Said>, sent: bool) -> Self {
        Self { sent, said, ..Self::first(page, asked.channel, &asked.to) }
    }

    /// With what was typed.
    pub fn with_typed(self, typed: &str) -> Self {
        Self { typed: shown(typed), ..self }
    }

    fn lead(&self) -> &'static str {
        self.page.t(match (self.sent, self.by_mail) {
            (false, false) => texts::STEP_SMS,
            (false, true) => texts::STEP_MAIL,
            (true, false) => texts::SENT_SMS,
            (true, true) => texts::SENT_MAIL,
        })
    }

    fn heading(&self) -> &'static str {
        match self.said.and_then(Said::title) {
            Some(title) => self.page.t(title),
            None => self.page.t(if self.sent { texts::NUMBER_TITLE } else { texts::STEP_TITLE }),
        }
    }

    /// Whether no number helps any more.
    fn is_blocked(&self) -> bool {
        self.said == Some(Said::NumberBlocked)
    }

    fn error(&self) -> Option<String> {
        self.said.map(|said| said.text(&self.page))
    }

    fn word(&self) -> String {
        self.said.map(Said::word).unwrap_or_default()
    }
}

/// What somebody typed, no longer than the field takes.
fn shown(typed: &str) -> String {
    typed.chars().filter(|c| !c.is_control()).take(40).collect()
}

/// An open document.
#[derive(Template)]
#[template(path = "client/document.html")]
pub struct DocumentPage<'a> {
    pub page: Page,
    title: &'a str,
    /// HTML that [`markdown::to_html`] made harmless.
    body: Option<String>,
    plain: &'a str,
    received: (String, String),
    valid_until: (String, String),
    on_paper: String,
    /// Seconds until the session ends if nobody uses it.
    lasts: u64,
}

impl<'a> DocumentPage<'a> {
    /// The page of this document; `host` is where it was read, `lasts` for how many
    /// seconds the session goes on.
    pub fn of(page: Page, document: &'a OpenedDocument, host: &str, lasts: u64) -> Self {
        let is_markdown = document.content_type == ContentType::Markdown.as_str();
        let hash = content_hash(&document.title, &document.content_type, &document.content);
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let language = page.language;
        let (received, until) = (document.updated_at, document.expires_at);
        Self {
            title: &document.title,
            body: is_markdown.then(|| markdown::to_html(without_title(&document.content, &document.title))),
            plain: &document.content,
            received: (received.to_string(), dates::day(received, language)),
            valid_until: (until.to_string(), dates::day_and_time(until, language)),
            on_paper: texts::ON_PAPER.with(language, &[&host, &document.id, &hash]),
            lasts,
            page,
        }
    }
}

/// The document was closed.
#[derive(Template)]
#[template(path = "client/finished.html")]
pub struct FinishedPage {
    pub page: Page,
}

/// A text often begins with its title as a heading; the page shows it once.
fn without_title<'a>(content: &'a str, title: &str) -> &'a str {
    let (first, rest) = content.split_once('\n').unwrap_or((content, ""));
    match first.strip_prefix("# ") {
        Some(heading) if heading.trim() == title && !rest.trim().is_empty() => rest,
        _ => content,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Sender;
    use crate::domain::language::Language;
    use crate::platform::web::{Asset, Pages};

    #[test]
    fn a_heading_that_repeats_the_title_is_shown_once() {
        assert_eq!(without_title("# T\n\ntext", "T"), "\ntext");
        assert_eq!(without_title("# Other\n\ntext", "T"), "# Other\n\ntext");
        assert_eq!(without_title("# T", "T"), "# T");
    }

    #[test]
    fn what_was_typed_is_escaped() {
        let (pages, _) = Pages::new(&Sender::default(), &Asset::new("client", "js", b""), true);
        let frame = pages.page_in(Language::En);
        let page = EntryPage::new(frame, Place::Start, ("\"><b>", Some(Said::Typo))).render().unwrap();
        assert!(!page.contains("<b>") && page.contains("&#62;&#60;b&#62;"), "{page}");
    }
}
