//! Who stands behind a document: what its recipients need to recognise and to reach.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::colour::{Colour, READABLE};
use super::fields::{Fields, Given, Invalid};

/// Longest of these texts in characters.
pub const LENGTH_MAX: usize = 200;
/// Largest logo in bytes: it is part of every page.
pub const LOGO_MAX: usize = 102_400;
/// Lines of an address that have room on a letter.
pub const LINES: usize = 6;
/// What a logo has to be.
pub const LOGO_RULE: &str = "must be a picture, PNG or SVG, of at most 100 kB, as data:image/png;base64,... or data:image/svg+xml;base64,...";

/// The practice, as its recipients know it. Every part is optional. As JSON it has no logo,
/// which is kept for itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Sender {
    /// What it is called.
    pub name: Option<String>,
    /// Where it is, line by line.
    pub address: Vec<String>,
    /// Its telephone number.
    pub phone: Option<String>,
    /// When somebody answers there.
    pub hours: Option<String>,
    /// Its colour, which can be read on white.
    pub colour: Option<Colour>,
    /// Its picture.
    #[serde(skip)]
    pub logo: Option<Logo>,
}

impl Sender {
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

/// A kind of picture that pages show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Picture {
    /// Of pixels.
    Png,
    /// Of lines.
    Svg,
}

impl Picture {
    /// The kind that these bytes are, as far as it is taken.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let is_svg = || std::str::from_utf8(bytes).is_ok_and(|text| text.contains("<svg"));
        match bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            true => Some(Self::Png),
            false => is_svg().then_some(Self::Svg),
        }
    }

    /// As it stands in `Content-Type`.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Svg => "image/svg+xml",
        }
    }

    /// As a file's name ends.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Png => "png",
            Self::Svg => "svg",
        }
    }
}

/// A picture that pages show.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    bytes: Vec<u8>,
    kind: Picture,
}

impl Logo {
    /// A logo of these bytes: PNG or SVG, at most [`LOGO_MAX`] of them.
    #[must_use]
    pub fn of(bytes: Vec<u8>) -> Option<Self> {
        let kind = Picture::of(&bytes).filter(|_| bytes.len() <= LOGO_MAX)?;
        Some(Self { bytes, kind })
    }

    /// Reads `data:image/png;base64,…`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (kind, data) = text.strip_prefix("data:")?.split_once(";base64,")?;
        // What is far too long is not even decoded.
        let data = Some(data).filter(|data| data.len() <= LOGO_MAX * 2)?;
        let logo = Self::of(STANDARD.decode(data).ok()?)?;
        kind.eq_ignore_ascii_case(logo.kind.media_type()).then_some(logo)
    }

    /// Writes what [`Logo::parse`] reads.
    #[must_use]
    pub fn to_url(&self) -> String {
        format!("data:{};base64,{}", self.kind.media_type(), STANDARD.encode(&self.bytes))
    }

    /// The file.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// What kind it is.
    #[must_use]
    pub fn kind(&self) -> Picture {
        self.kind
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({}, {} bytes)", self.kind.extension(), self.bytes.len())
    }
}

/// What somebody wants to be known as: the name always, the rest as far as it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Introduction {
    name: String,
    address: Given<Vec<String>>,
    phone: Given<String>,
    hours: Given<String>,
    colour: Given<Colour>,
    logo: Given<Logo>,
}

impl Introduction {
    /// Reads the body of `PUT /api/sender`.
    pub fn parse(body: Value) -> Result<Self, Invalid> {
        let mut fields = Fields::of_body(body)?;
        let introduction = Self::read(&mut fields);
        fields.finish().map(|()| introduction)
    }

    /// Reads its fields.
    pub fn read(fields: &mut Fields) -> Self {
        Self {
            name: read_name(fields),
            address: read_address(fields),
            phone: read_line(fields, "phone"),
            hours: read_line(fields, "hours"),
            colour: read_colour(fields),
            logo: fields.parsed("logo", LOGO_RULE, Logo::parse),
        }
    }

    /// The practice after this: what is not given stays, what is `null` goes.
    #[must_use]
    pub fn over(self, stored: Sender) -> Sender {
        let address = Some(stored.address).filter(|lines| !lines.is_empty());
        Sender {
            name: Some(self.name),
            address: self.address.over(address).unwrap_or_default(),
            phone: self.phone.over(stored.phone),
            hours: self.hours.over(stored.hours),
            colour: self.colour.over(stored.colour),
            logo: self.logo.over(stored.logo),
        }
    }
}

fn read_name(fields: &mut Fields) -> String {
    fields.require("name");
    read_line(fields, "name").value().unwrap_or_default()
}

fn read_line(fields: &mut Fields, name: &str) -> Given<String> {
    match fields.text(name, LENGTH_MAX) {
        Given::Value(text) if text.chars().any(char::is_control) => {
            fields.refuse(name, "characters", "must be one line, without control characters");
            Given::Absent
        }
        given => given,
    }
}

fn read_address(fields: &mut Fields) -> Given<Vec<String>> {
    let text = match fields.text("address", LENGTH_MAX) {
        Given::Value(text) => text,
        Given::Null => return Given::Null,
        Given::Absent => return Given::Absent,
    };
    let lines: Vec<String> =
        text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if lines.len() > LINES {
        fields.refuse("address", "maxLines", "must have at most 6 lines");
    } else if lines.iter().any(|line| line.chars().any(char::is_control)) {
        fields.refuse("address", "characters", "must not hold control characters but line breaks");
    } else {
        return Given::Value(lines);
    }
    Given::Absent
}

fn read_colour(fields: &mut Fields) -> Given<Colour> {
    let colour = fields.parsed("colour", "must be a colour such as #0f5e5a", Colour::parse);
    let Given::Value(found) = colour else { return colour };
    if found.is_readable_on(Colour::WHITE) {
        return colour;
    }
    // Cut off, so that what is too little never looks like enough.
    let contrast = (found.contrast(Colour::WHITE) * 10.0).floor() / 10.0;
    let message = format!(
        "can't be read on white: its contrast is {contrast:.1}, and {READABLE:.1} is needed; choose a darker colour"
    );
    fields.refuse("colour", "contrast", message);
    Given::Absent
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n...";

    #[test]
    fn a_logo_is_a_small_picture() {
        let kind = |bytes: &[u8]| Logo::of(bytes.to_vec()).map(|logo| logo.kind());
        assert_eq!(kind(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Some(Picture::Svg));
        assert_eq!(kind(PNG), Some(Picture::Png));
        assert_eq!(kind(b"GIF89a"), None);
        let filled = |size: usize| [PNG, &vec![0; size - PNG.len()]].concat();
        assert_eq!(kind(&filled(LOGO_MAX)), Some(Picture::Png));
        assert_eq!(kind(&filled(LOGO_MAX + 1)), None);
    }

    #[test]
    fn a_logo_is_read_as_it_is_written_and_says_what_it_is() {
        for bytes in [PNG, b"<svg/>"] {
            let logo = Logo::of(bytes.to_vec()).unwrap();
            assert_eq!(Logo::parse(&logo.to_url()), Some(logo));
        }
        let data = STANDARD.encode(PNG);
        for text in [
            String::new(),
            data.clone(),
            format!("data:image/svg+xml;base64,{data}"),
            format!("data:image/png,{data}"),
            "data:image/png;base64,?".to_owned(),
            format!("https://example.org/{data}"),
        ] {
            assert_eq!(Logo::parse(&text), None, "{text}");
        }
    }

    #[test]
    fn a_telephone_number_can_be_dialled() {
        let dialled = |phone: &str| Sender { phone: Some(phone.to_owned()), ..Sender::default() }.dialled();
        assert_eq!(dialled("+41 (0)44 123 45 67").as_deref(), Some("+41441234567"));
        assert_eq!(dialled("044 123 45 67").as_deref(), Some("0441234567"));
        assert_eq!(dialled("ask us"), None);
    }

    fn whole() -> Sender {
        let body = json!({
            "name": " Praxis am See ", "address": "Seestrasse 12\r\n\r\n 8002 Zürich ", "phone": "044 123 45 67",
            "hours": "Mo–Fr 8–12", "colour": "#7A0019", "logo": Logo::of(PNG.to_vec()).unwrap().to_url(),
        });
        Introduction::parse(body).unwrap().over(Sender::default())
    }

    #[test]
    fn what_is_not_given_stays_and_what_is_null_goes() {
        let whole = whole();
        assert_eq!(whole.name.as_deref(), Some("Praxis am See"));
        assert_eq!(whole.address, ["Seestrasse 12", "8002 Zürich"]);
        assert_eq!(whole.colour.map(|colour| colour.to_string()).as_deref(), Some("#7a0019"));
        let same = Introduction::parse(json!({"name": "Praxis am See"})).unwrap();
        assert_eq!(same.over(whole.clone()), whole);
        let bare =
            json!({"name": "N", "address": null, "phone": null, "hours": null, "colour": null, "logo": null});
        let named = Sender { name: Some("N".to_owned()), ..Sender::default() };
        assert_eq!(Introduction::parse(bare).unwrap().over(whole), named);
    }

    #[test]
    fn every_broken_part_is_named_at_once() {
        let broken = |body: Value| -> Vec<String> {
            let found = Introduction::parse(body).unwrap_err().0.into_iter();
            found.map(|error| format!("{} {}", error.field, error.rule)).collect()
        };
        let body = json!({
            "address": "1\n2\n3\n4\n5\n6\n7", "phone": "044\n123", "hours": "x".repeat(201), "colour": "#777777",
            "logo": "data:image/gif;base64,R0lGODlh",
        });
        let named =
            ["name required", "address maxLines", "phone characters", "hours maxLength", "colour contrast"];
        assert_eq!(broken(body), [&named[..], &["logo format"]].concat());
        let named = ["name characters", "address characters", "colour format", "logo type"];
        assert_eq!(broken(json!({"name": "a\tb", "address": "a\tb", "colour": "red", "logo": 1})), named);
        assert_eq!(broken(json!({"name": null})), ["name required"]);
    }

    #[test]
    fn a_colour_that_is_too_light_is_told_by_how_much() {
        let body = json!({"name": "N", "colour": "#777777"});
        let message = &Introduction::parse(body).unwrap_err().0[0].message;
        assert!(message.contains("its contrast is 4.4, and 4.5 is needed"), "{message}");
    }

    #[test]
    fn what_is_kept_is_read_as_it_was() {
        let whole = whole();
        let kept = serde_json::to_string(&whole).unwrap();
        assert!(!kept.contains("base64"));
        let read: Sender = serde_json::from_str(&kept).unwrap();
        assert_eq!(Sender { logo: whole.logo.clone(), ..read }, whole);
        assert_eq!(serde_json::from_str::<Sender>("{}").unwrap(), Sender::default());
    }
}
