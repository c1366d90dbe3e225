//! Sessions that were ended before their time.

use diesel::dsl::exists;
use diesel::prelude::*;
use diesel::result::QueryResult;
use uuid::Uuid;

use super::schema::ended_sessions;
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;

/// Notes that a session was ended; `forget_at` is when no token of it is valid any more.
pub fn end(
    conn: &mut PgConnection,
    tenant: &TenantId,
    session: Uuid,
    forget_at: Timestamp,
) -> QueryResult<()> {
    let row = (
        ended_sessions::tenant_id.eq(tenant.as_str()),
        ended_sessions::session_id.eq(session),
        ended_sessions::forget_at.eq(PgTimestamp(forget_at)),
    );
    diesel::insert_into(ended_sessions::table).values(row).on_conflict_do_nothing().execute(conn).map(|_| ())
}

/// Whether a session was ended.
pub fn has_ended(conn: &mut PgConnection, tenant: &TenantId, session: Uuid) -> QueryResult<bool> {
    diesel::select(exists(ended_sessions::table.find((tenant.as_str(), session)))).get_result(conn)
}
