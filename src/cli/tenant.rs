//! `oc tenant`: make, list, suspend, export and delete tenants.

use std::fs::OpenOptions;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use diesel::Connection as _;
use serde_json::{Value, json};

use super::custody::{Custody, tenant};
use super::keys::tell_remains;
use super::{FAILED, Failure, Outcome, SettingArgs, USAGE, output};
use crate::domain::audit::{AuditAction, NOBODY};
use crate::domain::ids::TenantId;
use crate::platform::audit;
use crate::platform::clock;
use crate::platform::tenants::{self, State, export, rotation, store, tables};
use crate::roles::Role;

/// What a deleted tenant leaves: that it was there, and who did what until then. The
/// audit trail holds ids and no texts, and ends by its own retention.
const KEPT: [&str; 5] = ["tenants", "tenant_keys", "audit_pending", "audit_log", "audit_chains"];
/// Rows that one statement removes.
const BATCH: i64 = 1_000;

/// Make, list, suspend, export and delete the tenants of a role
///
/// Each role has its own database with its own tenants: do the same for both.
#[derive(Args)]
pub struct Tenant {
    /// Which role
    #[arg(long, value_enum, global = true, required = false)]
    role: Option<Role>,
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    settings: SettingArgs,
}

#[derive(Subcommand)]
enum Action {
    /// Make a tenant, or let a deleted one begin anew with nothing
    Create {
        /// Its name
        #[arg(value_parser = tenant)]
        tenant: TenantId,
    },
    /// List every tenant and its state
    List,
    /// Refuse every request of a tenant, and let its codes open nothing
    Suspend {
        /// Its name
        #[arg(value_parser = tenant)]
        tenant: TenantId,
    },
    /// Let a suspended tenant work again
    Resume {
        /// Its name
        #[arg(value_parser = tenant)]
        tenant: TenantId,
    },
    /// Destroy the keys of a tenant, and then everything that it has but its audit trail; there is no way back
    Delete {
        /// Its name
        #[arg(value_parser = tenant)]
        tenant: TenantId,
        /// Yes, for good
        #[arg(long)]
        yes: bool,
    },
    /// Write everything that a tenant has to a file, in clear, a JSON object on each line
    Export {
        /// Its name
        #[arg(value_parser = tenant)]
        tenant: TenantId,
        /// The file, which must not exist
        #[arg(long, value_name = "FILE")]
        to: PathBuf,
    },
}

impl Tenant {
    pub fn run(self) -> Outcome {
        let mut custody = Custody::open(self.role, &self.settings)?;
        match &self.action {
            Action::Create { tenant } => create(&mut custody, tenant)?,
            Action::List => list(&mut custody)?,
            Action::Suspend { tenant } => suspend(&mut custody, tenant, true)?,
            Action::Resume { tenant } => suspend(&mut custody, tenant, false)?,
            Action::Delete { tenant, yes } => delete(&mut custody, tenant, *yes)?,
            Action::Export { tenant, to } => export(&mut custody, tenant, to)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn create(custody: &mut Custody, tenant: &TenantId) -> Result<(), Failure> {
    if let Some(deleted_at) = store::deleted_at(&mut custody.conn, tenant)? {
        let rested_at = deleted_at.plus(tenants::REST_AFTER_DELETION);
        if clock::now() < rested_at {
            let message = format!(
                "tenant {tenant} was deleted at {deleted_at}, and somebody who does not know yet may still \
                 write for it; make it again after {rested_at}"
            );
            return Err(Failure::new(FAILED, message));
        }
        // What was written after the deletion had looked can be read by nobody.
        sweep(custody, tenant)?;
    }
    let Custody { conn, masters, .. } = custody;
    let made = conn.transaction(|conn| {
        let made = store::create(conn, masters, tenant, clock::now())?
            || store::revive(conn, masters, tenant, clock::now())?;
        if made {
            audit::note_operator(conn, tenant, AuditAction::TenantCreated, NOBODY)?;
        }
        Ok::<_, diesel::result::Error>(made)
    })?;
    if !made {
        return Err(Failure::new(FAILED, format!("there is a tenant {tenant} already")));
    }
    output::line(&format!("tenant {tenant} made"));
    Ok(())
}

fn list(custody: &mut Custody) -> Result<(), Failure> {
    for (tenant, state, since) in store::list(&mut custody.conn)? {
        output::line(&format!("{:<10} {since}  {tenant}", state.as_str()));
    }
    Ok(())
}

fn suspend(custody: &mut Custody, tenant: &TenantId, suspended: bool) -> Result<(), Failure> {
    let action = if suspended { AuditAction::TenantSuspended } else { AuditAction::TenantResumed };
    let changed = custody.conn.transaction(|conn| {
        let changed = store::suspend(conn, tenant, suspended, clock::now())?;
        if changed {
            audit::note_operator(conn, tenant, action, NOBODY)?;
        }
        Ok::<_, diesel::result::Error>(changed)
    })?;
    if !changed {
        let message = match state(custody, tenant)? {
            State::Active => format!("tenant {tenant} is not suspended"),
            State::Suspended => format!("tenant {tenant} is suspended already"),
            State::Deleted => format!("tenant {tenant} was deleted"),
        };
        return Err(Failure::new(FAILED, message));
    }
    let now = if suspended { "suspended" } else { "active again" };
    let within = custody.settings.tenancy.cache.as_millis();
    output::line(&format!("tenant {tenant} is {now}; every process knows within {within} ms"));
    Ok(())
}

fn state(custody: &mut Custody, tenant: &TenantId) -> Result<State, Failure> {
    let found = store::find(&mut custody.conn, tenant)?;
    let unknown = || Failure::new(FAILED, format!("there is no tenant {tenant}"));
    found.map(|found| found.state).ok_or_else(unknown)
}

/// The keys first: from then on nothing can be read, whatever happens to the rest.
fn delete(custody: &mut Custody, tenant: &TenantId, yes: bool) -> Result<(), Failure> {
    state(custody, tenant)?;
    if !yes {
        let message = format!("this destroys everything that tenant {tenant} has here; say --yes");
        return Err(Failure::new(USAGE, message));
    }
    let memory = tenants::longest_memory(&custody.settings.tenancy);
    let conn = &mut custody.conn;
    conn.transaction(|conn| {
        store::shred(conn, tenant, clock::now())?;
        audit::note_operator(conn, tenant, AuditAction::TenantDeleted, NOBODY)
    })?;
    let shredded = Instant::now();
    let remains = rotation::clean(conn)?;
    let whole = if remains.is_empty() { "destroyed" } else { "deleted" };
    output::line(&format!("tenant {tenant}: keys {whole}; nothing of it can be read any more"));
    tell_remains(&remains);
    let mut removed = 0;
    loop {
        let swept = sweep(custody, tenant)?;
        removed += swept;
        // A process that does not know yet may still write rows, which nobody can read.
        let rest = memory.saturating_sub(shredded.elapsed());
        if swept == 0 && rest.is_zero() {
            break;
        }
        std::thread::sleep(rest.min(Duration::from_millis(200)));
    }
    output::line(&format!("tenant {tenant}: {removed} rows removed; its audit trail stays"));
    output::note(
        "Backups made before now still hold the encrypted rows and the encrypted keys: whoever has one of them and \
         FIELD_ENCRYPTION_KEY can read the rows. They are gone for good when the last such backup is; a key that is \
         taken out of FIELD_ENCRYPTION_KEY after `oc keys rotate`, and destroyed, makes them unreadable at once.",
    );
    Ok(())
}

fn sweep(custody: &mut Custody, tenant: &TenantId) -> Result<usize, Failure> {
    let mut removed = 0;
    let names = tables::with_tenants(&mut custody.conn)?;
    for table in names.iter().filter(|name| !KEPT.contains(&name.as_str())) {
        loop {
            let count = tables::remove(&mut custody.conn, table, tenant, BATCH)?;
            removed += count;
            if count == 0 {
                break;
            }
        }
    }
    Ok(removed)
}

fn export(custody: &mut Custody, tenant: &TenantId, to: &Path) -> Result<(), Failure> {
    if state(custody, tenant)? == State::Deleted {
        return Err(Failure::new(FAILED, format!("tenant {tenant} was deleted")));
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let file =
        file.map_err(|error| Failure::new(USAGE, format!("{} can't be made: {error}", to.display())))?;
    let (mut file, mut rows) = (BufWriter::new(file), 0_u64);
    audit::note_operator(&mut custody.conn, tenant, AuditAction::TenantExported, NOBODY)?;
    let (role, sealed) = (custody.role.name(), custody.role.sealed());
    let head = json!({"export": {"tenant": tenant.as_str(), "role": role, "at": clock::now().to_string()}});
    writeln!(file, "{head}")?;
    let Custody { conn, masters, .. } = custody;
    conn.build_transaction().repeatable_read().read_only().run::<_, Failure, _>(|conn| {
        let Some(vault) = tenants::open_vault(conn, masters, tenant)? else { return Ok(()) };
        let mut take = |row: &Value| {
            rows += 1;
            writeln!(file, "{row}").map_err(Failure::from)
        };
        export::rows(conn, &vault, &sealed, &mut take)
    })?;
    writeln!(file, "{}", json!({"end": {"rows": rows}}))?;
    file.flush()?;
    output::line(&format!("{rows} rows of tenant {tenant} written to {}, in clear", to.display()));
    Ok(())
}
