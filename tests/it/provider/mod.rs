//! The provider role alone.

mod attempts;
mod bad_input;
mod breaker;
mod documents;
mod editing;
mod idempotency;
mod letter;
mod lifecycle;
mod listing;
mod outbox;
mod outbox_api;
mod plans;
mod send;
pub mod senders;
mod webhook_delivery;
mod webhooks;
mod workspace;

use oc::roles::provider::State;
use serde_json::{Value, json};

use crate::support::app::TestApp;
use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::receiver::Receiver;
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

    /// A provider whose client role is this receiver, with further settings.
    pub async fn to(receiver: &Receiver, given: Settings<'_>) -> Self {
        Self::with(&[&sending_to(&receiver.base_url()), given].concat()).await
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

    pub async fn revoke(&self, id: &str) -> Answer {
        self.call(Call::new("POST", format!("/api/documents/{id}/revoke"))).await
    }

    pub async fn reissue(&self, id: &str) -> Answer {
        self.call(Call::new("POST", format!("/api/documents/{id}/reissue"))).await
    }

    pub async fn expire_in(&self, id: &str, seconds: i64) -> Answer {
        self.call(Call::post(format!("/api/documents/{id}/expiry"), &json!({ "expiresIn": seconds }))).await
    }

    /// The kinds of the lines of a document's history, oldest first.
    pub async fn history(&self, id: &str) -> Vec<String> {
        let page = self.call(Call::get(format!("/api/documents/{id}/events?limit=500"))).await.expect(200);
        page["items"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap().to_owned()).collect()
    }

    /// The ids of the messages, newest first.
    pub async fn messages(&self) -> Vec<String> {
        let page = self.call(Call::get("/api/outbox")).await.expect(200);
        page["items"].as_array().unwrap().iter().map(id_of).collect()
    }

    /// A message with its attempts.
    pub async fn message(&self, id: &str) -> Value {
        self.call(Call::get(format!("/api/outbox/{id}"))).await.expect(200)
    }

    pub async fn retry(&self, message: &str) -> Answer {
        self.call(Call::new("POST", format!("/api/outbox/{message}/retry"))).await
    }

    /// The document as it is now.
    pub async fn document(&self, id: &str) -> Value {
        self.find(id).await.expect(200)
    }
}

/// As if the time had come for every message that waits.
pub fn make_due(provider: &Provider) {
    let sql = "UPDATE outbox SET due_at = now() - interval '1 second' WHERE state = 'pending'";
    provider.database.execute(sql);
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
