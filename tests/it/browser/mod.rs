//! The pages of both roles in a real Chromium.

mod access;
mod bots;
mod client_states;
mod front_ends;
mod journey;
mod pictures;
mod practice;
mod workspace;

use oc::roles::Role;
use serde_json::{Value, json};

use crate::support::Settings;
use crate::support::browser::{Browser, DESKTOP, PHONE, Size};
use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::process::Served;
use crate::support::receiver::{Behaviour, Receiver};

const LANGUAGES: [&str; 4] = ["de", "fr", "it", "en"];
const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// A text with everything that a text may hold.
const TEXT: &str = "Hello Anna\n\nthis is your plan after the operation. **Take your time**, and stop when it hurts.\n\n\
    ## Week 1\n\n1. Bend and stretch the knee, *ten times*, three times a day.\n2. Walk on flat ground, five minutes.\n\n\
    | Day | Exercise | Minutes |\n|---|---|--:|\n| Monday | Bend and stretch | 10 |\n| Wednesday | Walk | 15 |\n| Friday | Cycle without load | 20 |\n\n\
    ## Week 2\n\n- Climb stairs, one at a time\n- Cycle with a light load\n\n> Call us when the knee gets warm or thick.\n\nYou find more at [our page](https://praxis.example/knee).";

/// Both roles, and a service that sends SMS.
struct House {
    provider: Served,
    client: Served,
    at_client: TestDatabase,
    _at_provider: TestDatabase,
    sms: Receiver,
}

impl House {
    fn start() -> Self {
        Self::with(&[])
    }

    /// With further settings of both roles.
    fn with(given: Settings<'_>) -> Self {
        let (at_provider, at_client) = (TestDatabase::of("provider"), TestDatabase::of("client"));
        let sms = Receiver::start(Behaviour::Answer(202, "{}".to_owned()));
        let gateway = format!("http://{}/sms", sms.address());
        let practice = [
            ("SENDER_NAME", "Praxis am See"),
            ("SENDER_PHONE", "+41 44 123 45 67"),
            ("SENDER_HOURS", "8–12, 13.30–17"),
            ("SENDER_ADDRESS", "Seestrasse 12, 8000 Zürich"),
            ("RATE_ADDRESS_PER_MINUTE", "0"),
            ("DATABASE_POOL_WAIT_MS", "15000"),
        ];
        let of_client = [
            ("SMS_GATEWAY_URL", gateway.as_str()),
            ("SMS_GATEWAY_TOKEN", "a-token-of-the-gateway"),
            ("WRONG_CODES_PER_ADDRESS", "0"),
            ("WRONG_CODES_PER_ADDRESS_DAY", "0"),
            ("WRONG_CODES_PER_TENANT", "0"),
        ];
        let client = Served::start(Role::Client, &at_client, &[&practice[..], &of_client, given].concat());
        let base = format!("{}/api/", client.url());
        let of_provider = [
            ("CLIENT_BASE_URL", base.as_str()),
            ("SEND_TIMEOUT_MS", "15000"),
            ("DELIVERY_TIMEOUT_MS", "15000"),
        ];
        let provider =
            Served::start(Role::Provider, &at_provider, &[&practice[..], &of_provider, given].concat());
        Self { provider, client, at_client, _at_provider: at_provider, sms }
    }

    /// Hands a document to the client role as the provider role would.
    fn deliver(&self, body: &Value) -> Value {
        self.client.call(&Call::post("/v1/documents", body)).expect(201)
    }

    /// Code and path of the link of a new document.
    fn delivered(&self, second_factor: &str) -> (String, String) {
        let receipt = self.deliver(&json!({
            "title": "Your plan after the operation", "content": TEXT,
            "recipient": {"name": "Anna Muster", "phone": "+41 79 123 45 67", "language": "de"},
            "protection": {"secondFactor": second_factor},
        }));
        (word(&receipt["accessCode"]), path_of(&word(&receipt["link"])))
    }

    fn open(&self, code: &str) -> Answer {
        self.client.call(&Call::post("/api/public/access", &json!({ "accessCode": code })))
    }

    /// The number that was sent last.
    fn number(&self) -> String {
        let call = self.sms.every_call().pop().unwrap();
        let body: Value = serde_json::from_slice(&call.body).unwrap();
        word(&body["text"]).split(' ').next().unwrap().to_owned()
    }
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// `/d/token` of a link: its host is that of a setting, not of the test.
fn path_of(link: &str) -> String {
    let (_, token) = link.rsplit_once("/d/").unwrap();
    format!("/d/{token}")
}

/// A desk at a zoom of 200 %, and the narrowest window that everything has to fit into
/// (WCAG 2.2, 1.4.4 and 1.4.10).
const ZOOMED: Size = (640, 450);
const NARROW: Size = (320, 640);

/// What of a page is wider than the window, or hidden behind an edge. What is moved sideways
/// within itself, such as a wide table, and what only screen readers read is meant to be.
const CUT_OFF: &str = "(() => {
  const moves = (element) => ['auto', 'scroll'].includes(getComputedStyle(element).overflowX);
  const isMeant = (element) => element.closest('.unseen, .skip, [hidden]') || element.closest('thead, caption')
    || element.checkVisibility && !element.checkVisibility();
  const within = (element) => { for (let up = element.parentElement; up; up = up.parentElement) if (moves(up)) return true; return false; };
  const cut = [];
  if (document.documentElement.scrollWidth > innerWidth) cut.push(`the page: ${document.documentElement.scrollWidth}`);
  for (const element of document.body.querySelectorAll('*')) {
    if (element.matches('svg, svg *, input, textarea') || isMeant(element)) continue;
    const { left, right, width } = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const out = width > 0 && (right > innerWidth + 1 || left < -1) && !within(element);
    const clips = ['hidden', 'clip'].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1;
    const low = ['hidden', 'clip'].includes(style.overflowY) && element.scrollHeight > element.clientHeight + 1;
    if (out || clips || low) cut.push(`${element.tagName} ${element.className} ${element.textContent.slice(0, 60)}`);
  }
  return cut;
})()";

/// Asserts that everybody can use the page as it is now, on a telephone and on a desk, light
/// and dark, and writes screenshots of it under this name.
fn assert_accessible(browser: &Browser, name: &str) {
    for (kind, size) in [("phone", PHONE), ("desktop", DESKTOP)] {
        for dark in [false, true] {
            browser.resize(size).prefer_dark(dark);
            let found = browser.violations();
            assert!(found.is_empty(), "{name}, {kind}, dark {dark}: {found:#?}");
            if dark == (kind == "desktop") || name.contains("/en-") {
                browser.shoot(&format!("{name}-{kind}{}", if dark { "-dark" } else { "" }));
            }
        }
    }
    for (kind, size) in
        [("a telephone", PHONE), ("200 %", ZOOMED), ("320 pixels", NARROW), ("a desk", DESKTOP)]
    {
        let cut = browser.resize_window(size).eval(CUT_OFF);
        assert_eq!(cut, json!([]), "{name} at {kind}: something is cut off");
    }
    browser.resize(DESKTOP).prefer_dark(false);
}
