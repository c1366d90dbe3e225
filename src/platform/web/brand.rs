//! The colour of a practice as a stylesheet of its own, so that pages need no inline style.
//! It is made of its name: whoever knows the colour knows all of it, and no practice is named.

use crate::domain::colour::Colour;

/// The ground of a page in the dark, as the stylesheet has it.
const DARK: Colour = Colour::new(0x17, 0x20, 0x1e);
/// First part of the file's name, and what of a page it colours.
const KINDS: [(&str, &str); 2] = [("brand", ":root"), ("tint", ".tinted")];

/// URL of the stylesheet that colours a whole page.
#[must_use]
pub fn url(colour: Colour) -> String {
    format!("/assets/{}", name("brand", colour))
}

/// URL of the stylesheet that colours what is `tinted` on a page.
#[must_use]
pub fn tint_url(colour: Colour) -> String {
    format!("/assets/{}", name("tint", colour))
}

fn name(stem: &str, colour: Colour) -> String {
    format!("{stem}.{}.css", colour.to_string().trim_start_matches('#'))
}

/// The stylesheet of this name; `None` unless it is one of a colour that can be read.
#[must_use]
pub fn style(file: &str) -> Option<String> {
    let digits = file.strip_suffix(".css")?.split_once('.')?.1;
    let colour =
        Colour::parse(&format!("#{digits}")).filter(|colour| colour.is_readable_on(Colour::WHITE))?;
    let (_, place) = KINDS.into_iter().find(|(stem, _)| name(stem, colour) == file)?;
    let of = |colour: Colour| format!("{place}{{--accent:{colour};--on-accent:{}}}", colour.opposite());
    Some(format!("{}@media (prefers-color-scheme:dark){{{}}}\n", of(colour), of(colour.lightened_for(DARK))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_makes_a_stylesheet_by_its_name() {
        let colour = Colour::parse("#7a0019").unwrap();
        assert_eq!(url(colour), "/assets/brand.7a0019.css");
        assert!(
            style("brand.7a0019.css")
                .unwrap()
                .starts_with(":root{--accent:#7a0019;--on-accent:#ffffff}@media")
        );
        assert_eq!(tint_url(colour), "/assets/tint.7a0019.css");
        assert!(style("tint.7a0019.css").unwrap().starts_with(".tinted{--accent:#7a0019;"));
        for other in [
            "brand.7A0019.css",
            "brand.ffffff.css",
            "brand.7a001.css",
            "other.7a0019.css",
            "brand.css",
            "brand.7a0019.js",
        ] {
            assert_eq!(style(other), None, "{other}");
        }
    }
}
