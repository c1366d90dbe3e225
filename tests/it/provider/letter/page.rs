//! What the sheet looks like to a printer, an envelope and a screen reader.

use serde_json::json;

use super::super::send::CODE;
use super::{LINK, SENDER, anna, letter_with};

/// The widest that the window can show while the sheet moves in its envelope: left, top,
/// width and height in millimetres.
const WINDOW: [u32; 4] = [98, 32, 112, 63];
/// Where the sheet is cut, from above and from the left.
const CUTS: (f32, f32) = (209.0, 104.0);

#[actix_web::test]
async fn a_letter_is_one_tagged_sheet_of_a4() {
    let Some(letter) = letter_with(&SENDER, anna("de"), "none").await else { return };
    let info = letter.info();
    for said in
        ["Tagged:          yes", "Pages:           1", "(A4)", "PDF version:     1.7", "Encrypted:       no"]
    {
        assert!(info.contains(said), "{said} in {info}");
    }
    assert!(info.contains("JavaScript:      no") && info.contains("Form:            none"), "{info}");
    assert!(info.contains("Ein Dokument liegt für Sie bereit") && info.contains("Praxis am See"), "{info}");
}

#[actix_web::test]
async fn a_screen_reader_is_told_what_is_what_and_in_which_order() {
    let Some(letter) = letter_with(&SENDER, anna("de"), "none").await else { return };
    let info = letter.info();
    let mut rest = info.as_str();
    for part in [
        "Praxis am See",
        "Anna Muster",
        "H1",
        "Ein Dokument liegt für Sie bereit",
        "H2",
        "So lesen Sie es",
        "L (block)",
        "LI",
        "Lbl",
        "LBody",
        "Sect",
        "Teil A",
        "Link",
        "Figure",
        "Sect",
        "Teil B",
        CODE,
    ] {
        let at = rest.find(part).unwrap_or_else(|| panic!("{part} is missing, or too early: {info}"));
        rest = &rest[at + part.len()..];
    }
}

#[actix_web::test]
async fn the_window_shows_the_recipient_and_nothing_else() {
    let long = "Maximiliane Wolkenstein-Trostburg ".repeat(5);
    for name in ["Anna Muster", long.trim()] {
        let recipient = json!({"name": name, "language": "de"});
        let Some(letter) = letter_with(&SENDER, recipient, "none").await else { return };
        assert_eq!(letter.text_in(WINDOW), name);
        let [x, y, width, height] = WINDOW;
        let beside = letter.text_in([0, y, x, height]);
        assert!(!beside.contains(name) && x + width == 210, "{beside}");
        let first = letter.words().into_iter().find(|word| word.left > 98.0).unwrap();
        assert!((first.left - 118.0).abs() < 1.0 && (50.0..57.0).contains(&first.top), "{first:?}");
    }
}

#[actix_web::test]
async fn without_a_name_the_window_is_empty() {
    for recipient in [json!(null), json!({"language": "de"}), json!({"name": "Anna 王", "language": "de"})] {
        let Some(letter) = letter_with(&SENDER, recipient, "none").await else { return };
        assert_eq!(letter.text_in(WINDOW), "");
    }
}

#[actix_web::test]
async fn the_code_stands_on_part_b_alone_and_is_large() {
    for language in ["de", "fr", "it", "en"] {
        let Some(letter) = letter_with(&SENDER, anna(language), "none").await else { return };
        assert_eq!(letter.text().matches(CODE).count(), 1);
        assert!(letter.text_in([104, 209, 106, 88]).contains(CODE));
        let code = letter.words().into_iter().find(|word| word.text == CODE).unwrap();
        assert!(code.right - code.left > 60.0, "{code:?}");
        assert!(!letter.text_in([0, 209, 104, 88]).contains(CODE));
    }
}

#[actix_web::test]
async fn nothing_is_cut_through_or_leaves_the_sheet() {
    let address =
        "c/o Zentrum für Gesundheit am oberen Zürichsee, Haus Sonnenblick, Seestrasse 12, 8002 Zürich";
    let full = [SENDER[0], ("SENDER_ADDRESS", address), SENDER[2], SENDER[3]];
    for language in ["de", "fr", "it", "en"] {
        for (sender, second_factor) in [(&full[..], "email"), (&[][..], "none")] {
            let Some(letter) = letter_with(sender, anna(language), second_factor).await else { return };
            for word in letter.words() {
                let (below, right) = (word.top > CUTS.0, word.left > CUTS.1);
                assert!(below || word.bottom < CUTS.0, "{language}: {word:?}");
                assert!(!below || right || word.right < CUTS.1, "{language}: {word:?}");
                assert!(
                    word.left >= 20.0 && word.right <= 200.0 && word.bottom <= 292.0,
                    "{language}: {word:?}"
                );
            }
        }
    }
}

#[actix_web::test]
async fn the_qr_code_on_the_sheet_leads_to_the_link() {
    let Some(letter) = letter_with(&SENDER, anna("de"), "none").await else { return };
    for dots in [150, 200, 300] {
        assert_eq!(letter.picture(dots).qr_codes(), [LINK], "{dots}");
    }
}
