//! The fonts of the letter, cut down to the signs of European languages
//! (`assets/fonts/README.md`), and how wide a text becomes in them.

use std::sync::LazyLock;

use icu_normalizer::ComposingNormalizerBorrowed;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider as _};

use super::NotMade;

static FACES: LazyLock<Option<Faces>> = LazyLock::new(|| {
    Some(Faces {
        regular: Face::read(include_bytes!("../../../../assets/fonts/NotoSans-Regular.ttf"))?,
        bold: Face::read(include_bytes!("../../../../assets/fonts/NotoSans-Bold.ttf"))?,
        mono: Face::read(include_bytes!("../../../../assets/fonts/NotoSansMono-Bold.ttf"))?,
    })
});

/// The faces that a letter is written in.
pub struct Faces {
    pub regular: Face,
    pub bold: Face,
    /// For the code: capitals, digits and the dash only.
    pub mono: Face,
}

impl Faces {
    /// The faces that are compiled in.
    pub fn get() -> Result<&'static Self, NotMade> {
        FACES.as_ref().ok_or(NotMade("its fonts can't be read"))
    }
}

/// One face.
pub struct Face {
    /// As the PDF embeds it.
    pub font: Font,
    signs: Charmap<'static>,
    widths: GlyphMetrics<'static>,
    em: f32,
}

impl Face {
    fn read(bytes: &'static [u8]) -> Option<Self> {
        let read = FontRef::new(bytes).ok()?;
        let font = Font::new(bytes.into(), 0)?;
        let (signs, widths) = (read.charmap(), read.glyph_metrics(Size::unscaled(), LocationRef::default()));
        let em = font.units_per_em();
        Some(Self { font, signs, widths, em })
    }

    /// The signs of a text side by side, each over its bytes of the text. What the face
    /// does not have is left out.
    pub fn glyphs(&self, text: &str) -> Vec<KrillaGlyph> {
        let glyph = |(at, sign): (usize, char)| {
            let id = self.signs.map(sign)?;
            let width = self.widths.advance_width(id)? / self.em;
            let bytes = at..at + sign.len_utf8();
            Some(KrillaGlyph::new(GlyphId::new(id.to_u32()), width, 0.0, 0.0, 0.0, bytes, None))
        };
        text.char_indices().filter_map(glyph).collect()
    }

    /// How wide a text is, in the unit of `size`.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        self.glyphs(text).iter().map(|glyph| glyph.x_advance * size).sum()
    }

    /// A text as it can be written: in the usual composed form, without signs that the
    /// face does not have, such as pictures. `None` where it lacks a letter, since a
    /// name without it would be another one, and where nothing is left.
    pub fn writable(&self, text: &str) -> Option<String> {
        let composed = ComposingNormalizerBorrowed::new_nfc().normalize(text);
        let missing = |sign: &char| self.signs.map(*sign).is_none();
        if composed.chars().any(|sign| sign.is_alphanumeric() && missing(&sign)) {
            return None;
        }
        let kept: String = composed.chars().filter(|sign| !missing(sign)).collect();
        let kept = kept.split_whitespace().collect::<Vec<_>>().join(" ");
        (!kept.is_empty()).then_some(kept)
    }

    /// The lines of a text that is at most `most` wide. A word that is wider is cut.
    pub fn lines(&self, text: &str, size: f32, most: f32) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split(' ') {
            if let Some(line) = lines.last_mut() {
                let longer = format!("{line} {word}");
                if self.width(&longer, size) <= most {
                    *line = longer;
                    continue;
                }
            }
            lines.push(String::new());
            for sign in word.chars() {
                let line = lines.last().map_or("", String::as_str);
                if !line.is_empty() && self.width(&format!("{line}{sign}"), size) > most {
                    lines.push(String::new());
                }
                if let Some(line) = lines.last_mut() {
                    line.push(sign);
                }
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn regular() -> &'static Face {
        &Faces::get().unwrap().regular
    }

    #[test]
    fn names_of_europe_can_be_written_and_others_are_not_half_written() {
        for name in ["Anna Muster", "Zoë Đorđević", "Nguyễn Văn Ánh", "Łukasz Żółć", "Иван Петров", "Γιώργος"]
        {
            assert_eq!(regular().writable(name).as_deref(), Some(name));
        }
        assert_eq!(regular().writable("Ju\u{308}rg 🙂\u{202e} Meier").as_deref(), Some("Jürg Meier"));
        for name in ["محمد", "Anna 王", "🙂", " "] {
            assert_eq!(regular().writable(name), None, "{name}");
        }
    }

    #[test]
    fn no_line_is_wider_than_its_place() {
        let text = format!("We have put a document online {} for you", "x".repeat(200));
        let lines = regular().lines(&text, 11.0, 120.0);
        assert!(
            lines.len() > 5 && lines.iter().all(|line| regular().width(line, 11.0) <= 120.0),
            "{lines:?}"
        );
        assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""));
    }
}
