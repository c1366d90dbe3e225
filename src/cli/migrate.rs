//! `oc migrate`: prepares a role's database.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};

use super::{Failure, Outcome, SettingArgs, USAGE, end_when_told, output};
use crate::config::{Database, Problems};
use crate::platform::db::migrations::MigrateError;
use crate::roles::Role;

/// Pause between two tries to reach the database.
const PAUSE: Duration = Duration::from_secs(1);

/// Prepare a role's database
///
/// Creates and upgrades the tables of a role. Safe to run from any number of
/// processes at once; a database that belongs to the other role is refused.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = false)]
pub struct Migrate {
    /// Which role
    #[arg(long, value_enum, global = true, required = false)]
    role: Option<Role>,
    /// How long to wait for a database that can't be reached yet
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 0)]
    wait: u64,
    #[command(subcommand)]
    direction: Option<Direction>,
    #[command(flatten)]
    settings: SettingArgs,
}

#[derive(Subcommand, Clone, Copy)]
enum Direction {
    /// Run what is pending (this is what happens when nothing is said)
    Up,
    /// Show every migration and whether it is applied
    Status,
    /// Take back the newest migration, and what it stored
    Down,
}

impl Migrate {
    pub fn run(self) -> Outcome {
        let role = self
            .role
            .ok_or_else(|| Failure::new(USAGE, "say which role: oc migrate --role provider|client"))?;
        let values = self.settings.values(role)?;
        let mut problems = Problems::default();
        let database = Database::load(&values, &mut problems);
        let database = problems.or(database).map_err(|p| Failure::new(USAGE, p.to_string()))?;
        let owner = role.owner();
        end_when_told();
        let patience = Duration::from_secs(self.wait);
        match self.direction.unwrap_or(Direction::Up) {
            Direction::Up => {
                let mut count = 0;
                let mut progress = |name: &str| {
                    count += 1;
                    output::line(&format!("applying {name}"));
                };
                once_it_is_there(patience, || owner.up(&database, &mut progress))?;
                output::line(&format!("{count} applied, the database of role {} is up to date", role.name()));
            }
            Direction::Status => {
                for status in once_it_is_there(patience, || owner.status(&database))? {
                    output::line(&format!(
                        "{}  {}",
                        if status.applied { "applied" } else { "pending" },
                        status.name
                    ));
                }
            }
            Direction::Down => {
                let name = once_it_is_there(patience, || owner.down(&database))?;
                output::line(&format!("took back {name}"));
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Does it, again and again while the database can't be reached, for as long as was
/// said. A reason that is not the one before is told.
fn once_it_is_there<T>(
    patience: Duration,
    mut work: impl FnMut() -> Result<T, MigrateError>,
) -> Result<T, MigrateError> {
    let started = Instant::now();
    let mut told = String::new();
    loop {
        match work() {
            Err(MigrateError::Connect(why)) if started.elapsed() < patience => {
                if why != told {
                    output::note(&format!("the database can't be reached yet, trying again: {why}"));
                    told = why;
                }
                std::thread::sleep(PAUSE);
            }
            done => return done,
        }
    }
}
