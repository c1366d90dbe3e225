//! What a document is and what may happen to it. Pure: no web server, no
//! database, no clock, no randomness, no environment; everything comes in as an
//! argument, so every rule can be tested without a server.

pub mod access_code;
pub mod audit;
pub mod bodies;
pub mod claims;
mod code_words;
pub mod colour;
pub mod cursor;
pub mod dates;
pub mod document;
pub mod fields;
pub mod ids;
mod json;
pub mod language;
pub mod lifecycle;
pub mod otp;
pub mod otp_message;
pub mod protection;
pub mod recipient;
pub mod scope;
pub mod sender;
pub mod session;
pub mod standing;
pub mod target;
pub mod template;
pub mod timestamp;
pub mod webhook;
pub mod wire;
pub mod words;
