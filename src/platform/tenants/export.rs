//! Everything that a database holds of a tenant, in clear, row by row.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::result::Error as QueryError;
use diesel::sql_types::Text;
use serde_json::{Map, Value, json};

use super::tables::{self, Holds, SealedRow, SealedTable};
use super::{Vault, VaultError};

/// Rows that are in memory at once; each may hold some megabytes.
const PAGE: i64 = 50;
/// Tables of which nothing is exported: keys are no use without the master key.
const LEFT_OUT: &str = "tenant_keys";

#[derive(QueryableByName)]
struct Plain {
    #[diesel(sql_type = Text)]
    rest: String,
}

#[derive(QueryableByName)]
struct Sealed {
    #[diesel(embed)]
    values: SealedRow,
    #[diesel(sql_type = Text)]
    rest: String,
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
        let mut take = |fields: Map<String, Value>| take(&json!({ "table": name, "row": fields }));
        let rest = tables::as_json(name);
        match sealed.iter().find(|table| table.name == name) {
            Some(table) => {
                let columns = format!("{}, {rest} AS rest", table.selected());
                each(conn, (name, &columns), vault, |row: Sealed| take(in_clear(table, vault, &row)?))?;
            }
            None => {
                let columns = format!("{rest} AS rest");
                each(conn, (name, &columns), vault, |row: Plain| take(fields(&row.rest)?))?;
            }
        }
    }
    Ok(())
}

/// Reads these columns of a table's rows `t` through a cursor: in one pass, however many there are.
fn each<T, E>(
    conn: &mut PgConnection,
    (table, columns): (&str, &str),
    vault: &Vault,
    mut take: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E>
where
    T: QueryableByName<Pg> + 'static,
    E: From<QueryError>,
{
    let declare =
        format!("DECLARE rows NO SCROLL CURSOR FOR SELECT {columns} FROM {table} t WHERE tenant_id = $1");
    let declare = diesel::sql_query(declare).bind::<Text, _>(vault.tenant().as_str());
    RunQueryDsl::<PgConnection>::execute(declare, conn)?;
    loop {
        let page: Vec<T> = diesel::sql_query(format!("FETCH {PAGE} FROM rows")).load(conn)?;
        if page.is_empty() {
            break;
        }
        page.into_iter().try_for_each(&mut take)?;
    }
    diesel::sql_query("CLOSE rows").execute(conn)?;
    Ok(())
}

fn in_clear(table: &SealedTable, vault: &Vault, row: &Sealed) -> Result<Map<String, Value>, QueryError> {
    let mut fields = fields(&row.rest)?;
    for (column, opened) in table.columns.iter().zip(table.open(vault, &row.values)?) {
        let value = match (column.holds, opened) {
            (Holds::Internal, _) => continue,
            (_, None) => Value::Null,
            (Holds::Text, Some(text)) => String::from_utf8(text).map_err(unreadable)?.into(),
            // A message without a body is no JSON.
            (Holds::Json, Some(json)) => serde_json::from_slice(&json).unwrap_or_default(),
        };
        fields.insert(column.name.to_owned(), value);
    }
    Ok(fields)
}

fn fields(json: &str) -> Result<Map<String, Value>, QueryError> {
    serde_json::from_str(json).map_err(unreadable)
}

fn unreadable(_: impl std::error::Error) -> QueryError {
    VaultError::Unreadable.into()
}
