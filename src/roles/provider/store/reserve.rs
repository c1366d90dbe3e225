//! Access codes that the client role handed out ahead of time, and what else the
//! provider role has with it for each tenant.

use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Binary, Nullable, Text, Timestamptz, Uuid as PgUuid};
use uuid::Uuid;

use super::schema::{client_accounts, code_reserve};
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;

/// Where codes are written now: a backup that is put back is on another server, in another
/// database or on another timeline, and there they are not promised.
const HERE: &str = "(SELECT concat_ws('-', s.system_identifier, d.oid, left(pg_walfile_name(pg_current_wal_lsn()), 8)) \
     FROM pg_control_system() s, pg_database d WHERE d.datname = current_database())";

/// A code as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedCode {
    /// Its id.
    pub id: Uuid,
    /// Code and link, encrypted.
    pub sealed: Vec<u8>,
}

/// Takes the oldest code that lasts until `lasts_until` out of the reserve.
pub fn take(
    conn: &mut PgConnection,
    tenant: &TenantId,
    lasts_until: Timestamp,
) -> QueryResult<Option<SealedCode>> {
    let taken = Take { tenant: tenant.as_str(), lasts_until: PgTimestamp(lasts_until) };
    let row: Option<(Uuid, Vec<u8>)> = taken.get_result(conn).optional()?;
    Ok(row.map(|(id, sealed)| SealedCode { id, sealed }))
}

/// Finds and removes in one round trip; a code that somebody else is taking is passed over.
struct Take<'a> {
    tenant: &'a str,
    lasts_until: PgTimestamp,
}

impl QueryFragment<Pg> for Take<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("DELETE FROM code_reserve WHERE tenant_id = ");
        out.push_bind_param::<Text, _>(self.tenant)?;
        out.push_sql(" AND id = (SELECT id FROM code_reserve WHERE tenant_id = ");
        out.push_bind_param::<Text, _>(self.tenant)?;
        out.push_sql(" AND expires_at > ");
        out.push_bind_param::<Timestamptz, _>(&self.lasts_until)?;
        out.push_sql(" AND place = ");
        out.push_sql(HERE);
        out.push_sql(" ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, sealed");
        Ok(())
    }
}

impl QueryId for Take<'_> {
    type QueryId = Take<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Take<'_> {
    type SqlType = (PgUuid, Binary);
}

impl RunQueryDsl<PgConnection> for Take<'_> {}

/// Puts a block of codes into the reserve.
pub fn put(
    conn: &mut PgConnection,
    tenant: &TenantId,
    codes: &[SealedCode],
    expires_at: Timestamp,
) -> QueryResult<usize> {
    let row = |code: &SealedCode| {
        (
            code_reserve::tenant_id.eq(tenant.as_str().to_owned()),
            code_reserve::id.eq(code.id),
            code_reserve::sealed.eq(code.sealed.clone()),
            code_reserve::expires_at.eq(PgTimestamp(expires_at)),
            code_reserve::place.eq(sql::<Nullable<Text>>(HERE)),
        )
    };
    let rows: Vec<_> = codes.iter().map(row).collect();
    diesel::insert_into(code_reserve::table).values(rows).execute(conn)
}

/// Codes of a tenant that last until `lasts_until`.
pub fn count(conn: &mut PgConnection, tenant: &TenantId, lasts_until: Timestamp) -> QueryResult<i64> {
    code_reserve::table
        .filter(code_reserve::tenant_id.eq(tenant.as_str()))
        .filter(code_reserve::expires_at.gt(PgTimestamp(lasts_until)))
        .filter(code_reserve::place.eq(sql::<Nullable<Text>>(HERE)))
        .count()
        .get_result(conn)
}

/// Of each account, codes that last until `lasts_until`, and the receipts' cursor.
pub fn levels(
    conn: &mut PgConnection,
    lasts_until: Timestamp,
) -> QueryResult<Vec<(String, i64, Option<String>)>> {
    let rows: Vec<LevelRow> = diesel::sql_query(format!(
        "SELECT a.tenant_id, a.receipts_cursor, (SELECT count(*) FROM code_reserve r \
         WHERE r.tenant_id = a.tenant_id AND r.expires_at > $1 AND r.place = {HERE}) AS usable \
         FROM client_accounts a ORDER BY 1",
    ))
    .bind::<Timestamptz, _>(PgTimestamp(lasts_until))
    .load(conn)?;
    Ok(rows.into_iter().map(|row| (row.tenant_id, row.usable, row.receipts_cursor)).collect())
}

#[derive(QueryableByName)]
struct LevelRow {
    #[diesel(sql_type = Text)]
    tenant_id: String,
    #[diesel(sql_type = BigInt)]
    usable: i64,
    #[diesel(sql_type = Nullable<Text>)]
    receipts_cursor: Option<String>,
}

/// Removes codes that expired before `now`, and those that a backup brought back.
pub fn forget_unusable(conn: &mut PgConnection, now: Timestamp) -> QueryResult<usize> {
    let over = code_reserve::expires_at.le(PgTimestamp(now)).nullable();
    let elsewhere = code_reserve::place.ne(sql::<Nullable<Text>>(HERE));
    diesel::delete(code_reserve::table.filter(over.or(elsewhere))).execute(conn)
}

/// Notes that a tenant sends documents.
pub fn open_account(conn: &mut PgConnection, tenant: &TenantId, now: Timestamp) -> QueryResult<()> {
    diesel::insert_into(client_accounts::table)
        .values((
            client_accounts::tenant_id.eq(tenant.as_str()),
            client_accounts::created_at.eq(PgTimestamp(now)),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(())
}

/// Every tenant that sends documents, and up to where its receipts were taken over.
pub fn accounts(conn: &mut PgConnection) -> QueryResult<Vec<(TenantId, Option<String>)>> {
    let rows: Vec<(String, Option<String>)> = client_accounts::table
        .order(client_accounts::tenant_id)
        .select((client_accounts::tenant_id, client_accounts::receipts_cursor))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(tenant, cursor)| Some((TenantId::parse(&tenant).ok()?, cursor)))
        .collect())
}

/// Moves the cursor of a tenant's receipts from `from` to `to`; `false` if
/// another process has moved it meanwhile.
pub fn advance(
    conn: &mut PgConnection,
    tenant: &TenantId,
    from: Option<&str>,
    to: &str,
) -> QueryResult<bool> {
    let account = client_accounts::table
        .find(tenant.as_str())
        .filter(client_accounts::receipts_cursor.is_not_distinct_from(from.map(str::to_owned)));
    let moved = diesel::update(account).set(client_accounts::receipts_cursor.eq(to)).execute(conn)?;
    Ok(moved == 1)
}
