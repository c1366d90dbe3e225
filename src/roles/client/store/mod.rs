//! SQL and rows of the client role, nothing else.

pub mod access_codes;
pub mod attempts;
pub mod documents;
pub mod otps;
pub mod receipts;
pub mod schema;
pub mod senders;
pub mod sessions;
pub mod standings;
pub mod upkeep;
