//! The provider role alone.

mod bad_input;
mod documents;
mod editing;
mod idempotency;
mod listing;
mod outbox;
mod plans;
mod send;
mod webhook_delivery;
mod webhooks;

use oc::roles::provider::State;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::{Settings, config};

/// The provider role without a socket, on a database of its own.
pub struct Provider {
    pub app: TestApp,
    pub database: std::rc::Rc<TestDatabase>,
    /// What its jobs are driven with.
    pub state: State,
}

impl Provider {
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    pub async fn with(given: Settings<'_>) -> Self {
        let database = std::rc::Rc::new(TestDatabase::of("provider"));
        Self::on(&database, given).await
    }

    /// Another process of the role on the same database.
    pub async fn on(database: &std::rc::Rc<TestDatabase>, given: Settings<'_>) -> Self {
        let config = config("provider", database, given);
        let state = State::new(&config).unwrap();
        let role = oc::roles::provider::app(&config, &state).unwrap();
        Self { app: TestApp::new(&role).await, database: std::rc::Rc::clone(database), state }
    }

    /// A provider whose client role is at `base_url`.
    pub async fn sending_to(base_url: &str) -> Self {
        Self::with(&sending_to(base_url)).await
    }

    pub async fn call(&self, call: Call) -> Answer {
        self.app.call(&call).await
    }

    pub async fn create(&self, body: &Value) -> Answer {
        self.call(Call::post("/api/documents", body)).await
    }

    pub async fn find(&self, id: &str) -> Answer {
        self.call(Call::get(format!("/api/documents/{id}"))).await
    }

    pub async fn list(&self, query: &str) -> Answer {
        self.call(Call::get(format!("/api/documents{query}"))).await
    }

    pub async fn update(&self, id: &str, body: &Value) -> Answer {
        self.call(Call::put(format!("/api/documents/{id}"), body)).await
    }

    pub async fn delete(&self, id: &str) -> Answer {
        self.call(Call::delete(format!("/api/documents/{id}"))).await
    }

    pub async fn send(&self, id: &str) -> Answer {
        self.call(Call::post("/api/send", &json!({ "documentId": id }))).await
    }

    /// The id of a new draft.
    pub async fn draft(&self, title: &str) -> String {
        id_of(&self.create(&json!({ "title": title, "content": "Text." })).await.expect(201))
    }

    /// The id of a new final document.
    pub async fn ready(&self, title: &str) -> String {
        let id = self.draft(title).await;
        self.update(&id, &json!({"status": "final"})).await.expect(200);
        id
    }

    /// The document as it is now.
    pub async fn document(&self, id: &str) -> Value {
        self.find(id).await.expect(200)
    }
}

/// The settings of a provider whose client role is at `base_url`: short
/// patience, long pauses, and no rest for whoever fails.
pub fn sending_to(base_url: &str) -> [(&'static str, &str); 5] {
    [
        ("CLIENT_BASE_URL", base_url),
        ("SEND_TIMEOUT_MS", "2000"),
        ("DELIVERY_TIMEOUT_MS", "300"),
        ("RETRY_FIRST_MS", "60000"),
        ("BREAKER_FAILURES", "1000"),
    ]
}

pub fn id_of(document: &Value) -> String {
    document["id"].as_str().unwrap().to_owned()
}
