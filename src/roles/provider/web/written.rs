//! The form of the editor: its fields, and what is wrong with them.

use serde_json::{Value, json};

use super::words::document as words;
use crate::domain::document::{Document, SecondFactor};
use crate::domain::fields::FieldError;
use crate::domain::language::Text;
use crate::platform::http::ApiError;
use crate::platform::web::Form;

/// What stands in the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// The version that was edited; 0 for a document that is not there yet.
    pub version: i32,
    /// Title.
    pub title: String,
    /// Text.
    pub content: String,
    /// Recipient: name, e-mail address, telephone number, language.
    pub recipient: [String; 4],
    /// What is asked of the recipient beside the code; `None` where the form does not say.
    pub second_factor: Option<String>,
}

const RECIPIENT: [&str; 4] = ["name", "email", "phone", "language"];

impl Typed {
    /// Reads the form. Browsers send line ends as CR LF; texts are kept with LF.
    pub fn read(form: &Form) -> Result<Self, ApiError> {
        let field = |name| form.required(name);
        let version = field("version")?.parse().unwrap_or(-1);
        let mut recipient = [(); 4].map(|()| String::new());
        for (to, name) in recipient.iter_mut().zip(RECIPIENT) {
            field(name)?.trim().clone_into(to);
        }
        let content = field("content")?.replace("\r\n", "\n");
        let second_factor = form.field("second-factor");
        Ok(Self { version, title: field("title")?, content, recipient, second_factor })
    }

    /// What is written in a document.
    pub fn of(document: &Document) -> Self {
        let known = document.written.recipient.clone();
        let recipient = known.map_or_else(Default::default, |known| {
            [known.name, known.email, known.phone, known.language].map(Option::unwrap_or_default)
        });
        Self {
            version: document.version,
            title: document.written.title.clone(),
            content: document.written.content.clone(),
            recipient,
            second_factor: Some(document.written.second_factor.as_str().to_owned()),
        }
    }

    /// The body of a request to the API that says the same. Fields that the form does
    /// not have stay as they are.
    pub fn body(&self) -> Value {
        let given: serde_json::Map<String, Value> = RECIPIENT
            .iter()
            .zip(&self.recipient)
            .filter(|(_, text)| !text.is_empty())
            .map(|(name, text)| ((*name).to_owned(), Value::String(text.clone())))
            .collect();
        let recipient = if given.is_empty() { Value::Null } else { Value::Object(given) };
        let mut body = json!({"title": self.title, "content": self.content, "recipient": recipient});
        if let (Some(factor), Some(body)) = (&self.second_factor, body.as_object_mut()) {
            body.insert("protection".to_owned(), json!({ "secondFactor": factor }));
        }
        body
    }

    /// What is asked of the recipient beside the code.
    pub fn asked(&self) -> &str {
        self.second_factor.as_deref().unwrap_or(SecondFactor::None.as_str())
    }

    /// What the editor compares with what somebody has typed: as JSON for its script.
    pub fn json(&self) -> Value {
        let [name, email, phone, language] = &self.recipient;
        json!({
            "version": self.version, "title": self.title, "content": self.content,
            "name": name, "email": email, "phone": phone, "language": language,
            "second-factor": self.asked(),
        })
    }

    /// Whether the same is written, whatever the version.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.title.trim() == other.title.trim()
            && self.content.trim() == other.content.trim()
            && self.recipient == other.recipient
            && self.asked() == other.asked()
    }
}

/// What is wrong with a field, in words that stand beside it.
pub fn broken(errors: &[FieldError]) -> Vec<(&'static str, Text)> {
    let said = |error: &FieldError| match (error.field.as_str(), error.rule) {
        ("title", _) => Some(("title", words::TITLE_BROKEN)),
        ("content", "maxLength") => Some(("content", words::TEXT_TOO_LONG)),
        ("content", _) => Some(("content", words::TEXT_BROKEN)),
        ("recipient.name", _) => Some(("name", words::NAME_BROKEN)),
        ("recipient.email", "required") => Some(("email", words::EMAIL_NEEDED)),
        ("recipient.email", _) => Some(("email", words::EMAIL_BROKEN)),
        ("recipient.phone", "required") => Some(("phone", words::PHONE_NEEDED)),
        ("recipient.phone", _) => Some(("phone", words::PHONE_BROKEN)),
        ("protection.secondFactor", _) => Some(("second-factor", words::CHECK_BROKEN)),
        _ => None,
    };
    errors.iter().filter_map(said).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_recipient_is_none_and_the_others_are_named() {
        let mut typed = Typed { title: "T".to_owned(), content: "C".to_owned(), ..Typed::default() };
        assert_eq!(typed.body(), json!({"title": "T", "content": "C", "recipient": null}));
        typed.recipient[1] = "a@b.ch".to_owned();
        assert_eq!(typed.body()["recipient"], json!({"email": "a@b.ch"}));
        assert!(typed.says_the_same(&Typed { version: 7, title: " T ".to_owned(), ..typed.clone() }));
    }

    #[test]
    fn a_check_is_asked_for_only_where_the_form_says_so() {
        let typed = Typed { title: "T".to_owned(), content: "C".to_owned(), ..Typed::default() };
        assert_eq!((typed.body().get("protection"), typed.asked()), (None, "none"));
        let asking = Typed { second_factor: Some("sms".to_owned()), ..typed.clone() };
        assert_eq!(asking.body()["protection"], json!({"secondFactor": "sms"}));
        assert!(!asking.says_the_same(&typed));
        assert!(typed.says_the_same(&Typed { second_factor: Some("none".to_owned()), ..typed.clone() }));
    }
}
