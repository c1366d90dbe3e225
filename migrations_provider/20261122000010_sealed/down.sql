-- Nothing that was sealed can be read without its key.
DELETE FROM webhook_endpoints;
DELETE FROM code_reserve;
DELETE FROM documents;
ALTER TABLE webhook_endpoints ADD COLUMN key_id text NOT NULL;
ALTER TABLE code_reserve ADD COLUMN key_id text NOT NULL;
ALTER TABLE documents DROP COLUMN title, DROP COLUMN content, DROP COLUMN recipient, DROP COLUMN metadata,
  DROP COLUMN access_code, DROP COLUMN link;
ALTER TABLE documents ADD COLUMN title text NOT NULL CHECK (title <> ''), ADD COLUMN content text NOT NULL CHECK (content <> ''),
  ADD COLUMN recipient jsonb, ADD COLUMN metadata jsonb, ADD COLUMN access_code text, ADD COLUMN link text;
