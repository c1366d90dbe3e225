//! What stands around every page of the workspace, and where people sign in.

use crate::domain::language::Text;

pub const WORKSPACE: Text =
    Text { en: "Workspace", fr: "Espace de travail", de: "Arbeitsplatz", it: "Area di lavoro" };
pub const DOCUMENTS: Text = Text { en: "Documents", fr: "Documents", de: "Dokumente", it: "Documenti" };
pub const LIBRARY: Text = Text { en: "Library", fr: "Bibliothèque", de: "Bibliothek", it: "Biblioteca" };
pub const SETTINGS: Text = Text { en: "Settings", fr: "Réglages", de: "Einstellungen", it: "Impostazioni" };
pub const NEW_DOCUMENT: Text =
    Text { en: "New document", fr: "Nouveau document", de: "Neues Dokument", it: "Nuovo documento" };
pub const SIGN_OUT: Text = Text { en: "Sign out", fr: "Se déconnecter", de: "Abmelden", it: "Esci" };
pub const SIGNED_IN_AS: Text = Text {
    en: "Signed in as {0}",
    fr: "Connecté en tant que {0}",
    de: "Angemeldet als {0}",
    it: "Accesso come {0}",
};
pub const LOCAL_MODE: Text = Text {
    en: "This machine only, without sign-in",
    fr: "Cette machine uniquement, sans connexion",
    de: "Nur dieser Rechner, ohne Anmeldung",
    it: "Solo questo computer, senza accesso",
};
pub const SIGN_IN: Text = Text { en: "Sign in", fr: "Se connecter", de: "Anmelden", it: "Accedi" };
pub const SIGN_IN_LEAD: Text = Text {
    en: "Here you write documents and hand them to your clients.",
    fr: "Ici, vous rédigez des documents et les remettez à vos clients.",
    de: "Hier schreiben Sie Dokumente und übergeben sie Ihren Klientinnen und Klienten.",
    it: "Qui scrive documenti e li consegna ai Suoi clienti.",
};
pub const SIGN_IN_WITH: Text = Text {
    en: "Sign in with your account",
    fr: "Se connecter avec votre compte",
    de: "Mit Ihrem Konto anmelden",
    it: "Acceda con il Suo account",
};
pub const OR_TOKEN: Text = Text {
    en: "Sign in with an access token",
    fr: "Se connecter avec un jeton d’accès",
    de: "Mit einem Zugriffstoken anmelden",
    it: "Acceda con un token",
};
pub const TOKEN: Text =
    Text { en: "Access token", fr: "Jeton d’accès", de: "Zugriffstoken", it: "Token di accesso" };
pub const TOKEN_HINT: Text = Text {
    en: "Your administrator gives you one. It is not kept; you stay signed in as long as it is valid.",
    fr: "Votre administrateur vous en donne un. Il n’est pas conservé\u{a0}; vous restez connecté tant qu’il est valable.",
    de: "Sie erhalten es von Ihrer Administration. Es wird nicht gespeichert; Sie bleiben angemeldet, solange es gültig ist.",
    it: "Lo riceve dall’amministrazione. Non viene salvato; l’accesso dura finché il token è valido.",
};
pub const TOKEN_REFUSED: Text = Text {
    en: "This token is not valid, or not any more. Please copy it again, from its first to its last sign.",
    fr: "Ce jeton n’est pas valable, ou ne l’est plus. Veuillez le copier à nouveau, du premier au dernier signe.",
    de: "Dieses Token ist nicht oder nicht mehr gültig. Bitte kopieren Sie es nochmals, vom ersten bis zum letzten Zeichen.",
    it: "Questo token non è valido, o non lo è più. Lo copi di nuovo, dal primo all’ultimo segno.",
};
pub const TOKEN_TOO_LONG: Text = Text {
    en: "This token is too long to be kept by a browser. Please ask your administrator for a shorter one.",
    fr: "Ce jeton est trop long pour un navigateur. Veuillez demander un jeton plus court à votre administrateur.",
    de: "Dieses Token ist zu lang für einen Browser. Bitte verlangen Sie bei Ihrer Administration ein kürzeres.",
    it: "Questo token è troppo lungo per un browser. Ne chieda uno più corto all’amministrazione.",
};
pub const ACCOUNT_REFUSED: Text = Text {
    en: "Your account could not be confirmed. Please try again; if it happens again, call your administrator.",
    fr: "Votre compte n’a pas pu être confirmé. Veuillez réessayer\u{a0}; si cela se répète, appelez votre administrateur.",
    de: "Ihr Konto konnte nicht bestätigt werden. Bitte versuchen Sie es nochmals; geschieht es wieder, rufen Sie Ihre Administration an.",
    it: "Il Suo account non è stato confermato. Riprovi; se succede di nuovo, contatti l’amministrazione.",
};
pub const SESSION_OVER: Text = Text {
    en: "Please sign in. What you have typed is kept in this browser.",
    fr: "Veuillez vous connecter. Ce que vous avez saisi est conservé dans ce navigateur.",
    de: "Bitte melden Sie sich an. Was Sie geschrieben haben, bleibt in diesem Browser.",
    it: "Acceda, per favore. Ciò che ha scritto resta in questo browser.",
};
pub const RIGHTS_LACKING: Text = Text {
    en: "Your account lacks the right for that. Please sign in with another one, or ask your administrator.",
    fr: "Votre compte n’a pas ce droit. Veuillez utiliser un autre compte ou vous adresser à votre administrateur.",
    de: "Ihrem Konto fehlt das Recht dazu. Bitte melden Sie sich mit einem anderen an, oder fragen Sie Ihre Administration.",
    it: "Al Suo account manca questo diritto. Acceda con un altro, o chieda all’amministrazione.",
};
pub const SIGNED_OUT: Text = Text {
    en: "You are signed out.",
    fr: "Vous êtes déconnecté.",
    de: "Sie sind abgemeldet.",
    it: "È uscito.",
};
pub const KEYS_AWAY: Text = Text {
    en: "Nobody can be signed in at the moment. Please try again in a minute.",
    fr: "La connexion est impossible pour le moment. Veuillez réessayer dans une minute.",
    de: "Im Moment kann niemand angemeldet werden. Bitte versuchen Sie es in einer Minute nochmals.",
    it: "Al momento nessuno può accedere. Riprovi tra un minuto.",
};
pub const PROBLEM: Text = Text {
    en: "That did not work",
    fr: "Cela n’a pas fonctionné",
    de: "Das hat nicht geklappt",
    it: "Non ha funzionato",
};
pub const NOT_FOUND: Text = Text {
    en: "There is no such document, or not any more.",
    fr: "Ce document n’existe pas, ou n’existe plus.",
    de: "Dieses Dokument gibt es nicht oder nicht mehr.",
    it: "Questo documento non esiste, o non esiste più.",
};
pub const BUSY: Text = Text {
    en: "There is too much to do at the moment. Nothing is lost: please try again in a few seconds.",
    fr: "Le service est très occupé. Rien n’est perdu\u{a0}: veuillez réessayer dans quelques secondes.",
    de: "Im Moment ist zu viel los. Es ist nichts verloren: Bitte versuchen Sie es in ein paar Sekunden nochmals.",
    it: "Al momento c’è troppo da fare. Nulla è perso: riprovi tra qualche secondo.",
};
pub const TOO_LARGE: Text = Text {
    en: "The text is too long to be saved.",
    fr: "Le texte est trop long pour être enregistré.",
    de: "Der Text ist zu lang zum Speichern.",
    it: "Il testo è troppo lungo per essere salvato.",
};
pub const STALE_FORM: Text = Text {
    en: "This form belongs to an earlier session. Please load the page again.",
    fr: "Ce formulaire appartient à une session antérieure. Veuillez recharger la page.",
    de: "Dieses Formular gehört zu einer früheren Anmeldung. Bitte laden Sie die Seite neu.",
    it: "Questo modulo appartiene a una sessione precedente. Ricarichi la pagina.",
};
pub const NOT_ALLOWED_NOW: Text = Text {
    en: "The document has changed meanwhile, and this step is not possible any more.",
    fr: "Le document a changé entre-temps et cette étape n’est plus possible.",
    de: "Das Dokument hat sich inzwischen geändert; dieser Schritt ist nicht mehr möglich.",
    it: "Il documento nel frattempo è cambiato e questo passo non è più possibile.",
};
pub const BROKEN: Text = Text {
    en: "Something broke on our side. Nothing is lost: please try again in a minute.",
    fr: "Un problème est survenu de notre côté. Rien n’est perdu\u{a0}: veuillez réessayer dans une minute.",
    de: "Bei uns ist etwas schiefgegangen. Es ist nichts verloren: Bitte versuchen Sie es in einer Minute nochmals.",
    it: "Qualcosa è andato storto da noi. Nulla è perso: riprovi tra un minuto.",
};
pub const TO_DOCUMENTS: Text =
    Text { en: "To the documents", fr: "Vers les documents", de: "Zu den Dokumenten", it: "Ai documenti" };
pub const CANCEL: Text = Text { en: "Cancel", fr: "Annuler", de: "Abbrechen", it: "Annulla" };
pub const COPY: Text = Text { en: "Copy", fr: "Copier", de: "Kopieren", it: "Copia" };
pub const COPIED: Text = Text { en: "Copied", fr: "Copié", de: "Kopiert", it: "Copiato" };

#[cfg(test)]
mod tests {
    #[test]
    fn every_text_holds_the_same_values_in_each_language() {
        crate::domain::language::tests::assert_complete(include_str!("frame.rs"));
    }
}
