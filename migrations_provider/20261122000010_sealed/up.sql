-- Texts, recipients and codes are stored sealed with the tenant's data key.

-- SQL can't encrypt, and no version that stored texts as they are was ever
-- released: a database that holds some is refused instead of left half open.
DO $$
BEGIN
  IF EXISTS (SELECT FROM documents) OR EXISTS (SELECT FROM code_reserve) OR EXISTS (SELECT FROM webhook_endpoints) THEN
    RAISE EXCEPTION 'this database holds texts of a version that did not encrypt them; start with an empty database (oc dev --reset)';
  END IF;
END
$$;

ALTER TABLE documents DROP COLUMN title, DROP COLUMN content, DROP COLUMN recipient, DROP COLUMN metadata,
  DROP COLUMN access_code, DROP COLUMN link;
ALTER TABLE documents ADD COLUMN title bytea NOT NULL, ADD COLUMN content bytea NOT NULL, ADD COLUMN recipient bytea,
  ADD COLUMN metadata bytea, ADD COLUMN access_code bytea, ADD COLUMN link bytea;
-- What is sealed can't be compressed.
ALTER TABLE documents ALTER COLUMN title SET STORAGE EXTERNAL, ALTER COLUMN content SET STORAGE EXTERNAL,
  ALTER COLUMN recipient SET STORAGE EXTERNAL, ALTER COLUMN metadata SET STORAGE EXTERNAL;
COMMENT ON COLUMN documents.title       IS 'Title, at most 500 characters, sealed with the tenant''s key.';
COMMENT ON COLUMN documents.content     IS 'Text, written as content_type says, sealed with the tenant''s key.';
COMMENT ON COLUMN documents.recipient   IS 'Whom it is for: name, email, phone, language, each optional; JSON, sealed with the tenant''s key.';
COMMENT ON COLUMN documents.metadata    IS 'Free-form object of the caller; JSON, sealed with the tenant''s key.';
COMMENT ON COLUMN documents.access_code IS 'Access code that the client role gave, sealed with the tenant''s key.';
COMMENT ON COLUMN documents.link        IS 'Link that the client role gave, sealed with the tenant''s key.';

ALTER TABLE code_reserve DROP COLUMN key_id;
COMMENT ON COLUMN code_reserve.sealed IS 'Code and link; JSON, sealed with the tenant''s key.';

ALTER TABLE webhook_endpoints DROP COLUMN key_id;
COMMENT ON COLUMN webhook_endpoints.secrets IS 'Signing secrets, the newest first, and when each stops to sign; JSON, sealed with the tenant''s key.';
