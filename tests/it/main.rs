//! The integration tests: one binary, a real PostgreSQL, a database per test.
//!
//! `OC_TEST_DATABASE_URL` names a server on which databases may be made; without
//! it the tests start one of their own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::needless_pass_by_value,
    clippy::print_stderr,
    reason = "a test fails by panicking, and looks at the environment of the programs that it starts"
)]

mod support;

mod architecture;
mod audit;
mod cli;
mod cluster;
mod doctor;
mod expanding;
mod fence;
mod figures;
mod guarded_calls;
mod hardening;
mod identity;
mod limits;
mod migrations;
mod openapi;
mod outage;
mod outbox;
mod overload;
mod schema;
mod secrets;
mod server;
mod settings;
mod stopping;
mod telemetry;
mod tenants;
mod tls;

#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod mail_over_tls;
#[cfg(feature = "provider")]
mod provider;

#[cfg(all(feature = "provider", feature = "client"))]
mod browser;
#[cfg(all(feature = "provider", feature = "client"))]
mod contract;
#[cfg(all(feature = "provider", feature = "client"))]
mod corpus;
#[cfg(all(feature = "provider", feature = "client"))]
mod delivery;
#[cfg(all(feature = "provider", feature = "client"))]
mod dev;
#[cfg(all(feature = "provider", feature = "client"))]
mod examples;
#[cfg(all(feature = "provider", feature = "client"))]
mod journeys;
#[cfg(all(feature = "provider", feature = "client"))]
mod matrix;
#[cfg(all(feature = "provider", feature = "client"))]
mod receipts;
#[cfg(all(feature = "provider", feature = "client"))]
mod restoring;
#[cfg(all(feature = "provider", feature = "client"))]
mod terminal;
#[cfg(all(feature = "provider", feature = "client"))]
mod two_roles;
#[cfg(all(feature = "provider", feature = "client"))]
mod upgrade;
