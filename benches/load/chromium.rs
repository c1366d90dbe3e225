//! The browser of the tests.
#![allow(dead_code, reason = "the tests use all of it")]

#[path = "../../tests/it/support/browser.rs"]
pub mod browser;
#[path = "../../tests/it/support/child.rs"]
mod child;
#[path = "../../tests/it/support/waiting.rs"]
mod waiting;
