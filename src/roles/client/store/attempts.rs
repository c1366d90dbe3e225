//! Tries of codes: who may try now, and what wrong ones cost.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Integer, Text, Uuid as PgUuid};
use uuid::Uuid;

use super::schema::access_codes;
use crate::domain::ids::TenantId;

/// How somebody gets to a code's row. Each way has tries of its own, so that
/// nobody without the link can block those who have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By the code alone.
    CodeAlone,
    /// By the link, with the code to be typed.
    Link,
}

/// Lets nobody else try what these hashes find until the end of the transaction.
///
/// Locks of the server's memory: other than locks of rows, they write nothing, and
/// every opening of a document takes one.
pub fn lock<'a>(conn: &mut PgConnection, hashes: impl Iterator<Item = &'a Vec<u8>>) -> QueryResult<()> {
    let mut names: Vec<i64> = hashes.filter_map(|hash| name(hash)).collect();
    // Everybody in the same order, so that nobody waits crosswise.
    names.sort_unstable();
    names.dedup();
    LockAll(names).execute(conn).map(|_| ())
}

/// Two hashes with the same name only wait for each other.
fn name(hash: &[u8]) -> Option<i64> {
    hash.first_chunk().map(|bytes| i64::from_be_bytes(*bytes))
}

struct LockAll(Vec<i64>);

impl QueryFragment<Pg> for LockAll {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("SELECT pg_advisory_xact_lock(name) FROM unnest(");
        out.push_bind_param::<Array<BigInt>, _>(&self.0)?;
        out.push_sql(") AS name");
        Ok(())
    }
}

impl QueryId for LockAll {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl RunQueryDsl<PgConnection> for LockAll {}

/// Wrong tries of one code.
#[derive(Debug, Clone)]
pub struct Charge {
    /// Whose code.
    pub tenant: TenantId,
    /// Which one.
    pub code: Uuid,
    /// Without the link.
    pub alone: i32,
    /// With the link.
    pub by_link: i32,
}

/// Counts wrong tries. Whoever calls has locked them, see [`lock`].
pub fn charge(conn: &mut PgConnection, charges: &[Charge]) -> QueryResult<()> {
    fn column<T>(charges: &[Charge], of: impl Fn(&Charge) -> T) -> Vec<T> {
        charges.iter().map(of).collect()
    }
    diesel::sql_query(
        "UPDATE access_codes a SET failed_total = a.failed_total + c.alone, failed_link = a.failed_link + c.by_link \
         FROM unnest($1, $2, $3, $4) AS c(tenant_id, id, alone, by_link) \
         WHERE a.tenant_id = c.tenant_id AND a.id = c.id",
    )
    .bind::<Array<Text>, _>(column(charges, |c| c.tenant.as_str().to_owned()))
    .bind::<Array<PgUuid>, _>(column(charges, |c| c.code))
    .bind::<Array<Integer>, _>(column(charges, |c| c.alone))
    .bind::<Array<Integer>, _>(column(charges, |c| c.by_link))
    .execute(conn)
    .map(|_| ())
}

/// Takes back one try that was charged before it was known to be right.
pub fn refund(conn: &mut PgConnection, tenant: &TenantId, code: Uuid, way: Way) -> QueryResult<()> {
    let row = access_codes::table.find((tenant.as_str(), code));
    let taken_back = match way {
        Way::CodeAlone => {
            let charged = row.filter(access_codes::failed_total.gt(0));
            diesel::update(charged)
                .set(access_codes::failed_total.eq(access_codes::failed_total - 1))
                .execute(conn)
        }
        Way::Link => {
            let charged = row.filter(access_codes::failed_link.gt(0));
            diesel::update(charged)
                .set(access_codes::failed_link.eq(access_codes::failed_link - 1))
                .execute(conn)
        }
    };
    taken_back.map(|_| ())
}
