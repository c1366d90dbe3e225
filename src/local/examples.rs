//! The documents of `examples/`, for `oc dev` and the tests.

/// An example document.
#[derive(Debug, Clone, Copy)]
pub struct Example {
    /// Its file's name.
    pub file: &'static str,
    /// Its text.
    pub text: &'static str,
    /// Whom it could be for.
    pub recipient: &'static str,
}

macro_rules! examples {
    ($($file:literal for $recipient:literal),+ $(,)?) => {
        /// Every example.
        pub const EXAMPLES: &[Example] = &[$(Example {
            file: $file,
            text: include_str!(concat!("../../examples/", $file)),
            recipient: $recipient,
        }),+];
    };
}

examples! {
    "09-rehabilitation-report.de.md" for "Reto Beispiel",
    "10-rapporto-fisioterapia.it.md" for "Marco Prova",
    "08-appointment-reminder.fr.txt" for "Claire Exemple",
    "07-welcome-emoji-rtl.en.md" for "Familie Muster-Beispiel",
    "06-ernaehrungsberatung.de.md" for "Ruth Beispiel",
    "05-discharge-letter.en.md" for "Peter Sample",
    "04-referto-di-laboratorio.it.md" for "Giulia Esempio",
    "03-compte-rendu-consultation.fr.md" for "Claire Exemple",
    "02-medikationsplan.de.md" for "Hans Mustermann",
    "01-exercise-plan.en.md" for "Anna Muster",
}

/// A text file as a document: its first line is the title; Markdown keeps it as
/// its heading, plain text does not repeat it.
#[must_use]
pub fn title_of(text: &str) -> Option<&str> {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let title = first.trim_start_matches('#').trim();
    (!title.is_empty()).then_some(title)
}

/// `text/plain` for `.txt`, Markdown for everything else.
#[must_use]
pub fn content_type_of(file: &str) -> &'static str {
    let plain = std::path::Path::new(file).extension().is_some_and(|e| e.eq_ignore_ascii_case("txt"));
    if plain { "text/plain" } else { "text/markdown" }
}
