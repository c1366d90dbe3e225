//! A link as a QR code.

use std::fmt::Write as _;

use qrcodegen::{QrCode, QrCodeEcc};

use super::NotMade;
use super::texts::QR_TITLE;
use crate::domain::language::Language;

/// Modules that must stay white on each side (ISO/IEC 18004).
pub const QUIET: u16 = 4;

/// A square of dark and light modules. It is still read where a seventh of it is damaged.
pub struct Qr(QrCode);

/// Dark modules side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// Column of the first one, from 0.
    pub x: u16,
    /// Their row, from 0.
    pub y: u16,
    /// How many.
    pub length: u16,
}

impl Qr {
    /// The code that leads to `link`.
    pub fn of(link: &str) -> Result<Self, NotMade> {
        QrCode::encode_text(link, QrCodeEcc::Medium).map(Self).map_err(|_| NotMade("the link is too long"))
    }

    /// Modules of a side, without the white around it.
    #[must_use]
    pub fn size(&self) -> u16 {
        u16::try_from(self.0.size()).unwrap_or_default()
    }

    /// The dark modules, row by row.
    #[must_use]
    pub fn runs(&self) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for y in 0..self.size() {
            for x in 0..self.size() {
                if !self.0.get_module(i32::from(x), i32::from(y)) {
                    continue;
                }
                match runs.last_mut() {
                    Some(run) if run.y == y && run.x + run.length == x => run.length += 1,
                    _ => runs.push(Run { x, y, length: 1 }),
                }
            }
        }
        runs
    }

    /// The code as a picture that grows with its place and has a name in `language`.
    #[must_use]
    pub fn to_svg(&self, language: Language) -> String {
        let side = self.size() + 2 * QUIET;
        let mut dark = String::new();
        for Run { x, y, length } in self.runs() {
            // Writing to a text can't fail.
            let _ = write!(dark, "M{} {}h{length}v1h-{length}z", x + QUIET, y + QUIET);
        }
        let (tag, title) = (language.tag(), QR_TITLE.of(language));
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {side} {side}\" role=\"img\" lang=\"{tag}\" \
             shape-rendering=\"crispEdges\"><title>{title}</title><path fill=\"#fff\" d=\"M0 0h{side}v{side}H0z\"/>\
             <path d=\"{dark}\"/></svg>"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_runs_are_the_dark_modules() {
        let qr = Qr::of("https://client.on-track.ch/d/lG0aCeUoXiT1vN6rWQ4sb7SxwJ3nq5Rk8ZyVtPfM2dg").unwrap();
        let runs = qr.runs();
        // A corner: seven dark ones, then a light one.
        assert_eq!(runs[0], Run { x: 0, y: 0, length: 7 });
        let dark: u32 = runs.iter().map(|run| u32::from(run.length)).sum();
        let side = 0..i32::from(qr.size());
        let counted = side.clone().flat_map(|y| side.clone().map(move |x| (x, y)));
        assert_eq!(counted.filter(|(x, y)| qr.0.get_module(*x, *y)).count(), dark as usize);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Qr::of(&"x".repeat(5_000)).is_err());
    }
}
