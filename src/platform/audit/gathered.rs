//! Entries that change nothing, gathered in memory until the next round.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use crate::domain::audit::{AuditAction, AuditOutcome, Entry, Trace};
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::platform::metrics;

/// Most different entries that wait. What comes beyond that is counted only.
const MOST: usize = 100_000;
/// Most of them of one tenant, so that one that can't be chained leaves room for others.
const MOST_OF_ONE: usize = MOST / 10;

/// What makes two entries of a tenant the same but for their time.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Same {
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

#[derive(Debug, Default)]
struct OfTenant {
    waiting: HashMap<Same, Waiting>,
    lost: u64,
}

#[derive(Debug, Default)]
struct OfAll {
    tenants: BTreeMap<TenantId, OfTenant>,
    count: usize,
}

/// What waits.
#[derive(Debug, Default)]
pub struct Gathered(Mutex<OfAll>);

/// What waited of a tenant, in the order of time, and how many had no room.
#[derive(Debug, Default)]
pub struct Taken {
    /// The entries.
    pub entries: Vec<Entry>,
    /// How many were only counted.
    pub lost: u64,
}

impl Taken {
    /// Everything, beginning with an entry about what was lost.
    pub fn all(&self, now: Timestamp) -> impl Iterator<Item = Entry> + '_ {
        let lost = (self.lost > 0).then(|| Trace::nobody().did(AuditAction::AuditLost, self.lost, now));
        lost.into_iter().chain(self.entries.iter().cloned())
    }

    /// What is left behind the first `count` of [`Self::all`].
    pub fn without(&self, count: usize) -> Self {
        let lost = if count > 0 { 0 } else { self.lost };
        let own = count.saturating_sub(usize::from(self.lost > 0));
        Self { entries: self.entries.iter().skip(own).cloned().collect(), lost }
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty() && self.lost == 0
    }
}

impl Gathered {
    /// Adds an entry; one that is there already happened once more.
    pub fn add(&self, tenant: &TenantId, entry: Entry) {
        self.with(|all| all.add(tenant, entry));
    }

    /// Adds again what was taken.
    pub fn put_back(&self, tenant: &TenantId, taken: &Taken) {
        self.with(|all| {
            taken.entries.iter().for_each(|entry| all.add(tenant, entry.clone()));
            all.lose(tenant, taken.lost);
        });
    }

    /// Only counts what was taken.
    pub fn lose(&self, tenant: &TenantId, taken: &Taken) {
        let entries = taken.entries.iter().map(|entry| u64::from(entry.times.unsigned_abs()));
        self.with(|all| all.lose(tenant, taken.lost + entries.sum::<u64>()));
    }

    /// Takes everything out.
    pub fn take(&self) -> BTreeMap<TenantId, Taken> {
        let all = self.with(std::mem::take);
        all.tenants.into_iter().map(|(tenant, own)| (tenant, own.in_order())).collect()
    }

    /// How many different ones wait.
    pub fn count(&self) -> usize {
        self.with(|all| all.count)
    }

    fn with<T>(&self, work: impl FnOnce(&mut OfAll) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl OfAll {
    fn add(&mut self, tenant: &TenantId, entry: Entry) {
        let Entry { trace, action, target, outcome, at, times } = entry;
        let refused = outcome == AuditOutcome::Refused;
        let same = Same { trace, action: action.as_str(), refused, target };
        let own = self.tenants.entry(tenant.clone()).or_default();
        let order = own.waiting.len();
        match own.waiting.get_mut(&same) {
            Some(known) => {
                known.first = known.first.min(at);
                known.times = known.times.saturating_add(times);
            }
            None if order >= MOST_OF_ONE || self.count >= MOST => {
                own.lost += u64::from(times.unsigned_abs());
                metrics::protection().audit_lost();
            }
            None => {
                self.count += 1;
                own.waiting.insert(same, Waiting { action, first: at, times, order });
            }
        }
    }

    fn lose(&mut self, tenant: &TenantId, lost: u64) {
        if lost > 0 {
            self.tenants.entry(tenant.clone()).or_default().lost += lost;
        }
    }
}

impl OfTenant {
    fn in_order(self) -> Taken {
        let mut waiting: Vec<_> = self.waiting.into_iter().collect();
        waiting.sort_by_key(|(_, waiting)| (waiting.first, waiting.order));
        let entry = |(same, waiting)| {
            let Same { trace, refused, target, .. } = same;
            let Waiting { action, first: at, times, .. } = waiting;
            let outcome = if refused { AuditOutcome::Refused } else { AuditOutcome::Done };
            Entry { trace, action, target, outcome, at, times }
        };
        Taken { entries: waiting.into_iter().map(entry).collect(), lost: self.lost }
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
            taken.remove(&one).unwrap().entries.into_iter().map(|e| (e.target, e.at, e.times)).collect();
        assert_eq!(
            told,
            [("b".to_owned(), at(1), 2), ("a".to_owned(), at(2), 1), ("b".to_owned(), at(4), 1)]
        );
        assert_eq!(taken.remove(&two).unwrap().entries.len(), 1);
        assert!(gathered.take().is_empty());
    }

    #[test]
    fn there_is_a_bound_for_each_tenant_and_what_is_beyond_it_is_counted() {
        let gathered = Gathered::default();
        let (one, two) = (TenantId::parse("one").unwrap(), TenantId::parse("two").unwrap());
        let read = |n: usize| Trace::nobody().did(AuditAction::DocumentRead, n, Timestamp::EPOCH);
        for n in 0..MOST_OF_ONE + 5 {
            gathered.add(&one, read(n));
        }
        gathered.add(&two, read(1));
        let told = |taken: &Taken| (taken.entries.len(), taken.lost);
        let taken = gathered.take();
        assert_eq!((told(&taken[&one]), told(&taken[&two])), ((MOST_OF_ONE, 5), (1, 0)));
        assert!(gathered.take().is_empty());
        gathered.put_back(&one, &taken[&one]);
        gathered.add(&one, read(MOST));
        gathered.lose(&two, &taken[&two]);
        let taken = gathered.take();
        assert_eq!((told(&taken[&one]), told(&taken[&two])), ((MOST_OF_ONE, 6), (0, 1)));
    }

    #[test]
    fn there_is_a_bound_for_all_of_them() {
        let gathered = Gathered::default();
        for n in 0..MOST + 7 {
            let tenant = TenantId::parse(&format!("t{}", n % 20)).unwrap();
            gathered.add(&tenant, Trace::nobody().did(AuditAction::DocumentRead, n, Timestamp::EPOCH));
        }
        let taken = gathered.take();
        let sum = taken.values().fold((0, 0), |(kept, lost), t| (kept + t.entries.len(), lost + t.lost));
        assert_eq!(sum, (MOST, 7));
    }
}
