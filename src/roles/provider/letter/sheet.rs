//! A sheet to write and draw on. Lengths are in millimetres from the upper left corner,
//! sizes of text in points. What is written is tagged, what is drawn is not read out.

use std::mem;

use krilla::action::LinkAction;
use krilla::annotation::{Annotation, LinkAnnotation, Target};
use krilla::color::rgb;
use krilla::geom::{Path, PathBuilder, Point, Rect};
use krilla::num::NormalizedF32;
use krilla::page::Page;
use krilla::paint::{Fill, FillRule, LineCap, Stroke, StrokeDash};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, BBox, ContentTag, Identifier, Node, SpanTag, Tag, TagGroup, TagKind,
};

use super::face::{Face, Faces};
use super::qr::Qr;

/// Red, green, blue.
pub type Colour = [u8; 3];

pub const INK: Colour = [0x1b, 0x26, 0x2b];
pub const MUTED: Colour = [0x4f, 0x5d, 0x64];
pub const ACCENT: Colour = [0x0b, 0x5d, 0x5e];
pub const PALE: Colour = [0xb8, 0xc4, 0xc7];
pub const WHITE: Colour = [0xff, 0xff, 0xff];

/// Millimetres in points.
pub fn points(millimetres: f32) -> f32 {
    millimetres * 72.0 / 25.4
}

/// How a text looks.
#[derive(Clone, Copy)]
pub struct Style {
    pub face: &'static Face,
    /// In points.
    pub size: f32,
    pub colour: Colour,
}

/// Where a text stands: its left edge, the foot of its first line, how wide it may be,
/// and how far its lines are apart.
#[derive(Clone, Copy)]
pub struct Column {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub leading: f32,
}

/// A rectangle.
#[derive(Clone, Copy)]
pub struct Area {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

impl Area {
    fn rect(self) -> Option<Rect> {
        Rect::from_xywh(points(self.x), points(self.y), points(self.width), points(self.height))
    }
}

/// Makes `area` of a page lead to `link`; `name` says what it is.
pub fn link_area(page: &mut Page<'_>, area: Area, link: &str, name: &str) -> Option<Identifier> {
    let target = Target::Action(LinkAction::new(link.to_owned()).into());
    let annotation = Annotation::new_link(LinkAnnotation::new(area.rect()?, target), Some(name.to_owned()));
    Some(page.add_tagged_annotation(annotation))
}

/// The sheet.
pub struct Sheet<'a> {
    surface: Surface<'a>,
    group: TagGroup,
    pub faces: &'static Faces,
}

impl<'a> Sheet<'a> {
    /// An empty one.
    pub fn new(surface: Surface<'a>, faces: &'static Faces) -> Self {
        Self { surface, group: TagGroup::new(Tag::Part), faces }
    }

    /// What stands on it, in the order in which it is read.
    pub fn finish(self) -> Vec<Node> {
        self.surface.finish();
        self.group.children
    }

    /// Everything that `draw` writes belongs together, as `tag` says.
    pub fn within(&mut self, tag: impl Into<TagKind>, draw: impl FnOnce(&mut Self)) {
        let outer = mem::replace(&mut self.group, TagGroup::new(tag));
        draw(self);
        let inner = mem::replace(&mut self.group, outer);
        self.group.push(inner);
    }

    /// Writes a text over as many lines as it takes; answers where the next line would stand.
    pub fn write(&mut self, tag: impl Into<TagKind>, style: Style, column: Column, text: &str) -> f32 {
        let lines = style.face.lines(text, style.size, points(column.width));
        let mut y = column.y;
        let mut lines = lines.iter().peekable();
        self.within(tag, |sheet| {
            while let Some(line) = lines.next() {
                // Whoever hears it needs the space between two lines, too.
                let space = if lines.peek().is_some() { " " } else { "" };
                sheet.line(style, (column.x, y), &format!("{line}{space}"));
                y += column.leading;
            }
        });
        y
    }

    /// Writes one line, in the group that is open.
    pub fn line(&mut self, style: Style, (x, y): (f32, f32), text: &str) {
        let glyphs = style.face.glyphs(text);
        let id = self.surface.start_tagged(ContentTag::Span(SpanTag::empty()));
        self.surface.set_fill(Some(fill(style.colour)));
        self.surface.set_stroke(None);
        let start = Point::from_xy(points(x), points(y));
        self.surface.draw_glyphs(start, &glyphs, style.face.font.clone(), text, style.size, false);
        self.surface.end_tagged();
        self.group.push(id);
    }

    /// Draws a QR code into a square; `name` is for whoever can't see it, `link` what
    /// [`link_area`] gave.
    pub fn qr(&mut self, qr: &Qr, area: Area, name: &str, link: Option<Identifier>) {
        let Some(path) = modules(qr, area) else { return };
        let bbox = area.rect().map(|rect| BBox::new(0, rect));
        self.within(Tag::Link, |sheet| {
            sheet.within(Tag::Figure(Some(name.to_owned())).with_bbox(bbox), |sheet| {
                let id = sheet.surface.start_tagged(ContentTag::Other);
                sheet.paint(&path, Some([0, 0, 0]), None);
                sheet.surface.end_tagged();
                sheet.group.push(id);
            });
            if let Some(link) = link {
                sheet.group.push(link);
            }
        });
    }

    /// Draws a line, a cut or a frame that means nothing to whoever only hears.
    pub fn ornament(&mut self, path: Option<Path>, inside: Option<Colour>, stroke: Option<Stroke>) {
        let Some(path) = path else { return };
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)));
        self.paint(&path, inside, stroke);
        self.surface.end_tagged();
    }

    fn paint(&mut self, path: &Path, inside: Option<Colour>, stroke: Option<Stroke>) {
        self.surface.set_fill(inside.map(fill));
        self.surface.set_stroke(stroke);
        self.surface.draw_path(path);
    }
}

fn fill([red, green, blue]: Colour) -> Fill {
    Fill {
        paint: rgb::Color::new(red, green, blue).into(),
        opacity: NormalizedF32::ONE,
        rule: FillRule::NonZero,
    }
}

/// A line of `width` points, dashed where it is to be cut.
pub fn stroke([red, green, blue]: Colour, width: f32, dashed: bool) -> Stroke {
    let dash = dashed.then(|| StrokeDash { array: vec![3.0, 3.0], offset: 0.0 });
    let paint = rgb::Color::new(red, green, blue).into();
    Stroke { paint, width, line_cap: LineCap::Butt, dash, ..Stroke::default() }
}

/// A straight line.
pub fn straight((x1, y1): (f32, f32), (x2, y2): (f32, f32)) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.move_to(points(x1), points(y1));
    path.line_to(points(x2), points(y2));
    path.finish()
}

/// A rectangle with round corners; a circle where `radius` is half its side.
pub fn rounded(area: Area, radius: f32) -> Option<Path> {
    // How far the handles of a curve are that comes closest to a quarter of a circle.
    const HANDLE: f32 = 0.552_284_8;
    let (left, top) = (points(area.x), points(area.y));
    let (right, bottom) = (left + points(area.width), top + points(area.height));
    let round = points(radius);
    let rest = round * (1.0 - HANDLE);
    let mut path = PathBuilder::new();
    path.move_to(left + round, top);
    path.line_to(right - round, top);
    path.cubic_to(right - rest, top, right, top + rest, right, top + round);
    path.line_to(right, bottom - round);
    path.cubic_to(right, bottom - rest, right - rest, bottom, right - round, bottom);
    path.line_to(left + round, bottom);
    path.cubic_to(left + rest, bottom, left, bottom - rest, left, bottom - round);
    path.line_to(left, top + round);
    path.cubic_to(left, top + rest, left + rest, top, left + round, top);
    path.close();
    path.finish()
}

/// The dark modules of a code that fills a square.
fn modules(qr: &Qr, area: Area) -> Option<Path> {
    let module = points(area.width) / f32::from(qr.size());
    let mut path = PathBuilder::new();
    for run in qr.runs() {
        let (x, y) = (f32::from(run.x) * module, f32::from(run.y) * module);
        let width = f32::from(run.length) * module;
        path.push_rect(Rect::from_xywh(points(area.x) + x, points(area.y) + y, width, module)?);
    }
    path.finish()
}
