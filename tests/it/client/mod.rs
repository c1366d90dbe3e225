//! The client role alone.

mod bad_input;
mod deliveries;
mod expiry;
mod idempotency;
mod opening;
mod operations;
mod pages;
mod receipts;
mod reservations;

use std::rc::Rc;

use oc::roles::client::State;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::{Settings, config};

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

    /// The code of a new document.
    pub async fn code_for(&self, title: &str, content: &str) -> String {
        code_of(&self.deliver(&json!({ "title": title, "content": content })).await.expect(201))
    }
}

pub fn code_of(receipt: &Value) -> String {
    receipt["accessCode"].as_str().unwrap().to_owned()
}
