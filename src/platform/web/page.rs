//! The frame of every page, and how a page becomes an answer.

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{
    CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, HeaderValue, RETRY_AFTER, SET_COOKIE,
};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::assets::{Asset, Assets};
use super::brand;
use super::language::{self, language_of};
use super::texts;
use crate::domain::ids::TenantId;
use crate::domain::language::{Language, Text};
use crate::domain::sender::{Logo, Sender};
use crate::platform::http::{ApiError, ErrorCode};

/// The stylesheet of every page.
pub const STYLE: Asset = Asset::new("oc", "css", include_bytes!("../../../assets/oc.css"));
/// What pages may load: our own files. Scripts only better what works without them.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// What the pages of a role have in common. Made once, when the role starts.
#[derive(Debug, Clone)]
pub struct Pages {
    sender: Arc<Sender>,
    /// The tenant that is shown; `None` where all are meant.
    whose: Option<Arc<str>>,
    styles: Arc<[String]>,
    script: Arc<str>,
    logo: Option<Arc<str>>,
    is_https: bool,
}

impl Pages {
    /// The pages of a role that people reach over https or not, with its own script; and
    /// the files that they load, which [`super::assets::configure`] mounts.
    #[must_use]
    pub fn new(sender: &Sender, script: &Asset, is_https: bool) -> (Self, Assets) {
        let mut assets = vec![STYLE, script.clone()];
        let picture = |logo: &Logo| Asset::made("logo", logo.kind().extension(), logo.bytes().to_vec());
        let logo = sender.logo.as_ref().map(picture);
        assets.extend(logo.clone());
        let logo = logo.map(|logo| Arc::from(logo.url()));
        let (styles, script) = (Arc::from([STYLE.url()]), Arc::from(script.url()));
        let pages = Self { sender: Arc::new(sender.clone()), whose: None, styles, script, logo, is_https };
        (pages, Assets(assets))
    }

    /// The same with a further stylesheet, for what only one role's pages have.
    #[must_use]
    pub fn with_style(self, style: &Asset, mut assets: Assets) -> (Self, Assets) {
        assets.0.push(style.clone());
        let styles = self.styles.iter().cloned().chain([style.url()]).collect();
        (Self { styles, ..self }, assets)
    }

    /// The same for what this tenant is known as; `logo` is where its picture is.
    #[must_use]
    pub fn of_tenant(&self, tenant: &TenantId, sender: Sender, logo: Option<String>) -> Self {
        let (sender, whose) = (Arc::new(sender), Some(Arc::from(tenant.as_str())));
        Self { sender, whose, logo: logo.map(Arc::from), ..self.clone() }
    }

    /// The frame of the page that a request is answered with.
    #[must_use]
    pub fn page(&self, req: &HttpRequest) -> Page {
        Page { query: language::others(req), ..self.page_in(language_of(req)) }
    }

    /// The frame of a page in this language.
    #[must_use]
    pub fn page_in(&self, language: Language) -> Page {
        Page { language, query: String::new(), pages: self.clone() }
    }

    /// Remembers the language that `?lang=` or a form asked for.
    pub fn remember(&self, answer: &mut HttpResponse, language: Language) -> Result<(), ApiError> {
        let line = language::cookie(language, self.is_https);
        let line = HeaderValue::from_str(&line).map_err(ApiError::internal)?;
        answer.headers_mut().append(SET_COOKIE, line);
        Ok(())
    }
}

/// The frame of one page; templates know it as `page`.
#[derive(Debug, Clone)]
pub struct Page {
    /// The language in which it is written.
    pub language: Language,
    /// What its address asks for beside the language.
    query: String,
    pages: Pages,
}

/// A language that a page offers.
#[derive(Debug, Clone)]
pub struct Offered {
    /// `de`.
    pub tag: &'static str,
    /// `Deutsch`.
    pub name: &'static str,
    /// Where the page is in it: `?show=drafts&lang=de`.
    pub href: String,
    /// Whether the page is in it already.
    pub is_current: bool,
}

impl Page {
    /// A text in the language of the page.
    pub fn t(&self, text: impl Borrow<Text>) -> &'static str {
        (*text.borrow()).of(self.language)
    }

    /// `de`.
    #[must_use]
    pub fn lang(&self) -> &'static str {
        self.language.tag()
    }

    /// Who stands behind it.
    #[must_use]
    pub fn sender(&self) -> &Sender {
        &self.pages.sender
    }

    /// The name of the practice, or what stands in its place.
    #[must_use]
    pub fn brand(&self) -> &str {
        self.sender().name.as_deref().unwrap_or_else(|| self.t(texts::DOCUMENTS))
    }

    /// URL of the picture of the practice, if there is one.
    #[must_use]
    pub fn logo(&self) -> Option<&str> {
        self.pages.logo.as_deref()
    }

    /// The tenant that it shows as who stands behind it; `None` where it shows what holds
    /// for all.
    #[must_use]
    pub fn whose(&self) -> Option<&str> {
        self.pages.whose.as_deref()
    }

    /// URLs of its stylesheets; the colours of the practice come last.
    #[must_use]
    pub fn styles(&self) -> Vec<String> {
        let colours = self.sender().colour.map(brand::url);
        self.pages.styles.iter().cloned().chain(colours).collect()
    }

    /// URL of its script.
    #[must_use]
    pub fn script(&self) -> &str {
        &self.pages.script
    }

    /// The languages that it offers.
    #[must_use]
    pub fn languages(&self) -> Vec<Offered> {
        let offered = |language: Language| Offered {
            tag: language.tag(),
            name: language.name(),
            href: format!("?{}{}={}", self.query, language::NAME, language.tag()),
            is_current: language == self.language,
        };
        Language::ALL.map(offered).into()
    }

    /// `5 minutes`, rounded up; `2 hours` where it is long.
    #[must_use]
    pub fn span(&self, span: Duration) -> String {
        match span.as_secs().div_ceil(60).max(1) {
            1 => self.t(texts::ONE_MINUTE).to_owned(),
            minutes @ ..100 => texts::MINUTES.with(self.language, &[&minutes]),
            minutes => texts::HOURS_LONG.with(self.language, &[&minutes.div_ceil(60)]),
        }
    }
}

/// The answer that shows a page. `page` is the frame that the template holds.
pub fn answer(
    req: &HttpRequest,
    page: &Page,
    status: StatusCode,
    template: &impl Template,
) -> Result<HttpResponse, ApiError> {
    let html = template.render().map_err(ApiError::internal)?;
    let mut answer = HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("X-Robots-Tag", "noindex"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((CONTENT_LANGUAGE, page.lang()))
        .body(html);
    if let Some(asked) = language::asked(req) {
        page.pages.remember(&mut answer, asked)?;
    }
    Ok(answer)
}

/// Like [`answer`], for a page that says why something went wrong: with the status of
/// the error, how long to wait, and its cause in the log.
pub fn refused(
    req: &HttpRequest,
    page: &Page,
    error: &ApiError,
    template: &impl Template,
) -> Result<HttpResponse, ApiError> {
    match (&error.cause, error.code) {
        (Some(cause), ErrorCode::InternalError) => log::error!("a page can't be shown: {cause}"),
        (Some(cause), _) => log::warn!("a page can't be shown: {cause}"),
        (None, _) => {}
    }
    let mut answer = answer(req, page, error.code.status(), template)?;
    if let Some(wait) = error.retry_after {
        answer.headers_mut().insert(RETRY_AFTER, wait.as_secs().max(1).into());
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::colour::Colour;

    const SCRIPT: Asset = Asset::new("test", "js", b"");

    #[test]
    fn the_stylesheet_is_small() {
        assert!(STYLE.size() < 20_000, "{}", STYLE.size());
    }

    #[test]
    fn the_colours_of_a_practice_come_last() {
        let (pages, assets) = Pages::new(&Sender::default(), &SCRIPT, true);
        let (pages, _) = pages.with_style(&Asset::new("own", "css", b""), assets);
        assert_eq!(pages.page_in(Language::De).styles().len(), 2);
        let sender = Sender { colour: Colour::parse("#7a0019"), ..Sender::default() };
        let north = pages.of_tenant(&TenantId::parse("north").unwrap(), sender, None).page_in(Language::De);
        assert_eq!((north.styles().len(), north.whose()), (3, Some("north")));
        assert_eq!(north.styles().last().map(String::as_str), Some("/assets/brand.7a0019.css"));
    }

    #[test]
    fn a_wait_is_told_in_words() {
        let (pages, _) = Pages::new(&Sender::default(), &SCRIPT, true);
        let span = |seconds| pages.page_in(Language::De).span(Duration::from_secs(seconds));
        assert_eq!(span(0), "eine Minute");
        assert_eq!(span(61), "2 Minuten");
        assert_eq!(span(7_201), "3 Stunden");
    }
}
