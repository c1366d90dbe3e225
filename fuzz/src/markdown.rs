//! Markdown of a document as HTML: nothing in it runs, loads or leads astray.

use oc::platform::web::markdown::to_html;
use url::Url;

/// Elements that the pages show, and the attributes that each may bear.
const ELEMENTS: [(&str, &[&str]); 31] = [
    ("a", &["href", "title"]),
    ("blockquote", &[]),
    ("br", &[]),
    ("code", &["class"]),
    ("del", &[]),
    ("em", &[]),
    ("div", &["class", "tabindex"]),
    ("h2", &[]),
    ("h3", &[]),
    ("h4", &[]),
    ("h5", &[]),
    ("h6", &[]),
    ("hr", &[]),
    ("img", &["alt", "height", "loading", "src", "width"]),
    ("li", &[]),
    ("ol", &["start"]),
    ("p", &[]),
    ("pre", &[]),
    ("strong", &[]),
    ("table", &[]),
    ("tbody", &[]),
    ("td", &["class"]),
    ("th", &["class", "scope"]),
    ("thead", &[]),
    ("tr", &[]),
    ("ul", &[]),
    ("sup", &[]),
    ("sub", &[]),
    ("dl", &[]),
    ("dt", &[]),
    ("dd", &[]),
];
/// Elements without an end.
const VOID: [&str; 3] = ["br", "hr", "img"];
/// Where links may lead.
const SCHEMES: [&str; 4] = ["https", "http", "mailto", "tel"];

/// Reads the HTML as a browser does and looks at every element and attribute.
pub fn markdown(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let html = to_html(text);
    let mut rest = html.as_str();
    let mut open: Vec<String> = Vec::new();
    while let Some(start) = rest.find('<') {
        rest = &rest[start + 1..];
        let (name, end) = match rest.strip_prefix('/') {
            Some(closing) => {
                let (name, after) = closing.split_once('>').expect("the end of a tag");
                assert_eq!(open.pop().as_deref(), Some(name), "{html}");
                rest = after;
                continue;
            }
            None => word(rest),
        };
        let (_, allowed) =
            ELEMENTS.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("<{name}> in {html}"));
        rest = attributes(end, |attribute, value| {
            assert!(allowed.contains(&attribute), "{attribute} in {html}");
            assert_value(attribute, value);
        });
        if !VOID.contains(&name) {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty(), "{open:?} in {html}");
}

fn word(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(text.len());
    text.split_at(end)
}

/// Hands out each attribute with its value, and returns what follows the tag.
fn attributes(mut text: &str, mut look: impl FnMut(&str, &str)) -> &str {
    loop {
        text = text.trim_start_matches([' ', '\n', '/']);
        if let Some(after) = text.strip_prefix('>') {
            return after;
        }
        let (name, after) = word(text);
        assert!(!name.is_empty(), "an attribute in {text}");
        text = match after.strip_prefix("=\"") {
            Some(quoted) => {
                let (value, after) = quoted.split_once('"').expect("the end of a value");
                look(name, value);
                after
            }
            None => {
                assert!(after.starts_with([' ', '>', '/']), "a value without quotes: {after}");
                look(name, "");
                after
            }
        };
    }
}

fn assert_value(attribute: &str, value: &str) {
    match attribute {
        "href" => {
            let url = value.replace("&amp;", "&").replace("&#x27;", "'").replace("&quot;", "\"");
            if url != "#" {
                let scheme = url.split_once(':').map(|(scheme, _)| scheme.trim().to_ascii_lowercase());
                let scheme = scheme.unwrap_or_default();
                assert!(SCHEMES.contains(&scheme.as_str()), "a link to {url}");
                // What a browser makes of it.
                let read = Url::parse(&url);
                assert!(read.is_err() || read.is_ok_and(|read| SCHEMES.contains(&read.scheme())), "{url}");
            }
        }
        "src" => {
            let known = ["png", "jpeg", "gif", "webp"].map(|kind| format!("data:image/{kind};base64,"));
            let data = known.iter().find_map(|start| value.strip_prefix(start.as_str()));
            let data = data.unwrap_or_else(|| panic!("a picture of {value}"));
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "+/=".contains(c);
            assert!(!data.is_empty() && data.chars().all(is_plain), "a picture of {value}");
        }
        "alt" => assert!(!value.trim().is_empty() && !value.contains(['<', '>'])),
        "height" | "width" => assert!(value.parse().is_ok_and(|side: usize| (1..=10_000).contains(&side))),
        "loading" => assert_eq!(value, "lazy"),
        "tabindex" => assert_eq!(value, "0"),
        "scope" => assert_eq!(value, "col"),
        "start" => assert!(value.parse::<u64>().is_ok()),
        "class" => {
            assert!(value.starts_with("language-") || ["scroll", "right", "center"].contains(&value));
        }
        _ => {}
    }
}
