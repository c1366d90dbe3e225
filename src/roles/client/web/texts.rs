//! What the pages of the client role say: plain, polite, without blame.

use crate::domain::language::Text;

pub const READ: Text =
    Text { en: "Read a document", fr: "Lire un document", de: "Dokument lesen", it: "Leggere un documento" };
pub const LEAD_START: Text = Text {
    en: "Your practice has given you a code. Type it here to read your document.",
    fr: "Votre cabinet vous a donné un code. Saisissez-le ici pour lire votre document.",
    de: "Ihre Praxis hat Ihnen einen Code gegeben. Geben Sie ihn hier ein, um Ihr Dokument zu lesen.",
    it: "Il suo studio le ha dato un codice. Lo inserisca qui per leggere il suo documento.",
};
pub const LEAD_LINK: Text = Text {
    en: "This link needs the code that your practice has given you. Without it, nobody can read anything here.",
    fr: "Ce lien demande le code que votre cabinet vous a donné. Sans ce code, personne ne peut rien lire ici.",
    de: "Dieser Link braucht den Code, den Ihre Praxis Ihnen gegeben hat. Ohne ihn kann hier niemand etwas lesen.",
    it: "Questo link richiede il codice che le ha dato il suo studio. Senza il codice nessuno può leggere nulla qui.",
};
pub const CODE: Text =
    Text { en: "Access code", fr: "Code d’accès", de: "Zugangscode", it: "Codice di accesso" };
pub const CODE_HINT: Text = Text {
    en: "Letters and digits, as in the example. Spaces, hyphens and capitals do not matter.",
    fr: "Des lettres et des chiffres, comme dans l’exemple. Espaces, tirets et majuscules ne comptent pas.",
    de: "Buchstaben und Ziffern wie im Beispiel. Leerzeichen, Striche und Grossschreibung spielen keine Rolle.",
    it: "Lettere e cifre, come nell’esempio. Spazi, trattini e maiuscole non contano.",
};
pub const OPEN: Text = Text {
    en: "Open the document",
    fr: "Ouvrir le document",
    de: "Dokument öffnen",
    it: "Aprire il documento",
};
pub const TRY_AGAIN: Text =
    Text { en: "Try again", fr: "Réessayer", de: "Nochmals versuchen", it: "Riprovare" };
pub const WHERE: Text = Text {
    en: "Where do I find my code?",
    fr: "Où se trouve mon code\u{a0}?",
    de: "Wo finde ich meinen Code?",
    it: "Dove trovo il mio codice?",
};
pub const WHERE_ANSWER: Text = Text {
    en: "It stands in large letters in the letter from your practice, in groups with a hyphen between them. If you have lost it, your practice will give you a new one.",
    fr: "Il figure en grandes lettres dans la lettre de votre cabinet, par groupes séparés par un tiret. Si vous l’avez perdu, votre cabinet vous en donnera un nouveau.",
    de: "Er steht in grosser Schrift im Brief Ihrer Praxis, in Gruppen mit einem Strich dazwischen. Wenn Sie ihn verloren haben, gibt Ihnen Ihre Praxis einen neuen.",
    it: "È scritto in grande nella lettera del suo studio, in gruppi separati da un trattino. Se lo ha perso, il suo studio gliene dà uno nuovo.",
};
pub const LETTER: Text = Text {
    en: "Picture of a letter: the code stands in the lower part",
    fr: "Image d’une lettre\u{a0}: le code figure dans la partie inférieure",
    de: "Bild eines Briefes: Der Code steht im unteren Teil",
    it: "Immagine di una lettera: il codice è nella parte inferiore",
};
pub const HELP_LABEL: Text = Text { en: "Help", fr: "Aide", de: "Hilfe", it: "Aiuto" };
pub const HELP: Text = Text {
    en: "Do you need help? Please call your practice.",
    fr: "Avez-vous besoin d’aide\u{a0}? Appelez votre cabinet.",
    de: "Brauchen Sie Hilfe? Bitte rufen Sie Ihre Praxis an.",
    it: "Ha bisogno di aiuto? Chiami il suo studio.",
};

// What is said after something was typed.

pub const EMPTY: Text = Text {
    en: "Please type your code and try again.",
    fr: "Veuillez saisir votre code, puis réessayer.",
    de: "Bitte geben Sie Ihren Code ein und versuchen Sie es nochmals.",
    it: "Inserisca il suo codice e riprovi.",
};
pub const TYPO: Text = Text {
    en: "There is a small mistake in this code: a sign is missing, too many, or different. This does not count as a try. Please compare it with your letter.",
    fr: "Il y a une petite faute dans ce code\u{a0}: un signe manque, est en trop ou différent. Cet essai ne compte pas. Comparez le code avec votre lettre.",
    de: "In diesem Code ist ein kleiner Fehler: Ein Zeichen fehlt, ist zu viel oder anders. Das zählt nicht als Versuch. Bitte vergleichen Sie ihn mit Ihrem Brief.",
    it: "In questo codice c’è un piccolo errore: un segno manca, è in più o è diverso. Non conta come tentativo. Lo confronti con la sua lettera.",
};
pub const REFUSED: Text = Text {
    en: "This code does not open a document. Please compare it with your letter, sign by sign, and try again. After several wrong tries a code is blocked; your practice will then give you a new one.",
    fr: "Ce code n’ouvre aucun document. Comparez-le signe par signe avec votre lettre, puis réessayez. Après plusieurs essais erronés, un code est bloqué\u{a0}; votre cabinet vous en donnera alors un nouveau.",
    de: "Dieser Code öffnet kein Dokument. Bitte vergleichen Sie ihn Zeichen für Zeichen mit Ihrem Brief und versuchen Sie es nochmals. Nach mehreren falschen Versuchen wird ein Code gesperrt; Ihre Praxis gibt Ihnen dann einen neuen.",
    it: "Questo codice non apre alcun documento. Lo confronti segno per segno con la sua lettera e riprovi. Dopo vari tentativi errati un codice viene bloccato; il suo studio gliene darà uno nuovo.",
};
pub const WRONG: Text = Text {
    en: "This code is not right. Please compare it with your letter, sign by sign. You can try {0} more times; then this link is blocked.",
    fr: "Ce code n’est pas juste. Comparez-le signe par signe avec votre lettre. Vous pouvez essayer encore {0} fois\u{a0}; ensuite, ce lien est bloqué.",
    de: "Dieser Code ist nicht richtig. Bitte vergleichen Sie ihn Zeichen für Zeichen mit Ihrem Brief. Sie können es noch {0} Mal versuchen; danach ist dieser Link gesperrt.",
    it: "Questo codice non è giusto. Lo confronti segno per segno con la sua lettera. Può provare ancora {0} volte; poi questo link viene bloccato.",
};
pub const WRONG_ONCE: Text = Text {
    en: "This code is not right. Please compare it with your letter, sign by sign. You can try once more; then this link is blocked.",
    fr: "Ce code n’est pas juste. Comparez-le signe par signe avec votre lettre. Vous pouvez essayer encore une fois\u{a0}; ensuite, ce lien est bloqué.",
    de: "Dieser Code ist nicht richtig. Bitte vergleichen Sie ihn Zeichen für Zeichen mit Ihrem Brief. Sie können es noch einmal versuchen; danach ist dieser Link gesperrt.",
    it: "Questo codice non è giusto. Lo confronti segno per segno con la sua lettera. Può provare ancora una volta; poi questo link viene bloccato.",
};
pub const BLOCKED_TITLE: Text = Text {
    en: "This link is blocked",
    fr: "Ce lien est bloqué",
    de: "Dieser Link ist gesperrt",
    it: "Questo link è bloccato",
};
pub const BLOCKED: Text = Text {
    en: "Too many wrong codes were typed here, so this link is blocked. Please call your practice: it will give you a new one.",
    fr: "Trop de codes erronés ont été saisis ici\u{a0}; ce lien est donc bloqué. Appelez votre cabinet\u{a0}: il vous en donnera un nouveau.",
    de: "Hier wurden zu viele falsche Codes eingegeben, darum ist dieser Link gesperrt. Bitte rufen Sie Ihre Praxis an: Sie gibt Ihnen einen neuen.",
    it: "Sono stati inseriti troppi codici errati, perciò questo link è bloccato. Chiami il suo studio: gliene darà uno nuovo.",
};
pub const WAIT_TITLE: Text = Text {
    en: "Please wait a little",
    fr: "Veuillez patienter un peu",
    de: "Bitte warten Sie etwas",
    it: "Attenda un momento",
};
pub const WAIT: Text = Text {
    en: "That was too often or too fast. Please wait {0}, then compare what you type and try again.",
    fr: "C’était trop souvent ou trop vite. Veuillez attendre {0}, puis comparer ce que vous saisissez et réessayer.",
    de: "Das war zu oft oder zu schnell. Bitte warten Sie {0}, vergleichen Sie dann, was Sie eingeben, und versuchen Sie es nochmals.",
    it: "È stato troppo spesso o troppo in fretta. Attenda {0}, poi confronti ciò che inserisce e riprovi.",
};
pub const EXPIRED_TITLE: Text = Text {
    en: "The reading time is over",
    fr: "Le délai de lecture est terminé",
    de: "Die Lesefrist ist vorbei",
    it: "Il tempo di lettura è finito",
};
pub const EXPIRED: Text = Text {
    en: "The time to read this document is over. Please ask your practice for a new code.",
    fr: "Le délai pour lire ce document est terminé. Demandez un nouveau code à votre cabinet.",
    de: "Die Zeit, um dieses Dokument zu lesen, ist vorbei. Bitte fragen Sie Ihre Praxis nach einem neuen Code.",
    it: "Il tempo per leggere questo documento è finito. Chieda un nuovo codice al suo studio.",
};
pub const REVOKED_TITLE: Text = Text {
    en: "This code has been replaced or withdrawn",
    fr: "Ce code a été remplacé ou retiré",
    de: "Dieser Code wurde ersetzt oder zurückgezogen",
    it: "Questo codice è stato sostituito o ritirato",
};
pub const REVOKED: Text = Text {
    en: "This code is no longer valid. If your practice has given you a newer one, please use that; otherwise call them.",
    fr: "Ce code n’est plus valable. Si votre cabinet vous en a donné un plus récent, utilisez-le\u{a0}; sinon, appelez-le.",
    de: "Dieser Code gilt nicht mehr. Wenn Ihre Praxis Ihnen einen neueren gegeben hat, benutzen Sie bitte diesen; sonst rufen Sie sie an.",
    it: "Questo codice non è più valido. Se il suo studio gliene ha dato uno più recente, usi quello; altrimenti lo chiami.",
};
pub const ON_ITS_WAY_TITLE: Text = Text {
    en: "Your document is on its way",
    fr: "Votre document est en route",
    de: "Ihr Dokument ist unterwegs",
    it: "Il suo documento è in arrivo",
};
pub const ON_ITS_WAY: Text = Text {
    en: "Your code is right. The document has not arrived here yet: please keep the code and try again in a few minutes.",
    fr: "Votre code est juste. Le document n’est pas encore arrivé\u{a0}: gardez le code et réessayez dans quelques minutes.",
    de: "Ihr Code ist richtig. Das Dokument ist noch nicht hier: Bitte behalten Sie den Code und versuchen Sie es in ein paar Minuten nochmals.",
    it: "Il suo codice è giusto. Il documento non è ancora arrivato: conservi il codice e riprovi tra qualche minuto.",
};
pub const BUSY_TITLE: Text = Text {
    en: "One moment, please",
    fr: "Un instant, s’il vous plaît",
    de: "Einen Moment, bitte",
    it: "Un momento, per favore",
};
pub const BUSY: Text = Text {
    en: "The document can’t be shown at the moment. Nothing is lost: please try again in a minute.",
    fr: "Le document ne peut pas être affiché pour le moment. Rien n’est perdu\u{a0}: réessayez dans une minute.",
    de: "Das Dokument kann im Moment nicht gezeigt werden. Es geht nichts verloren: Bitte versuchen Sie es in einer Minute nochmals.",
    it: "Il documento non può essere mostrato in questo momento. Nulla è perso: riprovi tra un minuto.",
};
pub const ENDED_TITLE: Text = Text {
    en: "Please type your code once more",
    fr: "Veuillez saisir votre code encore une fois",
    de: "Bitte geben Sie Ihren Code noch einmal ein",
    it: "Inserisca ancora una volta il suo codice",
};
pub const ENDED: Text = Text {
    en: "You were away for a while, so the document was closed to protect it. Please type your code again.",
    fr: "Vous êtes resté absent un moment\u{a0}; le document a été fermé pour le protéger. Veuillez saisir à nouveau votre code.",
    de: "Sie waren eine Weile weg, darum wurde das Dokument zum Schutz geschlossen. Bitte geben Sie Ihren Code nochmals ein.",
    it: "Lei è stato assente per un po’; il documento è stato chiuso per proteggerlo. Inserisca di nuovo il suo codice.",
};

pub const NO_PAGE_TITLE: Text = Text {
    en: "This page does not exist",
    fr: "Cette page n’existe pas",
    de: "Diese Seite gibt es nicht",
    it: "Questa pagina non esiste",
};
pub const NO_PAGE: Text = Text {
    en: "There is nothing at this address. If you came by a link, please check that it is complete, or type your code here.",
    fr: "Il n’y a rien à cette adresse. Si vous avez suivi un lien, vérifiez qu’il est complet, ou saisissez votre code ici.",
    de: "Unter dieser Adresse ist nichts. Wenn Sie einem Link gefolgt sind, prüfen Sie bitte, ob er vollständig ist, oder geben Sie Ihren Code hier ein.",
    it: "A questo indirizzo non c’è nulla. Se ha seguito un link, controlli che sia completo, oppure inserisca qui il suo codice.",
};

// The second factor.

pub const STEP_TITLE: Text =
    Text { en: "One more step", fr: "Encore une étape", de: "Noch ein Schritt", it: "Ancora un passo" };
pub const STEP_SMS: Text = Text {
    en: "Your code is right. Your practice also asks for a number that we send to the telephone",
    fr: "Votre code est juste. Votre cabinet demande aussi un numéro que nous envoyons au téléphone",
    de: "Ihr Code ist richtig. Ihre Praxis verlangt zusätzlich eine Nummer. Wir senden sie an das Telefon",
    it: "Il suo codice è giusto. Il suo studio chiede anche un numero, che inviamo al telefono",
};
pub const STEP_MAIL: Text = Text {
    en: "Your code is right. Your practice also asks for a number that we send by mail to",
    fr: "Votre code est juste. Votre cabinet demande aussi un numéro que nous envoyons par e-mail à",
    de: "Ihr Code ist richtig. Ihre Praxis verlangt zusätzlich eine Nummer. Wir senden sie per E-Mail an",
    it: "Il suo codice è giusto. Il suo studio chiede anche un numero, che inviamo per e-mail a",
};
pub const SEND_NUMBER: Text =
    Text { en: "Send the number", fr: "Envoyer le numéro", de: "Nummer senden", it: "Inviare il numero" };
pub const NOT_YOURS: Text = Text {
    en: "This is not your address? Please call your practice.",
    fr: "Ce n’est pas votre adresse\u{a0}? Appelez votre cabinet.",
    de: "Das ist nicht Ihre Adresse? Bitte rufen Sie Ihre Praxis an.",
    it: "Non è il suo indirizzo? Chiami il suo studio.",
};
pub const NUMBER_TITLE: Text = Text {
    en: "Type your number",
    fr: "Saisissez votre numéro",
    de: "Geben Sie Ihre Nummer ein",
    it: "Inserisca il suo numero",
};
pub const SENT_SMS: Text = Text {
    en: "We have sent a number of six digits, which is valid for 5 minutes, to the telephone",
    fr: "Nous avons envoyé un numéro de six chiffres, valable 5 minutes, au téléphone",
    de: "Wir haben eine Nummer mit sechs Ziffern gesendet. Sie gilt 5 Minuten. Telefon:",
    it: "Abbiamo inviato un numero di sei cifre, valido 5 minuti, al telefono",
};
pub const SENT_MAIL: Text = Text {
    en: "We have sent a number of six digits, which is valid for 5 minutes, by mail to",
    fr: "Nous avons envoyé un numéro de six chiffres, valable 5 minutes, par e-mail à",
    de: "Wir haben eine Nummer mit sechs Ziffern gesendet. Sie gilt 5 Minuten. E-Mail:",
    it: "Abbiamo inviato un numero di sei cifre, valido 5 minuti, per e-mail a",
};
pub const NUMBER: Text = Text { en: "Number", fr: "Numéro", de: "Nummer", it: "Numero" };
pub const NUMBER_HINT: Text = Text {
    en: "Six digits. Spaces do not matter.",
    fr: "Six chiffres. Les espaces ne comptent pas.",
    de: "Sechs Ziffern. Leerzeichen spielen keine Rolle.",
    it: "Sei cifre. Gli spazi non contano.",
};
pub const NOTHING_CAME: Text = Text {
    en: "Nothing has arrived after half a minute?",
    fr: "Rien n’est arrivé après une demi-minute\u{a0}?",
    de: "Ist nach einer halben Minute nichts angekommen?",
    it: "Dopo mezzo minuto non è arrivato nulla?",
};
pub const SEND_ANOTHER: Text = Text {
    en: "Send another number",
    fr: "Envoyer un autre numéro",
    de: "Eine andere Nummer senden",
    it: "Inviare un altro numero",
};
pub const NUMBER_EMPTY: Text = Text {
    en: "Please type the number.",
    fr: "Veuillez saisir le numéro.",
    de: "Bitte geben Sie die Nummer ein.",
    it: "Inserisca il numero.",
};
pub const NUMBER_WRONG: Text = Text {
    en: "This number is not right. Please look at the newest message and try again.",
    fr: "Ce numéro n’est pas juste. Regardez le message le plus récent, puis réessayez.",
    de: "Diese Nummer ist nicht richtig. Bitte schauen Sie die neueste Nachricht an und versuchen Sie es nochmals.",
    it: "Questo numero non è giusto. Guardi il messaggio più recente e riprovi.",
};
pub const NUMBER_WRONG_ONCE: Text = Text {
    en: "This number is not right. You can try this number once more.",
    fr: "Ce numéro n’est pas juste. Vous pouvez essayer encore une fois.",
    de: "Diese Nummer ist nicht richtig. Sie können es noch einmal versuchen.",
    it: "Questo numero non è giusto. Può provare ancora una volta.",
};
pub const NUMBER_USED_UP: Text = Text {
    en: "This number is not right. Please have a new one sent.",
    fr: "Ce numéro n’est pas juste. Faites-vous en envoyer un nouveau.",
    de: "Diese Nummer ist nicht richtig. Bitte lassen Sie sich eine neue senden.",
    it: "Questo numero non è giusto. Se ne faccia inviare uno nuovo.",
};
pub const NUMBER_EXPIRED: Text = Text {
    en: "This number is not valid any more. Please have a new one sent, and type the newest one.",
    fr: "Ce numéro n’est plus valable. Faites-vous en envoyer un nouveau et saisissez le plus récent.",
    de: "Diese Nummer gilt nicht mehr. Bitte lassen Sie sich eine neue senden und geben Sie die neueste ein.",
    it: "Questo numero non è più valido. Se ne faccia inviare uno nuovo e inserisca il più recente.",
};
pub const NUMBER_BLOCKED_TITLE: Text = Text {
    en: "This code is blocked",
    fr: "Ce code est bloqué",
    de: "Dieser Code ist gesperrt",
    it: "Questo codice è bloccato",
};
pub const NUMBER_BLOCKED: Text = Text {
    en: "Too many wrong numbers were typed, so this code is blocked. Please call your practice: it will give you a new one.",
    fr: "Trop de numéros erronés ont été saisis\u{a0}; ce code est donc bloqué. Appelez votre cabinet\u{a0}: il vous en donnera un nouveau.",
    de: "Es wurden zu viele falsche Nummern eingegeben, darum ist dieser Code gesperrt. Bitte rufen Sie Ihre Praxis an: Sie gibt Ihnen einen neuen.",
    it: "Sono stati inseriti troppi numeri errati, perciò questo codice è bloccato. Chiami il suo studio: gliene darà uno nuovo.",
};
pub const NUMBER_NOT_SENT: Text = Text {
    en: "The number could not be sent at the moment. Nothing is lost: please try again in a minute.",
    fr: "Le numéro n’a pas pu être envoyé pour le moment. Rien n’est perdu\u{a0}: réessayez dans une minute.",
    de: "Die Nummer konnte im Moment nicht gesendet werden. Es geht nichts verloren: Bitte versuchen Sie es in einer Minute nochmals.",
    it: "In questo momento non è stato possibile inviare il numero. Nulla è perso: riprovi tra un minuto.",
};
pub const NUMBER_PERHAPS_SENT: Text = Text {
    en: "The number may not have been sent. If none has come after half a minute, please have another one sent.",
    fr: "Le numéro n’a peut-être pas été envoyé. Si rien n’arrive en une demi-minute, faites-vous en envoyer un autre.",
    de: "Die Nummer wurde vielleicht nicht gesendet. Wenn nach einer halben Minute keine kommt, lassen Sie sich bitte eine andere senden.",
    it: "Forse il numero non è stato inviato. Se dopo mezzo minuto non arriva nulla, se ne faccia inviare un altro.",
};

// Everywhere.

pub const PHONE: Text = Text { en: "Telephone", fr: "Téléphone", de: "Telefon", it: "Telefono" };
pub const HOURS: Text =
    Text { en: "Opening hours", fr: "Heures d’ouverture", de: "Öffnungszeiten", it: "Orari di apertura" };
pub const PRINT: Text = Text { en: "Print", fr: "Imprimer", de: "Drucken", it: "Stampa" };
pub const OFFLINE: Text = Text {
    en: "You are offline. Nothing is lost: connect to the internet, then try again.",
    fr: "Vous êtes hors ligne. Rien n’est perdu\u{a0}: connectez-vous à Internet, puis réessayez.",
    de: "Sie sind offline. Es geht nichts verloren: Verbinden Sie sich mit dem Internet und versuchen Sie es nochmals.",
    it: "Lei è offline. Nulla è perso: si colleghi a Internet, poi riprovi.",
};

// The document.

pub const FROM: Text = Text { en: "From:", fr: "De\u{a0}:", de: "Von:", it: "Da:" };
pub const RECEIVED: Text = Text { en: "Date:", fr: "Date\u{a0}:", de: "Datum:", it: "Data:" };
pub const VALID_UNTIL: Text = Text {
    en: "Can be read until:",
    fr: "Lisible jusqu’au\u{a0}:",
    de: "Lesbar bis:",
    it: "Leggibile fino al:",
};
pub const FINISH: Text =
    Text { en: "I am finished", fr: "J’ai terminé", de: "Ich bin fertig", it: "Ho finito" };
pub const SEEN_TITLE: Text = Text {
    en: "What your practice sees",
    fr: "Ce que voit votre cabinet",
    de: "Was Ihre Praxis sieht",
    it: "Che cosa vede il suo studio",
};
pub const SEEN: Text = Text {
    en: "Your practice is told when you open this document for the first time, and when wrong codes are typed. It is not told what you do with the document.",
    fr: "Votre cabinet apprend quand vous ouvrez ce document pour la première fois, et quand des codes erronés sont saisis. Il n’apprend pas ce que vous faites du document.",
    de: "Ihre Praxis erfährt, wann Sie dieses Dokument zum ersten Mal öffnen und wann falsche Codes eingegeben werden. Sie erfährt nicht, was Sie mit dem Dokument tun.",
    it: "Il suo studio viene a sapere quando apre questo documento per la prima volta e quando vengono inseriti codici errati. Non viene a sapere che cosa fa con il documento.",
};
pub const CLOSING: Text = Text {
    en: "To protect your document, this page closes in about two minutes.",
    fr: "Pour protéger votre document, cette page se ferme dans environ deux minutes.",
    de: "Zum Schutz Ihres Dokuments schliesst sich diese Seite in etwa zwei Minuten.",
    it: "Per proteggere il suo documento, questa pagina si chiude tra circa due minuti.",
};
pub const STAY: Text =
    Text { en: "Keep reading", fr: "Continuer à lire", de: "Weiterlesen", it: "Continuare a leggere" };
pub const ON_PAPER: Text = Text {
    en: "Printed from {0}. Document {1}. Fingerprint of the text (SHA-256): {2}",
    fr: "Imprimé depuis {0}. Document {1}. Empreinte du texte (SHA-256)\u{a0}: {2}",
    de: "Gedruckt von {0}. Dokument {1}. Fingerabdruck des Textes (SHA-256): {2}",
    it: "Stampato da {0}. Documento {1}. Impronta del testo (SHA-256): {2}",
};
pub const FINISHED_TITLE: Text = Text {
    en: "The document is closed",
    fr: "Le document est fermé",
    de: "Das Dokument ist geschlossen",
    it: "Il documento è chiuso",
};
pub const FINISHED: Text = Text {
    en: "Nothing of it stays in this browser. To read it again, you need your code. If others use this device, please close the window, too.",
    fr: "Il n’en reste rien dans ce navigateur. Pour le relire, il vous faut votre code. Si d’autres personnes utilisent cet appareil, fermez aussi la fenêtre.",
    de: "In diesem Browser bleibt nichts davon zurück. Um es wieder zu lesen, brauchen Sie Ihren Code. Wenn andere dieses Gerät benutzen, schliessen Sie bitte auch das Fenster.",
    it: "In questo browser non ne resta nulla. Per leggerlo di nuovo le serve il suo codice. Se altri usano questo dispositivo, chiuda anche la finestra.",
};
pub const READ_ANOTHER: Text = Text {
    en: "Read another document",
    fr: "Lire un autre document",
    de: "Ein anderes Dokument lesen",
    it: "Leggere un altro documento",
};

#[cfg(test)]
mod tests {
    #[test]
    fn every_text_holds_the_same_values_in_each_language() {
        crate::domain::language::tests::assert_complete(include_str!("texts.rs"));
    }
}
