//! Entries that change nothing, gathered in memory until the next round.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::domain::audit::{AuditAction, AuditOutcome, Entry, Trace};
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;

/// Most different entries that wait. What comes beyond that is counted only.
const MOST: usize = 100_000;

/// What makes two entries the same but for their time.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Same {
    tenant: TenantId,
    trace: Trace,
    action: &'static str,
    refused: bool,
    target: String,
}

/// What differs between equal entries, and in which order they came.
#[derive(Debug)]
struct Waiting {
    action: AuditAction,
    first: Timestamp,
    times: i32,
    order: usize,
}

/// What waits.
#[derive(Debug, Default)]
pub struct Gathered {
    waiting: Mutex<HashMap<Same, Waiting>>,
    lost: AtomicU64,
}

impl Gathered {
    /// Adds an entry; one that is there already happened once more.
    pub fn add(&self, tenant: &TenantId, entry: Entry) {
        let Entry { trace, action, target, outcome, at, times } = entry;
        let refused = outcome == AuditOutcome::Refused;
        let same = Same { tenant: tenant.clone(), trace, action: action.as_str(), refused, target };
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let order = waiting.len();
        match waiting.get_mut(&same) {
            Some(known) => {
                known.first = known.first.min(at);
                known.times = known.times.saturating_add(times);
            }
            None if order >= MOST => {
                self.lost.fetch_add(u64::from(times.unsigned_abs()), Ordering::Relaxed);
            }
            None => {
                waiting.insert(same, Waiting { action, first: at, times, order });
            }
        }
    }

    /// Takes everything out, by tenant, each in the order of time.
    pub fn take(&self) -> HashMap<TenantId, Vec<Entry>> {
        let waiting = std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let mut waiting: Vec<_> = waiting.into_iter().collect();
        waiting.sort_by_key(|(_, waiting)| (waiting.first, waiting.order));
        let mut taken: HashMap<TenantId, Vec<Entry>> = HashMap::new();
        for (Same { tenant, trace, refused, target, .. }, Waiting { action, first: at, times, .. }) in waiting
        {
            let outcome = if refused { AuditOutcome::Refused } else { AuditOutcome::Done };
            taken.entry(tenant).or_default().push(Entry { trace, action, target, outcome, at, times });
        }
        taken
    }

    /// How many were only counted since this was asked last.
    pub fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_happens_again_is_counted_and_other_tenants_stay_apart() {
        let gathered = Gathered::default();
        let (one, two) = (TenantId::parse("one").unwrap(), TenantId::parse("two").unwrap());
        let at = |n| Timestamp::from_millis(n).unwrap();
        let read = |target: &str, n| Trace::of("anna").did(AuditAction::DocumentRead, target, at(n));
        gathered.add(&one, read("b", 3));
        gathered.add(&one, read("a", 2));
        gathered.add(&one, read("b", 1));
        gathered.add(&one, read("b", 4).refused());
        gathered.add(&two, read("b", 1));
        let mut taken = gathered.take();
        let told: Vec<_> =
            taken.remove(&one).unwrap().into_iter().map(|e| (e.target, e.at, e.times)).collect();
        assert_eq!(
            told,
            [("b".to_owned(), at(1), 2), ("a".to_owned(), at(2), 1), ("b".to_owned(), at(4), 1)]
        );
        assert_eq!(taken.remove(&two).unwrap().len(), 1);
        assert!(gathered.take().is_empty());
    }

    #[test]
    fn there_is_a_bound_and_what_is_beyond_it_is_counted() {
        let gathered = Gathered::default();
        let tenant = TenantId::parse("one").unwrap();
        for n in 0..MOST + 5 {
            gathered.add(&tenant, Trace::nobody().did(AuditAction::DocumentRead, n, Timestamp::EPOCH));
        }
        assert_eq!((gathered.take_lost(), gathered.take_lost()), (5, 0));
        assert_eq!(gathered.take().values().map(Vec::len).sum::<usize>(), MOST);
    }
}
