//! Names of things: a tenant, a document, a webhook.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use uuid::Uuid;

/// Longest tenant id in bytes (contract: "Common to both roles", row *tenant*).
pub const TENANT_ID_MAX: usize = 63;

/// The organisation that data belongs to: `^[a-z0-9][a-z0-9_-]{0,62}$`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TenantId(String);

impl TenantId {
    /// Reads a tenant id as it stands in a header or a token.
    pub fn parse(text: &str) -> Result<Self, MalformedTenantId> {
        let bytes = text.as_bytes();
        let starts_well = bytes.first().is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let goes_on_well =
            bytes.iter().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'));
        if starts_well && goes_on_well && bytes.len() <= TENANT_ID_MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(MalformedTenantId)
        }
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A text that is no tenant id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedTenantId;

impl fmt::Display for MalformedTenantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be 1 to 63 of a-z, 0-9, '-' and '_', and start with a letter or a digit")
    }
}

/// A document's id: UUID v7 (RFC 9562), so that ids sort by time of creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DocumentId(pub Uuid);

impl FromStr for DocumentId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for DocumentId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// A webhook endpoint's id: UUID v7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WebhookId(pub Uuid);

impl FromStr for WebhookId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::try_parse(text).map(Self)
    }
}

impl fmt::Display for WebhookId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_id_has_the_format_of_the_contract() {
        for good in ["a", "0", "praxis-nord", "a_b", &"x".repeat(63)] {
            assert!(TenantId::parse(good).is_ok(), "{good}");
        }
        for bad in ["", "-a", "_a", "A", "a b", "ä", "a\0", &"x".repeat(64)] {
            assert_eq!(TenantId::parse(bad), Err(MalformedTenantId), "{bad}");
        }
    }
}
