//! The tables of the audit trail.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::AstPass;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Binary, Int4, Int8, Nullable, Text, Timestamptz};

use super::chain::{Ends, Link, hex};
use crate::domain::audit::{AuditAction, Body, Entry, Trace};
use crate::domain::ids::TenantId;
use crate::domain::timestamp::Timestamp;
use crate::platform::db::PgTimestamp;
use crate::platform::feed::READY;
use crate::platform::schema::{audit_chains, audit_log, audit_pending};

/// Writes an entry in the transaction of what it tells of.
pub fn note(conn: &mut PgConnection, tenant: &TenantId, entry: &Entry) -> QueryResult<()> {
    let Entry { trace, action, target, outcome, at, .. } = entry;
    diesel::insert_into(audit_pending::table)
        .values((
            audit_pending::tenant_id.eq(tenant.as_str()),
            audit_pending::at.eq(PgTimestamp(*at)),
            audit_pending::who.eq(&trace.who),
            audit_pending::action.eq(action.as_str()),
            audit_pending::target.eq(target),
            audit_pending::outcome.eq(outcome.as_str()),
            audit_pending::address.eq(&trace.address),
            audit_pending::agent.eq(trace.agent),
            audit_pending::mark.eq(&trace.mark),
        ))
        .execute(conn)
        .map(|_| ())
}

/// The same within a larger statement: what was done to the row that `source`, a
/// table expression with `tenant_id` and `id`, holds, if it holds one.
pub fn push_note<'b>(
    out: &mut AstPass<'_, 'b, Pg>,
    trace: &'b Trace,
    action: AuditAction,
    at: &'b PgTimestamp,
    source: &str,
) -> QueryResult<()> {
    out.push_sql(
        "INSERT INTO audit_pending (tenant_id, target, outcome, action, at, who, address, agent, mark) \
         SELECT tenant_id, id::text, 'done', ",
    );
    out.push_bind_param::<Text, _>(action.as_str())?;
    out.push_sql(", ");
    out.push_bind_param::<Timestamptz, _>(at)?;
    out.push_sql(", ");
    out.push_bind_param::<Text, _>(&trace.who)?;
    out.push_sql(", ");
    out.push_bind_param::<Nullable<Text>, _>(&trace.address)?;
    out.push_sql(", ");
    out.push_bind_param::<Nullable<Text>, _>(&trace.agent)?;
    out.push_sql(", ");
    out.push_bind_param::<Nullable<Text>, _>(&trace.mark)?;
    out.push_sql(" FROM ");
    out.push_sql(source);
    Ok(())
}

#[derive(QueryableByName)]
struct TenantRow {
    #[diesel(sql_type = Text)]
    tenant_id: String,
}

/// Every tenant with entries that are ready to be chained.
pub(super) fn tenants_waiting(conn: &mut PgConnection) -> QueryResult<Vec<TenantId>> {
    let statement = format!("SELECT DISTINCT tenant_id FROM audit_pending WHERE {READY}");
    let rows: Vec<TenantRow> = diesel::sql_query(statement).load(conn)?;
    Ok(rows.into_iter().filter_map(|row| TenantId::parse(&row.tenant_id).ok()).collect())
}

/// How many entries of a tenant wait to be chained.
pub fn pending(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<i64> {
    audit_pending::table.filter(audit_pending::tenant_id.eq(tenant.as_str())).count().get_result(conn)
}

/// Every tenant that is known or has a chain: one whose chain was removed is missed.
pub fn tenants(conn: &mut PgConnection) -> QueryResult<Vec<TenantId>> {
    let statement = "SELECT tenant_id FROM audit_chains UNION SELECT tenant_id FROM tenants ORDER BY 1";
    let rows: Vec<TenantRow> = diesel::sql_query(statement).load(conn)?;
    Ok(rows.into_iter().filter_map(|row| TenantId::parse(&row.tenant_id).ok()).collect())
}

/// Whether a tenant's chain has entries after the place `after`.
pub(super) fn has_entries(conn: &mut PgConnection, tenant: &TenantId, after: i64) -> QueryResult<bool> {
    let entries = audit_log::table.filter(audit_log::tenant_id.eq(tenant.as_str()));
    let entries = entries.filter(audit_log::seq.gt(after));
    diesel::select(diesel::dsl::exists(entries)).get_result(conn)
}

/// A chain's ends as they are stored, and their seal.
#[derive(Debug, Clone)]
pub struct StoredEnds {
    /// Where it begins and ends.
    pub ends: Ends,
    /// Which key made the seal.
    pub key_id: String,
    /// Keyed hash over the ends.
    pub seal: Vec<u8>,
}

type EndsRow = (i64, Vec<u8>, i64, Vec<u8>, String, Vec<u8>);
type EndsColumns = (
    audit_chains::start_seq,
    audit_chains::start_hash,
    audit_chains::head_seq,
    audit_chains::head_hash,
    audit_chains::key_id,
    audit_chains::seal,
);
const ENDS: EndsColumns = (
    audit_chains::start_seq,
    audit_chains::start_hash,
    audit_chains::head_seq,
    audit_chains::head_hash,
    audit_chains::key_id,
    audit_chains::seal,
);

fn stored((start_seq, start_hash, head_seq, head_hash, key_id, seal): EndsRow) -> StoredEnds {
    StoredEnds { ends: Ends { start_seq, start_hash, head_seq, head_hash }, key_id, seal }
}

/// Where a chain begins and ends; `None` if there is none yet.
pub fn find(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<Option<StoredEnds>> {
    let row = audit_chains::table.find(tenant.as_str()).select(ENDS).first(conn).optional()?;
    Ok(row.map(stored))
}

/// Locks a chain until the end of the transaction; `None` if there is none yet, or
/// another process is at it.
pub(super) fn lock(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<Option<StoredEnds>> {
    let row = audit_chains::table.find(tenant.as_str()).for_update().skip_locked();
    Ok(row.select(ENDS).first(conn).optional()?.map(stored))
}

/// Like [`lock`], but waits for other processes.
pub(super) fn lock_patiently(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<Option<StoredEnds>> {
    let row = audit_chains::table.find(tenant.as_str()).for_update();
    Ok(row.select(ENDS).first(conn).optional()?.map(stored))
}

/// How many chains are sealed with each key.
pub fn count_by_key(conn: &mut PgConnection) -> QueryResult<Vec<(String, i64)>> {
    audit_chains::table
        .group_by(audit_chains::key_id)
        .select((audit_chains::key_id, diesel::dsl::count_star()))
        .load(conn)
}

/// Begins a chain; `false` if there is one.
pub(super) fn begin(
    conn: &mut PgConnection,
    tenant: &TenantId,
    chain: &StoredEnds,
    now: Timestamp,
) -> QueryResult<bool> {
    let written = diesel::insert_into(audit_chains::table)
        .values((
            audit_chains::tenant_id.eq(tenant.as_str()),
            audit_chains::start_seq.eq(chain.ends.start_seq),
            audit_chains::start_hash.eq(&chain.ends.start_hash),
            audit_chains::head_seq.eq(chain.ends.head_seq),
            audit_chains::head_hash.eq(&chain.ends.head_hash),
            audit_chains::key_id.eq(&chain.key_id),
            audit_chains::seal.eq(&chain.seal),
            audit_chains::updated_at.eq(PgTimestamp(now)),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(written == 1)
}

/// Notes where a locked chain begins and ends now.
pub(super) fn advance(
    conn: &mut PgConnection,
    tenant: &TenantId,
    chain: &StoredEnds,
    now: Timestamp,
) -> QueryResult<()> {
    diesel::update(audit_chains::table.find(tenant.as_str()))
        .set((
            audit_chains::start_seq.eq(chain.ends.start_seq),
            audit_chains::start_hash.eq(&chain.ends.start_hash),
            audit_chains::head_seq.eq(chain.ends.head_seq),
            audit_chains::head_hash.eq(&chain.ends.head_hash),
            audit_chains::key_id.eq(&chain.key_id),
            audit_chains::seal.eq(&chain.seal),
            audit_chains::updated_at.eq(PgTimestamp(now)),
        ))
        .execute(conn)
        .map(|_| ())
}

#[derive(QueryableByName)]
struct PendingRow {
    #[diesel(sql_type = Int8)]
    txid: i64,
    #[diesel(sql_type = Int8)]
    position: i64,
    #[diesel(sql_type = Timestamptz)]
    at: PgTimestamp,
    #[diesel(sql_type = Text)]
    who: String,
    #[diesel(sql_type = Text)]
    action: String,
    #[diesel(sql_type = Text)]
    target: String,
    #[diesel(sql_type = Text)]
    outcome: String,
    #[diesel(sql_type = Nullable<Text>)]
    address: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    agent: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    mark: Option<String>,
}

/// Takes up to `limit` entries out that are ready, in the order of their transactions.
pub(super) fn take(
    conn: &mut PgConnection,
    tenant: &TenantId,
    limit: i64,
) -> QueryResult<Vec<(Timestamp, Body)>> {
    let statement = format!(
        "DELETE FROM audit_pending WHERE ctid = ANY (ARRAY(SELECT ctid FROM audit_pending \
         WHERE tenant_id = $1 AND {READY} ORDER BY txid, position LIMIT $2)) \
         RETURNING txid, position, at, who, action, target, outcome, address, agent, mark"
    );
    let mut rows: Vec<PendingRow> =
        diesel::sql_query(statement).bind::<Text, _>(tenant.as_str()).bind::<BigInt, _>(limit).load(conn)?;
    rows.sort_by_key(|row| (row.txid, row.position));
    let waiting = |row: PendingRow| {
        let at = row.at.0;
        let body = Body {
            tenant: tenant.to_string(),
            seq: 0,
            at: at.to_string(),
            who: row.who,
            action: row.action,
            target: row.target,
            outcome: row.outcome,
            times: 1,
            address: row.address,
            agent: row.agent,
            mark: row.mark,
            prev: String::new(),
        };
        (at, body)
    };
    Ok(rows.into_iter().map(waiting).collect())
}

/// Writes links at the end of a locked chain.
pub(super) fn append(conn: &mut PgConnection, links: &[Link]) -> QueryResult<usize> {
    fn column<'a, T>(links: &'a [Link], of: impl Fn(&'a Link) -> T) -> Vec<T> {
        links.iter().map(of).collect()
    }
    diesel::sql_query(
        "INSERT INTO audit_log (tenant_id, seq, at, who, action, target, outcome, times, address, agent, mark, prev_hash, hash) \
         SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
    )
    .bind::<Array<Text>, _>(column(links, |link| link.body.tenant.as_str()))
    .bind::<Array<Int8>, _>(column(links, |link| link.body.seq))
    .bind::<Array<Timestamptz>, _>(column(links, |link| PgTimestamp(link.at)))
    .bind::<Array<Text>, _>(column(links, |link| link.body.who.as_str()))
    .bind::<Array<Text>, _>(column(links, |link| link.body.action.as_str()))
    .bind::<Array<Text>, _>(column(links, |link| link.body.target.as_str()))
    .bind::<Array<Text>, _>(column(links, |link| link.body.outcome.as_str()))
    .bind::<Array<Int4>, _>(column(links, |link| link.body.times))
    .bind::<Array<Nullable<Text>>, _>(column(links, |link| link.body.address.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(column(links, |link| link.body.agent.as_deref()))
    .bind::<Array<Nullable<Text>>, _>(column(links, |link| link.body.mark.as_deref()))
    .bind::<Array<Binary>, _>(column(links, |link| link.prev.as_slice()))
    .bind::<Array<Binary>, _>(column(links, |link| link.hash.as_slice()))
    .execute(conn)
}

type LogRow = (
    i64,
    PgTimestamp,
    String,
    String,
    String,
    String,
    i32,
    Option<String>,
    Option<String>,
    Option<String>,
    Vec<u8>,
    Vec<u8>,
);

/// Up to `limit` entries of a chain after the place `after`, in their order, each
/// with its hash as it is stored.
pub fn page(
    conn: &mut PgConnection,
    tenant: &TenantId,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<(Body, String)>> {
    let rows: Vec<LogRow> = audit_log::table
        .filter(audit_log::tenant_id.eq(tenant.as_str()))
        .filter(audit_log::seq.gt(after))
        .order(audit_log::seq)
        .limit(limit)
        .select((
            audit_log::seq,
            audit_log::at,
            audit_log::who,
            audit_log::action,
            audit_log::target,
            audit_log::outcome,
            audit_log::times,
            audit_log::address,
            audit_log::agent,
            audit_log::mark,
            audit_log::prev_hash,
            audit_log::hash,
        ))
        .load(conn)?;
    Ok(rows.into_iter().map(|row| body(tenant, row)).collect())
}

fn body(tenant: &TenantId, row: LogRow) -> (Body, String) {
    let (seq, at, who, action, target, outcome, times, address, agent, mark, prev, hash) = row;
    let (at, prev) = (at.0.to_string(), hex(&prev));
    let tenant = tenant.to_string();
    let body = Body { tenant, seq, at, who, action, target, outcome, times, address, agent, mark, prev };
    (body, hex(&hash))
}

/// When the oldest entry after a place happened, as it is stored.
pub(super) fn oldest(
    conn: &mut PgConnection,
    tenant: &TenantId,
    start: i64,
) -> QueryResult<Option<Timestamp>> {
    let rows = audit_log::table
        .filter(audit_log::tenant_id.eq(tenant.as_str()))
        .filter(audit_log::seq.gt(start))
        .order(audit_log::seq);
    Ok(rows.select(audit_log::at).first::<PgTimestamp>(conn).optional()?.map(|at| at.0))
}

/// Removes the entries of a locked chain up to a place.
pub(super) fn remove(conn: &mut PgConnection, tenant: &TenantId, up_to: i64) -> QueryResult<usize> {
    diesel::sql_query("SELECT set_config('oc.audit_retention', 'on', true)").execute(conn)?;
    let old =
        audit_log::table.filter(audit_log::tenant_id.eq(tenant.as_str())).filter(audit_log::seq.le(up_to));
    let removed = diesel::delete(old).execute(conn)?;
    diesel::sql_query("SELECT set_config('oc.audit_retention', 'off', true)").execute(conn)?;
    Ok(removed)
}

/// Lets entries be chained that were written by another server, whose transaction
/// ids were ahead of this one's, before the database was restored into this one.
pub(super) fn mend_after_restore(conn: &mut PgConnection) -> QueryResult<usize> {
    diesel::sql_query(
        "UPDATE audit_pending SET txid = 0 WHERE txid >= pg_snapshot_xmax(pg_current_snapshot())::text::bigint",
    )
    .execute(conn)
}
