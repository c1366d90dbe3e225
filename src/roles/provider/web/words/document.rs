//! What the editor and the page of a document say.

use crate::domain::document::SecondFactor;
use crate::domain::language::Text;

pub const EDIT: Text = Text { en: "Edit", fr: "Modifier", de: "Bearbeiten", it: "Modifica" };
pub const TITLE: Text = Text { en: "Title", fr: "Titre", de: "Titel", it: "Titolo" };
pub const TITLE_HINT: Text = Text {
    en: "The client sees it once the code is typed, never before.",
    fr: "Le client le voit après avoir saisi le code, jamais avant.",
    de: "Die Klientin oder der Klient sieht ihn erst nach dem Code.",
    it: "Il cliente lo vede solo dopo il codice, mai prima.",
};
pub const TEXT: Text = Text { en: "Text", fr: "Texte", de: "Text", it: "Testo" };
pub const TEXT_HINT: Text = Text {
    en: "You can write Markdown: # heading, **bold**, - list, tables.",
    fr: "Vous pouvez écrire en Markdown\u{a0}: # titre, **gras**, - liste, tableaux.",
    de: "Sie können Markdown schreiben: # Überschrift, **fett**, - Liste, Tabellen.",
    it: "Può scrivere in Markdown: # titolo, **grassetto**, - elenco, tabelle.",
};
pub const RECIPIENT: Text =
    Text { en: "Recipient", fr: "Destinataire", de: "Empfängerin oder Empfänger", it: "Destinatario" };
pub const NAME: Text = Text { en: "Name", fr: "Nom", de: "Name", it: "Nome" };
pub const EMAIL: Text =
    Text { en: "E-mail address", fr: "Adresse e-mail", de: "E-Mail-Adresse", it: "Indirizzo e-mail" };
pub const PHONE: Text =
    Text {
        en: "Telephone number", fr: "Numéro de téléphone", de: "Telefonnummer", it: "Numero di telefono"
    };
pub const OPTIONAL: Text = Text { en: "optional", fr: "facultatif", de: "freiwillig", it: "facoltativo" };
pub const LANGUAGE_OF: Text = Text {
    en: "Language of the letter",
    fr: "Langue de la lettre",
    de: "Sprache des Briefs",
    it: "Lingua della lettera",
};
pub const NO_LANGUAGE: Text =
    Text { en: "not chosen", fr: "non choisie", de: "nicht gewählt", it: "non scelta" };
pub const PREVIEW: Text = Text { en: "Preview", fr: "Aperçu", de: "Vorschau", it: "Anteprima" };
pub const SAVE: Text = Text { en: "Save", fr: "Enregistrer", de: "Speichern", it: "Salva" };
pub const SAVE_AND_SHOW: Text = Text {
    en: "Save and preview",
    fr: "Enregistrer et prévisualiser",
    de: "Speichern und ansehen",
    it: "Salva e guarda",
};
pub const SAVE_AND_SEND: Text = Text {
    en: "Save and send…",
    fr: "Enregistrer et envoyer…",
    de: "Speichern und senden…",
    it: "Salva e invia…",
};
pub const SAVED_ALL: Text = Text {
    en: "Everything is saved.",
    fr: "Tout est enregistré.",
    de: "Alles ist gespeichert.",
    it: "Tutto è salvato.",
};
pub const SAVING: Text =
    Text { en: "Saving…", fr: "Enregistrement…", de: "Wird gespeichert…", it: "Salvataggio…" };
pub const NOT_SAVED_YET: Text = Text {
    en: "Not saved yet",
    fr: "Pas encore enregistré",
    de: "Noch nicht gespeichert",
    it: "Non ancora salvato",
};
pub const KEPT_HERE: Text = Text {
    en: "The connection is lost. What you type is kept in this browser and saved as soon as the connection is back.",
    fr: "La connexion est perdue. Ce que vous saisissez est conservé dans ce navigateur et sera enregistré dès qu’elle revient.",
    de: "Die Verbindung ist weg. Was Sie schreiben, bleibt in diesem Browser und wird gespeichert, sobald sie wieder da ist.",
    it: "La connessione è persa. Ciò che scrive resta in questo browser e viene salvato appena torna.",
};
pub const KEPT_INCOMPLETE: Text = Text {
    en: "Kept in this browser until there are a title and a text.",
    fr: "Conservé dans ce navigateur jusqu’à ce qu’il y ait un titre et un texte.",
    de: "Bleibt in diesem Browser, bis Titel und Text da sind.",
    it: "Conservato in questo browser finché ci sono titolo e testo.",
};
pub const KEPT_SIGNED_OUT: Text = Text {
    en: "You are not signed in any more. What you type is kept in this browser; sign in in another tab and go on here.",
    fr: "Vous n’êtes plus connecté. Ce que vous saisissez est conservé dans ce navigateur\u{a0}; connectez-vous dans un autre onglet et continuez ici.",
    de: "Sie sind nicht mehr angemeldet. Was Sie schreiben, bleibt in diesem Browser; melden Sie sich in einem anderen Tab an und fahren Sie hier fort.",
    it: "L’accesso è scaduto. Ciò che scrive resta in questo browser; acceda in un’altra scheda e continui qui.",
};
pub const KEPT_BROKEN: Text = Text {
    en: "This can’t be saved as it is: please look at the marked fields. It is kept in this browser.",
    fr: "Impossible d’enregistrer ainsi\u{a0}: veuillez vérifier les champs marqués. Le texte est conservé dans ce navigateur.",
    de: "So kann es nicht gespeichert werden: Bitte sehen Sie die markierten Felder an. Es bleibt in diesem Browser.",
    it: "Così non si può salvare: controlli i campi segnati. Il testo resta in questo browser.",
};
pub const RESTORED: Text = Text {
    en: "This browser has kept what was not saved; it is back in the fields.",
    fr: "Ce navigateur a conservé ce qui n’était pas enregistré\u{a0}; c’est de nouveau dans les champs.",
    de: "Dieser Browser hat behalten, was nicht gespeichert war; es steht wieder in den Feldern.",
    it: "Questo browser ha conservato ciò che non era salvato; è di nuovo nei campi.",
};
pub const FIELDS_BROKEN: Text = Text {
    en: "Please look at these fields",
    fr: "Veuillez vérifier ces champs",
    de: "Bitte sehen Sie diese Felder an",
    it: "Controlli questi campi",
};
pub const TITLE_BROKEN: Text = Text {
    en: "Type a title of 1 to 500 characters.",
    fr: "Saisissez un titre de 1 à 500 caractères.",
    de: "Geben Sie einen Titel von 1 bis 500 Zeichen ein.",
    it: "Scriva un titolo da 1 a 500 caratteri.",
};
pub const TEXT_TOO_LONG: Text = Text {
    en: "The text is too long: with its pictures, it may hold 1,000,000 characters. Remove a picture, or insert a smaller one.",
    fr: "Le texte est trop long\u{a0}: avec ses images, il peut contenir 1 000 000 de caractères. Retirez une image ou insérez-en une plus petite.",
    de: "Der Text ist zu lang: Mit seinen Bildern darf er 1 000 000 Zeichen enthalten. Entfernen Sie ein Bild, oder fügen Sie ein kleineres ein.",
    it: "Il testo è troppo lungo: con le immagini può contenere 1 000 000 di caratteri. Tolga un’immagine o ne inserisca una più piccola.",
};
pub const TEXT_BROKEN: Text = Text {
    en: "Type a text.",
    fr: "Saisissez un texte.",
    de: "Schreiben Sie einen Text.",
    it: "Scriva un testo.",
};
pub const NAME_BROKEN: Text = Text {
    en: "Type a name of at most 200 characters.",
    fr: "Saisissez un nom de 200 caractères au plus.",
    de: "Geben Sie einen Namen von höchstens 200 Zeichen ein.",
    it: "Scriva un nome di al massimo 200 caratteri.",
};
pub const EMAIL_BROKEN: Text = Text {
    en: "Type an address such as anna@example.ch.",
    fr: "Saisissez une adresse telle que anna@example.ch.",
    de: "Geben Sie eine Adresse wie anna@example.ch ein.",
    it: "Scriva un indirizzo come anna@example.ch.",
};
pub const PHONE_BROKEN: Text = Text {
    en: "Type a number such as +41 79 123 45 67.",
    fr: "Saisissez un numéro tel que +41 79 123 45 67.",
    de: "Geben Sie eine Nummer wie +41 79 123 45 67 ein.",
    it: "Scriva un numero come +41 79 123 45 67.",
};
pub const EMAIL_NEEDED: Text = Text {
    en: "The number is sent to this address: type one such as anna@example.ch, without accents.",
    fr: "Le numéro est envoyé à cette adresse\u{a0}: saisissez-en une telle que anna@example.ch, sans accents.",
    de: "An diese Adresse wird die Nummer gesendet: Geben Sie eine wie anna@example.ch ein, ohne Umlaute.",
    it: "Il numero viene inviato a questo indirizzo: ne scriva uno come anna@example.ch, senza accenti.",
};
pub const PHONE_NEEDED: Text = Text {
    en: "The number is sent to this telephone: type it in international form, such as +41 79 123 45 67.",
    fr: "Le numéro est envoyé à ce téléphone\u{a0}: saisissez-le sous forme internationale, par exemple +41 79 123 45 67.",
    de: "An dieses Telefon wird die Nummer gesendet: Geben Sie es international ein, etwa +41 79 123 45 67.",
    it: "Il numero viene inviato a questo telefono: lo scriva in forma internazionale, come +41 79 123 45 67.",
};
pub const CHECK_BROKEN: Text = Text {
    en: "Choose one of the three.",
    fr: "Choisissez l’une des trois possibilités.",
    de: "Wählen Sie eine der drei Möglichkeiten.",
    it: "Scelga una delle tre possibilità.",
};
// What is asked beside the code.
pub const CHECK: Text = Text {
    en: "Asked beside the code",
    fr: "Demandé en plus du code",
    de: "Zusätzlich zum Code verlangt",
    it: "Richiesto oltre al codice",
};
pub const CHECKED: Text = Text {
    en: "Asked beside the code:",
    fr: "Demandé en plus du code\u{a0}:",
    de: "Zusätzlich zum Code verlangt:",
    it: "Richiesto oltre al codice:",
};
pub const CHECK_HINT: Text = Text {
    en: "Whoever has the letter also needs this telephone or mailbox. The number is sent to the address above when somebody opens the document.",
    fr: "Celui qui a la lettre a aussi besoin de ce téléphone ou de cette messagerie. Le numéro est envoyé à l’adresse ci-dessus à l’ouverture du document.",
    de: "Wer den Brief hat, braucht auch dieses Telefon oder Postfach. Die Nummer geht an die Adresse oben, wenn jemand das Dokument öffnet.",
    it: "Chi ha la lettera deve avere anche questo telefono o questa casella. Il numero viene inviato all’indirizzo qui sopra quando qualcuno apre il documento.",
};
pub const CHECK_NONE: Text = Text { en: "Nothing", fr: "Rien", de: "Nichts", it: "Nulla" };
pub const CHECK_SMS: Text = Text {
    en: "A number by SMS",
    fr: "Un numéro par SMS",
    de: "Eine Nummer per SMS",
    it: "Un numero via SMS",
};
pub const CHECK_EMAIL: Text = Text {
    en: "A number by e-mail (checks the address)",
    fr: "Un numéro par e-mail (vérifie l’adresse)",
    de: "Eine Nummer per E-Mail (prüft die Adresse)",
    it: "Un numero via e-mail (verifica l’indirizzo)",
};
/// What is asked of the recipient beside the code.
pub fn check(factor: SecondFactor) -> Text {
    match factor {
        SecondFactor::None => CHECK_NONE,
        SecondFactor::Sms => CHECK_SMS,
        SecondFactor::Email => CHECK_EMAIL,
    }
}
// Pictures.
pub const INSERT_PICTURE: Text = Text {
    en: "Insert a picture…",
    fr: "Insérer une image…",
    de: "Bild einfügen…",
    it: "Inserisci un’immagine…",
};
pub const PICTURE_WORDS: Text = Text {
    en: "Say what the picture shows",
    fr: "Décrivez l’image",
    de: "Beschreiben Sie das Bild",
    it: "Descriva l’immagine",
};
pub const PICTURE_DONE: Text = Text {
    en: "The picture is inserted. Now type what it shows, for those who can’t see it.",
    fr: "L’image est insérée. Saisissez maintenant ce qu’elle montre, pour les personnes qui ne la voient pas.",
    de: "Das Bild ist eingefügt. Schreiben Sie jetzt, was es zeigt, für alle, die es nicht sehen können.",
    it: "L’immagine è inserita. Ora scriva che cosa mostra, per chi non può vederla.",
};
pub const PICTURE_UNREADABLE: Text = Text {
    en: "This file is not a picture that can be shown: choose a PNG, JPEG, GIF or WebP file.",
    fr: "Ce fichier n’est pas une image affichable\u{a0}: choisissez un fichier PNG, JPEG, GIF ou WebP.",
    de: "Diese Datei ist kein Bild, das gezeigt werden kann: Wählen Sie eine PNG-, JPEG-, GIF- oder WebP-Datei.",
    it: "Questo file non è un’immagine che si possa mostrare: scelga un file PNG, JPEG, GIF o WebP.",
};
pub const PICTURE_NO_ROOM: Text = Text {
    en: "There is no room for another picture: with its pictures, a text may hold 1,000,000 characters.",
    fr: "Il n’y a plus de place pour une autre image\u{a0}: avec ses images, un texte peut contenir 1 000 000 de caractères.",
    de: "Für ein weiteres Bild ist kein Platz: Mit seinen Bildern darf ein Text 1 000 000 Zeichen enthalten.",
    it: "Non c’è spazio per un’altra immagine: con le immagini un testo può contenere 1 000 000 di caratteri.",
};
pub const CONFLICT: Text = Text {
    en: "Somebody else has changed this document",
    fr: "Quelqu’un d’autre a modifié ce document",
    de: "Jemand anders hat dieses Dokument geändert",
    it: "Qualcun altro ha modificato questo documento",
};
pub const CONFLICT_LEAD: Text = Text {
    en: "Nothing was overwritten. Compare both versions and choose.",
    fr: "Rien n’a été écrasé. Comparez les deux versions et choisissez.",
    de: "Es wurde nichts überschrieben. Vergleichen Sie beide Fassungen und wählen Sie.",
    it: "Nulla è stato sovrascritto. Confronti le due versioni e scelga.",
};
pub const YOURS: Text = Text {
    en: "Your version, not saved",
    fr: "Votre version, non enregistrée",
    de: "Ihre Fassung, nicht gespeichert",
    it: "La Sua versione, non salvata",
};
pub const THEIRS: Text = Text {
    en: "The saved version",
    fr: "La version enregistrée",
    de: "Die gespeicherte Fassung",
    it: "La versione salvata",
};
pub const KEEP_MINE: Text = Text {
    en: "Save my version",
    fr: "Enregistrer ma version",
    de: "Meine Fassung speichern",
    it: "Salva la mia versione",
};
pub const TAKE_THEIRS: Text = Text {
    en: "Go on with the saved version",
    fr: "Continuer avec la version enregistrée",
    de: "Mit der gespeicherten Fassung weiterfahren",
    it: "Continua con la versione salvata",
};
pub const EDIT_SENT: Text = Text {
    en: "This document was sent already. What you save becomes a new version; the client sees it once you send it, under the same code.",
    fr: "Ce document a déjà été envoyé. Ce que vous enregistrez devient une nouvelle version\u{a0}; le client la verra quand vous l’enverrez, avec le même code.",
    de: "Dieses Dokument wurde schon gesendet. Was Sie speichern, wird eine neue Version; die Klientin oder der Klient sieht sie, sobald Sie sie senden, mit demselben Code.",
    it: "Questo documento è già stato inviato. Ciò che salva diventa una nuova versione; il cliente la vede quando la invia, con lo stesso codice.",
};
// Page of a document.
pub const ACCESS: Text = Text {
    en: "Access for the client",
    fr: "Accès pour le client",
    de: "Zugang für die Klientin oder den Klienten",
    it: "Accesso per il cliente",
};
pub const CODE: Text =
    Text { en: "Access code", fr: "Code d’accès", de: "Zugangscode", it: "Codice di accesso" };
pub const LINK: Text = Text { en: "Link", fr: "Lien", de: "Link", it: "Link" };
pub const VALID_UNTIL: Text = Text {
    en: "Valid until {0}",
    fr: "Valable jusqu’au {0}",
    de: "Gültig bis {0}",
    it: "Valido fino al {0}",
};
pub const CODE_COMES: Text = Text {
    en: "The code appears here as soon as the document is delivered.",
    fr: "Le code apparaît ici dès que le document est remis.",
    de: "Der Code erscheint hier, sobald das Dokument zugestellt ist.",
    it: "Il codice appare qui appena il documento è consegnato.",
};
pub const TWO_WAYS: Text = Text {
    en: "Hand over the link and the code by two ways: the link by mail, the code by letter or telephone.",
    fr: "Transmettez le lien et le code par deux voies\u{a0}: le lien par e-mail, le code par lettre ou par téléphone.",
    de: "Übergeben Sie Link und Code auf zwei Wegen: den Link per E-Mail, den Code per Brief oder Telefon.",
    it: "Trasmetta link e codice per due vie: il link via e-mail, il codice per lettera o telefono.",
};
pub const LETTER: Text = Text {
    en: "Print the letter (PDF)",
    fr: "Imprimer la lettre (PDF)",
    de: "Brief drucken (PDF)",
    it: "Stampa la lettera (PDF)",
};
pub const QR_ALT: Text = Text {
    en: "QR code of the link",
    fr: "Code QR du lien",
    de: "QR-Code des Links",
    it: "Codice QR del link",
};
pub const STEPS: Text = Text {
    en: "What you can do",
    fr: "Ce que vous pouvez faire",
    de: "Was Sie tun können",
    it: "Che cosa può fare",
};
pub const SEND: Text = Text { en: "Send…", fr: "Envoyer…", de: "Senden…", it: "Invia…" };
pub const SEND_NEW: Text = Text {
    en: "Send the new version…",
    fr: "Envoyer la nouvelle version…",
    de: "Neue Version senden…",
    it: "Invia la nuova versione…",
};
pub const SEND_AGAIN: Text = Text {
    en: "Give access again…",
    fr: "Redonner l’accès…",
    de: "Wieder Zugang geben…",
    it: "Ridai l’accesso…",
};
pub const REVOKE: Text =
    Text { en: "Withdraw…", fr: "Retirer…", de: "Zurückziehen…", it: "Ritira…" };
pub const REISSUE: Text =
    Text { en: "New code…", fr: "Nouveau code…", de: "Neuer Code…", it: "Nuovo codice…" };
pub const EXPIRY: Text = Text {
    en: "Change the end of access…",
    fr: "Modifier la fin d’accès…",
    de: "Ende des Zugangs ändern…",
    it: "Cambia la fine dell’accesso…",
};
pub const DELETE: Text = Text { en: "Delete…", fr: "Supprimer…", de: "Löschen…", it: "Elimina…" };
pub const HISTORY: Text = Text { en: "History", fr: "Historique", de: "Verlauf", it: "Cronologia" };
pub const HISTORY_LONGER: Text = Text {
    en: "Only the last {0} lines are shown.",
    fr: "Seules les {0} dernières lignes sont affichées.",
    de: "Nur die letzten {0} Zeilen werden angezeigt.",
    it: "Sono mostrate solo le ultime {0} righe.",
};
pub const VERSION: Text =
    Text { en: "version {0}", fr: "version {0}", de: "Version {0}", it: "versione {0}" };
pub const VERSION_OF: Text = Text {
    en: "Version {0}, changed {1}",
    fr: "Version {0}, modifiée le {1}",
    de: "Version {0}, geändert am {1}",
    it: "Versione {0}, modificata il {1}",
};
pub const OPENED_AT: Text = Text {
    en: "Opened for the first time on {0}",
    fr: "Ouvert pour la première fois le {0}",
    de: "Zum ersten Mal geöffnet am {0}",
    it: "Aperto la prima volta il {0}",
};
pub const SIGNED: Text = Text {
    en: "with a signed receipt",
    fr: "avec un reçu signé",
    de: "mit signierter Quittung",
    it: "con ricevuta firmata",
};

#[cfg(test)]
mod tests {
    #[test]
    fn every_text_holds_the_same_values_in_each_language() {
        crate::domain::language::tests::assert_complete(include_str!("document.rs"));
    }
}
