//! Whether the keys of the settings open what is stored.

use std::sync::Arc;

use diesel::PgConnection;
use diesel::result::QueryResult;

use super::findings::Group;
use super::{Patient, failed};
use crate::config::Keys;
use crate::domain::ids::TenantId;
use crate::platform::audit;
use crate::platform::secrets::SecretKeys;
use crate::platform::tenants::{open_vault, store, tables::SealedTable};

/// Tenants of each key that are tried.
const TRIED: usize = 3;

pub fn look(patient: &Patient, conn: &mut PgConnection, group: &Group<'_>) {
    if !patient.is_broken("FIELD_ENCRYPTION_KEY")
        && let Some(masters) = keys(&patient.config.field_encryption_keys, group)
        && let Err(error) = masters_in_use(patient, conn, &masters, group)
    {
        failed(group, "FIELD_ENCRYPTION_KEY", &error);
    }
    if patient.is_provider() || patient.is_broken("ACCESS_CODE_KEY") {
        return;
    }
    let Some(known) = keys(&patient.config.access_code_keys, group) else { return };
    match patient.role.codes_by_key(conn) {
        Ok(used) => {
            let missing: i64 = used.iter().filter(|(id, _)| known.by_id(id).is_none()).map(|(_, n)| n).sum();
            let all: i64 = used.iter().map(|(_, count)| count).sum();
            match missing {
                0 => group.ok("ACCESS_CODE_KEY", format!("its keys have made all {all} codes")),
                _ => group.problem(
                    "ACCESS_CODE_KEY",
                    format!("{missing} of {all} codes were made with a key that it lacks: they open nothing"),
                    "put the old key back at the end of the list",
                ),
            }
        }
        Err(error) => failed(group, "ACCESS_CODE_KEY", &error),
    }
}

fn keys(keys: &Keys, group: &Group<'_>) -> Option<Arc<SecretKeys>> {
    match SecretKeys::new(keys) {
        Ok(keys) => Some(Arc::new(keys)),
        Err(error) => {
            failed(group, "settings", &error);
            None
        }
    }
}

/// Tries what each key in use has encrypted: data keys, and a value that those sealed.
fn masters_in_use(
    patient: &Patient,
    conn: &mut PgConnection,
    masters: &Arc<SecretKeys>,
    group: &Group<'_>,
) -> QueryResult<()> {
    let check = "FIELD_ENCRYPTION_KEY";
    let in_use = store::count_by_master(conn)?;
    if in_use.is_empty() {
        group.ok(check, "nothing is encrypted yet");
        return Ok(());
    }
    let advice = "put the key back into the list; without it nobody can read what it seals";
    for (id, count) in &in_use {
        if masters.by_id(id).is_none() {
            let found = format!("{count} data keys are encrypted with a key that it lacks ({id})");
            group.problem(check, found, advice);
            continue;
        }
        let (mut tried, mut values, mut bad) = (0, 0, 0);
        for tenant in store::tenants_of_master(conn, id, TRIED)? {
            tried += 1;
            match tried_value(conn, masters, &patient.role.sealed(), &tenant)? {
                Tried::Opens => values += 1,
                Tried::Nothing => {}
                Tried::Fails => bad += 1,
            }
        }
        match bad {
            0 => group.ok(check, format!("opens what was tried: {count} data keys under key {id}, {values} values of {tried} tenants")),
            _ => group.problem(check, format!("what {bad} of {tried} tenants have stored can't be opened with it"), advice),
        }
    }
    let trails = audit::count_by_key(conn)?;
    let missing: i64 = trails.iter().filter(|(id, _)| masters.by_id(id).is_none()).map(|(_, n)| n).sum();
    if missing > 0 {
        let found =
            format!("{missing} audit trails are sealed with a key that it lacks: nothing is added to them");
        group.problem("audit trail", found, advice);
    }
    Ok(())
}

/// What came of trying to open something of a tenant.
enum Tried {
    Opens,
    Nothing,
    Fails,
}

/// Opens the keys of a tenant and one value that they have sealed.
fn tried_value(
    conn: &mut PgConnection,
    masters: &Arc<SecretKeys>,
    sealed: &[SealedTable],
    tenant: &TenantId,
) -> QueryResult<Tried> {
    let Ok(vault) = open_vault(conn, masters, tenant) else { return Ok(Tried::Fails) };
    let Some(vault) = vault else { return Ok(Tried::Nothing) };
    // What the role itself has written comes last, and is most likely to be there.
    for table in sealed.iter().rev() {
        if let Some(row) = table.any(conn, tenant)? {
            return Ok(if table.open(&vault, &row).is_ok() { Tried::Opens } else { Tried::Fails });
        }
    }
    Ok(Tried::Nothing)
}
