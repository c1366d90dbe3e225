//! Where what stands on the sheet, in millimetres.
//!
//! The address follows SN 010130, right-hand window: its first line is 52 mm from the
//! top, 117 mm from the left. As the sheet moves in its envelope, the window may show
//! more than the address: nothing else stands there, not even the sender, whose name
//! may tell what kind of practice it is.

use std::num::NonZeroU16;

use krilla::Document;
use krilla::SerializeSettings;
use krilla::configure::{Accessibility, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::Point;
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::tagging::{ListNumbering, Tag, TagTree};

use super::face::Faces;
use super::qr::Qr;
use super::sheet::{ACCENT, Area, Column, INK, MUTED, Sheet, Style, WHITE, link_area, points, rounded};
use super::{Letter, NotMade, parts, texts};
use crate::domain::dates;
use crate::domain::words::SecondFactor;

/// Left edge of the text.
pub const LEFT: f32 = 25.0;
/// A4.
pub const PAPER: (f32, f32) = (210.0, 297.0);
/// How wide the text is.
const WIDTH: f32 = 150.0;
/// Foot of the day's line, below the window and the upper fold.
const DAY: f32 = 105.0;
/// From line to line of the body.
const LEADING: f32 = 4.8;
/// Foot of the title's line.
const HEADING: f32 = 114.5;

/// Draws a letter and writes it as PDF.
pub fn draw(letter: &Letter) -> Result<Vec<u8>, NotMade> {
    let (faces, qr) = (Faces::get()?, Qr::of(&letter.opening.link)?);
    let mut document = Document::new_with(settings()?);
    document.set_metadata(metadata(letter));
    document.set_outline(outline(letter));
    let size = PageSettings::from_wh(points(PAPER.0), points(PAPER.1));
    let mut page = document.start_page_with(size.ok_or(NotMade("its page has no size"))?);
    let name = texts::QR_TITLE.of(letter.language);
    let link = link_area(&mut page, parts::QR, &letter.opening.link, name);
    let mut sheet = Sheet::new(page.surface(), faces);
    sender(&mut sheet, letter);
    address(&mut sheet, letter);
    body(&mut sheet, letter);
    parts::draw(&mut sheet, letter, (&qr, link));
    let read = sheet.finish();
    page.finish();
    let language = Some(letter.language.tag().to_owned());
    document.set_tag_tree(TagTree::from(read).with_lang(language));
    // What the library says of a failure may hold a part of the text.
    document.finish().map_err(|_| NotMade("the PDF library refuses it"))
}

fn settings() -> Result<SerializeSettings, NotMade> {
    let configuration = ConfigurationBuilder::new().with_accessibility_validator(Accessibility::UA1).finish();
    let configuration = configuration.map_err(|_| NotMade("its kind of PDF is not known"))?;
    Ok(SerializeSettings { configuration, ..SerializeSettings::default() })
}

fn metadata(letter: &Letter) -> Metadata {
    let today = letter.today.in_switzerland();
    let year = DateTime::new(today.year.unsigned_abs());
    let metadata = Metadata::new()
        .title(texts::TITLE.of(letter.language).to_owned())
        .language(letter.language.tag().to_owned())
        .creation_date(year.month(today.month.unsigned_abs()).day(today.day.unsigned_abs()));
    match &letter.sender.name {
        Some(name) => metadata.authors(vec![name.clone()]),
        None => metadata,
    }
}

fn outline(letter: &Letter) -> Outline {
    let title = texts::TITLE.of(letter.language).to_owned();
    let mut outline = Outline::new();
    let place = XyzDestination::new(0, Point::from_xy(0.0, points(HEADING - 10.0)));
    outline.push_child(OutlineNode::new(title, place));
    outline
}

/// A text of the body.
pub fn plain(faces: &'static Faces) -> Style {
    Style { face: &faces.regular, size: 10.5, colour: INK }
}

fn sender(sheet: &mut Sheet<'_>, letter: &Letter) {
    let (faces, sender) = (sheet.faces, &letter.sender);
    let mut column = Column { x: LEFT, y: 24.0, width: 68.0, leading: 5.0 };
    let bold = Style { face: &faces.bold, size: 12.0, colour: ACCENT };
    if let Some(name) = sender.name.as_deref().and_then(|name| faces.bold.writable(name)) {
        column.y = sheet.write(Tag::P, bold, column, &name) + 0.5;
    }
    let small = Style { size: 9.0, colour: MUTED, ..plain(faces) };
    column.leading = 4.3;
    for line in sender.address.iter().filter_map(|line| faces.regular.writable(line)) {
        column.y = sheet.write(Tag::P, small, column, &line);
    }
    column.y += 1.7;
    for line in [&sender.phone, &sender.hours].into_iter().flatten() {
        if let Some(line) = faces.regular.writable(line) {
            column.y = sheet.write(Tag::P, small, column, &line);
        }
    }
}

fn address(sheet: &mut Sheet<'_>, letter: &Letter) {
    let faces = sheet.faces;
    let column = Column { x: 118.0, y: 56.0, width: 78.0, leading: 5.0 };
    if let Some(name) = letter.recipient.as_deref().and_then(|name| faces.regular.writable(name)) {
        sheet.write(Tag::P, Style { size: 11.0, ..plain(faces) }, column, &name);
    }
}

fn body(sheet: &mut Sheet<'_>, letter: &Letter) {
    let (faces, language) = (sheet.faces, letter.language);
    let muted = Style { colour: MUTED, ..plain(faces) };
    let column = |y| Column { x: LEFT, y, width: WIDTH, leading: LEADING };
    sheet.write(Tag::P, muted, column(DAY), &dates::day(letter.today, language));
    let heading = Style { face: &faces.bold, size: 17.0, colour: ACCENT };
    let title = texts::TITLE.of(language);
    let first = Tag::Hn(NonZeroU16::MIN, Some(title.to_owned()));
    sheet.write(first, heading, column(HEADING), title);
    let y = sheet.write(Tag::P, plain(faces), column(122.5), texts::GREETING.of(language));
    let y = sheet.write(Tag::P, plain(faces), column(y + 1.9), texts::INTRODUCTION.of(language));
    let bold = Style { face: &faces.bold, ..plain(faces) };
    let steps_title = texts::STEPS.of(language);
    let y = sheet.write(second(steps_title), bold, column(y + 3.0), steps_title);
    let y = steps(sheet, letter, y + 1.6);
    let y = sheet.write(Tag::P, plain(faces), column(y + 1.4), texts::CARE.of(language));
    let y = questions(sheet, letter, column(y + 1.2));
    let y = sheet.write(Tag::P, plain(faces), column(y + 2.4), texts::CLOSING.of(language));
    if let Some(name) = letter.sender.name.as_deref().and_then(|name| faces.regular.writable(name)) {
        sheet.write(Tag::P, plain(faces), column(y), &name);
    }
}

/// A heading of the second level.
pub fn second(title: &str) -> Tag<krilla::tagging::kind::Hn> {
    Tag::Hn(NonZeroU16::MIN.saturating_add(1), Some(title.to_owned()))
}

/// What to do, numbered; answers where the next line would stand.
fn steps(sheet: &mut Sheet<'_>, letter: &Letter, top: f32) -> f32 {
    let (faces, language) = (sheet.faces, letter.language);
    let mut scan = texts::SCAN.of(language).to_owned();
    if let Some(place) = letter.place() {
        scan.push(' ');
        scan.push_str(&texts::OR_GO_TO.with(language, &[&place]));
    }
    let number = match letter.second_factor {
        SecondFactor::None => None,
        SecondFactor::Sms => Some(texts::TYPE_SMS.of(language).to_owned()),
        SecondFactor::Email => Some(texts::TYPE_EMAIL.of(language).to_owned()),
    };
    let typed = texts::TYPE.of(language).to_owned();
    let read = texts::READ.of(language).to_owned();
    let steps = [Some(scan), Some(typed), number, Some(read)].into_iter().flatten();
    let label = Style { face: &faces.bold, size: 8.5, colour: WHITE };
    let mut y = top;
    sheet.within(Tag::L(ListNumbering::Decimal), |sheet| {
        for (text, digit) in steps.zip(["1", "2", "3", "4"]) {
            sheet.within(Tag::LI, |sheet| {
                let disc = Area { x: LEFT, y: y - 3.9, width: 5.0, height: 5.0 };
                sheet.ornament(rounded(disc, 2.5), Some(ACCENT), None);
                let middle = disc.x + (disc.width - millimetres(faces.bold.width(digit, label.size))) / 2.0;
                sheet.within(Tag::Lbl, |sheet| sheet.line(label, (middle, y - 0.3), digit));
                let column = Column { x: LEFT + 8.0, y, width: WIDTH - 8.0, leading: LEADING };
                y = sheet.write(Tag::LBody, plain(faces), column, &text) + 1.3;
            });
        }
    });
    y
}

/// Whom to ask, where a telephone number is set.
fn questions(sheet: &mut Sheet<'_>, letter: &Letter, column: Column) -> f32 {
    let faces = sheet.faces;
    let phone = letter.sender.phone.as_deref().and_then(|phone| faces.regular.writable(phone));
    let Some(phone) = phone else { return column.y };
    let hours = letter.sender.hours.as_deref().and_then(|hours| faces.regular.writable(hours));
    let reached = match hours {
        Some(hours) => format!("{} ({hours})", unbroken(&phone)),
        None => unbroken(&phone),
    };
    let text = texts::QUESTIONS.with(letter.language, &[&reached]);
    sheet.write(Tag::P, plain(faces), column, &text)
}

/// A text that stays on one line if it can.
pub fn unbroken(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}

/// Points in millimetres.
pub fn millimetres(points: f32) -> f32 {
    points * 25.4 / 72.0
}
