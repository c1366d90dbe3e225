-- Codes with a life of their own, documents that can be revoked before they
-- arrive, receipts that outlive both.

ALTER TABLE documents ADD COLUMN sequence       bigint  NOT NULL DEFAULT 1 CHECK (sequence > 0);
ALTER TABLE documents ADD COLUMN generation     integer NOT NULL DEFAULT 1 CHECK (generation > 0);
ALTER TABLE documents ADD COLUMN opened_version integer NOT NULL DEFAULT 0;
ALTER TABLE documents ADD COLUMN revoked_at     timestamptz;
ALTER TABLE documents ADD COLUMN expired_at     timestamptz;
ALTER TABLE documents ALTER COLUMN sequence   DROP DEFAULT;
ALTER TABLE documents ALTER COLUMN generation DROP DEFAULT;
UPDATE documents SET sequence = version;
ALTER TABLE documents ALTER COLUMN title   DROP NOT NULL;
ALTER TABLE documents ALTER COLUMN content DROP NOT NULL;
ALTER TABLE documents ADD CHECK ((title IS NULL) = (content IS NULL));
ALTER TABLE documents ADD CHECK (content IS NOT NULL OR revoked_at IS NOT NULL OR expired_at IS NOT NULL);
CREATE INDEX documents_expiry ON documents (expires_at) WHERE revoked_at IS NULL AND content IS NOT NULL;
CREATE INDEX documents_ended  ON documents (expires_at) WHERE content IS NULL;
COMMENT ON COLUMN documents.title          IS 'Title, at most 500 characters; gone once access has ended.';
COMMENT ON COLUMN documents.content        IS 'Text, written as content_type says; gone once access has ended.';
COMMENT ON COLUMN documents.sequence       IS 'The sender''s newest operation that was applied; a lower or equal one changes nothing.';
COMMENT ON COLUMN documents.generation     IS 'Which access code opens it; a higher one of the sender replaces the code.';
COMMENT ON COLUMN documents.opened_version IS 'The newest version that somebody has opened; 0 for none.';
COMMENT ON COLUMN documents.revoked_at     IS 'When access was withdrawn; a document may be revoked before it arrives.';
COMMENT ON COLUMN documents.expired_at     IS 'When it was noticed that access has ended by time.';

ALTER TABLE access_codes DROP CONSTRAINT access_codes_pkey;
ALTER TABLE access_codes ADD COLUMN id           uuid;
ALTER TABLE access_codes ADD COLUMN failed_total integer NOT NULL DEFAULT 0;
ALTER TABLE access_codes ADD COLUMN expires_at   timestamptz;
ALTER TABLE access_codes ADD COLUMN dead_at      timestamptz;
-- What was made before was bound to the document's id.
UPDATE access_codes SET id = document_id;
ALTER TABLE access_codes ADD PRIMARY KEY (tenant_id, id);
ALTER TABLE access_codes ALTER COLUMN document_id DROP NOT NULL;
ALTER TABLE access_codes ADD CHECK ((document_id IS NULL) = (expires_at IS NOT NULL));
CREATE UNIQUE INDEX access_codes_document ON access_codes (tenant_id, document_id) WHERE dead_at IS NULL;
-- For the foreign key: what belongs to a document that is removed.
CREATE INDEX access_codes_owner    ON access_codes (tenant_id, document_id) WHERE document_id IS NOT NULL;
CREATE INDEX access_codes_reserved ON access_codes (expires_at) WHERE document_id IS NULL;
CREATE INDEX access_codes_dead     ON access_codes (dead_at)    WHERE dead_at IS NOT NULL;
COMMENT ON COLUMN access_codes.id           IS 'UUID v7; hashes and seal are bound to it.';
COMMENT ON COLUMN access_codes.document_id  IS 'The document it opens; NULL while it is only reserved.';
COMMENT ON COLUMN access_codes.failed_total IS 'How often somebody typed its selector with a wrong verifier.';
COMMENT ON COLUMN access_codes.expires_at   IS 'When a reserved code is forgotten if no document has come for it.';
COMMENT ON COLUMN access_codes.dead_at      IS 'When another code took its place.';

CREATE TABLE receipts (
  tenant_id   text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  txid        bigint      NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  position    bigint      GENERATED ALWAYS AS IDENTITY,
  id          uuid        NOT NULL DEFAULT gen_random_uuid(),
  document_id uuid        NOT NULL,
  kind        text        NOT NULL,
  version     integer,
  at          timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, txid, position)
);
CREATE INDEX receipts_at ON receipts (at);
COMMENT ON TABLE  receipts             IS 'What happened to documents here, as an ordered feed for their senders. Outlives documents and codes.';
COMMENT ON COLUMN receipts.tenant_id   IS 'Whose document it was.';
COMMENT ON COLUMN receipts.txid        IS 'Transaction that wrote it: a reader waits for older ones, so that it misses none.';
COMMENT ON COLUMN receipts.position    IS 'Place in the order among receipts of one transaction.';
COMMENT ON COLUMN receipts.id          IS 'The receipt''s name for ever.';
COMMENT ON COLUMN receipts.document_id IS 'The document, by the sender''s id.';
COMMENT ON COLUMN receipts.kind        IS 'What happened, such as opened.';
COMMENT ON COLUMN receipts.version     IS 'Version of the document that it concerns.';
COMMENT ON COLUMN receipts.at          IS 'When it happened.';
