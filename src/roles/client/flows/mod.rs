//! What several routes of the client role do the same way.

pub mod arrivals;
pub mod opening;

pub use opening::open_document;
