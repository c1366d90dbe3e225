//! Statements over many messages at once that diesel's query builder has no
//! words for. Each is one round trip and is prepared once for each connection.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::result::QueryResult;
use diesel::sql_types::{
    Array, BigInt, Binary, Int4, Int8, Nullable, SmallInt, Text, Timestamptz, Uuid as PgUuid,
};
use uuid::Uuid;

use crate::platform::db::PgTimestamp;

/// Whether no open message about the same subject comes before `o`. A join would
/// leave the planner the choice to read every open message for each.
pub(super) const IS_NEXT: &str = "o.sequence = (SELECT e.sequence FROM outbox e WHERE e.tenant_id = o.tenant_id \
     AND e.subject_id = o.subject_id AND e.destination = o.destination AND e.state IN ('pending', 'leased') \
     ORDER BY e.sequence LIMIT 1)";

/// Leases messages of a destination that are due, oldest first. A message waits
/// for those before it; rows that another worker is looking at are passed over.
/// The lease does not wait for the disk: one that a crash of the database takes
/// back is taken anew.
pub(super) struct Claim<'a> {
    pub destination: &'a str,
    pub limit: i64,
    pub now: PgTimestamp,
    pub until: PgTimestamp,
}

impl QueryFragment<Pg> for Claim<'_> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql(
            "WITH due AS MATERIALIZED (SELECT o.tenant_id, o.id FROM outbox o WHERE o.destination = ",
        );
        out.push_bind_param::<Text, _>(self.destination)?;
        out.push_sql(" AND o.state IN ('pending', 'leased') AND o.due_at <= ");
        out.push_bind_param::<Timestamptz, _>(&self.now)?;
        out.push_sql(" AND ");
        out.push_sql(IS_NEXT);
        out.push_sql(" ORDER BY o.due_at LIMIT ");
        out.push_bind_param::<BigInt, _>(&self.limit)?;
        out.push_sql(
            " FOR UPDATE OF o SKIP LOCKED), \
             quick AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true)) \
             UPDATE outbox o SET state = 'leased', attempts = o.attempts + 1, due_at = ",
        );
        out.push_bind_param::<Timestamptz, _>(&self.until)?;
        out.push_sql(", leased_until = ");
        out.push_bind_param::<Timestamptz, _>(&self.until)?;
        out.push_sql(
            " FROM due, quick WHERE o.tenant_id = due.tenant_id AND o.id = due.id \
             RETURNING o.tenant_id, o.id, o.topic, o.destination, o.subject_id, o.sequence, o.attempts, o.give_up_at, o.payload, o.trace_parent",
        );
        Ok(())
    }
}

impl QueryId for Claim<'_> {
    type QueryId = Claim<'static>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Claim<'_> {
    type SqlType =
        (Text, PgUuid, Text, Text, PgUuid, Int8, Int4, Timestamptz, Nullable<Binary>, Nullable<Text>);
}

impl RunQueryDsl<PgConnection> for Claim<'_> {}

/// Settles messages, each only if its attempt still holds the lease, and writes
/// the attempts to the log. Column by column: the n-th value of each belongs to
/// the n-th message. Asked for `state`, the planner could read every open message.
#[derive(Default)]
pub(super) struct Settle {
    pub now: Option<PgTimestamp>,
    pub tenants: Vec<String>,
    pub ids: Vec<Uuid>,
    pub attempts: Vec<i32>,
    pub states: Vec<&'static str>,
    pub due_at: Vec<Option<PgTimestamp>>,
    pub errors: Vec<Option<String>>,
    pub milliseconds: Vec<i32>,
    pub statuses: Vec<Option<i16>>,
    pub answers: Vec<Option<Vec<u8>>>,
    /// Milliseconds for which nobody could be called; 0 after a call.
    pub put_off: Vec<i64>,
}

impl QueryFragment<Pg> for Settle {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH given AS (SELECT * FROM unnest(");
        out.push_bind_param::<Array<Text>, _>(&self.tenants)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<PgUuid>, _>(&self.ids)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Int4>, _>(&self.attempts)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.states)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Timestamptz>>, _>(&self.due_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Text>>, _>(&self.errors)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Int4>, _>(&self.milliseconds)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<SmallInt>>, _>(&self.statuses)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Nullable<Binary>>, _>(&self.answers)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<BigInt>, _>(&self.put_off)?;
        out.push_sql(
            ") AS g (tenant_id, id, attempt, state, due_at, error, duration_ms, status, answer, put_off)), \
             settled AS (UPDATE outbox o SET state = g.state, leased_until = NULL, \
             due_at = coalesce(g.due_at, o.due_at), last_error = g.error, \
             attempts = CASE WHEN g.put_off > 0 THEN o.attempts - 1 ELSE o.attempts END, \
             give_up_at = o.give_up_at + g.put_off * interval '1 millisecond', \
             payload = CASE WHEN g.state = 'delivered' THEN NULL ELSE o.payload END, \
             settled_at = CASE WHEN g.state IN ('delivered', 'failed') THEN ",
        );
        out.push_bind_param::<Nullable<Timestamptz>, _>(&self.now)?;
        out.push_sql(
            " END FROM given g WHERE o.tenant_id = g.tenant_id AND o.id = g.id AND o.leased_until IS NOT NULL \
             AND o.attempts = g.attempt RETURNING o.tenant_id, o.id, g.attempt), \
             logged AS (INSERT INTO outbox_attempts (tenant_id, message_id, attempt, ended_at, duration_ms, status, error, answer) \
             SELECT g.tenant_id, g.id, g.attempt, ",
        );
        out.push_bind_param::<Nullable<Timestamptz>, _>(&self.now)?;
        out.push_sql(
            ", g.duration_ms, g.status, g.error, g.answer FROM given g JOIN settled s USING (tenant_id, id, attempt) WHERE g.put_off = 0) \
             SELECT id, attempt FROM settled",
        );
        Ok(())
    }
}

impl QueryId for Settle {
    type QueryId = Self;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl Query for Settle {
    type SqlType = (PgUuid, Int4);
}

impl RunQueryDsl<PgConnection> for Settle {}
