//! The library: texts that documents begin with.

use diesel::prelude::*;
use diesel::result::QueryResult;
use uuid::Uuid;

use super::schema::document_templates as templates;
use crate::domain::ids::TenantId;
use crate::domain::template::Template;
use crate::platform::db::PgTimestamp;
use crate::platform::tenants::{Field, Vault, VaultError};

const fn field(column: &'static str) -> Field {
    Field::new("document_templates", column)
}

const NAME: Field = field("name");
const TITLE: Field = field("title");
const CONTENT: Field = field("content");

#[derive(Queryable, Selectable)]
#[diesel(table_name = templates, check_for_backend(diesel::pg::Pg))]
struct TemplateRow {
    id: Uuid,
    name: Vec<u8>,
    title: Vec<u8>,
    content: Vec<u8>,
    updated_at: PgTimestamp,
}

impl TemplateRow {
    fn open(&self, vault: &Vault) -> Result<Template, VaultError> {
        Ok(Template {
            id: self.id,
            name: vault.open_text(NAME, self.id, &self.name)?,
            title: vault.open_text(TITLE, self.id, &self.title)?,
            content: vault.open_text(CONTENT, self.id, &self.content)?,
            updated_at: self.updated_at.into(),
        })
    }
}

/// Writes a new template; `false` if there is one with its id.
pub fn insert(conn: &mut PgConnection, vault: &Vault, template: &Template) -> QueryResult<bool> {
    let written = diesel::insert_into(templates::table)
        .values((
            templates::tenant_id.eq(vault.tenant().as_str()),
            templates::id.eq(template.id),
            templates::name.eq(vault.seal_text(NAME, template.id, &template.name)?),
            templates::title.eq(vault.seal_text(TITLE, template.id, &template.title)?),
            templates::content.eq(vault.seal_text(CONTENT, template.id, &template.content)?),
            templates::created_at.eq(PgTimestamp(template.updated_at)),
            templates::updated_at.eq(PgTimestamp(template.updated_at)),
        ))
        .on_conflict_do_nothing()
        .execute(conn)?;
    Ok(written == 1)
}

/// How many templates a tenant has.
pub fn count(conn: &mut PgConnection, tenant: &TenantId) -> QueryResult<i64> {
    templates::table.filter(templates::tenant_id.eq(tenant.as_str())).count().get_result(conn)
}

/// Every template of a tenant, by name; the names are sealed, so they are sorted here.
pub fn list(conn: &mut PgConnection, vault: &Vault) -> QueryResult<Vec<Template>> {
    let rows: Vec<TemplateRow> = templates::table
        .filter(templates::tenant_id.eq(vault.tenant().as_str()))
        .select(TemplateRow::as_select())
        .load(conn)?;
    let opened = |vault: &Vault| rows.iter().map(|row| row.open(vault)).collect::<Result<Vec<_>, _>>();
    let mut found = vault.reading(conn, opened)?;
    found.sort_by_cached_key(|template| (template.name.to_lowercase(), template.id));
    Ok(found)
}

/// Reads one template.
pub fn find(conn: &mut PgConnection, vault: &Vault, id: Uuid) -> QueryResult<Option<Template>> {
    let row: Option<TemplateRow> = templates::table
        .find((vault.tenant().as_str(), id))
        .select(TemplateRow::as_select())
        .first(conn)
        .optional()?;
    vault.reading(conn, |vault| row.as_ref().map(|row| row.open(vault)).transpose())
}

/// Deletes a template; `false` if there is none.
pub fn delete(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> QueryResult<bool> {
    Ok(diesel::delete(templates::table.find((tenant.as_str(), id))).execute(conn)? == 1)
}
