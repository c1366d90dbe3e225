//! What an outage of the client role costs: how fast the provider role answers
//! with the client role on and off, and how fast it catches up afterwards.

mod catching_up;
mod load;
mod report;
mod requests;
mod rounds;

use std::time::Duration;

use rustix::process::Signal;

use crate::Outcome;
use crate::arguments::Arguments;
use crate::roles::Role;
use crate::sql;
use crate::stage::{Plan, Stage};

use report::Report;
use requests::Supply;

const NAME: &str = "outage";
/// Longest time in which nothing is delivered.
const STALL: Duration = Duration::from_secs(360);

/// What is measured, and for how long.
pub struct Measure {
    /// How often on and off follow each other.
    pub rounds: u64,
    /// Length of one measurement.
    pub length: Duration,
    /// Connections at which on and off are compared.
    pub connections: usize,
    /// Connections of the direct load, and of the sends that make the queue.
    pub direct_connections: usize,
    /// Sends that are waiting when the client role comes back.
    pub queue: u64,
    /// Requests per second of each operation while the queue is worked off.
    pub probe_rate: f64,
    /// How the client role is away: not there at all, or there and silent.
    pub is_frozen: bool,
    /// Whether progress is shown.
    pub shows: bool,
}

impl Measure {
    fn new(arguments: &Arguments) -> Self {
        Self {
            rounds: arguments.number("rounds", 1, 7),
            length: Duration::from_secs_f64(arguments.number("millis", 150, 3_000) as f64 / 1_000.0),
            connections: arguments.number("connections", 4, 8) as usize,
            direct_connections: arguments.number("direct-connections", 4, 32) as usize,
            queue: arguments.number("queue", 100, 50_000),
            probe_rate: arguments.number("probe-rate", 20, 50) as f64,
            is_frozen: arguments.text("off") == Some("frozen"),
            shows: arguments.is_long(),
        }
    }

    /// A line about how far it has come.
    pub fn say(&self, what: &str) {
        if self.shows {
            eprintln!("{NAME}  {what}");
        }
    }
}

/// The stage, and what is asked of it.
pub struct Scene<'a> {
    pub stage: &'a Stage,
    pub measure: &'a Measure,
    pub supply: &'a Supply,
}

impl Scene<'_> {
    fn client(&self) -> &Role {
        &self.stage.clients[0]
    }

    /// Takes the client role away.
    pub fn switch_off(&self) {
        if self.measure.is_frozen {
            self.client().signal(Signal::STOP);
        } else {
            self.client().kill();
        }
    }

    /// Brings it back; returns when it is ready.
    pub fn switch_on(&self) {
        if self.measure.is_frozen {
            self.client().signal(Signal::CONT);
        } else {
            self.client().start();
        }
        self.client().wait_until_ready();
    }
}

/// The proof.
pub fn prove(arguments: &Arguments) -> Outcome {
    let measure = Measure::new(arguments);
    let mut staging = Plan::new(NAME, arguments.is_long());
    staging.each = 1;
    staging.server_settings = vec!["shared_buffers=512MB", "max_wal_size=4GB"];
    if arguments.is_long() {
        // Figures are those of the defaults.
        staging.settings.clear();
    }
    let stage = Stage::set_up(&staging, |clients| clients[0]);
    measure.say("loading documents");
    let (documents, spare) =
        (arguments.number("documents", 500, 50_000), arguments.number("spare", 3_000, 150_000));
    let supply = Supply::load(&stage, documents, measure.queue + spare);
    let scene = Scene { stage: &stage, measure: &measure, supply: &supply };
    let direct = stage.separate_client(&staging);
    let mut report = Report { direct: rounds::direct(&scene, &direct), ..Report::default() };
    let measured = rounds::on_and_off(&scene).and_then(|rounds| {
        report.rounds = rounds;
        report.catching_up = Some(catching_up::measure(&scene)?);
        Ok(())
    });
    if let Err(what) = measured {
        stage.keep_logs();
        return Outcome::Broken(what);
    }
    report.direct.extend(rounds::direct(&scene, &direct));
    let there = sql::connect(&stage.client_url).and_then(|mut conn| sql::documents(&mut conn)).unwrap();
    report.lost = supply.accepted().saturating_sub(there);
    report.publish(&measure, arguments.text("out"));
    if report.lost == 0 { Outcome::Held } else { Outcome::Broken(format!("lost {}", report.lost)) }
}
