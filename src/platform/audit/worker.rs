//! Chains what waits: a round about every second while there is something, and a
//! look every five seconds for what other processes have left.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use diesel::PgConnection;

use super::Audit;
use super::chain::{Ends, link};
use super::store::{self, StoredEnds};
use crate::domain::audit::{AuditAction, Body, Entry, Trace};
use crate::domain::ids::TenantId;
use crate::platform::clock;
use crate::platform::http::{ApiError, ErrorCode};
use crate::platform::secrets::SecretKeys;

/// Longest pause between two looks.
const LOOK: Duration = Duration::from_secs(5);
/// Entries of a tenant that one transaction chains, of each kind.
const BATCH: i64 = 2_000;
/// Tenants of one transaction.
const TENANTS: usize = 20;

/// What became of a tenant's entries in one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Became {
    /// So many were chained.
    Chained(usize),
    /// Another process is at this chain.
    Busy,
    /// The chain was changed by somebody who has no key: nothing is added to it.
    Damaged,
}

impl Audit {
    /// Chains as long as the process lives.
    pub async fn run(self) {
        let mut mended = false;
        loop {
            drop(tokio::time::timeout(LOOK, self.written.notified()).await);
            tokio::time::sleep(self.pause).await;
            if !mended {
                mended = self.mend().await.is_ok();
            }
            match self.chain_all().await {
                // What was still being written may be ready next time.
                Ok(0) => {}
                Ok(_) => self.written.notify_one(),
                Err(error) => log::debug!("the audit trail can't be chained: {error}"),
            }
        }
    }

    async fn mend(&self) -> Result<(), ApiError> {
        let mend =
            |conn: &mut PgConnection| store::mend_after_restore(conn).map(|_| ()).map_err(ApiError::from);
        self.db.of_everybody().run(mend).await
    }

    /// Chains everything that is ready, and tells how many entries that was.
    pub async fn chain_all(&self) -> Result<usize, ApiError> {
        let _round = self.round.lock().await;
        let waiting =
            self.db.of_everybody().read(|conn| store::tenants_waiting(conn).map_err(ApiError::from)).await?;
        let mut todo: BTreeMap<TenantId, Vec<Entry>> = self.gathered.take().into_iter().collect();
        self.tell_lost(&mut todo);
        for tenant in waiting {
            todo.entry(tenant).or_default();
        }
        let mut chained = 0;
        while !todo.is_empty() {
            let mut batch = HashMap::new();
            while let Some((tenant, entries)) = (batch.len() < TENANTS).then(|| todo.pop_first()).flatten() {
                batch.insert(tenant, Arc::new(entries));
            }
            let became = match self.chain_some(batch.clone()).await {
                Ok(became) => became,
                Err(error) if !is_passing(&error) => self.chain_each(&batch).await,
                Err(error) => {
                    batch.iter().for_each(|(tenant, entries)| self.put_back(tenant, entries));
                    todo.iter().for_each(|(tenant, entries)| self.put_back(tenant, entries));
                    return Err(error);
                }
            };
            for (tenant, became) in became {
                let entries = batch.remove(&tenant).unwrap_or_default();
                let rest: Vec<Entry> = entries.iter().skip(batch_size()).cloned().collect();
                match became {
                    Became::Chained(count) => {
                        chained += count;
                        if count >= batch_size() || !rest.is_empty() {
                            todo.insert(tenant, rest);
                        }
                    }
                    Became::Busy => self.put_back(&tenant, &entries),
                    Became::Damaged => {
                        // What is only in memory would take the room of everybody else.
                        let dropped = entries.len();
                        log::error!(tenant = tenant.as_str(), dropped; "the audit trail is damaged, or its key is missing: nothing is added; run oc audit verify");
                    }
                }
            }
        }
        Ok(chained)
    }

    /// Writes what is gathered in memory; for the end of the process.
    pub async fn flush(&self) {
        if let Err(error) = self.chain_all().await {
            log::warn!("the last entries of the audit trail are lost: {error}");
        }
    }

    async fn chain_some(
        &self,
        batch: HashMap<TenantId, Arc<Vec<Entry>>>,
    ) -> Result<Vec<(TenantId, Became)>, ApiError> {
        let keys = Arc::clone(&self.keys);
        let mut batch: Vec<_> = batch.into_iter().collect();
        batch.sort_by(|(one, _), (other, _)| one.cmp(other));
        let work = move |conn: &mut PgConnection| -> Result<Vec<(TenantId, Became)>, ApiError> {
            let chain = |(tenant, entries): (TenantId, Arc<Vec<Entry>>)| {
                let became = extend(conn, &keys, &tenant, &entries)?;
                Ok((tenant, became))
            };
            batch.into_iter().map(chain).collect()
        };
        self.db.of_everybody().run_alone(work).await
    }

    /// Each tenant for itself, so that one whose chain can't be added to is in nobody's way.
    async fn chain_each(&self, batch: &HashMap<TenantId, Arc<Vec<Entry>>>) -> Vec<(TenantId, Became)> {
        let mut all = Vec::new();
        for (tenant, entries) in batch {
            let alone = HashMap::from([(tenant.clone(), Arc::clone(entries))]);
            match self.chain_some(alone).await {
                Ok(became) => all.extend(became),
                Err(error) if is_passing(&error) => all.push((tenant.clone(), Became::Busy)),
                Err(error) => {
                    log::error!(tenant = tenant.as_str(); "the audit trail can't be added to: {error}");
                    all.push((tenant.clone(), Became::Damaged));
                }
            }
        }
        all
    }

    fn put_back(&self, tenant: &TenantId, entries: &[Entry]) {
        entries.iter().for_each(|entry| self.gathered.add(tenant, entry.clone()));
    }

    /// What had no room is at least counted, in the chain of somebody who was there.
    fn tell_lost(&self, todo: &mut BTreeMap<TenantId, Vec<Entry>>) {
        let lost = self.gathered.take_lost();
        if lost > 0 {
            log::warn!(
                "{lost} entries of the audit trail about reading are lost: the database did not keep up"
            );
            let entry = Trace::nobody().did(AuditAction::AuditLost, lost, clock::now());
            todo.values_mut().for_each(|entries| entries.push(entry.clone()));
        }
    }
}

/// Whether it helps to wait.
fn is_passing(error: &ApiError) -> bool {
    matches!(error.code, ErrorCode::Overloaded | ErrorCode::DatabaseUnavailable)
}

fn batch_size() -> usize {
    usize::try_from(BATCH).unwrap_or(usize::MAX)
}

/// Adds what waits in the database, then what was gathered, to the end of a chain.
fn extend(
    conn: &mut PgConnection,
    keys: &SecretKeys,
    tenant: &TenantId,
    gathered: &[Entry],
) -> Result<Became, ApiError> {
    let stored = match lock_or_begin(conn, keys, tenant)? {
        Ok(stored) => stored,
        Err(became) => return Ok(became),
    };
    if !is_genuine(&stored, keys, tenant) {
        return Ok(Became::Damaged);
    }
    let mut entries = store::take(conn, tenant, BATCH)?;
    let own = gathered.iter().take(batch_size());
    entries.extend(own.map(|entry| (entry.at, Body::of(tenant, entry.clone()))));
    let count = entries.len();
    if count > 0 {
        let mut ends = stored.ends;
        let links = link(&mut ends, entries).map_err(ApiError::internal)?;
        store::append(conn, &links)?;
        store::advance(conn, tenant, &sealed(ends, keys, tenant)?, clock::now())?;
    }
    Ok(Became::Chained(count))
}

fn lock_or_begin(
    conn: &mut PgConnection,
    keys: &SecretKeys,
    tenant: &TenantId,
) -> Result<Result<StoredEnds, Became>, ApiError> {
    if let Some(stored) = store::lock(conn, tenant)? {
        return Ok(Ok(stored));
    }
    if store::find(conn, tenant)?.is_some() {
        return Ok(Err(Became::Busy));
    }
    // A chain that begins has nothing before it: otherwise its ends were removed.
    if store::has_entries(conn, tenant)? {
        return Ok(Err(Became::Damaged));
    }
    let new = sealed(Ends::genesis(), keys, tenant)?;
    Ok(if store::begin(conn, tenant, &new, clock::now())? { Ok(new) } else { Err(Became::Busy) })
}

/// The ends with a seal of the first key.
pub(super) fn sealed(ends: Ends, keys: &SecretKeys, tenant: &TenantId) -> Result<StoredEnds, ApiError> {
    let (key_id, seal) = ends.seal(keys, tenant).map_err(ApiError::internal)?;
    Ok(StoredEnds { ends, key_id, seal })
}

/// Whether the ends are as a process with a key left them.
pub(super) fn is_genuine(stored: &StoredEnds, keys: &SecretKeys, tenant: &TenantId) -> bool {
    let key = keys.by_id(&stored.key_id);
    key.is_some_and(|key| stored.ends.is_sealed_by(key, tenant, &stored.seal))
}
