//! How recipients see a practice: an example of their page.

use super::words::practice as words;
use crate::domain::colour::Colour;
use crate::domain::language::Text;
use crate::domain::sender::{Logo, Sender};
use crate::platform::outbox::inspect::Progress;
use crate::platform::web::{Page, brand};
use crate::roles::provider::flows::senders::Known;

/// What the example shows; templates know it as `seen`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seen {
    /// What the practice is called; what stands in its place if it is empty.
    pub name: String,
    /// Its telephone number.
    pub phone: String,
    /// When somebody answers there.
    pub hours: String,
    /// Its colour.
    pub colour: Option<Colour>,
    /// Its picture, as a data URL.
    pub logo: String,
}

impl Seen {
    /// How a practice is seen.
    pub fn of(sender: &Sender) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            name: text(&sender.name),
            phone: text(&sender.phone),
            hours: text(&sender.hours),
            colour: sender.colour,
            logo: sender.logo.as_ref().map(Logo::to_url).unwrap_or_default(),
        }
    }

    /// URL of the stylesheet with its colour.
    pub fn tint(&self) -> Option<String> {
        self.colour.map(brand::tint_url)
    }

    /// Its name, or what stands in its place.
    pub fn brand<'a>(&'a self, page: &'a Page) -> &'a str {
        if self.name.is_empty() { page.t(crate::platform::web::texts::DOCUMENTS) } else { &self.name }
    }
}

/// Whether recipients see it already: `good`, `wait` or `error`, and what is said.
pub fn standing(known: &Known) -> (&'static str, Text) {
    match (&known.saved, known.progress) {
        (None, _) => ("wait", words::NONE_YET),
        (Some(_), Progress::Delivered) => ("good", words::SHOWN),
        (Some(_), Progress::Waiting) => ("wait", words::ON_ITS_WAY),
        (Some(_), Progress::Failed) => ("error", words::GIVEN_UP),
    }
}
