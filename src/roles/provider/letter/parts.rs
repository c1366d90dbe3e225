//! The foot of the sheet: two parts to be cut off and kept apart. Part A leads to the
//! page, part B opens it.

use crate::domain::dates;
use krilla::tagging::{Identifier, Tag};

use super::layout::{LEFT, PAPER, millimetres, plain, second, unbroken};
use super::qr::Qr as Code;
use super::sheet::{ACCENT, Area, Column, INK, MUTED, PALE, Sheet, Style, rounded, straight, stroke};
use super::{Letter, texts};

/// Upper edge of both parts, below the lower fold.
const TOP: f32 = 209.0;
/// Where the sheet is cut between them.
const MIDDLE: f32 = 104.0;
/// Left edge of what stands on part B.
const RIGHT_LEFT: f32 = 114.0;
/// How wide that is.
const RIGHT_WIDTH: f32 = 76.0;
/// Where the QR code stands.
pub const QR: Area = Area { x: LEFT, y: TOP + 15.0, width: 42.0, height: 42.0 };

/// Draws both parts; the link belongs to the area of the QR code.
pub fn draw(sheet: &mut Sheet<'_>, letter: &Letter, (qr, link): (&Code, Option<Identifier>)) {
    let cut = || Some(stroke(MUTED, 0.7, true));
    sheet.ornament(straight((0.0, TOP), (PAPER.0, TOP)), None, cut());
    sheet.ornament(straight((MIDDLE, TOP), (MIDDLE, PAPER.1)), None, cut());
    sheet.within(Tag::Section, |sheet| part_a(sheet, letter, qr, link));
    sheet.within(Tag::Section, |sheet| part_b(sheet, letter));
}

fn title(sheet: &mut Sheet<'_>, x: f32, text: &str) {
    let style = Style { face: &sheet.faces.bold, size: 11.5, colour: ACCENT };
    sheet.write(second(text), style, Column { x, y: TOP + 10.0, width: RIGHT_WIDTH, leading: 5.0 }, text);
}

/// A value with what it is above it; answers where the next one would stand.
fn fact(sheet: &mut Sheet<'_>, column: Column, name: &str, value: &str) -> f32 {
    let faces = sheet.faces;
    let small = Style { size: 8.0, colour: MUTED, ..plain(faces) };
    let y = sheet.write(Tag::P, small, column, name);
    let value_column = Column { y: y - column.leading + 4.4, ..column };
    sheet.write(Tag::P, Style { size: 10.0, ..plain(faces) }, value_column, value) + 1.9
}

fn part_a(sheet: &mut Sheet<'_>, letter: &Letter, qr: &Code, link: Option<Identifier>) {
    title(sheet, LEFT, texts::PART_A.of(letter.language));
    sheet.qr(qr, QR, texts::QR_TITLE.of(letter.language), link);
    let below = Column { x: LEFT, y: QR.y + QR.height + 8.5, width: MIDDLE - LEFT - 8.0, leading: 4.6 };
    if let Some(place) = letter.place() {
        fact(sheet, below, texts::PLACE.of(letter.language), &place);
    }
}

fn part_b(sheet: &mut Sheet<'_>, letter: &Letter) {
    let (faces, language) = (sheet.faces, letter.language);
    title(sheet, RIGHT_LEFT, texts::PART_B.of(language));
    let frame = Area { x: RIGHT_LEFT, y: QR.y, width: RIGHT_WIDTH, height: 19.0 };
    sheet.ornament(rounded(frame, 2.5), None, Some(stroke(ACCENT, 1.2, false)));
    let code = letter.opening.code.as_str();
    // As large as the frame allows, whatever its length.
    let wide = faces.mono.width(code, 1.0).max(1.0);
    let size = (super::sheet::points(RIGHT_WIDTH - 7.0) / wide).min(24.0);
    let middle = RIGHT_LEFT + (RIGHT_WIDTH - millimetres(wide * size)) / 2.0;
    let style = Style { face: &faces.mono, size, colour: INK };
    let foot = frame.y + frame.height / 2.0 + millimetres(size * 0.357);
    sheet.within(Tag::P, |sheet| sheet.line(style, (middle, foot), code));
    let hint = Style { size: 8.0, colour: MUTED, ..plain(faces) };
    let column = |y| Column { x: RIGHT_LEFT, y, width: RIGHT_WIDTH, leading: 3.9 };
    let y = frame.y + frame.height + 5.2;
    let y = sheet.write(Tag::P, hint, column(y), texts::FORGIVING.of(language)) + 3.4;
    sheet.ornament(
        straight((RIGHT_LEFT, y - 3.6), (RIGHT_LEFT + RIGHT_WIDTH, y - 3.6)),
        None,
        Some(stroke(PALE, 0.5, false)),
    );
    let mut y = y + 2.0;
    let facts = Column { leading: 4.6, ..column(y) };
    if let Some(until) = letter.opening.until {
        let until = dates::day_and_time(until, language);
        y = fact(sheet, facts, texts::UNTIL.of(language), &unbroken(&until));
    }
    if let Some(phone) = letter.sender.phone.as_deref().and_then(|phone| faces.regular.writable(phone)) {
        fact(sheet, Column { y, ..facts }, texts::PHONE.of(language), &phone);
    }
}
