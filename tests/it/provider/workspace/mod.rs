//! The pages of the provider role, as a browser without scripts uses them.

mod account;
mod editing;
mod ending;
mod library;
mod list;
mod practice;
mod sending;
mod signing_in;

use url::form_urlencoded::Serializer;

use super::Provider;
use crate::support::http::{Answer, Call};

pub const LANGUAGES: [&str; 4] = ["en", "fr", "de", "it"];

/// A form with these fields.
pub fn form(path: impl Into<String>, fields: &[(&str, &str)]) -> Call {
    Call::new("POST", path).form(&Serializer::new(String::new()).extend_pairs(fields).finish())
}

/// The form of the editor.
pub fn typed(id: &str, version: i64, title: &str, content: &str) -> Call {
    let version = version.to_string();
    let fields = [
        ("version", version.as_str()),
        ("title", title),
        ("content", content),
        ("name", "Anna Muster"),
        ("email", ""),
        ("phone", ""),
        ("language", "de"),
    ];
    form(format!("/documents/{id}/edit"), &fields)
}

/// The value of a hidden field of a page.
pub fn hidden(page: &str, name: &str) -> String {
    let (_, rest) =
        page.split_once(&format!("name=\"{name}\" value=\"")).unwrap_or_else(|| panic!("{name} in {page}"));
    rest.split('"').next().unwrap().to_owned()
}

pub fn assert_says(answer: &Answer, status: u16, parts: &[&str]) {
    let page = answer.text();
    assert_eq!(answer.status, status, "{page}");
    for part in parts {
        assert!(page.contains(part), "{part} in {page}");
    }
}

/// Where an answer sends a browser on to.
#[track_caller]
pub fn led_to(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("Location").unwrap().to_owned()
}

impl Provider {
    /// A page, which has to be there.
    pub async fn page(&self, path: &str) -> String {
        let answer = self.call(Call::get(path)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }

    /// Opens the page of a step and presses its button.
    pub async fn step(&self, id: &str, step: &str) -> Answer {
        let path = format!("/documents/{id}/{step}");
        let page = self.page(&path).await;
        let fields = [("version", hidden(&page, "version")), ("once", hidden(&page, "once"))];
        let fields: Vec<_> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.call(form(path, &fields)).await
    }
}
