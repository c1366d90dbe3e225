//! What recipients see of the practice of a tenant.

use diesel::prelude::*;
use diesel::query_dsl::methods::FilterDsl as _;
use diesel::result::QueryResult;
use diesel::upsert::excluded;

use super::schema::senders;
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::SenderPresented;
use crate::platform::db::PgTimestamp;
use crate::platform::senders::SealedSender;
use crate::platform::tenants::Vault;

/// A practice as it is stored, without its picture.
#[derive(Debug, Clone, Queryable)]
pub struct Row {
    /// Everything but the picture, sealed.
    pub profile: Vec<u8>,
    /// Whether there is a picture.
    pub has_logo: bool,
    /// Which saying of it this is.
    pub sequence: i64,
}

/// Writes what a tenant says about itself; `false` if that, or something newer, is here.
pub fn write(
    conn: &mut PgConnection,
    vault: &Vault,
    presented: &SenderPresented,
    now: Timestamp,
) -> QueryResult<bool> {
    let SealedSender { profile, logo } = SealedSender::seal(vault, &presented.sender)?;
    let row = (
        senders::tenant_id.eq(vault.tenant().as_str()),
        senders::sequence.eq(presented.sequence),
        senders::profile.eq(profile),
        senders::logo.eq(logo),
        senders::updated_at.eq(PgTimestamp(now)),
    );
    let written = diesel::insert_into(senders::table)
        .values(row)
        .on_conflict(senders::tenant_id)
        .do_update()
        .set((
            senders::sequence.eq(excluded(senders::sequence)),
            senders::profile.eq(excluded(senders::profile)),
            senders::logo.eq(excluded(senders::logo)),
            senders::updated_at.eq(excluded(senders::updated_at)),
        ))
        .filter(senders::sequence.lt(excluded(senders::sequence)))
        .execute(conn)?;
    Ok(written == 1)
}

/// What a tenant has said about itself, if it has.
pub fn find(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<Option<Row>> {
    let columns = (senders::profile, senders::logo.is_not_null(), senders::sequence);
    senders::table.find(tenant.as_str()).select(columns).first(conn).optional()
}

/// The picture of a tenant, sealed, and which saying it belongs to.
pub fn logo(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<Option<(Vec<u8>, i64)>> {
    let row = senders::table.find(tenant.as_str()).select((senders::logo, senders::sequence));
    let found: Option<(Option<Vec<u8>>, i64)> = row.first(conn).optional()?;
    Ok(found.and_then(|(logo, sequence)| Some((logo?, sequence))))
}
