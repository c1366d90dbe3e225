//! The access code that a client types: `K7QM-4T9X-WR5C`.
//!
//! Twelve or fourteen symbols of Crockford base32: 5 of *selector* (finds the
//! row), 6 or 8 of *verifier* (is checked against it), 1 of *check* (Luhn mod 32
//! over all before it, catches a typo before it costs an attempt). 55 or 65 bits
//! are random. Shorter codes do not exist: a code alone opens a document.

use std::fmt;

use super::code_words;

/// Crockford's base32 (no I, L, O, U), <https://www.crockford.com/base32.html>.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Symbols that find the row.
pub const SELECTOR_LEN: usize = 5;
/// Symbols of the longest code.
const LONGEST: usize = 14;
/// Random bytes that a code is made of; 5 bits of each are used.
pub const RANDOM_BYTES: usize = LONGEST - 1;

/// How many symbols a code has, the check symbol included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeLength {
    /// `K7QM-4T9X-WR5C`, 55 random bits.
    Twelve,
    /// `K7QM4-T9XWR-5C2H`, 65 random bits.
    Fourteen,
}

impl CodeLength {
    /// As a number.
    #[must_use]
    pub fn symbols(self) -> usize {
        match self {
            Self::Twelve => 12,
            Self::Fourteen => LONGEST,
        }
    }

    /// The length with so many symbols.
    #[must_use]
    pub fn of(symbols: usize) -> Option<Self> {
        [Self::Twelve, Self::Fourteen].into_iter().find(|length| length.symbols() == symbols)
    }

    /// Symbols that are shown together.
    fn group(self) -> usize {
        match self {
            Self::Twelve => 4,
            Self::Fourteen => 5,
        }
    }
}

/// A well-formed access code. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessCode {
    /// Those beyond the length are 0.
    symbols: [u8; LONGEST],
    length: CodeLength,
}

impl AccessCode {
    /// Makes a code of random bytes. 256 is a multiple of 32, so five bits of
    /// each byte are uniform and nothing has to be thrown away. `None` if it
    /// holds a word that nobody wants to find in a letter: draw again.
    #[must_use]
    pub fn from_random(random: [u8; RANDOM_BYTES], length: CodeLength) -> Option<Self> {
        let mut code = Self { symbols: [0; LONGEST], length };
        let payload = code.symbols.iter_mut().take(length.symbols() - 1);
        payload.zip(random).for_each(|(symbol, byte)| *symbol = byte & 31);
        code.complete();
        (!code_words::offends(&letters(code.used()))).then_some(code)
    }

    /// Reads what a person typed: case, spaces and hyphens do not matter,
    /// O is 0, I and L are 1.
    pub fn parse(text: &str) -> Result<Self, MalformedCode> {
        let mut symbols = [0; LONGEST];
        let mut count = 0;
        for c in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let slot = symbols.get_mut(count).ok_or(MalformedCode)?;
            *slot = symbol_of(c).ok_or(MalformedCode)?;
            count += 1;
        }
        let typed = Self { symbols, length: CodeLength::of(count).ok_or(MalformedCode)? };
        let mut right = typed.clone();
        right.complete();
        if right == typed { Ok(typed) } else { Err(MalformedCode) }
    }

    /// The part that finds the row, in letters.
    #[must_use]
    pub fn selector(&self) -> String {
        letters(self.used().iter().take(SELECTOR_LEN))
    }

    /// The part that is checked, in letters.
    #[must_use]
    pub fn verifier(&self) -> String {
        let count = self.length.symbols() - SELECTOR_LEN - 1;
        letters(self.used().iter().skip(SELECTOR_LEN).take(count))
    }

    fn used(&self) -> &[u8] {
        self.symbols.get(..self.length.symbols()).unwrap_or_default()
    }

    /// Writes the check symbol.
    fn complete(&mut self) {
        let used = self.symbols.get_mut(..self.length.symbols());
        if let Some((check, payload)) = used.and_then(<[u8]>::split_last_mut) {
            *check = check_symbol(payload);
        }
    }
}

impl fmt::Display for AccessCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, group) in self.used().chunks(self.length.group()).enumerate() {
            if i > 0 {
                f.write_str("-")?;
            }
            f.write_str(&letters(group.iter()))?;
        }
        Ok(())
    }
}

impl fmt::Debug for AccessCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessCode(***)")
    }
}

/// A text that can't be an access code: wrong length, wrong symbol or a typo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedCode;

fn letters<'a>(symbols: impl IntoIterator<Item = &'a u8>) -> String {
    symbols.into_iter().filter_map(|s| ALPHABET.get(usize::from(*s))).map(|b| char::from(*b)).collect()
}

fn symbol_of(c: char) -> Option<u8> {
    let c = match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    let position = ALPHABET.iter().position(|b| char::from(*b) == c)?;
    u8::try_from(position).ok()
}

/// Luhn mod 32: every second symbol from the right counts double, the digits
/// of the doubled value (base 32) are added up.
fn check_symbol(payload: &[u8]) -> u8 {
    let sum: u32 = payload
        .iter()
        .rev()
        .enumerate()
        .map(|(i, symbol)| {
            let value = u32::from(*symbol) * if i % 2 == 0 { 2 } else { 1 };
            value / 32 + value % 32
        })
        .sum();
    u8::try_from((32 - sum % 32) % 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn code() -> impl Strategy<Value = AccessCode> {
        let length = prop_oneof![Just(CodeLength::Twelve), Just(CodeLength::Fourteen)];
        let made = |(random, length)| AccessCode::from_random(random, length);
        (any::<[u8; RANDOM_BYTES]>(), length).prop_filter_map("a word", made)
    }

    proptest! {
        #[test]
        fn every_code_is_read_back(code in code()) {
            prop_assert_eq!(AccessCode::parse(&code.to_string()), Ok(code));
        }

        #[test]
        fn input_is_forgiving(code in code()) {
            let typed = code.to_string().to_lowercase().replace('-', " ").replace('0', "o").replace('1', "l");
            prop_assert_eq!(AccessCode::parse(&format!("  {typed} ")), Ok(code));
        }

        #[test]
        fn one_wrong_symbol_is_always_noticed(code in code(), at in 0..LONGEST, other in 1u8..32) {
            let (mut wrong, at) = (code.clone(), at % code.length.symbols());
            wrong.symbols[at] = (wrong.symbols[at] + other) % 32;
            prop_assert_eq!(AccessCode::parse(&wrong.to_string()), Err(MalformedCode));
        }

        #[test]
        fn no_text_makes_the_parser_fall_over(text in "\\PC*") {
            let _ = AccessCode::parse(&text);
        }
    }

    #[test]
    fn a_code_is_shown_in_three_groups_and_hidden_in_debug_output() {
        let made = |length| AccessCode::from_random([31; RANDOM_BYTES], length).unwrap();
        let (short, long) = (made(CodeLength::Twelve), made(CodeLength::Fourteen));
        assert_eq!(short.selector() + &short.verifier(), "Z".repeat(11));
        assert_eq!(long.selector() + &long.verifier(), "Z".repeat(13));
        let groups = |code: &AccessCode| code.to_string().split('-').map(str::len).collect::<Vec<_>>();
        assert_eq!((groups(&short), groups(&long)), (vec![4, 4, 4], vec![5, 5, 4]));
        assert!(!format!("{short:?}").contains('Z'));
    }

    #[test]
    fn what_is_too_short_or_too_long_or_foreign_is_refused() {
        let bad = ["", "K7QM", "000000", "0000-0000-0000-0", "0000-0000-000U", "0000-0000-000\0", "ABC123"];
        for bad in bad {
            assert_eq!(AccessCode::parse(bad), Err(MalformedCode), "{bad}");
        }
        assert!(AccessCode::parse("0000-0000-0000").is_ok());
        assert!(AccessCode::parse("0000-0000-0000-00").is_ok());
    }

    #[test]
    fn a_code_that_holds_a_word_is_drawn_again() {
        let mut random = [31; RANDOM_BYTES];
        for (slot, c) in random.iter_mut().skip(3).zip(*b"F1CK") {
            *slot = symbol_of(char::from(c)).unwrap();
        }
        assert_eq!(AccessCode::from_random(random, CodeLength::Twelve), None);
    }
}
