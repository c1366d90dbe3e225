//! The message that brings a number to the recipient. It names neither the document
//! nor what it is about, and says nothing of health.

use super::otp::Otp;

/// A message in the recipient's language.
#[derive(Clone, PartialEq, Eq)]
pub struct OtpMessage {
    /// Subject of a mail.
    pub subject: &'static str,
    /// Text of a mail or an SMS.
    pub text: String,
}

/// Shows nothing: the text holds the number.
impl std::fmt::Debug for OtpMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OtpMessage(***)")
    }
}

/// Words in one language; signs that an SMS can hold without becoming two (GSM 03.38).
struct Words {
    language: &'static str,
    subject: &'static str,
    /// Follows the number.
    text: &'static str,
}

const WORDS: [Words; 4] = [
    Words {
        language: "en",
        subject: "Your number",
        text: "is your number. It is valid for 5 minutes. Do not tell it to anybody.",
    },
    Words {
        language: "de",
        subject: "Ihre Nummer",
        text: "ist Ihre Nummer. Sie gilt 5 Minuten. Sagen Sie sie niemandem.",
    },
    Words {
        language: "fr",
        subject: "Votre numéro",
        text: "est votre numéro. Il est valable 5 minutes. Ne le donnez à personne.",
    },
    Words {
        language: "it",
        subject: "Il suo numero",
        text: "è il suo numero. Vale 5 minuti. Non lo comunichi a nessuno.",
    },
];

impl OtpMessage {
    /// The message in `language`, a tag such as `fr-CH`; in English where that is not
    /// spoken here. `host` is where the number is typed: the last line lets a
    /// telephone offer it there and nowhere else (origin-bound one-time codes).
    #[must_use]
    pub fn new(otp: Otp, language: Option<&str>, host: &str) -> Self {
        let spoken = language.and_then(|tag| tag.split('-').next()).unwrap_or_default();
        let [english, ..] = &WORDS;
        let words = WORDS.iter().find(|words| words.language.eq_ignore_ascii_case(spoken)).unwrap_or(english);
        Self { subject: words.subject, text: format!("{otp} {}\n\n@{host} #{otp}", words.text) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The basic characters of GSM 03.38 that are used here.
    const GSM: &str = "@éèàù \n#.,0123456789";

    #[test]
    fn it_is_one_sms_in_the_language_of_the_recipient() {
        let otp = Otp::parse("012345").unwrap();
        for (language, part) in
            [("de", "Ihre"), ("fr-CH", "votre"), ("IT", "suo"), ("en", "your"), ("rm", "your"), ("", "your")]
        {
            let message = OtpMessage::new(otp, Some(language), "client.on-track.ch");
            assert!(message.text.contains(part), "{language}: {}", message.text);
            assert!(message.text.starts_with("012345 "));
            assert!(message.text.ends_with("\n@client.on-track.ch #012345"));
            assert!(message.text.chars().count() <= 160);
            assert!(message.text.chars().all(|c| c.is_ascii_alphabetic() || c == '-' || GSM.contains(c)));
            assert!(!message.subject.contains("012345"));
        }
        assert_eq!(OtpMessage::new(otp, None, "h").subject, "Your number");
        assert_eq!(format!("{:?}", OtpMessage::new(otp, None, "h")), "OtpMessage(***)");
    }
}
