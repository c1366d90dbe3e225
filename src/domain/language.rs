//! The languages that people are spoken to in, and texts that exist in each of them.

use std::fmt::Display;

/// A language that pages, messages and letters are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    /// English, where nothing else is known.
    #[default]
    En,
    /// French.
    Fr,
    /// German, as it is written in Switzerland.
    De,
    /// Italian.
    It,
}

impl Language {
    /// Every language, in the order in which pages offer them.
    pub const ALL: [Self; 4] = [Self::De, Self::Fr, Self::It, Self::En];

    /// `de`: the value of `lang` attributes, of `?lang=` and of the cookie.
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
            Self::De => "de",
            Self::It => "it",
        }
    }

    /// Its own name: `Deutsch`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Fr => "Français",
            Self::De => "Deutsch",
            Self::It => "Italiano",
        }
    }

    /// The language of a tag such as `fr-CH`; `None` if it is not spoken here.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_']).next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }
}

/// A text in every language. `{0}`, `{1}` stand for values, see [`Text::with`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// French.
    pub fr: &'static str,
    /// German, without the letter ß.
    pub de: &'static str,
    /// Italian.
    pub it: &'static str,
}

impl Text {
    /// The text in one language.
    #[must_use]
    pub const fn of(self, language: Language) -> &'static str {
        match language {
            Language::En => self.en,
            Language::Fr => self.fr,
            Language::De => self.de,
            Language::It => self.it,
        }
    }

    /// The text in one language, with the values in the places of `{0}`, `{1}`.
    #[must_use]
    pub fn with(self, language: Language, values: &[&dyn Display]) -> String {
        let mut text = self.of(language).to_owned();
        for (place, value) in values.iter().enumerate() {
            text = text.replace(&format!("{{{place}}}"), &value.to_string());
        }
        text
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Checks every `Text { … }` of a source: the same values in each language, nothing
    /// empty, and the Swiss spelling of German.
    pub(crate) fn assert_complete(source: &str) {
        let mut count = 0;
        for literal in source.split("Text {").skip(1) {
            let mut rest = literal;
            let said: Vec<_> =
                ["en:", "fr:", "de:", "it:"].iter().filter_map(|name| take(&mut rest, name)).collect();
            let [english, french, german, _] = said.as_slice() else { continue };
            count += 1;
            for text in &said {
                assert!(!text.trim().is_empty(), "{said:?}");
                for place in ["{0}", "{1}", "{2}"] {
                    assert_eq!(text.contains(place), english.contains(place), "{place} in {said:?}");
                }
            }
            assert!(!german.contains('ß'), "{german}");
            // A sign that stands alone on the next line is not French: `\u{a0}` goes before it.
            assert!(![" :", " ;", " ?", " !"].iter().any(|sign| french.contains(sign)), "{french}");
        }
        assert!(count > 0, "no text was found");
    }

    /// The string literal that follows a field's name.
    fn take<'a>(rest: &mut &'a str, name: &str) -> Option<&'a str> {
        let whole: &'a str = rest;
        let (_, after) = whole.split_once(name)?;
        let (text, after) = after.trim_start().strip_prefix('"')?.split_once('"')?;
        *rest = after;
        Some(text)
    }

    #[test]
    fn a_tag_with_a_country_is_understood() {
        for (tag, language) in [("fr-CH", Language::Fr), ("DE", Language::De), ("it_IT", Language::It)] {
            assert_eq!(Language::of_tag(tag), Some(language));
        }
        for unknown in ["", "rm", "deutsch", "*"] {
            assert_eq!(Language::of_tag(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn values_take_their_places_in_each_language() {
        let text = Text { en: "{0} of {1}", fr: "{0} sur {1}", de: "{0} von {1}", it: "{1}: {0}" };
        assert_eq!(text.with(Language::It, &[&1, &"b"]), "b: 1");
        assert_eq!(text.with(Language::De, &[&1, &"b"]), "1 von b");
    }
}
