//! `oc`: a provider hands documents to its clients, and never loses one.
//!
//! Layers, each of which may use only those before it:
//!
//! * `domain`: what a document is and what may happen to it; pure.
//! * `config`: settings.
//! * `platform`: web server, database, secrets, outbox; knows no role.
//! * `roles`: provider and client, each with its routes, tables and pages.
//! * `local`: a private PostgreSQL for development, tests and benchmarks.
//! * `cli`: the commands.

pub mod cli;
pub mod config;
pub mod domain;
pub mod local;
pub mod platform;
pub mod roles;
