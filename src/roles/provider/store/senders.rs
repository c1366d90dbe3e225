//! What recipients see of the practice of a tenant.

use diesel::prelude::*;
use diesel::result::QueryResult;

use super::schema::senders;
use crate::domain::ids::TenantId;
use crate::domain::sender::Sender;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;
use crate::platform::senders::SealedSender;
use crate::platform::tenants::Vault;

/// A practice, and which saying of it this is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The practice.
    pub sender: Sender,
    /// Grows with each change.
    pub version: i32,
    /// Of the newest message about it.
    pub sequence: i64,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

type Row = (Vec<u8>, Option<Vec<u8>>, i32, i64, PgTimestamp);

/// What a tenant has said about itself, if it has.
pub fn find(conn: &mut PgConnection, vault: &Vault) -> QueryResult<Option<Saved>> {
    let row = senders::table.find(vault.tenant().as_str());
    let columns = (senders::profile, senders::logo, senders::version, senders::sequence, senders::updated_at);
    let row: Option<Row> = row.select(columns).first(conn).optional()?;
    let Some((profile, logo, version, sequence, updated_at)) = row else { return Ok(None) };
    let sealed = SealedSender { profile, logo };
    let sender = vault.reading(conn, |vault| sealed.open(vault))?;
    Ok(Some(Saved { sender, version, sequence, updated_at: updated_at.into() }))
}

/// Keeps others from changing what a tenant says about itself until the end of the transaction.
pub fn lock(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<()> {
    let row = senders::table.find(tenant.as_str()).select(senders::version).for_update();
    row.first::<i32>(conn).optional().map(drop)
}

/// Writes it where nothing is or the version before; `false` if somebody was faster.
pub fn write(conn: &mut PgConnection, vault: &Vault, saved: &Saved, before: i32) -> QueryResult<bool> {
    let SealedSender { profile, logo } = SealedSender::seal(vault, &saved.sender)?;
    let said = (
        senders::version.eq(saved.version),
        senders::sequence.eq(saved.sequence),
        senders::profile.eq(profile),
        senders::logo.eq(logo),
        senders::updated_at.eq(PgTimestamp(saved.updated_at)),
    );
    let tenant = vault.tenant().as_str();
    let written = if before == 0 {
        diesel::insert_into(senders::table)
            .values((senders::tenant_id.eq(tenant), said))
            .on_conflict_do_nothing()
            .execute(conn)?
    } else {
        let row = senders::table.find(tenant).filter(senders::version.eq(before));
        diesel::update(row).set(said).execute(conn)?
    };
    Ok(written == 1)
}
