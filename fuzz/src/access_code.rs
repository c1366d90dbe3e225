//! The access code that a person types.

use oc::domain::access_code::{AccessCode, CodeLength, MalformedCode, RANDOM_BYTES, SELECTOR_LEN};

/// What is read is read back from every spelling, and a wrong symbol is noticed.
/// The input is a typed text, and the random bytes of a code.
pub fn access_code(data: &[u8]) {
    if let Ok(text) = std::str::from_utf8(data)
        && let Ok(code) = AccessCode::parse(text)
    {
        assert_spellings(&code);
    }
    let Some(random) = data.first_chunk::<RANDOM_BYTES>() else { return };
    for length in [CodeLength::Twelve, CodeLength::Fourteen] {
        if let Some(code) = AccessCode::from_random(*random, length) {
            assert_eq!(code.to_string().replace('-', "").len(), length.symbols());
            assert_spellings(&code);
            assert_noticed(&code.to_string(), data.last().copied().unwrap_or_default());
        }
    }
}

fn assert_spellings(code: &AccessCode) {
    let shown = code.to_string();
    let plain = shown.replace('-', "");
    assert_eq!((code.selector() + &code.verifier()).len() + 1, plain.len());
    assert_eq!(code.selector().len(), SELECTOR_LEN);
    assert!(CodeLength::of(plain.len()).is_some());
    let careless = plain.to_lowercase().replace('0', "o").replace('1', "l");
    let spaced: String = plain.chars().flat_map(|c| [c, ' ']).collect();
    for spelling in [shown.as_str(), &plain, &careless, &careless.replace('l', "I"), &spaced] {
        assert_eq!(AccessCode::parse(spelling).as_ref(), Ok(code));
    }
}

/// One symbol is replaced by another; both are chosen by `choice`.
fn assert_noticed(shown: &str, choice: u8) {
    const SYMBOLS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut symbols: Vec<u8> = shown.bytes().filter(|b| *b != b'-').collect();
    let place = usize::from(choice) % symbols.len();
    for other in SYMBOLS.iter().filter(|other| **other != symbols[place]).copied().collect::<Vec<_>>() {
        let right = std::mem::replace(&mut symbols[place], other);
        assert_eq!(AccessCode::parse(&String::from_utf8_lossy(&symbols)), Err(MalformedCode));
        symbols[place] = right;
    }
}
