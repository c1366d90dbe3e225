//! `oc audit`: exports the audit trail, looks whether it is whole, tells its head.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::{FAILED, Failure, Outcome, SettingArgs, USAGE, block_on, output};
use crate::config;
use crate::domain::ids::TenantId;
use crate::platform::audit::{self, Head, Verifier};
use crate::platform::db::{Db, DbError};
use crate::platform::secrets::SecretKeys;
use crate::roles::Role;

/// Entries that are exported at once.
const PAGE: i64 = 5_000;
/// How often progress is told, in entries.
const PROGRESS: u64 = 100_000;

/// Export the audit trail, verify it, note its head
///
/// Reads the role's database directly, with the settings of `oc serve`; `verify
/// --file` needs nothing but the file.
///
/// Exit codes: 0 whole, 1 damaged or failed, 2 bad usage.
#[derive(Args)]
pub struct Audit {
    #[command(subcommand)]
    action: Action,
    /// Which role
    #[arg(long, value_enum, global = true)]
    role: Option<Role>,
    /// Whose audit trail; every tenant's where none is named (not for export)
    #[arg(long, global = true, env = "OC_TENANT")]
    tenant: Option<String>,
    #[command(flatten)]
    settings: SettingArgs,
}

#[derive(Subcommand)]
enum Action {
    /// Print entries, oldest first, one per line (NDJSON)
    Export {
        /// Only what comes after this place
        #[arg(long, default_value_t = 0, value_name = "SEQ")]
        after: i64,
    },
    /// Look whether every entry is as it was written, at its place, and none is missing
    Verify {
        /// An exported file instead of a database; - is standard input
        #[arg(long, value_name = "FILE")]
        file: Option<PathBuf>,
        /// A head that was noted earlier and must be found, as `oc audit head` printed it
        #[arg(long, value_name = "SEQ:HASH")]
        head: Vec<Head>,
        /// What the first entry of the file must go on from, if it is not the first of all
        #[arg(long, value_name = "SEQ:HASH", requires = "file")]
        start: Option<Head>,
    },
    /// Print the newest entry's place and hash, to be kept somewhere else
    Head,
}

/// A role's audit trails.
struct Trails {
    db: Db,
    keys: Arc<SecretKeys>,
    tenant: Option<TenantId>,
}

impl Audit {
    pub fn run(self) -> Outcome {
        if let Action::Verify { file: Some(path), head, start } = self.action {
            return verify_file(&path, start, &head);
        }
        let trails = self.trails()?;
        block_on(async {
            match self.action {
                Action::Export { after } => trails.export(after).await,
                Action::Verify { head, .. } => trails.verify(&head).await,
                Action::Head => trails.head().await,
            }
        })
    }

    fn trails(&self) -> Result<Trails, Failure> {
        let role = self.role.ok_or_else(|| Failure::new(USAGE, "say which role: --role provider|client"))?;
        let tenant = self
            .tenant
            .as_deref()
            .map(|text| TenantId::parse(text).map_err(|why| Failure::new(USAGE, format!("a tenant {why}"))));
        let settings = config::Custody::load(&self.settings.values(role)?);
        let settings = settings.map_err(|problems| Failure::new(USAGE, problems.to_string()))?;
        Ok(Trails {
            db: Db::new(&settings.database, role.owner()),
            keys: Arc::new(SecretKeys::new(&settings.keys)?),
            tenant: tenant.transpose()?,
        })
    }
}

impl Trails {
    async fn tenants(&self) -> Result<Vec<TenantId>, Failure> {
        match &self.tenant {
            Some(tenant) => Ok(vec![tenant.clone()]),
            None => {
                Ok(self.db.of_everybody().read(|conn| audit::tenants(conn).map_err(DbError::from)).await?)
            }
        }
    }

    async fn export(&self, mut after: i64) -> Outcome {
        let Some(tenant) = self.tenant.clone() else {
            return Err(Failure::new(USAGE, "say whose audit trail: --tenant NAME"));
        };
        let mut done = 0;
        loop {
            let own = tenant.clone();
            let read = move |conn: &mut diesel::PgConnection| audit::page(conn, &own, after, PAGE);
            let page = self.db.of(&tenant).read(move |conn| read(conn).map_err(DbError::from)).await?;
            let Some((last, _)) = page.last() else { return Ok(ExitCode::SUCCESS) };
            after = last.seq;
            for (body, hash) in &page {
                output::line(&audit::line_of(body, hash)?);
            }
            told(&mut done, page.len());
        }
    }

    async fn verify(&self, known: &[Head]) -> Outcome {
        if !known.is_empty() && self.tenant.is_none() {
            return Err(Failure::new(USAGE, "a head belongs to one tenant: say which with --tenant NAME"));
        }
        let mut damaged = 0;
        for tenant in self.tenants().await? {
            let mut last = 0;
            let mut progress = |done: u64| {
                if done / PROGRESS > last / PROGRESS {
                    output::note(&format!("{tenant}: {done} entries ..."));
                }
                last = done;
            };
            let found =
                audit::verify_stored(&self.db, &self.keys, &tenant, known.to_vec(), &mut progress).await;
            let found = found.map_err(|error| Failure::new(FAILED, error.to_string()))?;
            match found {
                Ok(whole) if whole.head.seq == 0 => output::line(&format!(
                    "{tenant}: nothing is chained yet; {} wait to be chained",
                    whole.pending
                )),
                Ok(whole) => {
                    output::line(&format!(
                        "{tenant}: whole, entries {} to {}; {} wait to be chained; head {}",
                        whole.start.seq + 1,
                        whole.head.seq,
                        whole.pending,
                        whole.head
                    ));
                    tell_unchecked(&whole.start, known);
                }
                Err(damage) => {
                    damaged += 1;
                    output::line(&format!("{tenant}: DAMAGED: {damage}"));
                }
            }
        }
        if damaged > 0 {
            Err(Failure::new(FAILED, "the audit trail is damaged"))
        } else {
            Ok(ExitCode::SUCCESS)
        }
    }

    async fn head(&self) -> Outcome {
        for tenant in self.tenants().await? {
            let own = tenant.clone();
            let find = move |conn: &mut diesel::PgConnection| audit::find(conn, &own).map_err(DbError::from);
            let head =
                self.db.of(&tenant).read(find).await?.map_or_else(Head::genesis, |stored| stored.ends.head());
            match self.tenant {
                Some(_) => output::line(&head.to_string()),
                None => output::line(&format!("{tenant} {head}")),
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Tells which known heads are older than what is left, and so prove nothing.
fn tell_unchecked(start: &Head, known: &[Head]) {
    for head in known.iter().filter(|head| head.seq < start.seq) {
        output::note(&format!(
            "Entry {} is not there any more, since its retention has ended: its hash could not be compared.",
            head.seq
        ));
    }
}

/// Tells progress whenever a round number has been passed.
fn told(done: &mut u64, more: usize) {
    let before = *done;
    *done += u64::try_from(more).unwrap_or_default();
    if *done / PROGRESS > before / PROGRESS {
        output::note(&format!("{done} entries ..."));
    }
}

fn verify_file(path: &Path, start: Option<Head>, known: &[Head]) -> Outcome {
    let input: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(BufReader::new(io::stdin()))
    } else {
        let file = File::open(path)
            .map_err(|error| Failure::new(USAGE, format!("{} can't be read: {error}", path.display())))?;
        Box::new(BufReader::new(file))
    };
    let unknown_start = start.is_none();
    let mut verifier = Verifier::new(start, known.to_vec());
    let mut done = 0;
    for line in input.lines() {
        verifier.line(&line?).map_err(|damage| damaged(&damage))?;
        told(&mut done, 1);
    }
    let tenant = verifier.tenant().unwrap_or("nobody").to_owned();
    let (start, head) = verifier.finish().map_err(|damage| damaged(&damage))?;
    output::line(&format!("{tenant}: whole, entries {} to {}; head {head}", start.seq + 1, head.seq));
    tell_unchecked(&start, known);
    if unknown_start && start.seq > 0 {
        output::note(&format!(
            "What came before entry {} is not in this file; --start {}:HASH says what it has to go on from.",
            start.seq + 1,
            start.seq
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn damaged(damage: &audit::Damage) -> Failure {
    Failure::new(FAILED, format!("the audit trail is damaged: {damage}"))
}
