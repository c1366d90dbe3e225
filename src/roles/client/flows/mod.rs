//! What several routes of the client role do the same way.

pub mod arrivals;
pub mod guesses;
pub mod opening;
pub mod second_factor;
pub mod senders;
pub mod sessions;
mod slow_checks;

pub use opening::{Asked, Opened, Typed, open_document};
