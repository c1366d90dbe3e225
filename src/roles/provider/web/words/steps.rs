//! What is asked before a step is taken, and said once it is done.

use crate::domain::language::Text;

pub const SEND_ASK: Text = Text {
    en: "Send this document?",
    fr: "Envoyer ce document\u{a0}?",
    de: "Dieses Dokument senden?",
    it: "Inviare questo documento?",
};
pub const SEND_LEAD: Text = Text {
    en: "Please check for whom it is. Afterwards you get the code and the link.",
    fr: "Veuillez vérifier à qui il est destiné. Ensuite, vous recevez le code et le lien.",
    de: "Bitte prüfen Sie, für wen es ist. Danach erhalten Sie Code und Link.",
    it: "Controlli per chi è. Poi riceve il codice e il link.",
};
pub const SEND_YES: Text =
    Text { en: "Send now", fr: "Envoyer maintenant", de: "Jetzt senden", it: "Invia ora" };
pub const REVOKE_ASK: Text = Text {
    en: "Withdraw this document?",
    fr: "Retirer ce document\u{a0}?",
    de: "Dieses Dokument zurückziehen?",
    it: "Ritirare questo documento?",
};
pub const REVOKE_LEAD: Text = Text {
    en: "The code opens nothing any more, and the text is removed from the clients’ service. To give access again, you send it again and get a new code.",
    fr: "Le code n’ouvre plus rien et le texte est effacé du service des clients. Pour redonner l’accès, vous l’envoyez à nouveau et recevez un nouveau code.",
    de: "Der Code öffnet nichts mehr, und der Text wird beim Dienst für Klienten gelöscht. Um wieder Zugang zu geben, senden Sie es nochmals und erhalten einen neuen Code.",
    it: "Il codice non apre più nulla e il testo viene cancellato dal servizio per i clienti. Per ridare l’accesso lo invia di nuovo e riceve un nuovo codice.",
};
pub const REVOKE_YES: Text =
    Text { en: "Withdraw now", fr: "Retirer maintenant", de: "Jetzt zurückziehen", it: "Ritira ora" };
pub const REISSUE_ASK: Text = Text {
    en: "Give a new code?",
    fr: "Donner un nouveau code\u{a0}?",
    de: "Neuen Code vergeben?",
    it: "Dare un nuovo codice?",
};
pub const REISSUE_LEAD: Text = Text {
    en: "The old code and the old link open nothing any more. The time of access begins anew.",
    fr: "L’ancien code et l’ancien lien n’ouvrent plus rien. La durée d’accès recommence.",
    de: "Der alte Code und der alte Link öffnen nichts mehr. Die Zeit des Zugangs beginnt neu.",
    it: "Il vecchio codice e il vecchio link non aprono più nulla. Il tempo di accesso ricomincia.",
};
pub const REISSUE_YES: Text = Text {
    en: "Give a new code",
    fr: "Donner un nouveau code",
    de: "Neuen Code vergeben",
    it: "Dai un nuovo codice",
};
pub const DELETE_ASK: Text = Text {
    en: "Delete this document?",
    fr: "Supprimer ce document\u{a0}?",
    de: "Dieses Dokument löschen?",
    it: "Eliminare questo documento?",
};
pub const DELETE_LEAD: Text = Text {
    en: "If it was sent, access ends first. It does not come back.",
    fr: "S’il a été envoyé, l’accès prend fin d’abord. Il ne revient pas.",
    de: "Wurde es gesendet, endet zuerst der Zugang. Es kommt nicht zurück.",
    it: "Se è stato inviato, prima finisce l’accesso. Non torna più.",
};
pub const DELETE_YES: Text = Text {
    en: "Delete for good",
    fr: "Supprimer définitivement",
    de: "Endgültig löschen",
    it: "Elimina definitivamente",
};
pub const EXPIRY_ASK: Text = Text {
    en: "When does access end?",
    fr: "Quand l’accès prend-il fin\u{a0}?",
    de: "Wann endet der Zugang?",
    it: "Quando finisce l’accesso?",
};
pub const EXPIRY_LEAD: Text = Text {
    en: "Code and link stay the same, and nothing is sent again.",
    fr: "Le code et le lien restent les mêmes, et rien n’est renvoyé.",
    de: "Code und Link bleiben gleich, und nichts wird nochmals gesendet.",
    it: "Codice e link restano gli stessi e nulla viene inviato di nuovo.",
};
pub const EXPIRY_NOW: Text = Text { en: "Until now", fr: "Jusqu’à présent", de: "Bisher", it: "Finora" };
pub const LAST_DAY: Text = Text {
    en: "Last day with access",
    fr: "Dernier jour d’accès",
    de: "Letzter Tag mit Zugang",
    it: "Ultimo giorno di accesso",
};
pub const LAST_DAY_HINT: Text = Text {
    en: "From {0} to {1}. Access ends with that day.",
    fr: "Du {0} au {1}. L’accès prend fin à la fin de ce jour.",
    de: "Vom {0} bis {1}. Der Zugang endet mit diesem Tag.",
    it: "Dal {0} al {1}. L’accesso finisce con quel giorno.",
};
pub const LAST_DAY_BROKEN: Text = Text {
    en: "Choose a day from {0} to {1}.",
    fr: "Choisissez un jour du {0} au {1}.",
    de: "Wählen Sie einen Tag vom {0} bis {1}.",
    it: "Scelga un giorno dal {0} al {1}.",
};
pub const EXPIRY_YES: Text = Text {
    en: "Let access end then",
    fr: "Fixer cette fin d’accès",
    de: "So festlegen",
    it: "Fissa questa fine",
};
// What was done.
pub const DONE_EXPIRY: Text = Text {
    en: "Access has another end now.",
    fr: "L’accès a maintenant une autre fin.",
    de: "Der Zugang hat jetzt ein anderes Ende.",
    it: "L’accesso ora ha un’altra fine.",
};
pub const DONE_SENT: Text = Text {
    en: "Sent. Here are the code and the link.",
    fr: "Envoyé. Voici le code et le lien.",
    de: "Gesendet. Hier sind Code und Link.",
    it: "Inviato. Ecco il codice e il link.",
};
pub const DONE_QUEUED: Text = Text {
    en: "Accepted. It is delivered by itself as soon as the clients’ service can be reached.",
    fr: "Accepté. La remise se fera d’elle-même dès que le service des clients sera joignable.",
    de: "Angenommen. Es wird von selbst zugestellt, sobald der Dienst für Klienten erreichbar ist.",
    it: "Accettato. Viene consegnato da solo appena il servizio per i clienti è raggiungibile.",
};
pub const DONE_FAILED: Text = Text {
    en: "The clients’ service has refused it. The reason stands below.",
    fr: "Le service des clients l’a refusé. La raison figure ci-dessous.",
    de: "Der Dienst für Klienten hat es abgelehnt. Der Grund steht unten.",
    it: "Il servizio per i clienti lo ha rifiutato. Il motivo è qui sotto.",
};
pub const DONE_REVOKED: Text = Text {
    en: "Withdrawn. The code opens nothing any more.",
    fr: "Retiré. Le code n’ouvre plus rien.",
    de: "Zurückgezogen. Der Code öffnet nichts mehr.",
    it: "Ritirato. Il codice non apre più nulla.",
};
pub const DONE_REISSUED: Text = Text {
    en: "Here is the new code. The old one opens nothing any more.",
    fr: "Voici le nouveau code. L’ancien n’ouvre plus rien.",
    de: "Hier ist der neue Code. Der alte öffnet nichts mehr.",
    it: "Ecco il nuovo codice. Il vecchio non apre più nulla.",
};
pub const DONE_DELETED: Text = Text { en: "Deleted.", fr: "Supprimé.", de: "Gelöscht.", it: "Eliminato." };

#[cfg(test)]
mod tests {
    #[test]
    fn every_text_holds_the_same_values_in_each_language() {
        crate::domain::language::tests::assert_complete(include_str!("steps.rs"));
    }
}
