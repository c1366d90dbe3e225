//! What several routes of the client role do the same way.

pub mod arrivals;
pub mod guesses;
pub mod opening;
mod slow_checks;

pub use opening::{Typed, open_document};
