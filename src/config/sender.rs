//! Who stands behind the pages: what recipients need to recognise and to reach.

use super::values::{Problems, Values};
use crate::domain::colour::Colour;

/// Longest of these texts in characters.
const LENGTH_MAX: usize = 200;
/// Lines of an address that have room on a letter.
const LINES: usize = 6;

/// The practice, as its recipients know it. Every part is optional.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sender {
    /// `SENDER_NAME`.
    pub name: Option<String>,
    /// `SENDER_ADDRESS`, line by line.
    pub address: Vec<String>,
    /// `SENDER_PHONE`.
    pub phone: Option<String>,
    /// `SENDER_HOURS`.
    pub hours: Option<String>,
    /// `SENDER_COLOUR`.
    pub colour: Option<Colour>,
}

impl Sender {
    pub(super) fn load(values: &Values, problems: &mut Problems) -> Self {
        let colour = values.get("SENDER_COLOUR").and_then(|text| {
            let colour = Colour::parse(text).filter(|colour| colour.is_readable_on(Colour::WHITE));
            if colour.is_none() {
                problems.add(
                    "SENDER_COLOUR",
                    "must be a colour such as #0f5e5a that can be read on white (contrast of 4.5 at least)",
                );
            }
            colour
        });
        let mut text = |name: &str| {
            let given = values.get(name).map(str::trim).filter(|text| !text.is_empty())?;
            if given.chars().count() > LENGTH_MAX || given.chars().any(char::is_control) {
                problems.add(name, "must be one line of at most 200 characters");
            }
            Some(given.to_owned())
        };
        let address = text("SENDER_ADDRESS").unwrap_or_default();
        let address: Vec<String> =
            address.split(',').map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        let (name, phone, hours) = (text("SENDER_NAME"), text("SENDER_PHONE"), text("SENDER_HOURS"));
        if address.len() > LINES {
            problems.add("SENDER_ADDRESS", "must have at most 6 lines, separated by commas");
        }
        Self { name, address, phone, hours, colour }
    }

    /// The telephone number as a link dials it, `+41441234567`; `None` where there are
    /// no digits in it.
    #[must_use]
    pub fn dialled(&self) -> Option<String> {
        let phone = self.phone.as_deref()?;
        let digits: String =
            phone.replace("(0)", "").chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        digits.chars().any(|c| c.is_ascii_digit()).then_some(digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_telephone_number_can_be_dialled() {
        let dialled = |phone: &str| Sender { phone: Some(phone.to_owned()), ..Sender::default() }.dialled();
        assert_eq!(dialled("+41 (0)44 123 45 67").as_deref(), Some("+41441234567"));
        assert_eq!(dialled("044 123 45 67").as_deref(), Some("0441234567"));
        assert_eq!(dialled("ask us"), None);
    }
}
