-- What the client role has signed about documents. Outlives them.

CREATE TABLE document_receipts (
  tenant_id   text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  document_id uuid        NOT NULL,
  id          uuid        NOT NULL,
  outcome     text        NOT NULL,
  version     integer,
  at          timestamptz NOT NULL,
  jws         bytea       NOT NULL CHECK (octet_length(jws) <= 2100),
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX document_receipts_of ON document_receipts (tenant_id, document_id);
-- What is sealed can't be compressed.
ALTER TABLE document_receipts ALTER COLUMN jws SET STORAGE EXTERNAL;
COMMENT ON TABLE  document_receipts             IS 'Signed receipts of the client role. Only ever added to; they outlive their documents.';
COMMENT ON COLUMN document_receipts.tenant_id   IS 'Whose document it is.';
COMMENT ON COLUMN document_receipts.document_id IS 'The document; its row may be gone.';
COMMENT ON COLUMN document_receipts.id          IS 'The receipt''s name for ever, as the client role gave it.';
COMMENT ON COLUMN document_receipts.outcome     IS 'What happened, such as delivered or opened.';
COMMENT ON COLUMN document_receipts.version     IS 'Version of the document that it concerns.';
COMMENT ON COLUMN document_receipts.at          IS 'When it happened.';
COMMENT ON COLUMN document_receipts.jws         IS 'The receipt as it was signed: a compact JWS without title, name or code, sealed with the tenant''s key: it holds the hash of a text.';
