//! What every page says.

use crate::domain::language::Text;

pub const SKIP: Text = Text {
    en: "Skip to the content",
    fr: "Aller au contenu",
    de: "Zum Inhalt springen",
    it: "Vai al contenuto",
};
pub const LANGUAGE: Text = Text { en: "Language", fr: "Langue", de: "Sprache", it: "Lingua" };
/// Where the practice has given no name.
pub const DOCUMENTS: Text = Text { en: "Documents", fr: "Documents", de: "Dokumente", it: "Documenti" };
pub const ONE_MINUTE: Text = Text { en: "a minute", fr: "une minute", de: "eine Minute", it: "un minuto" };
pub const MINUTES: Text = Text { en: "{0} minutes", fr: "{0} minutes", de: "{0} Minuten", it: "{0} minuti" };
pub const HOURS_LONG: Text = Text { en: "{0} hours", fr: "{0} heures", de: "{0} Stunden", it: "{0} ore" };

#[cfg(test)]
mod tests {
    #[test]
    fn every_text_holds_the_same_values_in_each_language() {
        crate::domain::language::tests::assert_complete(include_str!("texts.rs"));
    }
}
