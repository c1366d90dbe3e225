//! Words that must not appear in a code that somebody finds in a letter. Codes
//! are random, so some would.

/// German, French, Italian and English words, written as a code would show them:
/// 0 for O, 1 for I and L, V for U. Words that no code can hold are left out.
const WORDS: &[&str] = &[
    "ARSCH", "F1CK", "F0TZE", "H1T1ER", "H0DEN", "HVRE", "KACKE", "NAZ1", "NEGER", "N1GGER", "PEN1S", "P1SS",
    "SA1AVD", "SAV", "SCHE1S", "SCHWV1", "SEX", "SVFF", "T0D", "T1TTE", "V0TZE", "W1CHS", "B1TE", "CACA",
    "C0CV", "C0N", "CV1", "MERDE", "M0RT", "PEDE", "PVTE", "PVTA1N", "SA10PE", "TETTE", "CAZZ0", "CV10",
    "F1CA", "F1GA", "MERDA", "M0RTE", "P1SC1A", "PVTTANA", "STR0NZ", "TR01A", "TETTA", "ARSE", "B1TCH",
    "C0CK", "CVNT", "CVM", "DEAD", "D1CK", "D1E", "FAG", "FVCK", "FVK", "P0RN", "PVSSY", "RAPE", "SH1T",
    "S1VT", "T1TS", "TVRD", "WANK", "WH0RE", "KKK", "CANCER", "KREBS", "A1DS", "H1V",
];

/// Whether a code, in letters without hyphens, holds one of the words.
#[must_use]
pub fn offends(letters: &str) -> bool {
    // Digits that are read as letters.
    let read: String = letters
        .chars()
        .map(|c| match c {
            '3' => 'E',
            '4' => 'A',
            '5' => 'S',
            '7' => 'T',
            '8' => 'B',
            other => other,
        })
        .collect();
    WORDS.iter().any(|word| letters.contains(word) || read.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_wherever_they_stand_and_however_they_are_spelled() {
        for code in ["F1CK00000000", "0000000SH1T0", "000N4Z100000", "0005H17000000", "5EX000000000"] {
            assert!(offends(code), "{code}");
        }
        assert!(!offends("K7QM4T9XWR5C") && !offends("000000000000"));
    }

    #[test]
    fn every_word_can_be_written_with_the_symbols_of_a_code() {
        let foreign = |c: char| !"0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(c);
        assert!(WORDS.iter().all(|word| word.len() <= 12 && !word.contains(foreign)));
    }

    #[test]
    fn few_codes_are_lost() {
        // Each word of n symbols stands at about ten places of 32^n; 2^n is room for spellings with digits.
        let lost: f64 = WORDS.iter().map(|word| 10.0 * (2.0_f64 / 32.0).powf(word.len() as f64)).sum();
        assert!(lost < 0.05, "{lost}");
    }
}
