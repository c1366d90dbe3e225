//! What every role needs and none owns: web server, database, secrets, clock,
//! messages to
//! others, requests that must happen once. Knows the domain and the settings, never a role.

pub mod audit;
pub mod clock;
pub mod db;
pub mod exact_sleep;
pub mod feed;
pub mod http;
pub mod http_client;
pub mod idempotency;
pub mod identity;
pub mod limits;
pub mod listener;
pub mod messages;
pub mod metrics;
pub mod outbox;
pub mod random;
pub mod receipts;
pub(crate) mod schema;
pub mod secrets;
pub mod senders;
pub mod server;
pub mod telemetry;
pub mod tenants;
pub mod tls;
pub mod version;
pub mod web;
pub mod webhooks;
