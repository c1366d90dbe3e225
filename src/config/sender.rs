//! Who stands behind the pages and letters of tenants that have said nothing about themselves.

use super::values::{Problems, Values};
use crate::domain::colour::Colour;
use crate::domain::sender::{LENGTH_MAX, LINES, LOGO_MAX, Logo, Sender};

pub(super) fn load(values: &Values, problems: &mut Problems) -> Sender {
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
        let logo = read_logo(path.trim());
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
    Sender { name, address, phone, hours, colour, logo }
}

fn read_logo(path: &str) -> Option<Logo> {
    let size = std::fs::metadata(path).ok()?.len();
    let is_small = usize::try_from(size).is_ok_and(|size| size <= LOGO_MAX);
    is_small.then(|| std::fs::read(path).ok()).flatten().and_then(Logo::of)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_read_from_a_file() {
        let folder = std::env::temp_dir().join(format!("oc-logo-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("logo");
        let path = path.to_str().unwrap();
        std::fs::write(path, b"<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap();
        assert_eq!(read_logo(path).map(|logo| logo.kind().extension()), Some("svg"));
        std::fs::write(path, b"GIF89a").unwrap();
        assert_eq!(read_logo(path), None);
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!(read_logo(folder.to_str().unwrap()), None);
    }
}
