//! What the history of a document and the settings say.

use crate::domain::language::Text;

pub const CREATED: Text = Text { en: "Written", fr: "Rédigé", de: "Geschrieben", it: "Scritto" };
pub const FINALISED: Text = Text {
    en: "Made ready to be sent",
    fr: "Préparé pour l’envoi",
    de: "Zum Senden bereit gemacht",
    it: "Preparato per l’invio",
};
pub const EDITED: Text = Text { en: "Changed", fr: "Modifié", de: "Geändert", it: "Modificato" };
pub const SENT: Text = Text { en: "Sent", fr: "Envoyé", de: "Gesendet", it: "Inviato" };
pub const DELIVERED: Text = Text {
    en: "Confirmed by the clients’ service",
    fr: "Confirmé par le service des clients",
    de: "Vom Dienst für Klienten bestätigt",
    it: "Confermato dal servizio per i clienti",
};
pub const FAILED: Text = Text { en: "Given up", fr: "Abandonné", de: "Aufgegeben", it: "Abbandonato" };
pub const RETRIED: Text =
    Text { en: "Tried again", fr: "Nouvel essai", de: "Nochmals versucht", it: "Nuovo tentativo" };
pub const REVOKED: Text = Text { en: "Withdrawn", fr: "Retiré", de: "Zurückgezogen", it: "Ritirato" };
pub const REISSUED: Text = Text {
    en: "New code given",
    fr: "Nouveau code donné",
    de: "Neuer Code vergeben",
    it: "Nuovo codice dato",
};
pub const EXPIRY_CHANGED: Text = Text {
    en: "End of access changed",
    fr: "Fin d’accès modifiée",
    de: "Ende des Zugangs geändert",
    it: "Fine dell’accesso modificata",
};
pub const DELETED: Text = Text { en: "Deleted", fr: "Supprimé", de: "Gelöscht", it: "Eliminato" };
pub const OPENED: Text = Text {
    en: "Opened by the client",
    fr: "Ouvert par le client",
    de: "Von der Klientin oder dem Klienten geöffnet",
    it: "Aperto dal cliente",
};
pub const CODE_WRONG: Text = Text {
    en: "A wrong code was typed",
    fr: "Un code erroné a été saisi",
    de: "Ein falscher Code wurde eingegeben",
    it: "È stato digitato un codice errato",
};
pub const CODE_BLOCKED: Text = Text {
    en: "Blocked after wrong codes: give a new code",
    fr: "Bloqué après des codes erronés\u{a0}: donnez un nouveau code",
    de: "Nach falschen Codes gesperrt: Vergeben Sie einen neuen Code",
    it: "Bloccato dopo codici errati: dia un nuovo codice",
};
pub const OTP_BLOCKED: Text = Text {
    en: "Blocked after wrong numbers: give a new code",
    fr: "Bloqué après des numéros erronés\u{a0}: donnez un nouveau code",
    de: "Nach falschen Nummern gesperrt: Vergeben Sie einen neuen Code",
    it: "Bloccato dopo numeri errati: dia un nuovo codice",
};
pub const FILE_FETCHED: Text = Text {
    en: "A file was fetched",
    fr: "Un fichier a été téléchargé",
    de: "Eine Datei wurde abgeholt",
    it: "È stato scaricato un file",
};
pub const EXPIRED: Text =
    Text { en: "Access has expired", fr: "Accès expiré", de: "Zugang abgelaufen", it: "Accesso scaduto" };
// Settings.
pub const CLIENT_ROLE: Text = Text {
    en: "The clients’ service",
    fr: "Le service des clients",
    de: "Der Dienst für Klienten",
    it: "Il servizio per i clienti",
};
pub const CLIENT_GOOD: Text = Text {
    en: "It answers, in {0} ms.",
    fr: "Il répond, en {0} ms.",
    de: "Er antwortet, in {0} ms.",
    it: "Risponde, in {0} ms.",
};
pub const CLIENT_AWAY: Text = Text {
    en: "It can’t be reached. Whatever you send is kept and delivered later by itself.",
    fr: "Il est injoignable. Tout ce que vous envoyez est conservé et remis plus tard de lui-même.",
    de: "Er ist nicht erreichbar. Was Sie senden, bleibt erhalten und wird später von selbst zugestellt.",
    it: "Non è raggiungibile. Ciò che invia viene conservato e consegnato più tardi da solo.",
};
pub const CLIENT_BROKEN: Text = Text {
    en: "It answers, but can’t work at the moment.",
    fr: "Il répond, mais ne fonctionne pas en ce moment.",
    de: "Er antwortet, arbeitet im Moment aber nicht.",
    it: "Risponde, ma al momento non funziona.",
};
pub const CLIENT_RESTS: Text = Text {
    en: "After several failures in a row, it is left alone for a few seconds.",
    fr: "Après plusieurs échecs consécutifs, on le laisse quelques secondes.",
    de: "Nach mehreren Fehlschlägen wird er einige Sekunden in Ruhe gelassen.",
    it: "Dopo più errori di fila viene lasciato in pace per qualche secondo.",
};
pub const ADDRESS: Text = Text { en: "Address", fr: "Adresse", de: "Adresse", it: "Indirizzo" };
pub const QUEUE: Text = Text {
    en: "Messages on their way",
    fr: "Messages en route",
    de: "Nachrichten unterwegs",
    it: "Messaggi in viaggio",
};
pub const WAITING: Text = Text { en: "Waiting", fr: "En attente", de: "Wartend", it: "In attesa" };
pub const OLDEST: Text =
    Text { en: "Oldest of them", fr: "Le plus ancien", de: "Die älteste davon", it: "Il più vecchio" };
pub const FAILED_COUNT: Text =
    Text { en: "Given up", fr: "Abandonnés", de: "Aufgegeben", it: "Abbandonati" };
pub const RESERVE: Text = Text {
    en: "Access codes in reserve",
    fr: "Codes d’accès en réserve",
    de: "Zugangscodes in Reserve",
    it: "Codici di accesso di riserva",
};
pub const YOU: Text = Text { en: "You", fr: "Vous", de: "Sie", it: "Lei" };
pub const TENANT: Text =
    Text { en: "Organisation", fr: "Organisation", de: "Organisation", it: "Organizzazione" };
pub const RIGHTS: Text = Text { en: "Rights", fr: "Droits", de: "Rechte", it: "Diritti" };
pub const DOCUMENT_LIFE: Text =
    Text { en: "Access lasts", fr: "L’accès dure", de: "Der Zugang dauert", it: "L’accesso dura" };
pub const DAYS: Text = Text { en: "{0} days", fr: "{0} jours", de: "{0} Tage", it: "{0} giorni" };
pub const API: Text = Text {
    en: "Description of the programming interface",
    fr: "Description de l’interface de programmation",
    de: "Beschreibung der Programmierschnittstelle",
    it: "Descrizione dell’interfaccia di programmazione",
};

#[cfg(test)]
mod tests {
    #[test]
    fn every_text_holds_the_same_values_in_each_language() {
        crate::domain::language::tests::assert_complete(include_str!("events.rs"));
    }
}
