//! Whom a document is for, and what an address looks like.

use serde::Serialize;

use super::fields::Fields;

/// Whom a document is for. Every part is optional.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Recipient {
    /// Name as it stands on the letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// E-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// Telephone number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Language tag (BCP 47), `de` or `fr-CH`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

impl Recipient {
    /// Reads `{name, email, phone, language}`.
    pub fn read(fields: &mut Fields) -> Self {
        Self {
            name: fields.text("name", 200).value(),
            email: fields.parsed("email", "must be an e-mail address", email).value(),
            phone: fields.parsed("phone", "must be a telephone number", phone).value(),
            language: fields
                .parsed("language", "must be a language tag such as de or fr-CH", language)
                .value(),
        }
    }
}

impl Recipient {
    /// The telephone number as it is dialled from anywhere (E.164), `+41791234567`;
    /// `None` if it is not written in international form.
    #[must_use]
    pub fn dialable(&self) -> Option<String> {
        let text = self.phone.as_deref()?.trim();
        // A zero in brackets is dialled from inside the country only.
        let digits = text.strip_prefix('+')?;
        let close: String = digits.chars().filter(|c| *c != ' ').collect();
        // Two numbers in one field are none.
        if close.contains("(0)") || digits.contains('+') {
            return None;
        }
        let digits: String = digits.chars().filter(char::is_ascii_digit).collect();
        ((8..=15).contains(&digits.len()) && !digits.starts_with('0')).then(|| format!("+{digits}"))
    }

    /// The e-mail address if every mail server takes it: a plain name and a host, of
    /// ASCII characters.
    #[must_use]
    pub fn mailbox(&self) -> Option<String> {
        let text = self.email.as_deref()?;
        let (local, host) = text.rsplit_once('@')?;
        let in_name = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+/=?^_`{|}~-".contains(c);
        let in_host = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let dotted = |text: &str, allowed: fn(char) -> bool| {
            text.split('.').all(|part| !part.is_empty() && part.chars().all(allowed))
        };
        let labels = host.split('.').all(|label| !label.starts_with('-') && !label.ends_with('-'));
        let plain = local.len() <= 64 && dotted(local, in_name) && dotted(host, in_host) && labels;
        (plain && host.contains('.') && text.len() <= 254).then(|| text.to_owned())
    }
}

fn email(text: &str) -> Option<String> {
    let (local, host) = text.rsplit_once('@')?;
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| !c.is_whitespace() && !c.is_control());
    (text.len() <= 254 && plain(local) && plain(host) && host.contains('.')).then(|| text.to_owned())
}

fn phone(text: &str) -> Option<String> {
    let allowed = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '(' | ')' | '/' | '.');
    let digits = text.chars().filter(char::is_ascii_digit).count();
    ((3..=20).contains(&digits) && text.len() <= 40 && text.chars().all(allowed)).then(|| text.to_owned())
}

fn language(text: &str) -> Option<String> {
    let mut parts = text.split('-');
    let primary = parts
        .next()
        .is_some_and(|p| (2..=3).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic()));
    let rest = parts.all(|p| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
    (primary && rest && text.len() <= 35).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_by_form() {
        for good in ["a@b.ch", "Jürg+x@münchen.de"] {
            assert!(email(good).is_some(), "{good}");
        }
        for bad in ["", "a", "@b.ch", "a@b", "a b@c.ch", "a@b.ch\n"] {
            assert!(email(bad).is_none(), "{bad}");
        }
        assert!(phone("+41 (0)44 123-45/67").is_some());
        assert!(phone("call me").is_none());
        assert!(language("fr-CH").is_some());
        assert!(language("f").is_none());
    }
}
