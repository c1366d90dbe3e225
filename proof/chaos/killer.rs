//! Kills processes without a warning, and starts them again after a while.

use std::time::Duration;

use crate::random::Random;
use crate::roles::Role;
use crate::run::Run;

/// Decides whom it hits, when, and for how long.
pub struct Killer {
    random: Random,
    every: Duration,
    /// How often it may strike.
    strikes: u64,
    /// Longest time that nobody of a role is there, in milliseconds.
    longest: u64,
}

impl Killer {
    /// Strikes about once in `every`, at most `strikes` times.
    pub fn new(seed: u64, every: Duration, strikes: u64, is_long: bool) -> Self {
        let longest = if is_long { 8_000 } else { 1_500 };
        Self { random: Random::of(seed, "killer"), every, strikes, longest }
    }

    /// Kills until everything has been sent. Whoever is down then comes back.
    pub fn go_about(mut self, run: &Run<'_>) {
        let usual = self.every.as_millis() as u64;
        for _ in 0..self.strikes {
            let time = self.random.millis(usual / 2, usual * 3 / 2);
            if !run.sleep(time) {
                return;
            }
            let (victims, pause) = self.choose(run);
            victims.iter().for_each(|role| role.kill());
            let names: Vec<&str> = victims.iter().map(|role| role.name.as_str()).collect();
            run.say(&format!("killed {} for {} ms", names.join(" and "), pause.as_millis()));
            let goes_on = run.sleep(pause);
            victims.iter().for_each(|role| role.start());
            if !goes_on {
                return;
            }
        }
    }

    fn choose<'a>(&mut self, run: &Run<'a>) -> (Vec<&'a Role>, Duration) {
        let (providers, clients) = (&run.stage.providers, &run.stage.clients);
        let one = self.random.next() as usize;
        match self.random.below(10) {
            0..4 => (vec![&providers[one % providers.len()]], self.random.millis(50, 1_000)),
            4..8 => (vec![&clients[one % clients.len()]], self.random.millis(50, 1_000)),
            8 => (clients.iter().collect(), self.random.millis(self.longest / 4, self.longest)),
            _ => (
                vec![&providers[one % providers.len()], &clients[one % clients.len()]],
                self.random.millis(50, 1_000),
            ),
        }
    }
}
