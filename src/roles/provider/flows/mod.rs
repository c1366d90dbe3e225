//! What several routes and jobs of the provider role do the same way.

pub mod operations;
pub mod reserve;
pub mod searches;
