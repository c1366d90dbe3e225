//! What the pages say about how recipients see the practice.

use crate::domain::language::Text;

pub const TITLE: Text = Text {
    en: "How your clients see you",
    fr: "Comment vos clients vous voient",
    de: "So werden Sie gesehen",
    it: "Come La vedono i Suoi clienti",
};
pub const LEAD: Text = Text {
    en: "This stands on the page where your clients read their documents, and on your letters.",
    fr: "Cela figure sur la page où vos clients lisent leurs documents, et sur vos lettres.",
    de: "Das steht auf der Seite, auf der Ihre Dokumente gelesen werden, und auf Ihren Briefen.",
    it: "Questo appare nella pagina dove i Suoi clienti leggono i documenti, e sulle Sue lettere.",
};
pub const NONE_YET: Text = Text {
    en: "You have not said anything yet: what holds for the whole installation is shown.",
    fr: "Vous n’avez encore rien indiqué\u{a0}: ce qui vaut pour toute l’installation est affiché.",
    de: "Sie haben noch nichts angegeben: Gezeigt wird, was für die ganze Installation gilt.",
    it: "Non ha ancora indicato nulla: viene mostrato ciò che vale per tutta l’installazione.",
};
pub const SHOWN: Text = Text {
    en: "Your clients see it.",
    fr: "Vos clients le voient.",
    de: "Es wird so gezeigt.",
    it: "I Suoi clienti lo vedono.",
};
pub const ON_ITS_WAY: Text = Text {
    en: "It is on its way to the clients’ page; it gets there by itself, also if that can’t be reached just now.",
    fr: "C’est en route vers la page des clients\u{a0}; cela y arrive tout seul, même si elle est injoignable en ce moment.",
    de: "Es ist unterwegs zur Seite für Klienten und kommt von selbst an, auch wenn diese gerade nicht erreichbar ist.",
    it: "È in viaggio verso la pagina dei clienti; arriva da solo, anche se ora non è raggiungibile.",
};
pub const GIVEN_UP: Text = Text {
    en: "It could not be brought to the clients’ page. Save it once more to try again.",
    fr: "Impossible de l’apporter à la page des clients. Enregistrez encore une fois pour réessayer.",
    de: "Es konnte nicht zur Seite für Klienten gebracht werden. Speichern Sie nochmals, um es neu zu versuchen.",
    it: "Non è stato possibile portarlo alla pagina dei clienti. Salvi di nuovo per riprovare.",
};
pub const CHANGE: Text = Text { en: "Change it", fr: "Modifier", de: "Ändern", it: "Modificare" };
pub const SAVED: Text = Text {
    en: "Saved. The clients’ page is being told.",
    fr: "Enregistré. La page des clients est informée.",
    de: "Gespeichert. Die Seite für Klienten erfährt es gerade.",
    it: "Salvato. La pagina dei clienti viene informata.",
};
pub const NAME: Text =
    Text { en: "Name of the practice", fr: "Nom du cabinet", de: "Name der Praxis", it: "Nome dello studio" };
pub const ADDRESS: Text = Text { en: "Address", fr: "Adresse", de: "Adresse", it: "Indirizzo" };
pub const ADDRESS_HINT: Text = Text {
    en: "Stands on letters only. At most 6 lines.",
    fr: "Figure uniquement sur les lettres. 6 lignes au plus.",
    de: "Steht nur auf Briefen. Höchstens 6 Zeilen.",
    it: "Appare solo sulle lettere. Al massimo 6 righe.",
};
pub const PHONE: Text = Text { en: "Telephone", fr: "Téléphone", de: "Telefon", it: "Telefono" };
pub const HOURS: Text =
    Text { en: "Opening hours", fr: "Heures d’ouverture", de: "Öffnungszeiten", it: "Orari di apertura" };
pub const HOURS_HINT: Text = Text {
    en: "When somebody answers the telephone, such as Mo–Fr 8–12.",
    fr: "Quand quelqu’un répond au téléphone, par exemple lu–ve 8–12.",
    de: "Wann jemand am Telefon antwortet, zum Beispiel Mo–Fr 8–12.",
    it: "Quando qualcuno risponde al telefono, per esempio lu–ve 8–12.",
};
pub const COLOUR: Text = Text { en: "Colour", fr: "Couleur", de: "Farbe", it: "Colore" };
pub const COLOUR_HINT: Text = Text {
    en: "For buttons and links. It has to be dark enough to be read on white.",
    fr: "Pour les boutons et les liens. Elle doit être assez foncée pour être lisible sur du blanc.",
    de: "Für Schaltflächen und Links. Sie muss dunkel genug sein, um auf Weiss lesbar zu sein.",
    it: "Per pulsanti e link. Deve essere abbastanza scuro da essere leggibile sul bianco.",
};
pub const LOGO: Text = Text { en: "Logo", fr: "Logo", de: "Logo", it: "Logo" };
pub const LOGO_HINT: Text = Text {
    en: "A picture, PNG or SVG, of at most 100 kB. The one that is there stays if you choose none.",
    fr: "Une image PNG ou SVG de 100 ko au plus. Celle qui est là reste si vous n’en choisissez aucune.",
    de: "Ein Bild, PNG oder SVG, von höchstens 100 kB. Das vorhandene bleibt, wenn Sie keines wählen.",
    it: "Un’immagine PNG o SVG di al massimo 100 kB. Quella presente resta se non ne sceglie nessuna.",
};
pub const LOGO_REMOVE: Text = Text {
    en: "Show no logo",
    fr: "N’afficher aucun logo",
    de: "Kein Logo zeigen",
    it: "Non mostrare nessun logo",
};
pub const SAVE: Text = Text { en: "Save", fr: "Enregistrer", de: "Speichern", it: "Salvare" };
pub const TRY: Text = Text {
    en: "Show without saving",
    fr: "Afficher sans enregistrer",
    de: "Zeigen, ohne zu speichern",
    it: "Mostrare senza salvare",
};

// What is wrong with a field.

pub const NAME_BROKEN: Text = Text {
    en: "The name is missing, or longer than 200 characters.",
    fr: "Le nom manque ou dépasse 200 caractères.",
    de: "Der Name fehlt oder ist länger als 200 Zeichen.",
    it: "Il nome manca o supera 200 caratteri.",
};
pub const ADDRESS_BROKEN: Text = Text {
    en: "The address may have at most 6 lines and 200 characters.",
    fr: "L’adresse peut avoir au plus 6 lignes et 200 caractères.",
    de: "Die Adresse darf höchstens 6 Zeilen und 200 Zeichen haben.",
    it: "L’indirizzo può avere al massimo 6 righe e 200 caratteri.",
};
pub const PHONE_BROKEN: Text = Text {
    en: "The telephone number may have at most 200 characters.",
    fr: "Le numéro de téléphone peut avoir au plus 200 caractères.",
    de: "Die Telefonnummer darf höchstens 200 Zeichen haben.",
    it: "Il numero di telefono può avere al massimo 200 caratteri.",
};
pub const HOURS_BROKEN: Text = Text {
    en: "The opening hours may have at most 200 characters.",
    fr: "Les heures d’ouverture peuvent avoir au plus 200 caractères.",
    de: "Die Öffnungszeiten dürfen höchstens 200 Zeichen haben.",
    it: "Gli orari di apertura possono avere al massimo 200 caratteri.",
};
pub const COLOUR_BROKEN: Text = Text {
    en: "This is no colour such as #0f5e5a.",
    fr: "Ce n’est pas une couleur telle que #0f5e5a.",
    de: "Das ist keine Farbe wie #0f5e5a.",
    it: "Questo non è un colore come #0f5e5a.",
};
pub const COLOUR_LIGHT: Text = Text {
    en: "This colour is too light to be read on white: its contrast is {0}, and {1} is needed. Please choose a darker one.",
    fr: "Cette couleur est trop claire pour être lisible sur du blanc\u{a0}: son contraste est de {0}, il faut {1}. Veuillez en choisir une plus foncée.",
    de: "Diese Farbe ist zu hell, um auf Weiss lesbar zu sein: Ihr Kontrast ist {0}, nötig sind {1}. Bitte wählen Sie eine dunklere.",
    it: "Questo colore è troppo chiaro per essere leggibile sul bianco: il contrasto è {0}, serve {1}. Ne scelga uno più scuro.",
};
pub const LOGO_BROKEN: Text = Text {
    en: "This is no picture, PNG or SVG, of at most 100 kB.",
    fr: "Ce n’est pas une image PNG ou SVG de 100 ko au plus.",
    de: "Das ist kein Bild, PNG oder SVG, von höchstens 100 kB.",
    it: "Questa non è un’immagine PNG o SVG di al massimo 100 kB.",
};
pub const OVERTAKEN: Text = Text {
    en: "Somebody else has changed this meanwhile. What you have typed still stands here; save again to replace what they have saved.",
    fr: "Quelqu’un d’autre a modifié ceci entre-temps. Votre saisie figure encore ici\u{a0}; enregistrez de nouveau pour remplacer la sienne.",
    de: "Jemand anders hat das inzwischen geändert. Ihre Eingaben stehen noch hier; speichern Sie nochmals, um das Gespeicherte zu ersetzen.",
    it: "Nel frattempo qualcun altro ha modificato questi dati. Quanto ha scritto è ancora qui; salvi di nuovo per sostituire ciò che è salvato.",
};

// The example of a page.

pub const EXAMPLE: Text = Text {
    en: "Example of the page",
    fr: "Exemple de la page",
    de: "Beispiel der Seite",
    it: "Esempio della pagina",
};
pub const EXAMPLE_TITLE: Text =
    Text { en: "Your document", fr: "Votre document", de: "Ihr Dokument", it: "Il suo documento" };
pub const EXAMPLE_TEXT: Text = Text {
    en: "Here is the text that you write, with links in your colour.",
    fr: "Voici le texte que vous rédigez, avec des liens à votre couleur.",
    de: "Hier steht der Text, den Sie schreiben, mit Links in Ihrer Farbe.",
    it: "Qui c’è il testo che Lei scrive, con i link nel Suo colore.",
};
pub const EXAMPLE_BUTTON: Text =
    Text { en: "I am finished", fr: "J’ai terminé", de: "Ich bin fertig", it: "Ho finito" };
pub const EXAMPLE_HELP: Text = Text {
    en: "Do you need help? Please call your practice.",
    fr: "Avez-vous besoin d’aide\u{a0}? Appelez votre cabinet.",
    de: "Brauchen Sie Hilfe? Bitte rufen Sie Ihre Praxis an.",
    it: "Ha bisogno di aiuto? Chiami il suo studio.",
};

#[cfg(test)]
mod tests {
    #[test]
    fn every_text_holds_the_same_values_in_each_language() {
        crate::domain::language::tests::assert_complete(include_str!("practice.rs"));
    }
}
