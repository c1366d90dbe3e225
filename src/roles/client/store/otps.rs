//! Numbers that were sent, and what was sent and tried for each access code.

use diesel::prelude::*;
use diesel::result::QueryResult;
use uuid::Uuid;

use super::schema::{otp_tallies, otps};
use crate::domain::ids::TenantId;
use crate::domain::otp::{TRIES, Tally};
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;
use crate::roles::client::codes::StoredOtp;

#[derive(Queryable, Selectable)]
#[diesel(table_name = otp_tallies, check_for_backend(diesel::pg::Pg))]
struct TallyRow {
    sent_at: Vec<Option<PgTimestamp>>,
    refused_at: Option<PgTimestamp>,
    wrong_at: Vec<Option<PgTimestamp>>,
    wrong_total: i32,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = otps, check_for_backend(diesel::pg::Pg))]
struct OtpRow {
    key_id: String,
    otp_hash: Vec<u8>,
    tries: i32,
    sent_at: PgTimestamp,
    expires_at: PgTimestamp,
}

/// A number that was sent.
#[derive(Debug, Clone)]
pub struct SentOtp {
    /// What is compared.
    pub stored: StoredOtp,
    /// Wrong ones so far.
    pub tries: i32,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// Until when it is good.
    pub expires_at: Timestamp,
}

impl SentOtp {
    /// Whether it may still be typed.
    #[must_use]
    pub fn is_good(&self, now: Timestamp) -> bool {
        self.expires_at > now && self.tries < TRIES
    }
}

/// Locks what was sent and tried for a code until the end of the transaction, so that
/// everything about it happens one after the other. The code has to be there.
pub fn lock_tally(conn: &mut PgConnection, tenant: &TenantId, code: Uuid) -> QueryResult<Tally> {
    let key = (otp_tallies::tenant_id.eq(tenant.as_str()), otp_tallies::code_id.eq(code));
    diesel::insert_into(otp_tallies::table).values(key).on_conflict_do_nothing().execute(conn)?;
    let row = otp_tallies::table.find((tenant.as_str(), code)).for_update();
    let row: TallyRow = row.select(TallyRow::as_select()).first(conn)?;
    let moments = |column: Vec<Option<PgTimestamp>>| column.into_iter().flatten().map(Into::into).collect();
    Ok(Tally {
        sent: moments(row.sent_at),
        refused: row.refused_at.map(Into::into),
        wrong: moments(row.wrong_at),
        wrong_total: row.wrong_total,
    })
}

/// Writes what was sent and tried for a code that is locked.
pub fn write_tally(conn: &mut PgConnection, tenant: &TenantId, code: Uuid, tally: &Tally) -> QueryResult<()> {
    let moments = |moments: &[Timestamp]| moments.iter().map(|at| PgTimestamp(*at)).collect::<Vec<_>>();
    diesel::update(otp_tallies::table.find((tenant.as_str(), code)))
        .set((
            otp_tallies::sent_at.eq(moments(&tally.sent)),
            otp_tallies::refused_at.eq(tally.refused.map(PgTimestamp)),
            otp_tallies::wrong_at.eq(moments(&tally.wrong)),
            otp_tallies::wrong_total.eq(tally.wrong_total),
        ))
        .execute(conn)
        .map(|_| ())
}

/// Writes the number of a session in the place of an earlier one.
pub fn put(
    conn: &mut PgConnection,
    tenant: &TenantId,
    (session, code): (Uuid, Uuid),
    sent: &SentOtp,
) -> QueryResult<()> {
    let sent = (
        otps::key_id.eq(&sent.stored.key_id),
        otps::otp_hash.eq(&sent.stored.hash),
        otps::tries.eq(sent.tries),
        otps::sent_at.eq(PgTimestamp(sent.sent_at)),
        otps::expires_at.eq(PgTimestamp(sent.expires_at)),
    );
    let key = (otps::tenant_id.eq(tenant.as_str()), otps::session_id.eq(session), otps::code_id.eq(code));
    diesel::insert_into(otps::table)
        .values((key, sent))
        .on_conflict((otps::tenant_id, otps::session_id))
        .do_update()
        .set(sent)
        .execute(conn)
        .map(|_| ())
}

/// The number of a session, if one was sent and is not used up.
pub fn find(conn: &mut PgConnection, tenant: &TenantId, session: Uuid) -> QueryResult<Option<SentOtp>> {
    let row = otps::table.find((tenant.as_str(), session));
    let row: Option<OtpRow> = row.select(OtpRow::as_select()).first(conn).optional()?;
    Ok(row.map(|row| SentOtp {
        stored: StoredOtp { key_id: row.key_id, hash: row.otp_hash },
        tries: row.tries,
        sent_at: row.sent_at.into(),
        expires_at: row.expires_at.into(),
    }))
}

/// Counts a wrong try of a session's number.
pub fn count_try(conn: &mut PgConnection, tenant: &TenantId, session: Uuid) -> QueryResult<()> {
    let row = otps::table.find((tenant.as_str(), session));
    diesel::update(row).set(otps::tries.eq(otps::tries + 1)).execute(conn).map(|_| ())
}

/// Removes the number of a session; `false` if there was none.
pub fn remove(conn: &mut PgConnection, tenant: &TenantId, session: Uuid) -> QueryResult<bool> {
    Ok(diesel::delete(otps::table.find((tenant.as_str(), session))).execute(conn)? > 0)
}

/// The same, if it is the one that was sent at `sent_at`.
pub fn remove_sent_at(
    conn: &mut PgConnection,
    tenant: &TenantId,
    session: Uuid,
    sent_at: Timestamp,
) -> QueryResult<bool> {
    let row = otps::table.find((tenant.as_str(), session)).filter(otps::sent_at.eq(PgTimestamp(sent_at)));
    Ok(diesel::delete(row).execute(conn)? > 0)
}
