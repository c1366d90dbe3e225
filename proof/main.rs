//! The proofs: whole programs that disturb delivery in every way we know, and
//! count afterwards what has become of each document. See docs/PROOF.md.
//!
//! `cargo test` runs each of them for a few seconds; `--long` makes them long.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::disallowed_methods,
    reason = "a proof stops at the first surprise and prints what it has seen"
)]

mod arguments;
mod chaos;
mod database;
mod http;
mod ledger;
mod outage;
mod random;
mod roles;
mod run;
mod servers;
mod sql;
mod stage;
mod summary;
mod verify;
mod writers;

use std::process::ExitCode;
use std::time::Instant;

use arguments::Arguments;

/// How a proof ended.
pub enum Outcome {
    /// Everything is as it should be.
    Held,
    /// It is not; what is wrong, in one line.
    Broken(String),
    /// This machine can't do it; why.
    Skipped(String),
}

/// A proof: its name and what it does.
type Proof = (&'static str, fn(&Arguments) -> Outcome);

const PROOFS: [Proof; 5] = [
    ("chaos", chaos::prove),
    ("database-restart", database::restart::prove),
    ("database-full-disk", database::full_disk::prove),
    ("database-clock", database::clock::prove),
    ("outage", outage::prove),
];

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("proof: {problem}; docs/PROOF.md lists the options");
            return ExitCode::from(2);
        }
    };
    let chosen: Vec<Proof> = PROOFS.into_iter().filter(|(name, _)| arguments.selects(name)).collect();
    if arguments.has("list") {
        chosen.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let held = if arguments.is_long() {
        chosen.iter().map(|proof| attempt(proof, &arguments)).collect::<Vec<_>>()
    } else {
        at_once(&chosen, &arguments)
    };
    if held.iter().all(|held| *held) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Short proofs wait more than they work: all at the same time.
fn at_once(chosen: &[Proof], arguments: &Arguments) -> Vec<bool> {
    std::thread::scope(|scope| {
        let running: Vec<_> =
            chosen.iter().map(|proof| scope.spawn(move || attempt(proof, arguments))).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or(false)).collect()
    })
}

/// Runs one proof and says how it ended; a panic is a failure too.
fn attempt((name, prove): &Proof, arguments: &Arguments) -> bool {
    let started = Instant::now();
    let outcome = std::panic::catch_unwind(|| prove(arguments))
        .unwrap_or_else(|_| Outcome::Broken("it panicked, see above".to_owned()));
    let seconds = started.elapsed().as_secs_f64();
    match outcome {
        // It runs within another, which tells the same.
        Outcome::Held if arguments.text("small-disk").is_some() => {}
        Outcome::Held => println!("test {name} ... ok ({seconds:.1} s)"),
        Outcome::Skipped(why) => println!("test {name} ... SKIPPED, NOTHING WAS PROVEN: {why}"),
        Outcome::Broken(what) => {
            println!("test {name} ... FAILED ({seconds:.1} s): {what}");
            println!("run it again: {}", arguments.again(name));
            return false;
        }
    }
    true
}
