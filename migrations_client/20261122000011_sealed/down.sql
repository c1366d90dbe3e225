-- Nothing that was sealed can be read without its key.
DELETE FROM documents;
ALTER TABLE documents DROP COLUMN title, DROP COLUMN content, DROP COLUMN recipient, DROP COLUMN metadata;
ALTER TABLE documents ADD COLUMN title text CHECK (title <> ''), ADD COLUMN content text CHECK (content <> ''),
  ADD COLUMN recipient jsonb, ADD COLUMN metadata jsonb;
ALTER TABLE documents ADD CHECK ((title IS NULL) = (content IS NULL));
ALTER TABLE documents ADD CHECK (content IS NOT NULL OR revoked_at IS NOT NULL OR expired_at IS NOT NULL);
CREATE INDEX documents_expiry ON documents (expires_at) WHERE revoked_at IS NULL AND content IS NOT NULL;
CREATE INDEX documents_ended  ON documents (expires_at) WHERE content IS NULL;
