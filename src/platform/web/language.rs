//! Which language somebody reads.

use actix_web::HttpRequest;
use actix_web::http::header::{ACCEPT_LANGUAGE, COOKIE};
use url::form_urlencoded;

use crate::domain::language::Language;

/// Name of the parameter, of the field of a form and of the cookie.
pub const NAME: &str = "lang";
/// How long the choice is remembered: a year, in seconds.
const REMEMBERED: u32 = 31_536_000;

/// The language that a request asks for: `?lang=`, then the cookie, then what the browser
/// is set to, then English.
#[must_use]
pub fn language_of(req: &HttpRequest) -> Language {
    asked(req).or_else(|| remembered(req)).or_else(|| preferred(req)).unwrap_or_default()
}

/// The language that `?lang=` names, if it does.
#[must_use]
pub fn asked(req: &HttpRequest) -> Option<Language> {
    let mut pairs = form_urlencoded::parse(req.query_string().as_bytes());
    pairs.find(|(name, _)| name == NAME).and_then(|(_, tag)| Language::of_tag(&tag))
}

/// The query of a request without its language, to be gone on with: `show=drafts&`.
#[must_use]
pub fn others(req: &HttpRequest) -> String {
    let pairs = form_urlencoded::parse(req.query_string().as_bytes()).filter(|(name, _)| name != NAME);
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    if query.is_empty() { query } else { query + "&" }
}

fn remembered(req: &HttpRequest) -> Option<Language> {
    let lines = req.headers().get_all(COOKIE).filter_map(|line| line.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == NAME).and_then(|(_, tag)| Language::of_tag(tag))
}

/// The first of the languages that a browser likes best.
fn preferred(req: &HttpRequest) -> Option<Language> {
    let header = req.headers().get(ACCEPT_LANGUAGE)?.to_str().ok()?;
    let mut best: Option<(u16, Language)> = None;
    for entry in header.split(',').take(32) {
        let (tag, rest) = entry.split_once(';').unwrap_or((entry, ""));
        let Some(language) = Language::of_tag(tag) else { continue };
        let liking = liking(rest);
        if liking > best.map_or(0, |(found, _)| found) {
            best = Some((liking, language));
        }
    }
    best.map(|(_, language)| language)
}

/// `q=0.8` in thousandths; all of it where nothing is said.
fn liking(parameters: &str) -> u16 {
    let Some(value) = parameters.split(';').find_map(|part| part.trim().strip_prefix("q=")) else {
        return 1_000;
    };
    let (whole, part) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    let thousandths: String = part.chars().chain("000".chars()).take(3).collect();
    match (whole, thousandths.parse::<u16>()) {
        ("1", _) => 1_000,
        ("0", Ok(thousandths)) => thousandths,
        _ => 0,
    }
}

/// The line of `Set-Cookie` that remembers a choice.
#[must_use]
pub fn cookie(language: Language, is_https: bool) -> String {
    let secure = if is_https { "; Secure" } else { "" };
    format!("{NAME}={}; Path=/; Max-Age={REMEMBERED}; HttpOnly; SameSite=Lax{secure}", language.tag())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn of(uri: &str, cookie: &str, accept: &str) -> Language {
        let request = TestRequest::with_uri(uri).insert_header((COOKIE, cookie));
        language_of(&request.insert_header((ACCEPT_LANGUAGE, accept)).to_http_request())
    }

    #[test]
    fn what_was_chosen_counts_more_than_what_the_browser_says() {
        assert_eq!(of("/?lang=it", "lang=fr", "de"), Language::It);
        assert_eq!(of("/?lang=xx", "a=b; lang=fr", "de"), Language::Fr);
        assert_eq!(of("/", "lang=", "de-CH,de;q=0.9"), Language::De);
        assert_eq!(of("/", "", ""), Language::En);
    }

    #[test]
    fn another_language_keeps_what_else_was_asked_for() {
        for (uri, kept) in [
            ("/", ""),
            ("/?lang=it", ""),
            ("/?show=drafts&lang=it&q=a+%26%20b%22&cursor=A1&lang=de", "show=drafts&q=a+%26+b%22&cursor=A1&"),
            ("/?next=%2Fsettings%3Flang%3Dfr", "next=%2Fsettings%3Flang%3Dfr&"),
        ] {
            assert_eq!(others(&TestRequest::with_uri(uri).to_http_request()), kept, "{uri}");
        }
    }

    #[test]
    fn the_best_liked_of_the_spoken_languages_is_taken() {
        for (accept, language) in [
            ("rm, fr;q=0.8, it;q=0.9", Language::It),
            ("fr;q=0, en", Language::En),
            ("es, *", Language::En),
            ("de;q=1.0, fr", Language::De),
            ("fr;q=x, it;q=0.001", Language::It),
        ] {
            assert_eq!(of("/", "", accept), language, "{accept}");
        }
    }
}
