//! Markdown to HTML that can't do harm.

use std::fmt::Write as _;

use askama::filters::{Escaper as _, Html};
use pulldown_cmark::{Alignment, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

use super::pictures;

/// A table may be wider than a telephone: it is moved sideways, also by keyboard.
const BEFORE_TABLE: &str = "<div class=\"scroll\" tabindex=\"0\">";

/// Turns CommonMark with tables, strikethrough and task lists into HTML. HTML in
/// the text is shown as text; links lead to web, mail and telephone addresses
/// only; images are shown where they are part of the text ([`pictures::read`]) and described, of all
/// others only the description stays. Headings begin below the title of the page, and none is more than
/// one level below the one before it, however they are written.
#[must_use]
pub fn to_html(text: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut place = Place::default();
    let events = Parser::new_ext(text, options).flat_map(|event| place.seen(event));
    let mut page = String::with_capacity(text.len() * 3 / 2);
    html::push_html(&mut page, events);
    page
}

/// Where the text is, in a table and under which headings, as they are written.
#[derive(Default)]
struct Place {
    picture: Option<Described>,
    headings: Vec<HeadingLevel>,
    alignments: Vec<Alignment>,
    column: usize,
    in_head: bool,
}

impl Place {
    /// What is written of an event.
    fn seen<'a>(&mut self, event: Event<'a>) -> Vec<Event<'a>> {
        if let Some(picture) = &mut self.picture {
            if picture.takes(&event) {
                return Vec::new();
            }
            return self.picture.take().and_then(Described::html).into_iter().collect();
        }
        if let Event::Start(Tag::Image { dest_url, .. }) = &event
            && let Some(picture) = pictures::read(dest_url)
        {
            self.picture = Some(Described { picture, words: String::new(), depth: 0 });
            return Vec::new();
        }
        match event {
            Event::Html(raw) | Event::InlineHtml(raw) => vec![Event::Text(raw)],
            Event::Start(Tag::Image { .. }) | Event::End(TagEnd::Image) => Vec::new(),
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url = if is_harmless(&dest_url) { dest_url } else { CowStr::Borrowed("#") };
                vec![Event::Start(Tag::Link { link_type, dest_url, title, id })]
            }
            Event::Start(Tag::Heading { level, .. }) => {
                self.headings.retain(|above| *above < level);
                self.headings.push(level);
                let (level, id, classes, attrs) = (self.level(), None, Vec::new(), Vec::new());
                vec![Event::Start(Tag::Heading { level, id, classes, attrs })]
            }
            Event::End(TagEnd::Heading(_)) => vec![Event::End(TagEnd::Heading(self.level()))],
            // A box that nobody can tick is a sign, not a field of a form.
            Event::TaskListMarker(done) => {
                vec![Event::Text(CowStr::Borrowed(if done { "☑ " } else { "☐ " }))]
            }
            other => self.seen_in_table(other),
        }
    }

    /// The level of the heading that is written.
    fn level(&self) -> HeadingLevel {
        match self.headings.len() {
            0 | 1 => HeadingLevel::H2,
            2 => HeadingLevel::H3,
            3 => HeadingLevel::H4,
            4 => HeadingLevel::H5,
            _ => HeadingLevel::H6,
        }
    }

    fn seen_in_table<'a>(&mut self, event: Event<'a>) -> Vec<Event<'a>> {
        match event {
            Event::Start(Tag::Table(alignments)) => {
                self.alignments = alignments;
                vec![Event::Html(CowStr::Borrowed(BEFORE_TABLE)), Event::Start(Tag::Table(Vec::new()))]
            }
            Event::End(TagEnd::Table) => {
                vec![Event::End(TagEnd::Table), Event::Html(CowStr::Borrowed("</div>\n"))]
            }
            Event::Start(Tag::TableHead | Tag::TableRow) => {
                self.in_head = matches!(event, Event::Start(Tag::TableHead));
                self.column = 0;
                vec![event]
            }
            Event::Start(Tag::TableCell) => {
                let alignment = self.alignments.get(self.column).copied();
                self.column += 1;
                vec![Event::Html(CowStr::Borrowed(cell(self.in_head, alignment)))]
            }
            other => vec![other],
        }
    }
}

/// A picture whose description is being read.
struct Described {
    picture: pictures::Picture,
    words: String,
    /// Images within the description, of which only the words count.
    depth: usize,
}

impl Described {
    /// Reads what belongs to the description; `false` at its end.
    fn takes(&mut self, event: &Event<'_>) -> bool {
        match event {
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) => self.words.push_str(text),
            Event::SoftBreak | Event::HardBreak => self.words.push(' '),
            Event::Start(Tag::Image { .. }) => self.depth += 1,
            Event::End(TagEnd::Image) if self.depth == 0 => return false,
            Event::End(TagEnd::Image) => self.depth -= 1,
            _ => {}
        }
        true
    }

    /// Without words, it would be nothing to whoever can't see it. Its size keeps the place
    /// that it will take.
    fn html(self) -> Option<Event<'static>> {
        let pictures::Picture { uri, width, height } = self.picture;
        let mut tag =
            format!("<img loading=\"lazy\" width=\"{width}\" height=\"{height}\" src=\"{uri}\" alt=\"");
        Html.write_escaped_str(&mut tag, self.words.trim()).ok()?;
        tag.write_str("\">").ok()?;
        (!self.words.trim().is_empty()).then(|| Event::InlineHtml(tag.into()))
    }
}

/// The beginning of a cell. Its alignment is a class: the pages allow no inline style.
fn cell(in_head: bool, alignment: Option<Alignment>) -> &'static str {
    match (in_head, alignment) {
        (true, Some(Alignment::Right)) => "<th class=\"right\" scope=\"col\">",
        (true, Some(Alignment::Center)) => "<th class=\"center\" scope=\"col\">",
        (true, _) => "<th scope=\"col\">",
        (false, Some(Alignment::Right)) => "<td class=\"right\">",
        (false, Some(Alignment::Center)) => "<td class=\"center\">",
        (false, _) => "<td>",
    }
}

fn is_harmless(url: &str) -> bool {
    let url = url.trim().to_ascii_lowercase();
    ["https://", "http://", "mailto:", "tel:"].iter().any(|scheme| url.starts_with(scheme))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn headings_leave_no_level_out() {
        let levels = |text: &str| -> Vec<String> {
            to_html(text)
                .match_indices("<h")
                .map(|(at, _)| to_html(text)[at + 2..=at + 2].to_owned())
                .collect()
        };
        assert_eq!(levels("## a\n\n#### b\n\n## c\n\n# d\n\n## e"), ["2", "3", "2", "2", "3"]);
        assert_eq!(
            levels("# a\n\n## b\n\n### c\n\n#### d\n\n##### e\n\n###### f"),
            ["2", "3", "4", "5", "6", "6"]
        );
    }

    #[test]
    fn tables_and_lists_become_html() {
        let html = to_html("# A\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n- x\n- [x] y\n");
        for part in [
            "<h2>A</h2>",
            "<div class=\"scroll\" tabindex=\"0\"><table>",
            "<th class=\"right\" scope=\"col\">b</th>",
            "<td>1</td><td class=\"right\">2</td>",
            "</table>\n</div>",
            "<li>x</li>",
            "☑ y",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("style=") && !html.contains("<input"), "{html}");
    }

    #[test]
    fn scripts_images_and_dangerous_links_do_no_harm() {
        let html = to_html(
            "<script>alert(1)</script> <b onclick=x>b</b>\n\n[x](javascript:alert(1)) [y](data:text/html,z) ![i](http://t/p.gif)\n\n<img src=x>",
        );
        for part in ["<script", "<b ", "javascript:", "data:", "<img"] {
            assert!(!html.contains(part), "{part} in {html}");
        }
        assert!(to_html("[x](https://a.ch)").contains("href=\"https://a.ch\""));
    }

    use crate::platform::web::pictures::tests::png;

    fn start() -> String {
        format!("<img loading=\"lazy\" width=\"3\" height=\"2\" src=\"{}\" alt=\"", png(3, 2))
    }

    #[test]
    fn a_picture_that_is_part_of_the_text_is_shown_with_its_description() {
        let (png, shown) = (png(3, 2), |words: &str| format!("{}{words}\">", start()));
        let one = to_html(&format!("![Knee, **bent** & \"held\"]({png})"));
        assert_eq!(one, format!("<p>{}</p>\n", shown("Knee, bent &#38; &#34;held&#34;")));
        // The text stays readable where pictures are named in it and stand at its end.
        let named =
            to_html(&format!("Bend ![Knee][p1] so.\n\n| a |\n|---|\n| ![Foot][p1] |\n\n[p1]: {png}\n"));
        assert_eq!(
            (named.matches(&shown("Knee")).count(), named.matches(&shown("Foot")).count()),
            (1, 1),
            "{named}"
        );
        let linked = to_html(&format!("[![Knee]({png})](https://a.ch)"));
        assert_eq!(linked, format!("<p><a href=\"https://a.ch\">{}</a></p>\n", shown("Knee")));
        let nested = to_html(&format!("![Knee ![and foot]({png})\nfrom <b>above</b>]({png}) after"));
        let words = shown("Knee and foot from &#60;b&#62;above&#60;/b&#62;");
        assert_eq!(nested, format!("<p>{words} after</p>\n"));
    }

    #[test]
    fn of_other_images_only_the_description_stays() {
        for other in [
            "http://t/p.gif",
            "//t/p.gif",
            "p.png",
            "data:image/svg+xml;base64,PHN2Zy8+",
            "data:image/png;base64,PHN2Zy8+",
            "data:image/png,iVBORw0KGgo=",
        ] {
            assert_eq!(to_html(&format!("![Knee]({other})")), "<p>Knee</p>\n", "{other}");
            assert_eq!(to_html(&format!("![Knee][p]\n\n[p]: {other}")), "<p>Knee</p>\n", "{other}");
        }
        let png = png(3, 2);
        assert_eq!(to_html(&format!("![ ]({png})")), "<p></p>\n", "nobody would know what it shows");
        assert_eq!(to_html(&format!("[Knee]({png})")), "<p><a href=\"#\">Knee</a></p>\n");
    }

    proptest! {
        #[test]
        fn whatever_stands_around_a_picture_stays_text(
            before in "[<>a-z \"'=!\\[\\]()&;`*\n]{0,20}", words in "[<>a-z/ \"'=!&;`*\n-]{0,30}", end in "[\"'<> =a-z(),;:+/-]{0,20}",
        ) {
            let png = png(3, 2);
            let html = to_html(&format!("{before}![{words}]({png}{end})\n\n[a]: {png}{end}"));
            for (at, _) in html.match_indices("<img") {
                let tag = html[at..].strip_prefix(start().split_once(&png).unwrap().0).unwrap();
                // More of the same signs may be picture, too.
                let (data, tag) = tag.split_once("\" alt=\"").unwrap();
                let more = data.strip_prefix(png.as_str()).unwrap();
                prop_assert!(more.chars().all(|c| c.is_ascii_alphanumeric() || "+/=".contains(c)), "{}", html);
                let (words, rest) = tag.split_once('"').unwrap();
                prop_assert!(rest.starts_with('>') && !words.contains(['<', '>']), "{}", html);
            }
            prop_assert!(!html.contains("<script") && !html.contains("<svg"), "{}", html);
        }

        #[test]
        fn no_text_brings_a_tag_of_its_own(text in "[<>a-z/ \"'=!\\[\\]()&;#`*:\\n-]{0,80}") {
            let html = to_html(&text);
            for forbidden in ["<script", "<img", "<iframe", "<svg", "javascript:"] {
                prop_assert!(!html.to_lowercase().contains(forbidden), "{}", html);
            }
        }
    }
}
