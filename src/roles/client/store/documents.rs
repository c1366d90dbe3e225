//! Documents that were delivered.

use diesel::prelude::*;
use diesel::result::QueryResult;
use serde_json::Value;
use uuid::Uuid;

use super::schema::documents;
use crate::domain::ids::{DocumentId, TenantId};
use crate::domain::timestamp::Timestamp;
use crate::domain::wire::Delivered;
use crate::platform::db::PgTimestamp;

#[derive(Insertable, AsChangeset)]
#[diesel(table_name = documents, treat_none_as_null = true)]
struct ContentRow<'a> {
    version: i32,
    title: &'a str,
    content: &'a str,
    content_type: &'a str,
    recipient: Option<Value>,
    metadata: Option<&'a Value>,
    expires_at: PgTimestamp,
    updated_at: PgTimestamp,
}

#[derive(Insertable)]
#[diesel(table_name = documents)]
struct NewRow<'a> {
    tenant_id: &'a str,
    id: Uuid,
    created_at: PgTimestamp,
    #[diesel(embed)]
    content: ContentRow<'a>,
}

/// A delivery with everything decided that its sender left open.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The document's id.
    pub id: DocumentId,
    /// What arrived.
    pub delivered: Delivered,
    /// When access ends.
    pub expires_at: Timestamp,
    /// When it arrived.
    pub at: Timestamp,
}

fn content_row(arrival: &Arrival) -> ContentRow<'_> {
    let written = &arrival.delivered.written;
    ContentRow {
        version: arrival.delivered.version,
        title: &written.title,
        content: &written.content,
        content_type: written.content_type.as_str(),
        recipient: written.recipient.as_ref().and_then(|r| serde_json::to_value(r).ok()),
        metadata: written.metadata.as_ref(),
        expires_at: arrival.expires_at.into(),
        updated_at: arrival.at.into(),
    }
}

/// Writes a document that has not arrived before; `false` if it has.
pub fn insert(conn: &mut PgConnection, tenant: &TenantId, arrival: &Arrival) -> QueryResult<bool> {
    let row = NewRow {
        tenant_id: tenant.as_str(),
        id: arrival.id.0,
        created_at: arrival.at.into(),
        content: content_row(arrival),
    };
    let written = diesel::insert_into(documents::table).values(row).on_conflict_do_nothing().execute(conn)?;
    Ok(written == 1)
}

/// Writes a newer version; an older or equal one changes nothing.
pub fn replace(conn: &mut PgConnection, tenant: &TenantId, arrival: &Arrival) -> QueryResult<()> {
    let stored = documents::table.find((tenant.as_str(), arrival.id.0));
    let older = stored.filter(documents::version.lt(arrival.delivered.version));
    diesel::update(older).set(content_row(arrival)).execute(conn)?;
    Ok(())
}
