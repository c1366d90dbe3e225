//! Who stands behind the pages: what recipients need to recognise and to reach.

use std::fmt;

use super::values::{Problems, Values};
use crate::domain::colour::Colour;

/// Longest of these texts in characters.
const LENGTH_MAX: usize = 200;
/// Largest logo in bytes: it is part of every page.
const LOGO_MAX: usize = 102_400;
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
    /// `SENDER_LOGO`: what stands in that file.
    pub logo: Option<Logo>,
}

/// A picture that pages show.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    /// The file.
    pub bytes: Vec<u8>,
    /// `svg` or `png`.
    pub extension: &'static str,
}

impl Logo {
    fn read(path: &str) -> Option<Self> {
        let bytes = std::fs::read(path).ok().filter(|bytes| bytes.len() <= LOGO_MAX)?;
        let is_svg = std::str::from_utf8(&bytes).is_ok_and(|text| text.contains("<svg"));
        let extension = match bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            true => "png",
            false if is_svg => "svg",
            false => return None,
        };
        Some(Self { bytes, extension })
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({}, {} bytes)", self.extension, self.bytes.len())
    }
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
        let logo = values.get("SENDER_LOGO").filter(|path| !path.trim().is_empty()).and_then(|path| {
            let logo = Logo::read(path.trim());
            if logo.is_none() {
                problems.add("SENDER_LOGO", "must be the path of a picture, SVG or PNG, of at most 100 kB");
            }
            logo
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
        Self { name, address, phone, hours, colour, logo }
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
    fn a_logo_is_a_small_picture() {
        let folder = std::env::temp_dir().join(format!("oc-logo-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let read = |bytes: &[u8]| {
            let path = folder.join("logo");
            std::fs::write(&path, bytes).unwrap();
            Logo::read(path.to_str().unwrap()).map(|logo| logo.extension)
        };
        assert_eq!(read(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Some("svg"));
        assert_eq!(read(b"\x89PNG\r\n\x1a\n..."), Some("png"));
        assert_eq!(read(b"GIF89a"), None);
        assert_eq!(read(&[b"<svg>".as_slice(), &vec![b' '; LOGO_MAX]].concat()), None);
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(Logo::read(folder.to_str().unwrap()), None);
    }

    #[test]
    fn a_telephone_number_can_be_dialled() {
        let dialled = |phone: &str| Sender { phone: Some(phone.to_owned()), ..Sender::default() }.dialled();
        assert_eq!(dialled("+41 (0)44 123 45 67").as_deref(), Some("+41441234567"));
        assert_eq!(dialled("044 123 45 67").as_deref(), Some("0441234567"));
        assert_eq!(dialled("ask us"), None);
    }
}
