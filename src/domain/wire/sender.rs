//! What recipients see of a practice, on its way to the client role.

use serde::Serialize;
use serde_json::Value;

use crate::domain::colour::Colour;
use crate::domain::fields::{Fields, Invalid};
use crate::domain::sender::{Introduction, Logo, Sender};

/// Body of `PUT /v1/sender`: what recipients see of a practice. Its address is for letters
/// and stays where it is.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PresentSender<'a> {
    /// Grows with each message; one that is not newer changes nothing.
    pub sequence: i64,
    /// What it is called.
    pub name: Option<&'a str>,
    /// Its telephone number.
    pub phone: Option<&'a str>,
    /// When somebody answers there.
    pub hours: Option<&'a str>,
    /// Its colour.
    pub colour: Option<Colour>,
    /// Its picture, as a data URL.
    pub logo: Option<String>,
}

impl<'a> PresentSender<'a> {
    /// What is told of a practice.
    #[must_use]
    pub fn of(sender: &'a Sender, sequence: i64) -> Self {
        Self {
            sequence,
            name: sender.name.as_deref(),
            phone: sender.phone.as_deref(),
            hours: sender.hours.as_deref(),
            colour: sender.colour,
            logo: sender.logo.as_ref().map(Logo::to_url),
        }
    }
}

/// What recipients see of a practice, as the client role reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SenderPresented {
    /// As in [`PresentSender`].
    pub sequence: i64,
    /// The practice, without its address.
    pub sender: Sender,
}

impl SenderPresented {
    /// Reads the body of `PUT /v1/sender`. It says everything: what is absent is not there.
    pub fn parse(body: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of_body(body)?;
        fields.require("sequence");
        let sequence = fields.whole_number("sequence", 1, i64::MAX).value().unwrap_or(1);
        let introduction = Introduction::read(&mut fields);
        fields.finish()?;
        let sender = introduction.over(Sender::default());
        Ok(Self { sequence, sender: Sender { address: Vec::new(), ..sender } })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_told_of_a_practice_is_what_the_client_reads() {
        let body = json!({
            "name": "N", "address": "A", "phone": "1", "hours": "H", "colour": "#0f5e5a",
            "logo": "data:image/svg+xml;base64,PHN2Zy8+",
        });
        let sender = Introduction::parse(body).unwrap().over(Sender::default());
        let told = serde_json::to_value(PresentSender::of(&sender, 7)).unwrap();
        assert!(told.get("address").is_none(), "{told}");
        let expected = SenderPresented { sequence: 7, sender: Sender { address: Vec::new(), ..sender } };
        assert_eq!(SenderPresented::parse(told), Ok(expected));
        let fields = SenderPresented::parse(json!({"sequence": 0, "colour": "#ffffff"})).unwrap_err().0;
        let names: Vec<_> = fields.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(names, ["sequence", "name", "colour"]);
    }
}
