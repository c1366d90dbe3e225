//! What a process tells about itself as it works: log lines and traces. Neither ever
//! holds bodies, access codes, tokens, passwords, names of people, or paths, which hold
//! codes.

mod context;
mod export;
mod lines;
mod log_format;
pub mod trace;

pub use context::{Context, acts_for, within};
pub use lines::{flush, init};
