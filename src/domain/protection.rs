//! How the access to a document is protected beyond its code.

use super::fields::{FieldError, Fields, Invalid};
use super::recipient::Recipient;
use super::words::SecondFactor;

/// Reads `{secondFactor, codeFormat, linkRequired}` and refuses what is not
/// offered, so that nobody relies on it. Nothing asked for is no second factor.
pub fn read(fields: &mut Fields) -> SecondFactor {
    let standard = |format: &str| (format == "standard").then_some(());
    let why = "must be standard: a shorter code is refused where the code alone opens a document";
    fields.parsed("codeFormat", why, standard);
    if fields.boolean("linkRequired").value() == Some(true) {
        fields.refuse(
            "linkRequired",
            "enum",
            "must be false: every code opens its document without the link, too",
        );
    }
    fields.choice("secondFactor", SecondFactor::WORDS).value().unwrap_or_default()
}

/// What is wrong with a recipient whom a number can't be sent to: it goes to the
/// address that the sender holds, and nowhere else.
#[must_use]
pub fn missing_address(second_factor: SecondFactor, recipient: Option<&Recipient>) -> Option<FieldError> {
    if second_factor == SecondFactor::None || address(second_factor, recipient).is_some() {
        return None;
    }
    let (field, message) = match second_factor {
        SecondFactor::Email => (
            "recipient.email",
            "must be a plain e-mail address such as anna@example.ch where protection.secondFactor is email",
        ),
        _ => (
            "recipient.phone",
            "must be a number in international form such as +41 79 123 45 67 where protection.secondFactor is sms",
        ),
    };
    Some(FieldError::new(field, "required", message))
}

/// Like [`missing_address`], as the refusal of a whole request.
pub fn check(second_factor: SecondFactor, recipient: Option<&Recipient>) -> Result<(), Invalid> {
    missing_address(second_factor, recipient).map_or(Ok(()), |error| Err(Invalid(vec![error])))
}

/// Where the number of a second factor goes; `None` if nowhere.
#[must_use]
pub fn address(second_factor: SecondFactor, recipient: Option<&Recipient>) -> Option<String> {
    match second_factor {
        SecondFactor::None => None,
        SecondFactor::Sms => recipient?.dialable(),
        SecondFactor::Email => recipient?.mailbox(),
    }
}

/// As much of an address as whoever owns it recognises: `••• •• 67`, `a•••@e•••.ch`.
#[must_use]
pub fn masked(address: &str) -> String {
    let first = |text: &str| text.chars().take(1).collect::<String>();
    match address.rsplit_once('@') {
        Some((local, host)) => {
            let (name, top) = host.rsplit_once('.').unwrap_or((host, ""));
            format!("{}•••@{}•••.{top}", first(local), first(name))
        }
        None => {
            let shown = address.char_indices().rev().nth(1).map_or(0, |(at, _)| at);
            format!("••• •• {}", address.get(shown..).unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recipient(phone: &str, email: &str) -> Recipient {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Recipient { name: None, email: given(email), phone: given(phone), language: None }
    }

    #[test]
    fn a_number_goes_only_to_what_can_be_dialled_or_written_to() {
        let sms = |phone: &str| address(SecondFactor::Sms, Some(&recipient(phone, "")));
        assert_eq!(sms("+41 79 123-45.67").as_deref(), Some("+41791234567"));
        assert_eq!(sms("+1 (212) 555/0100").as_deref(), Some("+12125550100"));
        for bad in ["", "079 123 45 67", "0041 79 123 45 67", "+41 (0)79 123 45 67", "+0791234567", "+41"] {
            assert_eq!(sms(bad), None, "{bad}");
        }
        let email = |email: &str| address(SecondFactor::Email, Some(&recipient("", email)));
        assert_eq!(email("anna.muster+x@example.ch").as_deref(), Some("anna.muster+x@example.ch"));
        for bad in [
            "",
            "a@b",
            "jürg@example.ch",
            "a@münchen.de",
            "a,b@c.ch",
            "<a@b.ch",
            ".a@b.ch",
            "a@b..ch",
            "a@-b.ch",
        ] {
            assert_eq!(email(bad), None, "{bad}");
        }
        assert_eq!(address(SecondFactor::None, Some(&recipient("+41791234567", ""))), None);
        assert_eq!(address(SecondFactor::Sms, None), None);
    }

    #[test]
    fn the_field_that_is_missing_is_named() {
        let named = |factor| missing_address(factor, None).map(|error| error.field);
        assert_eq!(named(SecondFactor::None), None);
        assert_eq!(named(SecondFactor::Sms).as_deref(), Some("recipient.phone"));
        assert_eq!(named(SecondFactor::Email).as_deref(), Some("recipient.email"));
    }

    #[test]
    fn little_of_an_address_is_shown() {
        assert_eq!(masked("+41791234567"), "••• •• 67");
        assert_eq!(masked("anna@example.ch"), "a•••@e•••.ch");
        assert_eq!(masked("a@b.co.uk"), "a•••@b•••.uk");
    }
}
