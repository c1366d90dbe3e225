//! What the provider role does without being asked.

pub mod deliver;
