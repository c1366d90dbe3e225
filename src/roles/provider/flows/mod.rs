//! What several routes, pages and jobs of the provider role do the same way.

pub mod access;
pub mod documents;
pub mod health;
pub mod library;
pub mod operations;
pub mod reconcile;
pub mod reserve;
pub mod searches;
pub mod senders;
