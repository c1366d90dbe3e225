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
pub const PHONE: Text = Text { en: "Telephone", fr: "Téléphone", de: "Telefon", it: "Telefono" };
pub const HOURS: Text =
    Text { en: "Opening hours", fr: "Heures d’ouverture", de: "Öffnungszeiten", it: "Orari di apertura" };
pub const PRINT: Text = Text { en: "Print", fr: "Imprimer", de: "Drucken", it: "Stampa" };
pub const OFFLINE: Text = Text {
    en: "You are offline. Nothing is lost: connect to the internet, then try again.",
    fr: "Vous êtes hors ligne. Rien n’est perdu : connectez-vous à Internet, puis réessayez.",
    de: "Sie sind offline. Es geht nichts verloren: Verbinden Sie sich mit dem Internet und versuchen Sie es nochmals.",
    it: "Lei è offline. Nulla è perso: si colleghi a Internet, poi riprovi.",
};
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
