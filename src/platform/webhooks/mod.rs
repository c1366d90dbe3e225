//! What webhooks are made of (Standard Webhooks 1.0): secrets and signatures.

mod secrets;
pub mod signature;

pub use secrets::{OLD_SECRET_LIFE, SigningSecrets, TooManySecrets};
pub use signature::WebhookSecret;
