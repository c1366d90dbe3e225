//! Both roles as real processes, connected over HTTP.

mod provider_to_client;
mod secrecy;

use oc::roles::Role;
use serde_json::{Value, json};

use crate::support::Settings;
use crate::support::database::TestDatabase;
use crate::support::http::{Answer, Call};
use crate::support::process::Served;

/// A provider role and the client role that it sends to.
pub struct Pair {
    pub provider: Served,
    pub client: Served,
    pub at_provider: TestDatabase,
    pub at_client: TestDatabase,
}

impl Pair {
    pub fn start() -> Self {
        Self::start_by_way_of(|client| format!("{}/api/", client.url()))
    }

    /// The provider reaches the client role by the address that `way` gives.
    pub fn start_by_way_of(way: impl FnOnce(&Served) -> String) -> Self {
        let (at_provider, at_client) = (TestDatabase::of("provider"), TestDatabase::of("client"));
        let client = Served::start(Role::Client, &at_client, &[("DATABASE_POOL_WAIT_MS", "10000")]);
        let provider = provider(&at_provider, &[("CLIENT_BASE_URL", &way(&client))]);
        Self { provider, client, at_provider, at_client }
    }

    /// The id of a new final document.
    pub fn ready(&self, body: &Value) -> String {
        let created = self.provider.call(&Call::post("/api/documents", body)).expect(201);
        let id = created["id"].as_str().unwrap().to_owned();
        self.provider
            .call(&Call::put(format!("/api/documents/{id}"), &json!({"status": "final"})))
            .expect(200);
        id
    }

    pub fn send(&self, id: &str) -> Answer {
        self.provider.call(&Call::post("/api/send", &json!({ "documentId": id })))
    }

    pub fn document(&self, id: &str) -> Value {
        self.provider.call(&Call::get(format!("/api/documents/{id}"))).expect(200)
    }

    /// How many codes open a document, without those in reserve.
    pub fn codes_in_use(&self) -> i64 {
        self.at_client.count("access_codes WHERE document_id IS NOT NULL")
    }

    pub fn open(&self, code: &Value) -> Answer {
        self.client.call(&Call::get(format!("/api/public/{}", code.as_str().unwrap())))
    }
}

/// A provider process with room for ten requests at once.
pub fn provider(database: &TestDatabase, given: Settings<'_>) -> Served {
    let base =
        [("DATABASE_POOL_SIZE", "12"), ("DATABASE_POOL_WAIT_MS", "10000"), ("SEND_TIMEOUT_MS", "10000")];
    Served::start(Role::Provider, database, &[&base, given].concat())
}
