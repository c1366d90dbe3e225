//! `oc reconcile`: after a database was restored from a backup.

use std::process::ExitCode;

use clap::Args;

use super::{FAILED, Failure, Outcome, SettingArgs, USAGE, block_on, output};
use crate::domain::standing::{Mending, Told};
use crate::platform::db::migrations;
use crate::platform::telemetry;
use crate::roles::Role;

/// Documents after which the progress is told.
const TELL: usize = 10_000;

/// Compare every document with what the client role has, and mend the difference
///
/// To be run with the settings of role provider after the database of either role was
/// restored from a backup, before role provider starts; while it runs does no harm.
/// What the client role knows better is taken over, what it has lost is sent again under
/// the same code, what should be closed there is closed. Codes held in reserve are thrown
/// away, because some may have been given to documents since the backup.
/// Documents that are only at the client role are named, and stay: sent after the backup, or
/// by another sender.
/// Exit codes: 0 nothing is left to do, 1 something is, which the lines name.
#[derive(Args)]
pub struct Reconcile {
    /// Only tell what differs
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    settings: SettingArgs,
}

/// What was told.
#[derive(Default)]
struct Sums {
    compared: usize,
    told: usize,
    taken_over: usize,
    sent: usize,
    changed: usize,
    revoked: usize,
    only_there: usize,
    left: usize,
}

impl Reconcile {
    pub fn run(self) -> Outcome {
        let role = Role::named("provider")
            .ok_or_else(|| Failure::new(USAGE, "this program was built without role provider"))?;
        let config = self.settings.config(role)?;
        telemetry::init(config.telemetry.log_format);
        migrations::check(role.owner(), &config.database)?;
        let mut sums = Sums::default();
        let ended =
            block_on(async { role.reconcile(&config, !self.dry_run, &mut |told| sums.tell(told)).await });
        output::line(&sums.in_words(self.dry_run));
        ended.map_err(|why| {
            Failure::new(FAILED, format!("{why}; run it again, it goes on where it is needed"))
        })?;
        Ok(if sums.left == 0 { ExitCode::SUCCESS } else { FAILED.into() })
    }
}

impl Sums {
    fn tell(&mut self, told: Told) {
        match told {
            Told::Compared(count) => {
                self.compared = count;
                if count >= self.told + TELL {
                    self.told = count;
                    output::note(&format!("{count} documents compared ..."));
                }
            }
            Told::Differs(tenant, id, mending) => {
                let (count, what) = match mending {
                    Mending::Nothing => return,
                    Mending::TakeOver => (&mut self.taken_over, "as the client role has it"),
                    Mending::TakeOverOlderText => (
                        &mut self.left,
                        "as the client role has it; THE NEWER TEXT HERE DID NOT GET THERE: look at it and send it",
                    ),
                    Mending::SendAgain => (&mut self.sent, "sent again, under the same code"),
                    Mending::ChangeAgain => (&mut self.changed, "its code and its end of access sent again"),
                    Mending::RevokeAgain => (&mut self.revoked, "revoked again"),
                    Mending::OnlyThere => (&mut self.only_there, "only at the client role"),
                    Mending::AskAuthor => (
                        &mut self.left,
                        "LOST THERE AND CHANGED HERE since it was delivered: look at the text and send it",
                    ),
                };
                *count += 1;
                output::line(&format!("{tenant}  {id}  {what}"));
            }
            Told::Moved(tenant, id) => {
                self.left += 1;
                output::line(&format!("{tenant}  {id}  changed at this moment: run this command again"));
            }
            Told::Skipped(tenant, why) => {
                self.left += 1;
                output::line(&format!("{tenant}  NOT COMPARED: {why}"));
            }
        }
    }

    fn in_words(&self, dry_run: bool) -> String {
        let Self { compared, taken_over, sent, changed, revoked, only_there, left, .. } = self;
        let would = if dry_run { " (nothing was changed: --dry-run)" } else { "" };
        format!(
            "{compared} documents compared{would}: {taken_over} taken over from the client role, {sent} sent again, \
             {changed} given their code and end again, {revoked} revoked again, {only_there} only at the client role, \
             {left} left for you"
        )
    }
}
