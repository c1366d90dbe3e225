//! What an operator does at a terminal.

use diesel::Connection as _;
use diesel::PgConnection;
use diesel::result::QueryResult;

use super::store;
use super::worker::{is_genuine, sealed};
use crate::domain::audit::{AuditAction, Trace};
use crate::domain::ids::TenantId;
use crate::platform::clock;
use crate::platform::http::ApiError;
use crate::platform::secrets::SecretKeys;

/// Who is named where an operator's command did something.
pub const OPERATOR: &str = "operator";

/// Notes, in the transaction of what it tells of, that an operator did something
/// to a tenant; chained by the role's next process that runs.
pub fn note_operator(
    conn: &mut PgConnection,
    tenant: &TenantId,
    action: AuditAction,
    target: impl std::fmt::Display,
) -> QueryResult<()> {
    store::note(conn, tenant, &Trace::of(OPERATOR).did(action, target, clock::now()))
}

/// Seals every chain with the first key that is sealed with another one, and tells
/// how many those were. One whose seal is not genuine stays as it is.
pub fn reseal(conn: &mut PgConnection, keys: &SecretKeys) -> Result<usize, ApiError> {
    let first = keys.first().map_err(ApiError::internal)?.id().to_owned();
    let mut resealed = 0;
    for tenant in store::tenants(conn)? {
        resealed += conn.transaction(|conn| -> Result<usize, ApiError> {
            let Some(chain) = store::lock_patiently(conn, &tenant)? else { return Ok(0) };
            if chain.key_id == first || !is_genuine(&chain, keys, &tenant) {
                return Ok(0);
            }
            store::advance(conn, &tenant, &sealed(chain.ends, keys, &tenant)?, clock::now())?;
            Ok(1)
        })?;
    }
    Ok(resealed)
}
