//! The way to one destination: a circuit breaker, and room for so many attempts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::breaker::{Breaker, Permit};
use crate::config;

/// The gates of a process, by destination; shared by all its threads.
#[derive(Clone)]
pub struct Gates {
    settings: config::Outbox,
    gates: Arc<Mutex<HashMap<String, Gate>>>,
}

/// One gate.
#[derive(Clone)]
pub struct Gate {
    breaker: Arc<Mutex<Breaker>>,
    room: Arc<Semaphore>,
    /// For those who wait for an answer: they never take every place, however many they
    /// are, because a worker does not wait in line.
    callers: Arc<Semaphore>,
    name: Arc<str>,
    start: Instant,
}

/// A place for one attempt; free again when it is dropped.
#[derive(Debug)]
pub struct Place([Option<OwnedSemaphorePermit>; 2]);

/// What a gate answers.
#[derive(Debug)]
pub enum Entry {
    /// So many attempts may begin, at least one.
    Come(Vec<Place>),
    /// Every place is taken.
    Full,
    /// The destination has a rest for that long.
    Closed(Duration),
}

impl Gates {
    /// Gates for any number of destinations.
    #[must_use]
    pub fn new(settings: &config::Outbox) -> Self {
        Self { settings: settings.clone(), gates: Arc::default() }
    }

    /// The gate of a destination.
    #[must_use]
    pub fn of(&self, destination: &str) -> Gate {
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(destination) {
            return gate.clone();
        }
        let gate = Gate {
            breaker: Arc::new(Mutex::new(Breaker::new(self.settings.breaker))),
            room: Arc::new(Semaphore::new(self.settings.concurrency)),
            callers: Arc::new(Semaphore::new((self.settings.concurrency.saturating_mul(3) / 4).max(1))),
            name: destination.into(),
            start: Instant::now(),
        };
        gates.insert(destination.to_owned(), gate.clone());
        gate
    }

    /// Every destination and the state of its breaker.
    #[must_use]
    pub fn states(&self) -> Vec<(String, &'static str)> {
        let gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        let mut states: Vec<_> =
            gates.iter().map(|(name, gate)| (name.clone(), gate.breaker().name())).collect();
        states.sort();
        states
    }
}

impl Gate {
    fn breaker(&self) -> std::sync::MutexGuard<'_, Breaker> {
        self.breaker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to `wanted` places, without waiting: for a worker.
    pub fn enter(&self, wanted: usize) -> Entry {
        let mut places = Vec::new();
        while places.len() < wanted {
            match Arc::clone(&self.room).try_acquire_owned() {
                Ok(room) => places.push(Place([Some(room), None])),
                Err(_) => break,
            }
        }
        if places.is_empty() {
            return Entry::Full;
        }
        self.pass(places)
    }

    /// One place, waiting for it as long as `patience` says where every one is taken:
    /// for somebody who waits for an answer.
    pub async fn enter_as_caller(&self, patience: Duration) -> Entry {
        let begun = Instant::now();
        if let Some(rest) = self.rest().filter(|rest| !rest.is_zero()) {
            return Entry::Closed(rest);
        }
        let caller = tokio::time::timeout(patience, Arc::clone(&self.callers).acquire_owned()).await;
        let Ok(Ok(caller)) = caller else { return Entry::Full };
        match self.enter_within(patience.saturating_sub(begun.elapsed())).await {
            Entry::Come(mut places) => {
                if let Some(Place([_, held])) = places.first_mut() {
                    *held = Some(caller);
                }
                Entry::Come(places)
            }
            entry => entry,
        }
    }

    /// One place, waiting for it as long as `patience` says where every one is taken:
    /// for upkeep, of which there is little.
    pub async fn enter_within(&self, patience: Duration) -> Entry {
        if let Some(rest) = self.rest().filter(|rest| !rest.is_zero()) {
            return Entry::Closed(rest);
        }
        let Some(place) = self.place_within(patience).await else { return Entry::Full };
        self.pass(vec![place])
    }

    /// With these places past the breaker, if it lets anybody.
    fn pass(&self, mut places: Vec<Place>) -> Entry {
        match self.breaker().permit(self.start.elapsed()) {
            Permit::Go => {}
            Permit::Probe => {
                log::info!("{} is tried again", self.name);
                places.truncate(1);
            }
            Permit::Wait(rest) => return Entry::Closed(rest),
        }
        Entry::Come(places)
    }

    /// Whether every place is taken.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.room.available_permits() == 0
    }

    /// Waits in line until a place becomes free.
    pub async fn place_within(&self, patience: Duration) -> Option<Place> {
        let room = tokio::time::timeout(patience, Arc::clone(&self.room).acquire_owned()).await;
        Some(Place([Some(room.ok()?.ok()?), None]))
    }

    /// How long the destination has a rest.
    #[must_use]
    pub fn rest(&self) -> Option<Duration> {
        self.breaker().rest(self.start.elapsed())
    }

    /// No attempt follows after all.
    pub fn unused(&self) {
        self.breaker().unused(self.start.elapsed());
    }

    /// Tells how an attempt ended for the destination.
    pub fn tell(&self, in_trouble: bool) {
        let mut breaker = self.breaker();
        let before = breaker.name();
        match in_trouble {
            true => breaker.failed(self.start.elapsed()),
            false => breaker.succeeded(),
        }
        let after = breaker.name();
        drop(breaker);
        if before != after {
            log::warn!("the way to {} is {after} now, it was {before}", self.name);
        }
    }
}
