//! Chains what waits: a round about every second while there is something, and a
//! look every five seconds for what other processes have left.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use diesel::PgConnection;

use super::Audit;
use super::chain::{Ends, link};
use super::gathered::Taken;
use super::store::{self, StoredEnds};
use crate::domain::audit::Body;
use crate::domain::ids::TenantId;
use crate::platform::http::{ApiError, ErrorCode};
use crate::platform::metrics::job;
use crate::platform::secrets::SecretKeys;
use crate::platform::{clock, random};

/// Longest pause between two looks.
const LOOK: Duration = Duration::from_secs(5);
/// Entries that one transaction chains.
const BATCH: usize = 2_000;
/// Tenants of one transaction.
const TENANTS: usize = 20;

/// Some tenants, each with what was gathered of it.
type Group = Vec<(TenantId, Arc<Taken>)>;

/// What became of a tenant's entries in one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Became {
    /// They are in the chain.
    Chained(Progress),
    /// Another process is at this chain.
    Busy,
    /// The chain was changed by somebody who has no key: nothing is added to it.
    Damaged,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Progress {
    /// So many entries were chained.
    count: usize,
    /// So many of the gathered ones are among them.
    gathered: usize,
    /// There may be more in the database.
    more: bool,
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
            match job("audit_chain", self.chain_all().await) {
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

    /// Chains everything that is ready, and tells how many entries that was. What
    /// can't be chained is gathered again; the error is told once all others are.
    pub async fn chain_all(&self) -> Result<usize, ApiError> {
        let _round = self.round.lock().await;
        let waiting =
            self.db.of_everybody().read(|conn| store::tenants_waiting(conn).map_err(ApiError::from)).await?;
        let mut todo = self.gathered.take();
        for tenant in waiting {
            todo.entry(tenant).or_default();
        }
        let mut todo: Group = todo.into_iter().map(|(tenant, taken)| (tenant, Arc::new(taken))).collect();
        // Where a round has to stop, the next one begins elsewhere.
        let turn = usize::from(u16::from_be_bytes(random::bytes().unwrap_or_default()));
        let first = turn.checked_rem(todo.len()).unwrap_or_default();
        todo.rotate_left(first);
        let mut groups: VecDeque<Group> = todo.chunks(TENANTS).map(<[_]>::to_vec).collect();
        let (mut chained, mut failed, mut in_a_row) = (0, None, 0);
        while let Some(group) = groups.pop_front() {
            match self.chain_group(&group).await {
                Ok(became) => {
                    in_a_row = 0;
                    for ((tenant, taken), became) in group.into_iter().zip(became) {
                        chained += self.note(tenant, &taken, became, &mut groups);
                    }
                }
                // One whose chain can't be added to is in nobody's way.
                Err(error) if group.len() > 1 && !is_passing(&error) => {
                    group.into_iter().rev().for_each(|alone| groups.push_front(vec![alone]));
                }
                Err(error) => {
                    in_a_row += 1;
                    let of_all = is_passing(&error) || in_a_row == TENANTS;
                    if let (false, [(tenant, _)]) = (is_passing(&error), group.as_slice()) {
                        log::error!(tenant = tenant.as_str(); "the audit trail can't be added to: {error}");
                    }
                    let rest = if of_all { std::mem::take(&mut groups) } else { VecDeque::new() };
                    let kept = group.iter().chain(rest.iter().flatten());
                    kept.for_each(|(tenant, taken)| self.gathered.put_back(tenant, taken));
                    failed = Some(error);
                }
            }
        }
        failed.map_or(Ok(chained), Err)
    }

    /// Keeps what is left of a tenant's entries, for this round or the next.
    fn note(&self, tenant: TenantId, taken: &Taken, became: Became, groups: &mut VecDeque<Group>) -> usize {
        match became {
            Became::Chained(Progress { count, gathered, more }) => {
                if taken.lost > 0 && gathered > 0 {
                    log::warn!(tenant = tenant.as_str(), lost = taken.lost; "entries of the audit trail about reading had no room and are only counted");
                }
                let rest = taken.without(gathered);
                if more || !rest.is_empty() {
                    groups.push_back(vec![(tenant, Arc::new(rest))]);
                }
                return count;
            }
            Became::Busy => self.gathered.put_back(&tenant, taken),
            Became::Damaged => {
                log::error!(tenant = tenant.as_str(); "the audit trail is damaged, or its key is missing: nothing is added, what is read is only counted; run oc audit verify");
                self.gathered.lose(&tenant, taken);
            }
        }
        0
    }

    /// Writes what is gathered in memory; for the end of the process.
    pub async fn flush(&self) {
        if let Err(error) = self.chain_all().await {
            log::warn!("the last entries of the audit trail are lost: {error}");
        }
    }

    async fn chain_group(&self, group: &Group) -> Result<Vec<Became>, ApiError> {
        let (keys, group) = (Arc::clone(&self.keys), group.clone());
        let work = move |conn: &mut PgConnection| {
            let mut room = BATCH;
            let chain = |(tenant, taken): &(TenantId, Arc<Taken>)| {
                let became = extend(conn, &keys, tenant, (taken, room))?;
                if let Became::Chained(progress) = became {
                    room -= progress.count;
                }
                Ok(became)
            };
            group.iter().map(chain).collect::<Result<Vec<_>, ApiError>>()
        };
        self.db.of_everybody().run_alone(work).await
    }
}

/// Whether it helps to wait.
fn is_passing(error: &ApiError) -> bool {
    matches!(error.code, ErrorCode::Overloaded | ErrorCode::DatabaseUnavailable)
}

/// Adds what waits in the database, then what was gathered, to the end of a
/// chain, as far as there is room.
fn extend(
    conn: &mut PgConnection,
    keys: &SecretKeys,
    tenant: &TenantId,
    (taken, room): (&Taken, usize),
) -> Result<Became, ApiError> {
    if room == 0 {
        return Ok(Became::Chained(Progress { more: true, ..Progress::default() }));
    }
    let stored = match lock_or_begin(conn, keys, tenant)? {
        Ok(stored) => stored,
        Err(became) => return Ok(became),
    };
    if !is_genuine(&stored, keys, tenant) || store::has_entries(conn, tenant, stored.ends.head_seq)? {
        return Ok(Became::Damaged);
    }
    let now = clock::now();
    let mut entries = store::take(conn, tenant, i64::try_from(room).unwrap_or(i64::MAX))?;
    let more = entries.len() == room;
    let before = entries.len();
    let gathered = taken.all(now).take(room - before);
    entries.extend(gathered.map(|entry| (entry.at, Body::of(tenant, entry))));
    let count = entries.len();
    if count > 0 {
        let mut ends = stored.ends;
        let links = link(&mut ends, entries).map_err(ApiError::internal)?;
        store::append(conn, &links)?;
        store::advance(conn, tenant, &sealed(ends, keys, tenant)?, now)?;
    }
    Ok(Became::Chained(Progress { count, gathered: count - before, more }))
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
    if store::has_entries(conn, tenant, 0)? {
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
