//! SQL and rows of the provider role, nothing else.

pub mod documents;
mod rows;
pub mod schema;
