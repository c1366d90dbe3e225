//! What the letter says, in every language: short sentences, no blame, and nothing
//! of what the document is about. `{0}` is where a value stands.

use crate::domain::language::Text;

/// Title of the sheet, also for whoever only hears it.
pub const TITLE: Text = Text {
    en: "A document is ready for you",
    fr: "Un document est prêt pour vous",
    de: "Ein Dokument liegt für Sie bereit",
    it: "Un documento è pronto per lei",
};

pub const GREETING: Text = Text { en: "Hello", fr: "Bonjour", de: "Guten Tag", it: "Buongiorno" };

pub const INTRODUCTION: Text = Text {
    en: "We have put a document online for you. You can read it on your phone, tablet or computer, with your personal code. You need no account and no password.",
    fr: "Nous avons mis un document en ligne pour vous. Vous pouvez le lire sur votre téléphone, votre tablette ou votre ordinateur, avec votre code personnel. Vous n’avez besoin ni de compte ni de mot de passe.",
    de: "Wir haben ein Dokument für Sie bereitgestellt. Sie können es auf dem Handy, dem Tablet oder dem Computer lesen, mit Ihrem persönlichen Code. Sie brauchen kein Konto und kein Passwort.",
    it: "Abbiamo messo online un documento per lei. Può leggerlo sul telefono, sul tablet o sul computer, con il suo codice personale. Non servono né un conto né una password.",
};

pub const STEPS: Text =
    Text { en: "How to read it", fr: "Comment le lire", de: "So lesen Sie es", it: "Come leggerlo" };

pub const SCAN: Text = Text {
    en: "Scan the QR code on part A with the camera of your phone.",
    fr: "Scannez le code QR de la partie A avec l’appareil photo de votre téléphone.",
    de: "Scannen Sie den QR-Code auf Teil A mit der Kamera Ihres Handys.",
    it: "Inquadri il codice QR della parte A con la fotocamera del telefono.",
};

pub const OR_GO_TO: Text = Text {
    en: "Or open this page: {0}",
    fr: "Ou ouvrez cette page\u{a0}: {0}",
    de: "Oder öffnen Sie diese Seite: {0}",
    it: "Oppure apra questa pagina: {0}",
};

pub const TYPE: Text = Text {
    en: "Type the code from part B.",
    fr: "Tapez le code de la partie B.",
    de: "Tippen Sie den Code von Teil B ein.",
    it: "Digiti il codice della parte B.",
};

pub const TYPE_SMS: Text = Text {
    en: "Type the number that you then get by SMS.",
    fr: "Tapez le numéro que vous recevez ensuite par SMS.",
    de: "Tippen Sie die Nummer ein, die Sie dann per SMS erhalten.",
    it: "Digiti il numero che riceve poi per SMS.",
};

pub const TYPE_EMAIL: Text = Text {
    en: "Type the number that you then get by e-mail.",
    fr: "Tapez le numéro que vous recevez ensuite par e-mail.",
    de: "Tippen Sie die Nummer ein, die Sie dann per E-Mail erhalten.",
    it: "Digiti il numero che riceve poi per e-mail.",
};

pub const READ: Text = Text {
    en: "Read your document. You can also print it.",
    fr: "Lisez votre document. Vous pouvez aussi l’imprimer.",
    de: "Lesen Sie Ihr Dokument. Sie können es auch ausdrucken.",
    it: "Legga il suo documento. Può anche stamparlo.",
};

pub const CARE: Text = Text {
    en: "Keep part B in a safe place, apart from part A, and give the code to nobody.",
    fr: "Gardez la partie B dans un endroit sûr, séparée de la partie A, et ne donnez le code à personne.",
    de: "Bewahren Sie Teil B an einem sicheren Ort und getrennt von Teil A auf, und geben Sie den Code niemandem weiter.",
    it: "Conservi la parte B in un luogo sicuro, separata dalla parte A, e non dia il codice a nessuno.",
};

pub const QUESTIONS: Text = Text {
    en: "Do you have questions? We are happy to help: {0}",
    fr: "Avez-vous des questions\u{a0}? Nous vous aidons volontiers\u{a0}: {0}",
    de: "Haben Sie Fragen? Wir helfen Ihnen gerne: {0}",
    it: "Ha domande? La aiutiamo volentieri: {0}",
};

pub const CLOSING: Text = Text {
    en: "Kind regards",
    fr: "Meilleures salutations",
    de: "Freundliche Grüsse",
    it: "Cordiali saluti",
};

pub const PHONE: Text = Text { en: "Telephone", fr: "Téléphone", de: "Telefon", it: "Telefono" };

pub const PART_A: Text = Text {
    en: "Part A: your QR code",
    fr: "Partie A\u{a0}: votre code QR",
    de: "Teil A: Ihr QR-Code",
    it: "Parte A: il suo codice QR",
};

pub const PART_B: Text = Text {
    en: "Part B: your code",
    fr: "Partie B\u{a0}: votre code",
    de: "Teil B: Ihr Code",
    it: "Parte B: il suo codice",
};

/// Name of the QR code, for whoever can't see it.
pub const QR_TITLE: Text = Text {
    en: "QR code with the link to the document",
    fr: "Code QR avec le lien vers le document",
    de: "QR-Code mit dem Link zum Dokument",
    it: "Codice QR con il link al documento",
};

pub const PLACE: Text = Text { en: "Page", fr: "Page", de: "Seite", it: "Pagina" };

pub const UNTIL: Text =
    Text { en: "Valid until", fr: "Valable jusqu’au", de: "Gültig bis", it: "Scadenza" };

pub const FORGIVING: Text = Text {
    en: "Small letters are fine, and the dashes may be left out.",
    fr: "Les minuscules conviennent aussi, et les tirets ne sont pas nécessaires.",
    de: "Kleinbuchstaben gehen auch, und die Striche können Sie weglassen.",
    it: "Vanno bene anche le minuscole, e i trattini non sono necessari.",
};
