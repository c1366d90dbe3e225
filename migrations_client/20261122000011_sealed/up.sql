-- Texts and recipients are stored sealed with the tenant's data key.

-- SQL can't encrypt, and no version that stored texts as they are was ever
-- released: a database that holds some is refused instead of left half open.
DO $$
BEGIN
  IF EXISTS (SELECT FROM documents) THEN
    RAISE EXCEPTION 'this database holds texts of a version that did not encrypt them; start with an empty database (oc dev --reset)';
  END IF;
END
$$;

-- Constraints and indexes on the text go with its column and come back below.
ALTER TABLE documents DROP COLUMN title, DROP COLUMN content, DROP COLUMN recipient, DROP COLUMN metadata;
ALTER TABLE documents ADD COLUMN title bytea, ADD COLUMN content bytea, ADD COLUMN recipient bytea, ADD COLUMN metadata bytea;
-- What is sealed can't be compressed.
ALTER TABLE documents ALTER COLUMN title SET STORAGE EXTERNAL, ALTER COLUMN content SET STORAGE EXTERNAL,
  ALTER COLUMN recipient SET STORAGE EXTERNAL, ALTER COLUMN metadata SET STORAGE EXTERNAL;
ALTER TABLE documents ADD CHECK ((title IS NULL) = (content IS NULL));
ALTER TABLE documents ADD CHECK (content IS NOT NULL OR revoked_at IS NOT NULL OR expired_at IS NOT NULL);
CREATE INDEX documents_expiry ON documents (expires_at) WHERE revoked_at IS NULL AND content IS NOT NULL;
CREATE INDEX documents_ended  ON documents (expires_at) WHERE content IS NULL;
COMMENT ON COLUMN documents.title     IS 'Title, at most 500 characters, sealed with the tenant''s key; gone once access has ended.';
COMMENT ON COLUMN documents.content   IS 'Text, written as content_type says, sealed with the tenant''s key; gone once access has ended.';
COMMENT ON COLUMN documents.recipient IS 'Whom it is for: name, email, phone, language, each optional; JSON, sealed with the tenant''s key.';
COMMENT ON COLUMN documents.metadata  IS 'Free-form object of the sender; JSON, sealed with the tenant''s key.';
