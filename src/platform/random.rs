//! The only reader of randomness.

use ring::rand::{SecureRandom, SystemRandom};
use uuid::Uuid;

use crate::domain::ids::DocumentId;

/// The operating system refused to give random bytes.
#[derive(Debug, Clone, Copy)]
pub struct NoRandomness;

impl std::fmt::Display for NoRandomness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the operating system gave no random bytes")
    }
}

impl std::error::Error for NoRandomness {}

/// `N` bytes of the operating system's cryptographic generator.
pub fn bytes<const N: usize>() -> Result<[u8; N], NoRandomness> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

/// A new id that sorts after every id made before it in this process (UUID v7).
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is where ids are made")]
pub fn uuid() -> Uuid {
    Uuid::now_v7()
}

/// The id of a new document.
#[must_use]
pub fn document_id() -> DocumentId {
    DocumentId(uuid())
}
