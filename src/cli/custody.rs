//! What the commands about tenants and keys share: the database of a role and the
//! keys that its tenants' keys are wrapped with.

use std::sync::Arc;

use diesel::PgConnection;

use super::{Failure, SettingArgs, USAGE};
use crate::config;
use crate::domain::ids::TenantId;
use crate::platform::db::migrations;
use crate::platform::secrets::SecretKeys;
use crate::roles::Role;

/// A role's database, opened by an operator.
pub struct Custody {
    pub role: Role,
    pub conn: PgConnection,
    pub masters: Arc<SecretKeys>,
    pub settings: config::Custody,
}

impl Custody {
    pub fn open(role: Option<Role>, settings: &SettingArgs) -> Result<Self, Failure> {
        let role = role.ok_or_else(|| Failure::new(USAGE, "say which role: --role provider|client"))?;
        let settings = config::Custody::load(&settings.values(role)?);
        let settings = settings.map_err(|problems| Failure::new(USAGE, problems.to_string()))?;
        let masters = Arc::new(SecretKeys::new(&settings.keys)?);
        let conn = migrations::open(role.owner(), &settings.database)?;
        Ok(Self { role, conn, masters, settings })
    }
}

/// A tenant as somebody typed it.
pub fn tenant(text: &str) -> Result<TenantId, String> {
    TenantId::parse(text).map_err(|why| why.to_string())
}
