//! The letter that brings a code to a recipient: one sheet of A4 for the Swiss window
//! envelope, with the QR code of the link and the code on two parts that can be
//! taken apart. It says nothing of what the document is about.

mod face;
mod layout;
mod parts;
mod qr;
mod sheet;
mod texts;

use std::fmt;

use crate::config::Sender;
use crate::domain::language::Language;
use crate::domain::lifecycle::Opening;
use crate::domain::timestamp::Timestamp;
use crate::domain::words::SecondFactor;

pub use qr::Qr;

/// What a letter says. Its `Debug` shows nothing of it.
pub struct Letter {
    /// The language of its recipient.
    pub language: Language,
    /// Whom it comes from.
    pub sender: Sender,
    /// Name of the recipient.
    pub recipient: Option<String>,
    /// What opens the document.
    pub opening: Opening,
    /// What is asked beside the code.
    pub second_factor: SecondFactor,
    /// The day of the letter.
    pub today: Timestamp,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Letter(***)")
    }
}

/// Why a letter could not be made; names nothing that stands in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotMade(&'static str);

impl fmt::Display for NotMade {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a letter can't be made: {}", self.0)
    }
}

impl std::error::Error for NotMade {}

impl Letter {
    /// The letter as PDF 1.7, tagged as PDF/UA-1 asks for. Takes some milliseconds.
    pub fn to_pdf(&self) -> Result<Vec<u8>, NotMade> {
        layout::draw(self)
    }

    /// The page on which the code is typed, as people write it: `client.on-track.ch`.
    fn place(&self) -> Option<String> {
        let mut url = url::Url::parse(&self.opening.link).ok()?;
        // What follows the page's own path is what makes this link secret.
        url.path_segments_mut().ok()?.pop().pop();
        let text = url.as_str().trim_end_matches('/');
        Some(text.strip_prefix("https://").unwrap_or(text).to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::timestamp::Timestamp;

    fn letter(link: &str) -> Letter {
        let opening = Opening { code: "K7QM-4T9X-WR5C".to_owned(), link: link.to_owned(), until: None };
        let (sender, recipient, second_factor) = (Sender::default(), None, SecondFactor::None);
        let today = Timestamp::EPOCH;
        Letter { language: Language::En, sender, recipient, opening, second_factor, today }
    }

    #[test]
    fn the_place_to_type_at_is_the_link_without_its_secret() {
        for (link, place) in [
            ("https://client.on-track.ch/d/lG0aCeUo", Some("client.on-track.ch")),
            ("https://praxis.ch/documents/d/lG0aCeUo", Some("praxis.ch/documents")),
            ("http://127.0.0.1:3000/d/lG0aCeUo", Some("http://127.0.0.1:3000")),
            ("nothing", None),
        ] {
            assert_eq!(letter(link).place().as_deref(), place);
        }
    }

    #[test]
    fn nothing_of_a_letter_is_shown_where_it_is_logged() {
        assert_eq!(format!("{:?}", letter("https://c/d/x")), "Letter(***)");
    }
}
