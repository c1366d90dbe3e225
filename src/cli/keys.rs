//! `oc keys`: which keys are in use, and new ones for what is there.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use diesel::Connection as _;

use super::custody::Custody;
use super::{FAILED, Failure, Outcome, SettingArgs, output};
use crate::domain::audit::{AuditAction, NOBODY};
use crate::domain::ids::TenantId;
use crate::platform::audit;
use crate::platform::clock;
use crate::platform::tenants::{open_vault, rotation, store};
use crate::roles::Role;

/// Rows after which the progress is told.
const TELL: usize = 10_000;

/// Rotate the keys of a role's database, and see which are in use
///
/// Every tenant has data keys of its own, which `FIELD_ENCRYPTION_KEY` encrypts. To
/// rotate it, put a new key in front of the list, restart the role with both, run
/// `oc keys rotate`, and take the old key out once `oc keys list` says so.
#[derive(Args)]
pub struct Keys {
    /// Which role
    #[arg(long, value_enum, global = true, required = false)]
    role: Option<Role>,
    #[command(subcommand)]
    action: Action,
    #[command(flatten)]
    settings: SettingArgs,
}

#[derive(Subcommand, Clone, Copy)]
enum Action {
    /// Show which keys of `FIELD_ENCRYPTION_KEY` are in use
    List,
    /// Encrypt the data keys with the first `FIELD_ENCRYPTION_KEY`, while the role runs
    Rotate {
        /// Give every tenant a new data key too, and seal all its rows with it
        #[arg(long)]
        data: bool,
        /// Go on with the data keys of a rotation that was cut off, instead of making others
        #[arg(long, requires = "data")]
        resume: bool,
    },
}

impl Keys {
    pub fn run(self) -> Outcome {
        let mut custody = Custody::open(self.role, &self.settings)?;
        if let Action::Rotate { data, resume } = self.action {
            rotate(&mut custody, data, resume)?;
        }
        list(&mut custody)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn rotate(custody: &mut Custody, data: bool, resume: bool) -> Result<(), Failure> {
    if !rotation::begin(&mut custody.conn)? {
        return Err(Failure::new(FAILED, "another rotation of this database is under way; wait for its end"));
    }
    // All of them first: they take moments, and nothing that follows keeps an old master key in use.
    let tenants = rotation::tenants(&mut custody.conn)?;
    let mut wrapped = 0;
    for tenant in &tenants {
        wrapped += rewrap(custody, tenant)?;
    }
    output::line(&format!("{wrapped} data keys encrypted with the first FIELD_ENCRYPTION_KEY"));
    let sealed = audit::reseal(&mut custody.conn, &custody.masters);
    let sealed = sealed.map_err(|error| Failure::new(FAILED, error.to_string()))?;
    output::line(&format!("{sealed} audit trails sealed with it"));
    let mut unreadable = 0;
    for tenant in tenants.iter().filter(|_| data) {
        unreadable += renew(custody, tenant, resume)?;
    }
    tell_remains(&rotation::clean(&mut custody.conn)?);
    if unreadable > 0 {
        let message = format!("{unreadable} rows can't be opened; the keys of their tenants were kept");
        return Err(Failure::new(FAILED, message));
    }
    Ok(())
}

/// Tells who keeps keys that were replaced or destroyed in the file of their table.
pub fn tell_remains(sessions: &[String]) {
    if !sessions.is_empty() {
        output::note(&format!(
            "The file of the table tenant_keys still holds the old rows, because others may need them: {}. \
             When these have ended, run VACUUM tenant_keys.",
            sessions.join(", ")
        ));
    }
}

fn rewrap(custody: &mut Custody, tenant: &TenantId) -> Result<usize, Failure> {
    let Custody { conn, masters, .. } = custody;
    Ok(conn.transaction(|conn| {
        let wrapped = store::rewrap(conn, masters, tenant)?;
        if wrapped > 0 {
            audit::note_operator(conn, tenant, AuditAction::KeysRotated, NOBODY)?;
        }
        Ok::<_, diesel::result::Error>(wrapped)
    })?)
}

/// Gives a tenant a new data key and seals its rows with it; tells how many could
/// not be opened.
fn renew(custody: &mut Custody, tenant: &TenantId, resume: bool) -> Result<usize, Failure> {
    let tables = custody.role.sealed();
    let Custody { conn, masters, .. } = custody;
    let added = conn.transaction(|conn| {
        let added = rotation::add_key(conn, masters, tenant, resume, clock::now())?;
        if added {
            audit::note_operator(conn, tenant, AuditAction::KeysRotated, NOBODY)?;
        }
        Ok::<_, diesel::result::Error>(added)
    })?;
    let Some(vault) = open_vault(conn, masters, tenant)?.filter(|_| added) else { return Ok(0) };
    let (mut renewed, mut told, mut unreadable) = (0, 0, 0);
    for table in &tables {
        let mut after = None;
        loop {
            let page = rotation::renew_page(conn, table, &vault, after.as_deref())?;
            renewed += page.count;
            unreadable += page.unreadable.len();
            for place in page.unreadable {
                output::note(&format!("tenant {tenant}: can't open {} {place}", table.name));
            }
            if renewed >= told + TELL {
                told = renewed;
                output::note(&format!("tenant {tenant}: {renewed} rows so far ..."));
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    if unreadable > 0 {
        output::line(&format!("tenant {tenant}: {renewed} rows sealed anew, {unreadable} can't be opened"));
        return Ok(unreadable);
    }
    let (gone, left) = rotation::drop_old_keys(conn, tenant, clock::now())?;
    output::line(&format!(
        "tenant {tenant}: {renewed} rows sealed with data key {}; {gone} old data keys destroyed, {} kept \
         until a rotation at least an hour from now",
        vault.newest_key(),
        left.saturating_sub(1),
    ));
    Ok(0)
}

fn list(custody: &mut Custody) -> Result<(), Failure> {
    let in_use = store::count_by_master(&mut custody.conn)?;
    let trails = audit::count_by_key(&mut custody.conn)?;
    let known: Vec<_> = custody.masters.all().map(|key| key.id().to_owned()).collect();
    for (place, id) in known.iter().enumerate() {
        let count = in_use.iter().find(|(used, _)| used == id).map_or(0, |(_, count)| *count);
        let sealed = trails.iter().find(|(used, _)| used == id).map_or(0, |(_, count)| *count);
        let advice = match (place, count, sealed) {
            (0, ..) => "first in FIELD_ENCRYPTION_KEY: encrypts",
            (_, 0, 0) => "not needed any more: take it out of FIELD_ENCRYPTION_KEY",
            (_, 0, _) => "still seals audit trails: run oc keys rotate",
            _ => "still needed: run oc keys rotate",
        };
        output::line(&format!("{id}  {count:>6} data keys  {advice}"));
    }
    for (id, count) in in_use.iter().filter(|(id, _)| !known.contains(id)) {
        output::line(&format!(
            "{id}  {count:>6} data keys  MISSING in FIELD_ENCRYPTION_KEY: what they seal can't be read"
        ));
    }
    Ok(())
}
