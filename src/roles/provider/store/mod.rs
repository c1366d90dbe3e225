//! SQL and rows of the provider role, nothing else.

pub mod documents;
pub mod events;
pub mod operations;
pub mod receipts;
pub mod relay;
pub mod reserve;
pub mod rows;
pub mod schema;
pub mod senders;
pub mod standings;
pub mod summaries;
pub mod templates;
pub mod webhooks;
