//! Budgets in the memory of this process, for a bounded number of keys.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, PoisonError};

use super::rule::{self, Found, Known, Moment, Step, micros};

const SHARDS: usize = 16;

/// What is known of keys. Beyond its bound it forgets those that would soonest be
/// free again: a flood of new keys pushes out itself, not those that wait.
#[derive(Debug)]
pub struct Memory {
    shards: Vec<Mutex<HashMap<Box<str>, Known>>>,
    most_per_shard: usize,
    hasher: RandomState,
}

impl Memory {
    /// A memory of about that many keys, some 150 bytes each.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            most_per_shard: (most / SHARDS).max(4),
            hasher: RandomState::new(),
        }
    }

    /// Does a step with the budget of a key.
    pub fn step(&self, key: &str, step: Step, now: Moment) -> Found {
        let now = micros(now);
        let at = usize::try_from(self.hasher.hash_one(key) % 16).unwrap_or(0);
        let Some(shard) = self.shards.get(at) else { return Found::default() };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shard.get(key).copied();
        let (after, found) = rule::step(known, step, now);
        match (known, after) {
            (Some(_), None) => drop(shard.remove(key)),
            (None, Some(after)) => {
                if shard.len() >= self.most_per_shard {
                    make_room(&mut shard, now);
                }
                shard.insert(key.into(), after);
            }
            (Some(before), Some(after)) if before != after => drop(shard.insert(key.into(), after)),
            _ => {}
        }
        found
    }

    /// Of how many keys something is known.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).len()).sum()
    }

    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Forgets what is over, and at least a quarter, so that the search for what to
/// forget is rare.
fn make_room(shard: &mut HashMap<Box<str>, Known>, now: u64) {
    let before = shard.len();
    shard.retain(|_, known| known.forget > now);
    let quarter = before / 4;
    if before - shard.len() >= quarter {
        return;
    }
    let mut ends: Vec<u64> = shard.values().map(|known| known.forget).collect();
    let (_, limit, _) = ends.select_nth_unstable(quarter);
    let limit = *limit;
    let mut excess = quarter;
    shard.retain(|_, known| {
        let stays = known.forget > limit || excess == 0;
        excess -= usize::from(!stays);
        stays
    });
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::platform::limits::Rule;

    const RULE: Rule = Rule { burst: 5, per: Duration::from_secs(50) };

    fn take(memory: &Memory, key: &str, now: u64) -> bool {
        memory.step(key, Step::Take(RULE), Duration::from_secs(now)).wait.is_zero()
    }

    #[test]
    fn each_key_has_its_own_budget() {
        let memory = Memory::new(1_000);
        for key in ["a", "b"] {
            assert_eq!((0..20).filter(|_| take(&memory, key, 0)).count(), 5);
        }
        assert!(take(&memory, "a", 10) && !take(&memory, "a", 10));
    }

    #[test]
    fn a_flood_of_keys_stays_within_the_bound_and_frees_nobody_who_waits() {
        let memory = Memory::new(1_000);
        while take(&memory, "waits", 0) {}
        for i in 0..100_000 {
            take(&memory, &format!("flood {i}"), 1);
            assert!(i % 1_000 != 0 || memory.len() <= 1_000, "{}", memory.len());
        }
        assert!(memory.len() <= 1_000 && !take(&memory, "waits", 1));
    }

    #[test]
    fn what_is_over_is_forgotten_first() {
        let memory = Memory::new(1_000);
        assert!((0..2_000).all(|i| take(&memory, &format!("old {i}"), 0)));
        assert!((0..400).all(|i| take(&memory, &format!("new {i}"), 1_000)));
        (0..400).for_each(|i| {
            assert_eq!((0..9).filter(|_| take(&memory, &format!("new {i}"), 1_000)).count(), 4);
        });
    }

    #[test]
    fn threads_that_take_at_the_same_moment_take_no_more_than_there_is() {
        let memory = Memory::new(1_000);
        let taken = std::sync::atomic::AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let passed = (0..100).filter(|_| take(&memory, "shared", 0)).count();
                    taken.fetch_add(passed, std::sync::atomic::Ordering::Relaxed);
                });
            }
        });
        assert_eq!(taken.into_inner(), 5);
    }
}
