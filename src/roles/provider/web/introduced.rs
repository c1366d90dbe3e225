//! The form of the practice: its fields, and what is wrong with them.

use serde_json::{Map, Value, json};

use super::seen::Seen;
use super::words::practice as words;
use crate::domain::colour::{Colour, READABLE};
use crate::domain::fields::FieldError;
use crate::domain::language::Language;
use crate::domain::sender::{Logo, Sender};
use crate::platform::http::ApiError;
use crate::platform::web::Form;

/// The colour of a practice that has chosen none, as the stylesheet has it.
const UNCHOSEN: &str = "#0f5e5a";

/// A field with what is wrong with it.
pub type Broken = (&'static str, String);

/// What stands in the fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    /// The version that was edited; 0 before the first.
    pub version: i32,
    /// What the practice is called.
    pub name: String,
    /// Where it is, line by line.
    pub address: String,
    /// Its telephone number.
    pub phone: String,
    /// When somebody answers there.
    pub hours: String,
    /// Its colour.
    pub colour: String,
    /// A picture that was chosen and is not saved yet, as a data URL.
    pub chosen: String,
    /// Whether there is to be no picture.
    pub without_logo: bool,
    /// Whether what was chosen is no picture.
    pub is_no_picture: bool,
}

impl Typed {
    /// Reads the form. A picture that was shown without being saved stands in it as a text.
    pub fn read(form: &Form) -> Result<Self, ApiError> {
        let field = |name| form.required(name).map(|text| text.trim().to_owned());
        let file = form.file("logo").filter(|bytes| !bytes.is_empty());
        let (is_new, picture) = (file.is_some(), file.map(<[u8]>::to_vec).and_then(Logo::of));
        let is_no_picture = is_new && picture.is_none();
        let kept = form.field("chosen").as_deref().and_then(Logo::parse).filter(|_| !is_new);
        Ok(Self {
            version: field("version")?.parse().unwrap_or(-1),
            name: field("name")?,
            address: field("address")?.replace("\r\n", "\n"),
            phone: field("phone")?,
            hours: field("hours")?,
            colour: field("colour")?,
            chosen: picture.or(kept).map(|logo| logo.to_url()).unwrap_or_default(),
            without_logo: form.field("without-logo").is_some(),
            is_no_picture,
        })
    }

    /// What is known of a practice.
    pub fn of(sender: &Sender, version: i32) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            version,
            name: text(&sender.name),
            address: sender.address.join("\n"),
            phone: text(&sender.phone),
            hours: text(&sender.hours),
            colour: sender.colour.map_or_else(|| UNCHOSEN.to_owned(), |colour| colour.to_string()),
            ..Self::default()
        }
    }

    /// The body of a request to the API that says the same.
    pub fn body(&self) -> Value {
        let given = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
        let mut body = Map::new();
        body.insert("name".to_owned(), json!(self.name));
        for (name, text) in [
            ("address", &self.address),
            ("phone", &self.phone),
            ("hours", &self.hours),
            ("colour", &self.colour),
        ] {
            body.insert(name.to_owned(), given(text));
        }
        if self.without_logo {
            body.insert("logo".to_owned(), Value::Null);
        } else if self.is_no_picture || !self.chosen.is_empty() {
            body.insert("logo".to_owned(), json!(self.chosen));
        }
        Value::Object(body)
    }

    /// How recipients would see it; `saved` is the picture that is kept.
    pub fn seen(&self, saved: Option<&Logo>) -> Seen {
        let logo = match (self.without_logo, self.chosen.is_empty()) {
            (true, _) => String::new(),
            (false, false) => self.chosen.clone(),
            (false, true) => saved.map(Logo::to_url).unwrap_or_default(),
        };
        let colour = Colour::parse(&self.colour).filter(|colour| colour.is_readable_on(Colour::WHITE));
        let (name, phone, hours) = (self.name.clone(), self.phone.clone(), self.hours.clone());
        Seen { name, phone, hours, colour, logo }
    }

    /// What is wrong with the fields, in words that stand beside them.
    pub fn broken(&self, errors: &[FieldError], language: Language) -> Vec<Broken> {
        let said = |error: &FieldError| -> Option<Broken> {
            let (field, text) = match error.field.as_str() {
                "name" => ("name", words::NAME_BROKEN),
                "address" => ("address", words::ADDRESS_BROKEN),
                "phone" => ("phone", words::PHONE_BROKEN),
                "hours" => ("hours", words::HOURS_BROKEN),
                "colour" => return Some(("colour", self.colour_broken(language))),
                "logo" => ("logo", words::LOGO_BROKEN),
                _ => return None,
            };
            Some((field, text.of(language).to_owned()))
        };
        errors.iter().filter_map(said).collect()
    }

    fn colour_broken(&self, language: Language) -> String {
        let Some(colour) = Colour::parse(&self.colour) else {
            return words::COLOUR_BROKEN.of(language).to_owned();
        };
        let contrast = format!("{:.1}", (colour.contrast(Colour::WHITE) * 10.0).floor() / 10.0);
        words::COLOUR_LIGHT.with(language, &[&contrast, &format!("{READABLE:.1}")])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sender::Introduction;

    #[test]
    fn what_stands_in_the_form_says_what_is_known() {
        let body = json!({"name": "N", "address": "A\nB", "phone": "1", "hours": "H", "colour": "#7a0019"});
        let sender = Introduction::parse(body.clone()).unwrap().over(Sender::default());
        assert_eq!(Typed::of(&sender, 3).body(), body);
        let bare = Typed::of(&Sender::default(), 0);
        assert_eq!(bare.body()["phone"], Value::Null);
        assert!(bare.body().get("logo").is_none(), "what is there stays");
        assert_eq!(Typed { without_logo: true, ..bare }.body()["logo"], Value::Null);
    }

    #[test]
    fn a_light_colour_is_told_from_none() {
        let said = |colour: &str| {
            Typed { colour: colour.to_owned(), ..Typed::default() }.colour_broken(Language::En)
        };
        assert!(said("#777777").contains("its contrast is 4.4, and 4.5 is needed"), "{}", said("#777777"));
        assert_eq!(said("red"), words::COLOUR_BROKEN.en);
    }
}
