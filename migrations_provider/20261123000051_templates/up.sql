-- Texts that documents begin with.

CREATE TABLE document_templates (
  tenant_id  text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  id         uuid        NOT NULL,
  name       bytea       NOT NULL,
  title      bytea       NOT NULL,
  content    bytea       NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
-- What is sealed can't be compressed.
ALTER TABLE document_templates ALTER COLUMN name SET STORAGE EXTERNAL, ALTER COLUMN title SET STORAGE EXTERNAL,
  ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE  document_templates            IS 'The library: texts that documents of a tenant begin with.';
COMMENT ON COLUMN document_templates.tenant_id  IS 'Whose template it is.';
COMMENT ON COLUMN document_templates.id         IS 'UUID v7: sorts by time of creation.';
COMMENT ON COLUMN document_templates.name       IS 'What it is called in the library, at most 200 characters, sealed with the tenant''s key.';
COMMENT ON COLUMN document_templates.title      IS 'Title of documents that begin with it, at most 500 characters, sealed with the tenant''s key.';
COMMENT ON COLUMN document_templates.content    IS 'Text of documents that begin with it, in Markdown, sealed with the tenant''s key.';
COMMENT ON COLUMN document_templates.created_at IS 'When it was saved.';
COMMENT ON COLUMN document_templates.updated_at IS 'When it was last changed.';
