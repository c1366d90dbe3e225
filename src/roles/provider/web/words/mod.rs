//! What the pages of the workspace say, in every language.

pub mod document;
pub mod events;
pub mod frame;
pub mod list;
pub mod practice;
pub mod steps;
