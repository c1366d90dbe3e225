CREATE TABLE documents (
  tenant_id    text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  id           uuid        NOT NULL,
  version      integer     NOT NULL CHECK (version > 0),
  title        text        NOT NULL CHECK (title <> ''),
  content      text        NOT NULL CHECK (content <> ''),
  content_type text        NOT NULL CHECK (content_type IN ('text/markdown', 'text/plain')),
  recipient    jsonb,
  metadata     jsonb,
  expires_at   timestamptz NOT NULL,
  created_at   timestamptz NOT NULL,
  updated_at   timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 90);
COMMENT ON TABLE  documents              IS 'Documents that the provider role delivered.';
COMMENT ON COLUMN documents.tenant_id    IS 'Whose document it is.';
COMMENT ON COLUMN documents.id           IS 'The id that the sender gave it.';
COMMENT ON COLUMN documents.version      IS 'The newest version that arrived.';
COMMENT ON COLUMN documents.title        IS 'Title, at most 500 characters.';
COMMENT ON COLUMN documents.content      IS 'Text, written as content_type says.';
COMMENT ON COLUMN documents.content_type IS 'text/markdown or text/plain.';
COMMENT ON COLUMN documents.recipient    IS 'Whom it is for: name, email, phone, language, each optional.';
COMMENT ON COLUMN documents.metadata     IS 'Free-form object of the sender.';
COMMENT ON COLUMN documents.expires_at   IS 'When access ends.';
COMMENT ON COLUMN documents.created_at   IS 'When the first version arrived.';
COMMENT ON COLUMN documents.updated_at   IS 'When the newest version arrived.';

CREATE TABLE access_codes (
  tenant_id     text        NOT NULL,
  document_id   uuid        NOT NULL,
  key_id        text        NOT NULL,
  selector_hash bytea       NOT NULL,
  verifier_salt bytea       NOT NULL,
  verifier_hash bytea       NOT NULL,
  sealed_code   bytea       NOT NULL,
  created_at    timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, document_id),
  FOREIGN KEY (tenant_id, document_id) REFERENCES documents (tenant_id, id) ON DELETE CASCADE
);
-- The one key that does not start with the tenant: whoever types a code names no tenant.
CREATE UNIQUE INDEX access_codes_selector ON access_codes (selector_hash);
COMMENT ON TABLE  access_codes               IS 'What opens a document. No row holds a code that could be used without the key of the settings.';
COMMENT ON COLUMN access_codes.tenant_id     IS 'Whose document it opens.';
COMMENT ON COLUMN access_codes.document_id   IS 'The document it opens.';
COMMENT ON COLUMN access_codes.key_id        IS 'Which ACCESS_CODE_KEY the hashes and the seal were made with.';
COMMENT ON COLUMN access_codes.selector_hash IS 'HMAC of the part of the code that finds the row.';
COMMENT ON COLUMN access_codes.verifier_salt IS 'Random salt of verifier_hash.';
COMMENT ON COLUMN access_codes.verifier_hash IS 'Salted HMAC of the part of the code that is checked.';
COMMENT ON COLUMN access_codes.sealed_code   IS 'The code encrypted with AES-256-GCM, so that a repeated delivery gets the same answer.';
COMMENT ON COLUMN access_codes.created_at    IS 'When the code was made.';
