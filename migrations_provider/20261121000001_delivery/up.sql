-- Life after sending: operations in order, their history, codes held in reserve.

ALTER TABLE documents ADD COLUMN sequence   bigint  NOT NULL DEFAULT 0 CHECK (sequence >= 0);
ALTER TABLE documents ADD COLUMN generation integer NOT NULL DEFAULT 0 CHECK (generation >= 0);
ALTER TABLE documents ADD COLUMN sent_sequence     bigint;
ALTER TABLE documents ADD COLUMN delivered_version integer;
ALTER TABLE documents ADD COLUMN operation  text CHECK (operation IN ('send', 'reissue', 'expiry', 'revoke'));
ALTER TABLE documents ADD COLUMN deleted_at timestamptz;
ALTER TABLE documents ADD COLUMN purge_at   timestamptz;
-- Before there were operations, the version was the place in the order.
UPDATE documents SET sequence = sent_version, sent_sequence = sent_version, generation = 1, operation = 'send' WHERE sent_version IS NOT NULL;
UPDATE documents SET delivered_version = sent_version WHERE delivery_state = 'delivered';
ALTER TABLE documents ADD CHECK ((operation IS NULL) = (sequence = 0));
ALTER TABLE documents ADD CHECK ((deleted_at IS NULL) = (purge_at IS NULL));
CREATE INDEX documents_purge ON documents (purge_at) WHERE purge_at IS NOT NULL;
COMMENT ON COLUMN documents.sequence   IS 'Number of the last operation at the client role, from 1; 0 before the first.';
COMMENT ON COLUMN documents.generation IS 'Which access code it is: one more with every re-issue, from 1; 0 before the first.';
COMMENT ON COLUMN documents.operation  IS 'The last operation: send, reissue, expiry or revoke. delivery_state tells how far it has come.';
COMMENT ON COLUMN documents.sent_sequence IS 'Number of the last sending; NULL before the first.';
COMMENT ON COLUMN documents.delivered_version IS 'Version that the client role confirmed last.';
COMMENT ON COLUMN documents.deleted_at IS 'When it was deleted after it had been sent; it is kept for its history only.';
COMMENT ON COLUMN documents.purge_at   IS 'Retention date: when a deleted document is removed for good.';

CREATE TABLE document_events (
  tenant_id   text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  document_id uuid        NOT NULL,
  position    bigint      GENERATED ALWAYS AS IDENTITY,
  txid        bigint      NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  id          uuid        NOT NULL DEFAULT gen_random_uuid(),
  kind        text        NOT NULL,
  at          timestamptz NOT NULL,
  version     integer,
  detail      text,
  PRIMARY KEY (tenant_id, document_id, position)
);
CREATE UNIQUE INDEX document_events_feed ON document_events (tenant_id, txid, position);
CREATE UNIQUE INDEX document_events_receipt ON document_events (tenant_id, id) WHERE kind IN ('opened', 'code_wrong', 'file_fetched', 'expired');
COMMENT ON TABLE  document_events             IS 'What happened to a document, in order. Only ever added to; it outlives the content.';
COMMENT ON COLUMN document_events.tenant_id   IS 'Whose document it is.';
COMMENT ON COLUMN document_events.document_id IS 'The document; its row may be gone.';
COMMENT ON COLUMN document_events.position    IS 'Place in the order among events of one transaction and one document.';
COMMENT ON COLUMN document_events.txid        IS 'Transaction that wrote it: a reader waits for older ones, so that it misses none.';
COMMENT ON COLUMN document_events.id          IS 'The event''s name for ever; of a receipt, the name that the client role gave it.';
COMMENT ON COLUMN document_events.kind        IS 'What happened, such as sent or opened.';
COMMENT ON COLUMN document_events.at          IS 'When it happened.';
COMMENT ON COLUMN document_events.version     IS 'Version of the document that it concerns.';
COMMENT ON COLUMN document_events.detail      IS 'A reason in words, where there is one.';

CREATE TABLE code_reserve (
  tenant_id  text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  id         uuid        NOT NULL,
  key_id     text        NOT NULL,
  sealed     bytea       NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE  code_reserve            IS 'Access codes that the client role handed out ahead of time, for sendings while it is away.';
COMMENT ON COLUMN code_reserve.tenant_id  IS 'Whose documents they may open.';
COMMENT ON COLUMN code_reserve.id         IS 'UUID v7; the oldest is used first.';
COMMENT ON COLUMN code_reserve.key_id     IS 'Which FIELD_ENCRYPTION_KEY sealed it.';
COMMENT ON COLUMN code_reserve.sealed     IS 'Code and link, encrypted with AES-256-GCM.';
COMMENT ON COLUMN code_reserve.expires_at IS 'When the client role forgets it if nobody has used it.';

CREATE TABLE client_accounts (
  tenant_id       text        NOT NULL PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  receipts_cursor text,
  created_at      timestamptz NOT NULL
);
COMMENT ON TABLE  client_accounts                 IS 'What the provider role has with the client role for each tenant that sends.';
COMMENT ON COLUMN client_accounts.tenant_id       IS 'The tenant.';
COMMENT ON COLUMN client_accounts.receipts_cursor IS 'Up to where its receipts have been taken over; NULL for none.';
COMMENT ON COLUMN client_accounts.created_at      IS 'When the tenant wrote for the first time.';
INSERT INTO client_accounts (tenant_id, created_at) SELECT DISTINCT tenant_id, now() FROM documents;
