//! A practice's colour, and whether text in it can be read.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Lowest contrast of text and its ground (WCAG 2.2, 1.4.3).
pub const READABLE: f64 = 4.5;

/// A colour of the screen (sRGB); in JSON as [`Colour::parse`] reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Colour {
    red: u8,
    green: u8,
    blue: u8,
}

impl Colour {
    /// White.
    pub const WHITE: Self = Self::new(255, 255, 255);
    /// Black.
    pub const BLACK: Self = Self::new(0, 0, 0);

    /// A colour of its parts.
    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self { red, green, blue }
    }

    /// Reads `#0f5e5a`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.trim().strip_prefix('#')?;
        if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        let part = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        Some(Self::new(part(0)?, part(2)?, part(4)?))
    }

    /// Relative luminance, from 0 (black) to 1 (white).
    fn luminance(self) -> f64 {
        let linear = |part: u8| {
            let part = f64::from(part) / 255.0;
            if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(self.red) + 0.7152 * linear(self.green) + 0.0722 * linear(self.blue)
    }

    /// Contrast with another colour, from 1 to 21.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance(), other.luminance());
        (one.max(two) + 0.05) / (one.min(two) + 0.05)
    }

    /// Whether text in this colour can be read on that ground.
    #[must_use]
    pub fn is_readable_on(self, ground: Self) -> bool {
        self.contrast(ground) >= READABLE
    }

    /// This colour, as little lighter as needed to be readable on a dark ground.
    #[must_use]
    pub fn lightened_for(self, ground: Self) -> Self {
        let steps = (0..=20).map(|step| self.towards_white(step * 5));
        steps.into_iter().find(|lighter| lighter.is_readable_on(ground)).unwrap_or(Self::WHITE)
    }

    /// Black or white, whichever can be read better on this colour.
    #[must_use]
    pub fn opposite(self) -> Self {
        if self.contrast(Self::WHITE) >= self.contrast(Self::BLACK) { Self::WHITE } else { Self::BLACK }
    }

    fn towards_white(self, percent: u16) -> Self {
        let mix = |part: u8| {
            let missing = u16::from(255 - part) * percent.min(100) / 100;
            u8::try_from(u16::from(part) + missing).unwrap_or(255)
        };
        Self::new(mix(self.red), mix(self.green), mix(self.blue))
    }
}

impl fmt::Display for Colour {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02x}{:02x}{:02x}", self.red, self.green, self.blue)
    }
}

impl From<Colour> for String {
    fn from(colour: Colour) -> Self {
        colour.to_string()
    }
}

impl TryFrom<String> for Colour {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("no colour")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_is_read_and_written_as_on_the_web() {
        assert_eq!(Colour::parse(" #0F5e5a ").unwrap().to_string(), "#0f5e5a");
        for bad in ["", "0f5e5a", "#fff", "#0f5e5", "#0f5e5g", "#0f5e5aff", "#ää"] {
            assert_eq!(Colour::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn contrast_is_the_one_of_the_standard() {
        assert!((Colour::WHITE.contrast(Colour::BLACK) - 21.0).abs() < 0.001);
        let grey = Colour::parse("#767676").unwrap();
        assert!(grey.is_readable_on(Colour::WHITE), "{}", grey.contrast(Colour::WHITE));
        assert!(!Colour::parse("#777777").unwrap().is_readable_on(Colour::WHITE));
    }

    #[test]
    fn every_colour_becomes_readable_in_the_dark() {
        let ground = Colour::parse("#17201e").unwrap();
        for text in ["#000000", "#0f5e5a", "#7a0019", "#003399", "#ffffff"] {
            let lighter = Colour::parse(text).unwrap().lightened_for(ground);
            assert!(lighter.is_readable_on(ground), "{lighter}");
            assert!(lighter.opposite().is_readable_on(lighter), "{lighter}");
        }
    }
}
