//! Markdown to HTML that can't do harm.

use pulldown_cmark::{Alignment, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// A table may be wider than a telephone: it is moved sideways, also by keyboard.
const BEFORE_TABLE: &str = "<div class=\"scroll\" tabindex=\"0\">";

/// Turns CommonMark with tables, strikethrough and task lists into HTML. HTML in
/// the text is shown as text; links lead to web, mail and telephone addresses
/// only; images are left out, only their description stays. Headings begin below the title of
/// the page, and none is more than one level below the one before it, however they are written.
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
    headings: Vec<HeadingLevel>,
    alignments: Vec<Alignment>,
    column: usize,
    in_head: bool,
}

impl Place {
    /// What is written of an event.
    fn seen<'a>(&mut self, event: Event<'a>) -> Vec<Event<'a>> {
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

    proptest! {
        #[test]
        fn no_text_brings_a_tag_of_its_own(text in "[<>a-z/ \"'=!\\[\\]()&;#`*:\\n-]{0,80}") {
            let html = to_html(&text);
            for forbidden in ["<script", "<img", "<iframe", "<svg", "javascript:"] {
                prop_assert!(!html.to_lowercase().contains(forbidden), "{}", html);
            }
        }
    }
}
