//! What the dashboard and the library say.

use crate::domain::language::Text;

pub const SEARCH: Text = Text { en: "Search", fr: "Rechercher", de: "Suchen", it: "Cerca" };
pub const SEARCH_FOR: Text = Text {
    en: "Title, name or e-mail address",
    fr: "Titre, nom ou adresse e-mail",
    de: "Titel, Name oder E-Mail-Adresse",
    it: "Titolo, nome o indirizzo e-mail",
};
pub const SHOW: Text = Text { en: "Show", fr: "Afficher", de: "Anzeigen", it: "Mostra" };
pub const ALL: Text = Text { en: "All", fr: "Tous", de: "Alle", it: "Tutti" };
pub const DRAFTS: Text = Text { en: "Drafts", fr: "Brouillons", de: "Entwürfe", it: "Bozze" };
pub const READY: Text =
    Text { en: "Ready to send", fr: "Prêts à l’envoi", de: "Bereit zum Senden", it: "Pronti da inviare" };
pub const UNDERWAY: Text = Text { en: "On their way", fr: "En route", de: "Unterwegs", it: "In viaggio" };
pub const DELIVERED: Text = Text {
    en: "Not opened yet",
    fr: "Pas encore ouverts",
    de: "Noch nicht geöffnet",
    it: "Non ancora aperti",
};
pub const OPENED: Text = Text { en: "Opened", fr: "Ouverts", de: "Geöffnet", it: "Aperti" };
pub const FAILED: Text = Text { en: "Failed", fr: "Échoués", de: "Fehlgeschlagen", it: "Falliti" };
pub const ENDED: Text =
    Text { en: "Access ended", fr: "Accès terminé", de: "Zugang beendet", it: "Accesso terminato" };
pub const TITLE: Text = Text { en: "Document", fr: "Document", de: "Dokument", it: "Documento" };
pub const FOR: Text = Text { en: "For", fr: "Pour", de: "Für", it: "Per" };
pub const STATE: Text = Text { en: "State", fr: "État", de: "Stand", it: "Stato" };
pub const CHANGED: Text =
    Text { en: "Last changed", fr: "Dernière modification", de: "Zuletzt geändert", it: "Ultima modifica" };
pub const NOBODY_NAMED: Text =
    Text { en: "nobody named", fr: "personne indiquée", de: "niemand angegeben", it: "nessuno indicato" };
pub const OLDER: Text = Text {
    en: "Older documents",
    fr: "Documents plus anciens",
    de: "Ältere Dokumente",
    it: "Documenti meno recenti",
};
pub const NEWEST: Text = Text {
    en: "Back to the newest",
    fr: "Retour aux plus récents",
    de: "Zurück zu den neuesten",
    it: "Torna ai più recenti",
};
pub const NONE_YET: Text = Text {
    en: "There is no document yet.",
    fr: "Il n’y a encore aucun document.",
    de: "Es gibt noch kein Dokument.",
    it: "Non c’è ancora nessun documento.",
};
pub const NONE_YET_LEAD: Text = Text {
    en: "Write the first one, or begin with a text of the library.",
    fr: "Rédigez le premier, ou commencez par un texte de la bibliothèque.",
    de: "Schreiben Sie das erste, oder beginnen Sie mit einem Text der Bibliothek.",
    it: "Scriva il primo, o cominci da un testo della biblioteca.",
};
pub const NONE_FOUND: Text = Text {
    en: "No document matches.",
    fr: "Aucun document ne correspond.",
    de: "Kein Dokument passt dazu.",
    it: "Nessun documento corrisponde.",
};
pub const SHOW_ALL: Text = Text {
    en: "Show all documents",
    fr: "Afficher tous les documents",
    de: "Alle Dokumente anzeigen",
    it: "Mostra tutti i documenti",
};
pub const RETRY: Text = Text { en: "Try again", fr: "Réessayer", de: "Nochmals versuchen", it: "Riprova" };
pub const TRY_NOW: Text =
    Text { en: "Try now", fr: "Essayer maintenant", de: "Jetzt versuchen", it: "Prova ora" };
pub const NEXT_TRY: Text = Text {
    en: "next try at {0}",
    fr: "prochain essai à {0}",
    de: "nächster Versuch um {0}",
    it: "prossimo tentativo alle {0}",
};
// Badges.
pub const IS_DRAFT: Text = Text { en: "Draft", fr: "Brouillon", de: "Entwurf", it: "Bozza" };
pub const IS_READY: Text =
    Text { en: "Ready to send", fr: "Prêt à l’envoi", de: "Bereit zum Senden", it: "Pronto da inviare" };
pub const IS_QUEUED: Text = Text {
    en: "Waiting to be delivered",
    fr: "En attente de remise",
    de: "Wartet auf Zustellung",
    it: "In attesa di consegna",
};
pub const IS_DELIVERING: Text =
    Text { en: "Being delivered", fr: "Remise en cours", de: "Wird zugestellt", it: "In consegna" };
pub const IS_DELIVERED: Text = Text {
    en: "Delivered, not opened yet",
    fr: "Remis, pas encore ouvert",
    de: "Zugestellt, noch nicht geöffnet",
    it: "Consegnato, non ancora aperto",
};
pub const IS_OPENED: Text = Text { en: "Opened", fr: "Ouvert", de: "Geöffnet", it: "Aperto" };
pub const IS_FAILED: Text = Text {
    en: "Delivery failed",
    fr: "Échec de la remise",
    de: "Zustellung fehlgeschlagen",
    it: "Consegna fallita",
};
pub const IS_REVOKED: Text = Text { en: "Withdrawn", fr: "Retiré", de: "Zurückgezogen", it: "Ritirato" };
pub const IS_EXPIRED: Text =
    Text { en: "Access has expired", fr: "Accès expiré", de: "Zugang abgelaufen", it: "Accesso scaduto" };
pub const REVOKE_WAITS: Text = Text {
    en: "Withdrawal is waiting; the code still opens",
    fr: "Retrait en attente\u{a0}; le code ouvre encore",
    de: "Rückzug wartet; der Code öffnet noch",
    it: "Ritiro in attesa; il codice apre ancora",
};
pub const REVOKE_FAILED: Text = Text {
    en: "Withdrawal failed; the code still opens",
    fr: "Échec du retrait\u{a0}; le code ouvre encore",
    de: "Rückzug fehlgeschlagen; der Code öffnet noch",
    it: "Ritiro fallito; il codice apre ancora",
};
pub const CODE_WAITS: Text = Text {
    en: "New code is waiting; the old one still opens",
    fr: "Nouveau code en attente\u{a0}; l’ancien ouvre encore",
    de: "Neuer Code wartet; der alte öffnet noch",
    it: "Nuovo codice in attesa; il vecchio apre ancora",
};
pub const CODE_FAILED: Text = Text {
    en: "New code failed; the old one still opens",
    fr: "Échec du nouveau code\u{a0}; l’ancien ouvre encore",
    de: "Neuer Code fehlgeschlagen; der alte öffnet noch",
    it: "Nuovo codice fallito; il vecchio apre ancora",
};
pub const END_WAITS: Text = Text {
    en: "The new end of access is waiting",
    fr: "La nouvelle fin d’accès est en attente",
    de: "Das neue Ende des Zugangs wartet",
    it: "La nuova fine dell’accesso è in attesa",
};
pub const END_FAILED: Text = Text {
    en: "The new end of access failed",
    fr: "Échec de la nouvelle fin d’accès",
    de: "Das neue Ende des Zugangs ist fehlgeschlagen",
    it: "La nuova fine dell’accesso è fallita",
};
pub const IS_EDITED: Text = Text {
    en: "New version not sent yet",
    fr: "Nouvelle version pas encore envoyée",
    de: "Neue Version noch nicht gesendet",
    it: "Nuova versione non ancora inviata",
};
// Reasons.
pub const WHY_UNREACHABLE: Text = Text {
    en: "The clients’ service can’t be reached.",
    fr: "Le service des clients est injoignable.",
    de: "Der Dienst für Klienten ist nicht erreichbar.",
    it: "Il servizio per i clienti non è raggiungibile.",
};
pub const WHY_SLOW: Text = Text {
    en: "The clients’ service did not answer in time.",
    fr: "Le service des clients n’a pas répondu à temps.",
    de: "Der Dienst für Klienten hat nicht rechtzeitig geantwortet.",
    it: "Il servizio per i clienti non ha risposto in tempo.",
};
pub const WHY_REFUSED: Text = Text {
    en: "The clients’ service refuses it.",
    fr: "Le service des clients le refuse.",
    de: "Der Dienst für Klienten lehnt es ab.",
    it: "Il servizio per i clienti lo rifiuta.",
};
pub const WHY_BROKEN: Text = Text {
    en: "The clients’ service can’t work at the moment.",
    fr: "Le service des clients ne fonctionne pas en ce moment.",
    de: "Der Dienst für Klienten arbeitet im Moment nicht.",
    it: "Il servizio per i clienti al momento non funziona.",
};
pub const TECHNICAL: Text = Text {
    en: "Details for support",
    fr: "Détails pour l’assistance",
    de: "Angaben für den Support",
    it: "Dettagli per l’assistenza",
};
// Library.
pub const LIBRARY_LEAD: Text = Text {
    en: "Texts that you begin new documents with. Only your organisation sees them.",
    fr: "Textes par lesquels vous commencez de nouveaux documents. Seule votre organisation les voit.",
    de: "Texte, mit denen Sie neue Dokumente beginnen. Nur Ihre Organisation sieht sie.",
    it: "Testi con cui comincia nuovi documenti. Solo la Sua organizzazione li vede.",
};
pub const LIBRARY_EMPTY: Text = Text {
    en: "The library is empty. Open a document and choose «Save to Library».",
    fr: "La bibliothèque est vide. Ouvrez un document et choisissez «Enregistrer dans la bibliothèque».",
    de: "Die Bibliothek ist leer. Öffnen Sie ein Dokument und wählen Sie «In Bibliothek speichern».",
    it: "La biblioteca è vuota. Apra un documento e scelga «Salva nella biblioteca».",
};
pub const SAVE_TO_LIBRARY: Text = Text {
    en: "Save to Library",
    fr: "Enregistrer dans la bibliothèque",
    de: "In Bibliothek speichern",
    it: "Salva nella biblioteca",
};
pub const NAME_IN_LIBRARY: Text = Text {
    en: "Name in the library",
    fr: "Nom dans la bibliothèque",
    de: "Name in der Bibliothek",
    it: "Nome nella biblioteca",
};
pub const USE_TEXT: Text = Text {
    en: "Begin a document with it",
    fr: "Commencer un document avec ce texte",
    de: "Ein Dokument damit beginnen",
    it: "Cominci un documento con questo testo",
};
pub const REMOVE_TEXT: Text = Text {
    en: "Remove from the library",
    fr: "Retirer de la bibliothèque",
    de: "Aus der Bibliothek entfernen",
    it: "Togli dalla biblioteca",
};
pub const SAVED_TO_LIBRARY: Text = Text {
    en: "Saved to the library.",
    fr: "Enregistré dans la bibliothèque.",
    de: "In der Bibliothek gespeichert.",
    it: "Salvato nella biblioteca.",
};
pub const REMOVED_TEXT: Text = Text {
    en: "Removed from the library.",
    fr: "Retiré de la bibliothèque.",
    de: "Aus der Bibliothek entfernt.",
    it: "Tolto dalla biblioteca.",
};
pub const LIBRARY_FULL: Text = Text {
    en: "The library is full: remove a text that nobody uses any more.",
    fr: "La bibliothèque est pleine\u{a0}: retirez un texte que personne n’utilise plus.",
    de: "Die Bibliothek ist voll: Entfernen Sie einen Text, den niemand mehr braucht.",
    it: "La biblioteca è piena: tolga un testo che nessuno usa più.",
};
pub const NAME_MISSING: Text = Text {
    en: "Please give the text a name of at most 200 characters.",
    fr: "Veuillez donner au texte un nom de 200 caractères au plus.",
    de: "Bitte geben Sie dem Text einen Namen von höchstens 200 Zeichen.",
    it: "Dia al testo un nome di al massimo 200 caratteri.",
};

#[cfg(test)]
mod tests {
    #[test]
    fn every_text_holds_the_same_values_in_each_language() {
        crate::domain::language::tests::assert_complete(include_str!("list.rs"));
    }
}
