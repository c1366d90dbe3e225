//! What may happen to a request on its way. A fate depends on the seed, on the
//! document that the request carries and on how often that document came by: so
//! it is the same in every run with that seed, whatever the threads do.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::random::Random;

/// The fate of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It passes.
    Pass,
    /// It passes later, perhaps when its sender has given up.
    DelayRequest(Duration),
    /// It passes, and its answer comes later.
    DelayAnswer(Duration),
    /// The connection ends before anything is passed on.
    DropBefore,
    /// It is carried out, and its answer is lost.
    DropAfter,
    /// It is carried out, and half of the answer arrives.
    HalfAnswer,
    /// The connection is reset before anything is passed on.
    ResetBefore,
    /// It is carried out, and the connection is reset.
    ResetAfter,
    /// Something in between answers with this status.
    Answer(u16),
}

impl Fate {
    /// Its name in the summary.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pass => "passed",
            Self::DelayRequest(_) => "request delayed",
            Self::DelayAnswer(_) => "answer delayed",
            Self::DropBefore => "dropped before",
            Self::DropAfter => "answer dropped",
            Self::HalfAnswer => "half an answer",
            Self::ResetBefore => "reset before",
            Self::ResetAfter => "reset after",
            Self::Answer(429) => "answered 429",
            Self::Answer(500) => "answered 500",
            Self::Answer(_) => "answered 503",
        }
    }
}

/// Decides and counts.
pub struct Faults {
    seed: u64,
    /// Share of requests that something happens to, in percent.
    share: u64,
    /// Longest delay.
    pub longest_delay: Duration,
    calm: AtomicBool,
    seen: Mutex<HashMap<String, u64>>,
    counts: Mutex<BTreeMap<&'static str, u64>>,
}

impl Faults {
    pub fn new(seed: u64, share: u64) -> Self {
        Self {
            seed,
            share,
            longest_delay: Duration::from_secs(4),
            calm: AtomicBool::new(false),
            seen: Mutex::default(),
            counts: Mutex::default(),
        }
    }

    /// Lets everything pass from now on.
    pub fn calm_down(&self) {
        self.calm.store(true, Ordering::Relaxed);
    }

    /// The fate of a request, and which of the clients is asked first.
    pub fn decide(&self, request: &[u8]) -> (Fate, u64) {
        let subject = subject(request);
        let mut seen = self.seen.lock().unwrap();
        let count = seen.entry(subject.clone()).or_default();
        *count += 1;
        let mut random = Random::of(self.seed, &format!("{subject} {count}"));
        drop(seen);
        let first = random.next();
        let disturbed = random.below(100) < self.share && !self.calm.load(Ordering::Relaxed);
        let fate = if disturbed { self.disturbance(&mut random) } else { Fate::Pass };
        self.note(fate.name());
        (fate, first)
    }

    fn disturbance(&self, random: &mut Random) -> Fate {
        // Most delays are short, some longer than anybody waits.
        let longest = self.longest_delay.as_millis() as u64;
        let most = if random.below(4) == 0 { longest } else { longest / 8 };
        let delay = random.millis(1, most);
        match random.below(100) {
            0..14 => Fate::DelayRequest(delay),
            14..28 => Fate::DelayAnswer(delay),
            28..40 => Fate::DropBefore,
            40..55 => Fate::DropAfter,
            55..67 => Fate::HalfAnswer,
            67..76 => Fate::ResetBefore,
            76..85 => Fate::ResetAfter,
            85..90 => Fate::Answer(500),
            90..95 => Fate::Answer(429),
            _ => Fate::Answer(503),
        }
    }

    /// Counts something.
    pub fn note(&self, what: &'static str) {
        *self.counts.lock().unwrap().entry(what).or_default() += 1;
    }

    /// How often each happened.
    pub fn counts(&self) -> Vec<(String, u64)> {
        self.counts.lock().unwrap().iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }
}

/// The title of the document in the request, else method and path.
fn subject(request: &[u8]) -> String {
    let text = String::from_utf8_lossy(request);
    let title = text.split("\"title\":\"").nth(1).and_then(|rest| rest.split('"').next());
    let line = text.lines().next().unwrap_or_default();
    title.unwrap_or(line).to_owned()
}
