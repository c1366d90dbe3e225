//! Decisions that can be repeated: a stream of numbers for each thing that is
//! decided, so that the order in which threads run changes none of them.

use std::time::Duration;

/// A stream of numbers (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// The stream of one subject, such as `writer 7`.
    pub fn of(seed: u64, subject: &str) -> Self {
        // FNV-1a, so that a seed means the same on every machine.
        let hash = subject.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ hash);
        random.next();
        random
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// A time between two, in milliseconds.
    pub fn millis(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to.saturating_sub(from) + 1))
    }
}

/// About 1 kB of text that does not compress away.
pub fn text(seed: u64, subject: &str) -> String {
    let mut random = Random::of(seed, subject);
    let mut text = format!("# Findings of {subject}\n\n");
    while text.len() < 1_000 {
        text.push_str(&format!("{:016x} ", random.next()));
    }
    text.trim_end().to_owned()
}
