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
    },
}

impl Keys {
    pub fn run(self) -> Outcome {
        let mut custody = Custody::open(self.role, &self.settings)?;
        if let Action::Rotate { data } = self.action {
            rotate(&mut custody, data)?;
        }
        list(&mut custody)?;
        Ok(ExitCode::SUCCESS)
    }
}

fn rotate(custody: &mut Custody, data: bool) -> Result<(), Failure> {
    if !rotation::begin(&mut custody.conn)? {
        return Err(Failure::new(FAILED, "another rotation of this database is under way; wait for its end"));
    }
    let mut wrapped = 0;
    for tenant in rotation::tenants(&mut custody.conn)? {
        wrapped += rewrap(custody, &tenant)?;
        if data {
            renew(custody, &tenant)?;
        }
    }
    output::line(&format!("{wrapped} data keys encrypted with the first FIELD_ENCRYPTION_KEY"));
    let sealed = audit::reseal(&mut custody.conn, &custody.masters);
    let sealed = sealed.map_err(|error| Failure::new(FAILED, error.to_string()))?;
    output::line(&format!("{sealed} audit trails sealed with it"));
    Ok(())
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

/// Gives a tenant a new data key and seals its rows with it.
fn renew(custody: &mut Custody, tenant: &TenantId) -> Result<(), Failure> {
    let tables = custody.role.sealed();
    let Custody { conn, masters, .. } = custody;
    conn.transaction(|conn| {
        rotation::add_key(conn, masters, tenant, clock::now())?;
        audit::note_operator(conn, tenant, AuditAction::KeysRotated, NOBODY)
    })?;
    let Some(vault) = open_vault(conn, masters, tenant)? else { return Ok(()) };
    let (mut renewed, mut told) = (0, 0);
    for table in &tables {
        let mut after = None;
        loop {
            let (count, next) = rotation::renew_page(conn, table, &vault, after.as_deref())?;
            renewed += count;
            if renewed >= told + TELL {
                told = renewed;
                output::note(&format!("tenant {tenant}: {renewed} rows so far ..."));
            }
            after = next;
            if after.is_none() {
                break;
            }
        }
    }
    let (gone, left) = rotation::drop_old_keys(conn, tenant, clock::now())?;
    output::line(&format!(
        "tenant {tenant}: {renewed} rows sealed with data key {}; {gone} old data keys destroyed, {} kept \
         until a rotation at least an hour from now",
        vault.newest_key(),
        left.saturating_sub(1),
    ));
    Ok(())
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
