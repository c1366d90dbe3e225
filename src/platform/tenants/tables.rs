//! Which columns of which tables are sealed, and how to walk through them: for
//! what concerns everything that a tenant has, such as new keys and the export.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::result::QueryResult;
use diesel::sql_types::{Array, BigInt, Binary, Nullable, Text};

use super::{Field, Vault, key_of};
use crate::domain::ids::TenantId;

/// A table with sealed columns.
#[derive(Debug, Clone, Copy)]
pub struct SealedTable {
    /// Its name.
    pub name: &'static str,
    /// What names a row within a tenant.
    pub key: RowKey,
    /// The sealed columns.
    pub columns: &'static [SealedColumn],
}

/// The primary key of a table, without the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKey {
    /// One column of type `uuid`.
    Uuid(&'static str),
    /// One column of type `bytea`.
    Bytes(&'static str),
    /// A `uuid` and an `integer`; values are bound to the bytes of both.
    UuidAndNumber(&'static str, &'static str),
    /// Nothing: a tenant has one row. Values are bound to no bytes.
    OnlyOne,
    /// A place in a feed, `txid` and `position`; values are bound to the `uuid` in another column.
    Feed {
        /// That column.
        of: &'static str,
    },
}

/// A sealed column.
#[derive(Debug, Clone, Copy)]
pub struct SealedColumn {
    /// Its name.
    pub name: &'static str,
    /// What is inside.
    pub holds: Holds,
    /// The table of the same column that values are copied from as they are, and so
    /// are bound to.
    pub from: Option<&'static str>,
}

/// What is inside of a seal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Text in UTF-8.
    Text,
    /// JSON in UTF-8.
    Json,
    /// What nobody but this program needs; not part of an export.
    Internal,
}

/// A sealed column that holds this.
#[must_use]
pub const fn column(name: &'static str, holds: Holds) -> SealedColumn {
    SealedColumn { name, holds, from: None }
}

impl SealedColumn {
    /// The same, with values that statements copy from the same column of `table`.
    #[must_use]
    pub const fn copied_from(self, table: &'static str) -> Self {
        Self { from: Some(table), ..self }
    }
}

/// Those of the platform, which every role has.
pub const PLATFORM: &[SealedTable] = &[
    SealedTable { name: "outbox", key: RowKey::Uuid("id"), columns: &[column("payload", Holds::Json)] },
    SealedTable {
        name: "outbox_attempts",
        key: RowKey::UuidAndNumber("message_id", "attempt"),
        columns: &[column("answer", Holds::Text)],
    },
    SealedTable {
        name: "idempotency_keys",
        key: RowKey::Bytes("key_hash"),
        columns: &[column("request", Holds::Internal), column("answer", Holds::Internal)],
    },
];

/// What the values of an attempt are bound to.
#[must_use]
pub fn attempt_id(message: uuid::Uuid, attempt: i32) -> Vec<u8> {
    [message.as_bytes().as_slice(), &attempt.to_be_bytes()].concat()
}

/// The sealed values of a row.
#[derive(Debug, QueryableByName)]
pub struct SealedRow {
    /// Where the row is, for [`SealedTable::page`].
    #[diesel(sql_type = Text)]
    pub place: String,
    /// What its values are bound to.
    #[diesel(sql_type = Binary)]
    pub id: Vec<u8>,
    /// The values, in the order of the columns.
    #[diesel(sql_type = Array<Nullable<Binary>>)]
    pub sealed: Vec<Option<Vec<u8>>>,
}

impl RowKey {
    /// The row's id as bytes, as text, and as something that can be compared with a text.
    fn sql(self) -> (String, String, String, String) {
        match self {
            Self::Uuid(id) => {
                (format!("uuid_send({id})"), format!("{id}::text"), id.to_owned(), "$2::uuid".to_owned())
            }
            Self::Bytes(id) => {
                (id.to_owned(), format!("encode({id}, 'hex')"), id.to_owned(), "decode($2, 'hex')".to_owned())
            }
            Self::UuidAndNumber(id, number) => (
                format!("uuid_send({id}) || int4send({number})"),
                format!("{id} || '/' || {number}"),
                format!("({id}, {number})"),
                "(split_part($2, '/', 1)::uuid, split_part($2, '/', 2)::integer)".to_owned(),
            ),
            Self::OnlyOne => ("''::bytea".to_owned(), "''".to_owned(), "''".to_owned(), "$2".to_owned()),
            Self::Feed { of } => (
                format!("uuid_send({of})"),
                "txid || '/' || position".to_owned(),
                "(txid, position)".to_owned(),
                "(split_part($2, '/', 1)::bigint, split_part($2, '/', 2)::bigint)".to_owned(),
            ),
        }
    }

    fn names(self) -> String {
        match self {
            Self::Uuid(id) | Self::Bytes(id) => id.to_owned(),
            Self::UuidAndNumber(id, number) => format!("{id}, {number}"),
            Self::OnlyOne => "tenant_id".to_owned(),
            Self::Feed { .. } => "txid, position".to_owned(),
        }
    }
}

impl SealedTable {
    /// The sealed values of a row `t`, as [`SealedRow`] wants them.
    pub(super) fn selected(&self) -> String {
        let (id, place, ..) = self.key.sql();
        let names: Vec<_> = self.columns.iter().map(|column| column.name).collect();
        format!("{place} AS place, {id} AS id, ARRAY[{}]::bytea[] AS sealed", names.join(", "))
    }

    /// Up to `limit` rows of a tenant, in the order of the key, after `after`; locked
    /// until the end of the transaction.
    pub fn page(
        &self,
        conn: &mut PgConnection,
        tenant: &TenantId,
        after: Option<&str>,
        limit: i64,
    ) -> QueryResult<Vec<SealedRow>> {
        let (_, _, key, given) = self.key.sql();
        let sql = format!(
            "SELECT {} FROM {} t WHERE tenant_id = $1 AND {} ORDER BY {} LIMIT $3 FOR UPDATE",
            self.selected(),
            self.name,
            // The first page has no place to begin after.
            if after.is_some() { format!("{key} > {given}") } else { "$2 = ''".to_owned() },
            self.key.names(),
        );
        diesel::sql_query(sql)
            .bind::<Text, _>(tenant.as_str())
            .bind::<Text, _>(after.unwrap_or_default())
            .bind::<BigInt, _>(limit)
            .load(conn)
    }

    /// A row of a tenant that holds something sealed, to be looked at.
    pub fn any(&self, conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<Option<SealedRow>> {
        let columns: Vec<_> = self.columns.iter().map(|column| column.name).collect();
        let sql = format!(
            "SELECT {} FROM {} t WHERE tenant_id = $1 AND num_nonnulls({}) > 0 LIMIT 1",
            self.selected(),
            self.name,
            columns.join(", ")
        );
        diesel::sql_query(sql).bind::<Text, _>(tenant.as_str()).get_result(conn).optional()
    }

    /// Opens the values of a row.
    pub fn open(&self, vault: &Vault, row: &SealedRow) -> QueryResult<Vec<Option<Vec<u8>>>> {
        let open = |(column, sealed): (&SealedColumn, &Option<Vec<u8>>)| match sealed {
            Some(sealed) => vault.open(self.field(column), &row.id, sealed).map(Some),
            None => Ok(None),
        };
        self.columns.iter().zip(&row.sealed).map(|pair| Ok(open(pair)?)).collect()
    }

    /// Seals the values of a row with the newest key and writes them; `false` if
    /// they are sealed with it already.
    pub fn renew(&self, conn: &mut PgConnection, vault: &Vault, row: &SealedRow) -> QueryResult<bool> {
        let newest = vault.newest_key();
        if row.sealed.iter().flatten().all(|sealed| key_of(sealed) == Some(newest)) {
            return Ok(false);
        }
        let opened = self.open(vault, row)?;
        let seal = |(column, plain): (&SealedColumn, &Option<Vec<u8>>)| match plain {
            Some(plain) => vault.seal(self.field(column), &row.id, plain).map(Some),
            None => Ok(None),
        };
        let sealed: Vec<Option<Vec<u8>>> =
            self.columns.iter().zip(&opened).map(seal).collect::<Result<_, _>>()?;
        let (_, _, key, given) = self.key.sql();
        let set = |(i, column): (usize, &SealedColumn)| format!("{} = ($3::bytea[])[{}]", column.name, i + 1);
        let set: Vec<_> = self.columns.iter().enumerate().map(set).collect();
        let sql =
            format!("UPDATE {} SET {} WHERE tenant_id = $1 AND {key} = {given}", self.name, set.join(", "));
        let query = diesel::sql_query(sql)
            .bind::<Text, _>(vault.tenant().as_str())
            .bind::<Text, _>(&row.place)
            .bind::<Array<Nullable<Binary>>, _>(sealed);
        Ok(RunQueryDsl::<PgConnection>::execute(query, conn)? == 1)
    }

    fn field(&self, column: &SealedColumn) -> Field {
        Field::new(column.from.unwrap_or(self.name), column.name)
    }
}

/// A row `t` of a table as JSON, without what is stored as bytes: sealed values, and
/// hashes, which mean nothing to anybody else.
pub(super) fn as_json(table: &str) -> String {
    format!(
        "(to_jsonb(t) - ARRAY(SELECT attname::text FROM pg_attribute \
         WHERE attrelid = '{table}'::regclass AND atttypid = 'bytea'::regtype))::text"
    )
}

/// Tables that hold something of tenants, by name.
pub fn with_tenants(conn: &mut PgConnection) -> QueryResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Name {
        #[diesel(sql_type = Text)]
        name: String,
    }
    let names: Vec<Name> = diesel::sql_query(
        "SELECT c.relname::text AS name FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid \
         WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) AND c.relkind IN ('r', 'p') AND a.attname = 'tenant_id' \
         AND NOT a.attisdropped ORDER BY 1",
    )
    .load(conn)?;
    Ok(names.into_iter().map(|row| row.name).collect())
}

/// Removes up to `limit` rows of a tenant from a table and tells how many there were.
pub fn remove(conn: &mut PgConnection, table: &str, tenant: &TenantId, limit: i64) -> QueryResult<usize> {
    let sql = format!(
        "DELETE FROM {table} WHERE tenant_id = $1 AND ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE tenant_id = $1 LIMIT $2))"
    );
    let query = diesel::sql_query(sql).bind::<Text, _>(tenant.as_str()).bind::<BigInt, _>(limit);
    RunQueryDsl::<PgConnection>::execute(query, conn)
}
