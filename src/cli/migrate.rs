//! `oc migrate`: prepares a role's database.

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::{Failure, Outcome, SettingArgs, USAGE, output};
use crate::config::{Database, Problems};
use crate::roles::Role;

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
        match self.direction.unwrap_or(Direction::Up) {
            Direction::Up => {
                let mut count = 0;
                owner.up(&database, &mut |name| {
                    count += 1;
                    output::line(&format!("applying {name}"));
                })?;
                output::line(&format!("{count} applied, the database of role {} is up to date", role.name()));
            }
            Direction::Status => {
                for status in owner.status(&database)? {
                    output::line(&format!(
                        "{}  {}",
                        if status.applied { "applied" } else { "pending" },
                        status.name
                    ));
                }
            }
            Direction::Down => output::line(&format!("took back {}", owner.down(&database)?)),
        }
        Ok(ExitCode::SUCCESS)
    }
}
