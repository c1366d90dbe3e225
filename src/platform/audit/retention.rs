//! Removes the oldest entries at the end of their retention. Where the chain
//! goes on is kept, sealed, so that what is left can still be verified.

use diesel::PgConnection;

use super::chain::{Head, line_of, unhex};
use super::verify::{Damage, Verifier};
use super::worker::{is_genuine, sealed};
use super::{Audit, store};
use crate::domain::audit::{AuditAction, Trace};
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::platform::clock;
use crate::platform::http::ApiError;
use crate::platform::secrets::SecretKeys;

/// Entries that one transaction removes.
const BATCH: i64 = 5_000;

impl Audit {
    /// Removes what is older than the retention, and tells how many entries that were.
    pub async fn forget_old(&self) -> Result<usize, ApiError> {
        let before = clock::now().minus(self.retention);
        let tenants =
            self.db.of_everybody().read(|conn| store::tenants(conn).map_err(ApiError::from)).await?;
        let mut removed = 0;
        for tenant in tenants {
            loop {
                let (own, keys) = (tenant.clone(), std::sync::Arc::clone(&self.keys));
                let forget = move |conn: &mut PgConnection| forget(conn, &keys, &own, before);
                let Some(up_to) = self.db.of_everybody().run_alone(forget).await? else { break };
                removed += up_to.count;
                let entry = Trace::nobody().did(AuditAction::AuditRemoved, up_to.seq, clock::now());
                self.gather(&tenant, entry);
            }
        }
        Ok(removed)
    }
}

struct Removed {
    seq: i64,
    count: usize,
}

/// `None` if there is nothing to remove, or another process is at this chain.
fn forget(
    conn: &mut PgConnection,
    keys: &SecretKeys,
    tenant: &TenantId,
    before: Timestamp,
) -> Result<Option<Removed>, ApiError> {
    let Some(stored) = store::find(conn, tenant)? else { return Ok(None) };
    if store::oldest(conn, tenant, stored.ends.start_seq)?.is_none_or(|at| at >= before) {
        return Ok(None);
    }
    let Some(stored) = store::lock(conn, tenant)? else { return Ok(None) };
    if !is_genuine(&stored, keys, tenant) {
        return Ok(None);
    }
    let last = match last_older(conn, tenant, (stored.ends.start(), before))? {
        Ok(last) => last,
        Err(damage) => {
            // What is removed can't be verified any more, so nobody removes what is not whole.
            log::error!(tenant = tenant.as_str(); "the audit trail is damaged: nothing is removed: {damage}");
            return Ok(None);
        }
    };
    // The newest entry stays: it is what the next one goes on from.
    let Some(Head { seq, hash }) = last.filter(|last| last.seq < stored.ends.head_seq) else {
        return Ok(None);
    };
    let mut ends = stored.ends;
    (ends.start_seq, ends.start_hash) =
        (seq, unhex(&hash).ok_or_else(|| ApiError::internal("a hash is no hash"))?);
    let count = store::remove(conn, tenant, seq)?;
    store::advance(conn, tenant, &sealed(ends, keys, tenant)?, clock::now())?;
    Ok(Some(Removed { seq, count }))
}

/// The last of the oldest entries, up to a batch, that are all older than `before` and
/// follow on `start` as they were written.
fn last_older(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (start, before): (Head, Timestamp),
) -> Result<Result<Option<Head>, Damage>, ApiError> {
    let after = start.seq;
    let mut verifier = Verifier::new(Some(start), Vec::new());
    let mut last = None;
    for (body, hash) in store::page(conn, tenant, after, BATCH)? {
        if Timestamp::parse(&body.at).is_none_or(|at| at >= before) {
            break;
        }
        let line = line_of(&body, &hash).map_err(ApiError::internal)?;
        if let Err(damage) = verifier.line(&line) {
            return Ok(Err(damage));
        }
        last = Some(Head { seq: body.seq, hash });
    }
    Ok(Ok(last))
}
