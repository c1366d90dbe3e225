//! Who gets in, where, and with what.

mod command;
mod keys;
#[cfg(all(feature = "provider", feature = "client"))]
mod roles;
mod routes;
