//! The client role alone.

mod bad_input;
mod deliveries;
mod expiry;
mod guessing;
mod idempotency;
mod links;
mod opening;
mod operations;
mod pages;
mod receipts;
mod reservations;
mod second_factor;
mod senders;
mod states;
mod strict;
pub mod uniform;

use std::rc::Rc;

use oc::roles::client::State;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::{Settings, config};

pub const ALPHABET: &str = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// The client role without a socket, on a database of its own.
pub struct Client {
    pub app: TestApp,
    pub database: Rc<TestDatabase>,
    /// What its jobs are driven with.
    pub state: State,
}

impl Client {
    pub async fn new() -> Self {
        Self::on(&Rc::new(TestDatabase::of("client")), &[]).await
    }

    /// A process of the role on this database.
    pub async fn on(database: &Rc<TestDatabase>, given: Settings<'_>) -> Self {
        let config = config("client", database, given);
        let state = State::new(&config).unwrap();
        let role = oc::roles::client::app(&config, &state).unwrap();
        Self { app: TestApp::new(&role).await, database: Rc::clone(database), state }
    }

    pub async fn call(&self, call: Call) -> Answer {
        self.app.call(&call).await
    }

    pub async fn deliver(&self, body: &Value) -> Answer {
        self.call(Call::post("/v1/documents", body)).await
    }

    pub async fn open(&self, code: &str) -> Answer {
        self.call(Call::get(format!("/api/public/{code}"))).await
    }

    pub async fn type_in(&self, code: &str) -> Answer {
        let code: String = url::form_urlencoded::byte_serialize(code.as_bytes()).collect();
        self.call(Call::new("POST", "/").form(&format!("code={code}"))).await
    }

    /// Follows a link and types a code, as a program does.
    pub async fn open_by_link(&self, token: &str, code: &str) -> Answer {
        let body = json!({ "linkToken": token, "accessCode": code });
        self.call(Call::post("/api/public/access", &body)).await
    }

    /// Code and link of a new document.
    pub async fn hand_over(&self, title: &str) -> (String, String) {
        let receipt = self.deliver(&json!({ "title": title, "content": "C" })).await.expect(201);
        (code_of(&receipt), token_of(&receipt))
    }

    /// The code of a new document.
    pub async fn code_for(&self, title: &str, content: &str) -> String {
        code_of(&self.deliver(&json!({ "title": title, "content": content })).await.expect(201))
    }
}

/// The last part of a link.
pub fn token_of(receipt: &Value) -> String {
    receipt["link"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

/// `code` with another symbol at `place`, and a check symbol that fits.
pub fn altered(code: &str, place: usize) -> String {
    nth_altered(code, place, 1)
}

/// Like [`altered`]; the symbol `n` places further in the alphabet.
pub fn nth_altered(code: &str, place: usize, n: usize) -> String {
    let mut symbols: Vec<char> = code.chars().filter(|c| *c != '-').collect();
    let next = (ALPHABET.find(symbols[place]).unwrap() + n) % 32;
    symbols[place] = ALPHABET.chars().nth(next).unwrap();
    for check in ALPHABET.chars() {
        *symbols.last_mut().unwrap() = check;
        let text: String = symbols.iter().collect();
        if oc::domain::access_code::AccessCode::parse(&text).is_ok() {
            return text;
        }
    }
    panic!("no check symbol fits");
}

pub fn code_of(receipt: &Value) -> String {
    receipt["accessCode"].as_str().unwrap().to_owned()
}

/// A page without the one script that is ours: what is left must hold none.
pub fn without_our_script(page: &str) -> String {
    let (before, rest) = page.split_once("<script src=\"/assets/client.").unwrap_or_else(|| panic!("{page}"));
    let (_, after) = rest.split_once("></script>").unwrap();
    format!("{before}{after}")
}
