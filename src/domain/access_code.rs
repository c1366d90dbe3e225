//! The access code that a client types: `K7QM-4T9X-WR5C`.
//!
//! Twelve symbols of Crockford base32 in three groups: 5 of *selector* (finds
//! the row), 6 of *verifier* (is checked against it), 1 of *check* (Luhn mod 32
//! over the first eleven, catches a typo before it costs an attempt). 55 bits
//! are random.

use std::fmt;

/// Crockford's base32 (no I, L, O, U), <https://www.crockford.com/base32.html>.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Symbols that find the row.
pub const SELECTOR_LEN: usize = 5;
/// Symbols that are checked once the row is found.
pub const VERIFIER_LEN: usize = 6;
/// Symbols of a whole code, the check symbol included.
pub const CODE_LEN: usize = SELECTOR_LEN + VERIFIER_LEN + 1;
/// Random bytes that one code is made of; 5 bits of each are used.
pub const RANDOM_BYTES: usize = SELECTOR_LEN + VERIFIER_LEN;

/// A well-formed access code. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessCode([u8; CODE_LEN]);

impl AccessCode {
    /// Makes a code of random bytes. 256 is a multiple of 32, so five bits of
    /// each byte are uniform and nothing has to be thrown away.
    #[must_use]
    pub fn from_random(random: [u8; RANDOM_BYTES]) -> Self {
        let mut symbols = [0; CODE_LEN];
        for (symbol, byte) in symbols.iter_mut().zip(random) {
            *symbol = byte & 31;
        }
        if let Some((check, payload)) = symbols.split_last_mut() {
            *check = check_symbol(payload);
        }
        Self(symbols)
    }

    /// Reads what a person typed: case, spaces and hyphens do not matter,
    /// O is 0, I and L are 1.
    pub fn parse(text: &str) -> Result<Self, MalformedCode> {
        let mut symbols = [0; CODE_LEN];
        let mut slots = symbols.iter_mut();
        for c in text.chars().filter(|c| !c.is_whitespace() && *c != '-') {
            let slot = slots.next().ok_or(MalformedCode)?;
            *slot = symbol_of(c).ok_or(MalformedCode)?;
        }
        let complete = slots.next().is_none();
        match symbols.split_last() {
            Some((check, payload)) if complete && check_symbol(payload) == *check => Ok(Self(symbols)),
            _ => Err(MalformedCode),
        }
    }

    /// The part that finds the row, in letters.
    #[must_use]
    pub fn selector(&self) -> String {
        letters(self.0.iter().take(SELECTOR_LEN))
    }

    /// The part that is checked, in letters.
    #[must_use]
    pub fn verifier(&self) -> String {
        letters(self.0.iter().skip(SELECTOR_LEN).take(VERIFIER_LEN))
    }
}

impl fmt::Display for AccessCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, group) in self.0.chunks(4).enumerate() {
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

fn letters<'a>(symbols: impl Iterator<Item = &'a u8>) -> String {
    symbols.filter_map(|s| ALPHABET.get(usize::from(*s))).map(|b| char::from(*b)).collect()
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
        any::<[u8; RANDOM_BYTES]>().prop_map(AccessCode::from_random)
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
        fn one_wrong_symbol_is_always_noticed(code in code(), at in 0..CODE_LEN, other in 1u8..32) {
            let mut wrong = code.clone();
            wrong.0[at] = (wrong.0[at] + other) % 32;
            prop_assert_eq!(AccessCode::parse(&wrong.to_string()), Err(MalformedCode));
        }

        #[test]
        fn no_text_makes_the_parser_fall_over(text in "\\PC*") {
            let _ = AccessCode::parse(&text);
        }
    }

    #[test]
    fn a_code_is_shown_in_three_groups_and_hidden_in_debug_output() {
        let code = AccessCode::from_random([31; RANDOM_BYTES]);
        assert_eq!(code.selector() + &code.verifier(), "ZZZZZZZZZZZ");
        assert_eq!(code.to_string().len(), 14);
        assert!(!format!("{code:?}").contains('Z'));
    }

    #[test]
    fn what_is_too_short_or_too_long_or_foreign_is_refused() {
        for bad in ["", "K7QM", "0000-0000-0000-0", "0000-0000-000U", "0000-0000-000\0", "ABC123"] {
            assert_eq!(AccessCode::parse(bad), Err(MalformedCode), "{bad}");
        }
        assert!(AccessCode::parse("0000-0000-0000").is_ok());
    }
}
