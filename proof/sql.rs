//! Every statement of the proofs. They look past the API, at what is stored.

use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, sql_query};

/// A connection to a database.
pub type Connection = PgConnection;

/// Connects, or says why not.
pub fn connect(url: &str) -> Result<Connection, String> {
    PgConnection::establish(url).map_err(|error| error.to_string())
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

#[derive(QueryableByName)]
struct Pair {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// A document as the client role has stored it.
#[derive(QueryableByName)]
pub struct Stored {
    #[diesel(sql_type = Text)]
    pub id: String,
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Text)]
    pub content: String,
}

fn number(conn: &mut Connection, sql: &str) -> Result<u64, String> {
    let row: Number = sql_query(sql).get_result(conn).map_err(|error| error.to_string())?;
    Ok(row.number.unsigned_abs())
}

fn pairs(conn: &mut Connection, sql: &str) -> Result<Vec<(String, u64)>, String> {
    let rows: Vec<Pair> = sql_query(sql).load(conn).map_err(|error| error.to_string())?;
    Ok(rows.into_iter().map(|row| (row.name, row.number.unsigned_abs())).collect())
}

/// Provider: documents that the client role has confirmed.
pub fn delivered(conn: &mut Connection) -> Result<u64, String> {
    number(conn, "SELECT count(*) AS number FROM documents WHERE delivery_state = 'delivered'")
}

/// Provider: sends that were promised and not kept yet.
pub fn waiting(conn: &mut Connection) -> Result<u64, String> {
    number(
        conn,
        "SELECT greatest((SELECT count(*) FROM outbox WHERE state IN ('pending', 'leased')), \
                         (SELECT count(*) FROM documents WHERE delivery_state IN ('queued', 'delivering'))) AS number",
    )
}

/// Provider: sends that were promised and not kept yet, counted through an index.
pub fn open_messages(conn: &mut Connection) -> Result<u64, String> {
    number(conn, "SELECT count(*) AS number FROM outbox WHERE state IN ('pending', 'leased')")
}

/// Provider: sends that were promised and given up.
pub fn failed(conn: &mut Connection) -> Result<u64, String> {
    number(
        conn,
        "SELECT greatest((SELECT count(*) FROM outbox WHERE state = 'failed'), \
                         (SELECT count(*) FROM documents WHERE delivery_state = 'failed')) AS number",
    )
}

/// Provider: the longest time until the next attempt of anything, in seconds.
pub fn longest_wait(conn: &mut Connection) -> Result<u64, String> {
    number(
        conn,
        "SELECT greatest(0, coalesce(extract(epoch FROM max(due_at) - now()), 0))::bigint AS number \
         FROM outbox WHERE state IN ('pending', 'leased')",
    )
}

/// Provider: how many deliveries took how many attempts.
pub fn attempts(conn: &mut Connection) -> Result<Vec<(String, u64)>, String> {
    pairs(
        conn,
        "SELECT delivery_attempts::text AS name, count(*) AS number FROM documents \
         WHERE delivery_state = 'delivered' GROUP BY delivery_attempts ORDER BY delivery_attempts",
    )
}

/// Client: how many documents there are.
pub fn documents(conn: &mut Connection) -> Result<u64, String> {
    number(conn, "SELECT count(*) AS number FROM documents")
}

/// Client: every document.
pub fn stored(conn: &mut Connection) -> Result<Vec<Stored>, String> {
    let sql = "SELECT id::text AS id, title, content FROM documents ORDER BY id";
    sql_query(sql).load(conn).map_err(|error| error.to_string())
}

/// Client: documents and how many codes open each. A code in reserve opens none,
/// and neither does one that was replaced; the row is read as JSON because not
/// every version of the table has the column that says so.
pub fn live_codes(conn: &mut Connection) -> Result<Vec<(String, u64)>, String> {
    pairs(
        conn,
        "SELECT c.document_id::text AS name, count(*) AS number FROM access_codes c \
         WHERE c.document_id IS NOT NULL AND to_jsonb(c) ->> 'dead_at' IS NULL GROUP BY c.document_id",
    )
}

/// Provider: writes documents with the ids `<prefix><number>`, from `first` on.
/// The ids of final ones can be sent.
pub fn preload(conn: &mut Connection, status: &str, first: u64, count: u64) -> Result<(), String> {
    let sql = format!(
        "INSERT INTO documents (tenant_id, id, title, content, content_type, status, version, delivery_state, created_at, updated_at) \
         SELECT 'default', ('{ID_PREFIX}' || i)::uuid, 'Document number ' || i, \
                (SELECT string_agg(md5(i::text || j::text), ' ') FROM generate_series(1, 30) j), \
                'text/markdown', '{status}', 1, 'none', now(), now() \
         FROM generate_series({first}::bigint, {}::bigint) i",
        first + count - 1
    );
    conn.batch_execute(&sql).map_err(|error| error.to_string())
}

/// What the ids of preloaded documents start with; twelve digits follow.
pub const ID_PREFIX: &str = "01900000-0000-7000-8000-";

/// Leaves the tables as a database in long use has them.
pub fn settle(conn: &mut Connection) -> Result<(), String> {
    conn.batch_execute("VACUUM ANALYZE").map_err(|error| error.to_string())?;
    conn.batch_execute("CHECKPOINT").map_err(|error| error.to_string())
}
