//! `oc doctor`: looks at everything that a role needs, changes nothing, and says what to do.

mod clock;
mod database;
mod findings;
mod keys;
mod machine;
mod migrations;
mod other_role;
mod queue;
mod reach;
mod settings;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use clap::Args;
use serde_json::json;

use super::{FAILED, Outcome, SettingArgs, block_on, output};
use crate::config::{Config, Problems};
use crate::roles::Role;
use findings::{Finding, Group, State, Tell};

/// Longest wait for the next finding of a group: whatever is frozen, the doctor goes on.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest wait for an answer of another service.
const CALL: Duration = Duration::from_secs(5);

/// Look at everything that a role needs, and say what is wrong and what to do
///
/// Run it where the role runs, with the settings of `oc serve`. It changes nothing, neither
/// here nor elsewhere, shows no secret, and ends although something is frozen.
/// Exit codes: 0 nothing but warnings, 1 there are problems.
#[derive(Args)]
pub struct Doctor {
    /// Which role
    #[arg(long, value_enum)]
    role: Role,
    /// Print one JSON object at the end instead of lines
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingArgs,
}

/// What is looked at.
struct Patient {
    role: Role,
    config: Config,
    problems: Problems,
}

impl Patient {
    fn is_provider(&self) -> bool {
        self.role.name() == "provider"
    }

    /// Whether a setting of this name is broken, so that what depends on it can't be looked at.
    fn is_broken(&self, name: &str) -> bool {
        self.problems.each().any(|problem| problem.starts_with(name))
    }
}

type Work = fn(&Patient, &Tell);

/// Everything that is looked at, in this order.
const GROUPS: [(&str, Work); 5] = [
    ("settings", settings::look),
    ("machine", machine::look),
    ("database", in_database),
    ("other role", other_role::look),
    ("reach", reach::look),
];

impl Doctor {
    pub fn run(self) -> Outcome {
        let values = self.settings.values(self.role)?;
        let (config, problems) = Config::examine(self.role.name(), &values);
        let patient = Arc::new(Patient { role: self.role, config, problems });
        let mut found = Vec::new();
        for (name, work) in GROUPS {
            if !self.json {
                output::note(&format!("looking at: {name} ..."));
            }
            examine(&patient, (name, work), &mut |finding| {
                if !self.json {
                    finding.print();
                }
                found.push(finding);
            });
        }
        let count = |state| found.iter().filter(|finding| finding.state == state).count();
        let (problems, warnings) = (count(State::Problem), count(State::Warning));
        if self.json {
            let checks: Vec<_> = found.iter().map(Finding::json).collect();
            let report = json!({"role": self.role.name(), "checks": checks, "problems": problems, "warnings": warnings});
            output::line(&report.to_string());
        } else {
            output::line(&format!("{} checks: {problems} problems, {warnings} warnings", found.len()));
        }
        Ok(if problems == 0 { ExitCode::SUCCESS } else { FAILED.into() })
    }
}

/// Runs a group on a thread of its own, which is left alone if it says nothing for too long.
fn examine(patient: &Arc<Patient>, (name, work): (&'static str, Work), found: &mut dyn FnMut(Finding)) {
    let (tell, told) = mpsc::channel();
    let own = Arc::clone(patient);
    std::thread::spawn(move || work(&own, &Tell(tell)));
    loop {
        match told.recv_timeout(PATIENCE) {
            Ok(finding) => found(finding),
            Err(mpsc::RecvTimeoutError::Disconnected) => return,
            Err(mpsc::RecvTimeoutError::Timeout) => {
                let found_out =
                    format!("no answer within {} s; the rest was not looked at", PATIENCE.as_secs());
                found(Finding {
                    group: name,
                    check: "answer",
                    state: State::Problem,
                    found: found_out,
                    advice: Some(
                        "see whether it is frozen, overloaded, or behind a firewall that drops".to_owned(),
                    ),
                });
                return;
            }
        }
    }
}

/// What is looked at on one connection to the database.
fn in_database(patient: &Patient, tell: &Tell) {
    let Some(mut conn) = database::look(patient, &tell.group("database")) else { return };
    clock::of_database(&mut conn, &tell.group("clock"));
    if migrations::look(patient, &mut conn, &tell.group("migrations")) {
        database::fence(patient, &mut conn, &tell.group("database"));
        keys::look(patient, &mut conn, &tell.group("keys"));
        queue::look(patient, &mut conn, &tell.group("queue"));
    }
}

/// What a check that failed by itself is told as.
fn failed(group: &Group<'_>, check: &'static str, error: &dyn std::fmt::Display) {
    group.problem(
        check,
        format!("could not be looked at, and neither could what depends on it: {error}"),
        "run oc doctor again when less is going on",
    );
}
