//! Everything that a database holds of a tenant, in clear, row by row.

use diesel::prelude::*;
use diesel::result::Error as QueryError;
use diesel::sql_types::{BigInt, Text};
use serde_json::{Map, Value, json};

use super::tables::{self, Holds, SealedTable};
use super::{Vault, VaultError};

/// Rows that are read at once.
const PAGE: i64 = 500;
/// Tables of which nothing is exported: keys are no use without the master key.
const LEFT_OUT: &str = "tenant_keys";

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    place: String,
    #[diesel(sql_type = Text)]
    row: String,
}

/// Hands every row of the vault's tenant to `take`, as `{"table": …, "row": {…}}`.
/// Within a transaction of isolation level REPEATABLE READ, so that rows fit together.
pub fn rows<E: From<QueryError>>(
    conn: &mut PgConnection,
    vault: &Vault,
    sealed: &[SealedTable],
    take: &mut dyn FnMut(&Value) -> Result<(), E>,
) -> Result<(), E> {
    for name in tables::with_tenants(conn)?.iter().filter(|name| *name != LEFT_OUT) {
        match sealed.iter().find(|table| table.name == name) {
            Some(table) => sealed_rows(conn, vault, table, take)?,
            None => plain_rows(conn, vault, name, take)?,
        }
    }
    Ok(())
}

fn sealed_rows<E: From<QueryError>>(
    conn: &mut PgConnection,
    vault: &Vault,
    table: &SealedTable,
    take: &mut dyn FnMut(&Value) -> Result<(), E>,
) -> Result<(), E> {
    let mut after = None;
    loop {
        let page = table.page(conn, vault.tenant(), after.as_deref(), (PAGE, false))?;
        for row in &page {
            let mut fields: Map<String, Value> = serde_json::from_str(&row.rest).map_err(unreadable)?;
            for (column, opened) in table.columns.iter().zip(table.open(vault, row)?) {
                let value = match (column.holds, opened) {
                    (Holds::Internal, _) => continue,
                    (_, None) => Value::Null,
                    (Holds::Text, Some(text)) => String::from_utf8(text).map_err(unreadable)?.into(),
                    // A message without a body is no JSON.
                    (Holds::Json, Some(json)) => serde_json::from_slice(&json).unwrap_or_default(),
                };
                fields.insert(column.name.to_owned(), value);
            }
            take(&json!({ "table": table.name, "row": fields }))?;
        }
        after = page.last().map(|row| row.place.clone());
        if i64::try_from(page.len()).unwrap_or(PAGE) < PAGE {
            return Ok(());
        }
    }
}

fn unreadable(_: impl std::error::Error) -> QueryError {
    VaultError::Unreadable.into()
}

/// Rows of a table without sealed columns.
fn plain_rows<E: From<QueryError>>(
    conn: &mut PgConnection,
    vault: &Vault,
    table: &str,
    take: &mut dyn FnMut(&Value) -> Result<(), E>,
) -> Result<(), E> {
    let sql = format!(
        "SELECT ctid::text AS place, {} AS row FROM {table} t \
         WHERE tenant_id = $1 AND ctid > $2::tid ORDER BY ctid LIMIT $3",
        tables::as_json(table)
    );
    let mut after = "(0,0)".to_owned();
    loop {
        let page: Vec<Row> = diesel::sql_query(&sql)
            .bind::<Text, _>(vault.tenant().as_str())
            .bind::<Text, _>(&after)
            .bind::<BigInt, _>(PAGE)
            .load(conn)?;
        for row in &page {
            let fields: Value = serde_json::from_str(&row.row).map_err(unreadable)?;
            take(&json!({ "table": table, "row": fields }))?;
        }
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.place);
    }
}
