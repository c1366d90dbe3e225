//! Settings of the tenants.

use std::time::Duration;

use super::Database;
use super::values::{Keys, Problems, Values};

/// How tenants come to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Provisioning {
    /// Whoever is named by a request is made.
    Auto,
    /// An operator makes them.
    Manual,
}

/// The tenants of a database.
#[derive(Debug, Clone, Copy)]
pub struct Tenancy {
    /// `TENANT_PROVISIONING`.
    pub provisioning: Provisioning,
    /// `TENANT_CACHE_MS`.
    pub cache: Duration,
}

impl Tenancy {
    /// Checks the settings of the tenants alone, for commands that need little else.
    pub fn load(values: &Values, problems: &mut Problems) -> Self {
        let provisioning = match values.get("TENANT_PROVISIONING") {
            Some("auto") => Provisioning::Auto,
            Some("manual") => Provisioning::Manual,
            _ => {
                problems.add("TENANT_PROVISIONING", "must be auto or manual");
                Provisioning::Manual
            }
        };
        let cache = Duration::from_millis(values.number("TENANT_CACHE_MS", 0..=60_000, problems));
        Self { provisioning, cache }
    }
}

/// What an operator's commands about tenants and keys need.
#[derive(Debug, Clone)]
pub struct Custody {
    /// The role's database.
    pub database: Database,
    /// `FIELD_ENCRYPTION_KEY`.
    pub keys: Keys,
    /// How long processes go on with what they know.
    pub tenancy: Tenancy,
}

impl Custody {
    /// Checks these settings and gathers all that is wrong with them.
    pub fn load(values: &Values) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let custody = Self {
            database: Database::load(values, &mut problems),
            keys: values.keys("FIELD_ENCRYPTION_KEY", &mut problems),
            tenancy: Tenancy::load(values, &mut problems),
        };
        problems.or(custody)
    }
}
