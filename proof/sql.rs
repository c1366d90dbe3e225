//! Every statement of the proofs. They look past the API, at what is stored.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use diesel::connection::SimpleConnection as _;
use diesel::pg::PgConnection;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection as _, QueryableByName, RunQueryDsl as _, sql_query};
use oc::config::Keys;
use oc::domain::ids::TenantId;
use oc::platform::clock;
use oc::platform::secrets::SecretKeys;
use oc::platform::tenants::{Field, Vault, open_vault, store};
use oc::roles::Role;

use crate::roles::FIELD_KEY;

/// Documents that are read at once.
const PAGE: i64 = 1_000;

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
pub struct Stored {
    pub id: String,
    pub title: String,
    pub content: String,
}

/// What the documents of a database are sealed with; the tenant is made if need be.
fn vault(conn: &mut Connection) -> Result<Vault, String> {
    let key = STANDARD.decode(FIELD_KEY).map_err(|error| error.to_string())?;
    let keys = Keys(vec![key.try_into().map_err(|_| "a key has 32 bytes".to_owned())?]);
    let masters = Arc::new(SecretKeys::new(&keys).map_err(|error| error.to_string())?);
    let tenant = TenantId::parse("default").map_err(|error| error.to_string())?;
    let open = |conn: &mut Connection| {
        store::create(conn, &masters, &tenant, clock::now())?;
        open_vault(conn, &masters, &tenant)
    };
    let vault = conn.transaction(open).map_err(|error: diesel::result::Error| error.to_string())?;
    vault.ok_or_else(|| "there is no tenant".to_owned())
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
    let vault = vault(conn)?;
    let sealed = Role::Client.sealed();
    let table = sealed.iter().find(|table| table.name == "documents").ok_or("there is no such table")?;
    let (mut found, mut after) = (Vec::new(), None::<String>);
    loop {
        let page = table.page(conn, vault.tenant(), after.as_deref(), PAGE);
        let page = page.map_err(|error| error.to_string())?;
        for row in &page {
            let opened = table.open(&vault, row).map_err(|error| error.to_string())?;
            let text = |at: usize| {
                let bytes = opened.get(at).cloned().flatten().unwrap_or_default();
                String::from_utf8(bytes).unwrap_or_default()
            };
            found.push(Stored { id: row.place.clone(), title: text(0), content: text(1) });
        }
        after = page.last().map(|row| row.place.clone());
        if after.is_none() {
            return Ok(found);
        }
    }
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
    let vault = vault(conn)?;
    let seal = |id: uuid::Uuid, column, text: &str| -> Result<String, String> {
        let sealed = vault.seal_text(Field::new("documents", column), id, text);
        let sealed = sealed.map_err(|error| error.to_string())?;
        Ok(sealed.iter().map(|byte| format!("{byte:02x}")).collect())
    };
    let row = |number: u64| -> Result<String, String> {
        let id: uuid::Uuid = format!("{ID_PREFIX}{number}").parse().map_err(|_| "an id has twelve digits")?;
        let content: Vec<_> = (0..60)
            .map(|i: u64| format!("{:016x}", number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (i << 32)))
            .collect();
        let title = seal(id, "title", &format!("Document number {number}"))?;
        let content = seal(id, "content", &content.join(" "))?;
        Ok(format!(
            "('default', '{id}', '\\x{title}', '\\x{content}', 'text/markdown', '{status}', 1, 'none', now(), now())"
        ))
    };
    let numbers: Vec<u64> = (first..first + count).collect();
    for part in numbers.chunks(500) {
        let rows = part.iter().map(|number| row(*number)).collect::<Result<Vec<_>, _>>()?;
        let sql = format!(
            "INSERT INTO documents (tenant_id, id, title, content, content_type, status, version, delivery_state, \
             created_at, updated_at) VALUES {}",
            rows.join(", ")
        );
        conn.batch_execute(&sql).map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// What the ids of preloaded documents start with; twelve digits follow.
pub const ID_PREFIX: &str = "01900000-0000-7000-8000-";

/// Leaves the tables as a database in long use has them.
pub fn settle(conn: &mut Connection) -> Result<(), String> {
    conn.batch_execute("VACUUM ANALYZE").map_err(|error| error.to_string())?;
    conn.batch_execute("CHECKPOINT").map_err(|error| error.to_string())
}
