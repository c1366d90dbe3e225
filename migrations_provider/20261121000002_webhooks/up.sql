-- Where the provider's own systems are told what happened to its documents.

CREATE TABLE webhook_endpoints (
  tenant_id       text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  id              uuid        NOT NULL,
  url             text        NOT NULL CHECK (url ~ '^https?://'),
  description     text        CHECK (description <> ''),
  events          text[]      NOT NULL CHECK (array_position(events, NULL) IS NULL),
  enabled         boolean     NOT NULL,
  disabled_reason text        CHECK (disabled_reason IS NULL OR NOT enabled),
  key_id          text        NOT NULL,
  secrets         bytea       NOT NULL,
  cursor_txid     bigint      NOT NULL DEFAULT pg_snapshot_xmin(pg_current_snapshot())::text::bigint,
  cursor_position bigint      NOT NULL DEFAULT 0,
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
) WITH (fillfactor = 80);
COMMENT ON TABLE  webhook_endpoints                 IS 'Webhooks: URLs that are told what happened to the documents of a tenant.';
COMMENT ON COLUMN webhook_endpoints.tenant_id       IS 'Whose webhook it is.';
COMMENT ON COLUMN webhook_endpoints.id              IS 'UUID v7: sorts by time of creation.';
COMMENT ON COLUMN webhook_endpoints.url             IS 'Where it is called; at most 2000 bytes, without credentials.';
COMMENT ON COLUMN webhook_endpoints.description     IS 'What the provider calls it, at most 200 characters.';
COMMENT ON COLUMN webhook_endpoints.events          IS 'Kinds of events that it is told about; empty for all of them.';
COMMENT ON COLUMN webhook_endpoints.enabled         IS 'Whether it is called at all.';
COMMENT ON COLUMN webhook_endpoints.disabled_reason IS 'Why it was switched off without anybody asking; NULL otherwise.';
COMMENT ON COLUMN webhook_endpoints.key_id          IS 'Which FIELD_ENCRYPTION_KEY sealed the secrets.';
COMMENT ON COLUMN webhook_endpoints.secrets         IS 'Signing secrets, the newest first, and when each stops to sign; encrypted with AES-256-GCM.';
COMMENT ON COLUMN webhook_endpoints.cursor_txid     IS 'Event that was passed on last, first half of its place in the order; at first, what is older than the endpoint.';
COMMENT ON COLUMN webhook_endpoints.cursor_position IS 'Event that was passed on last, second half of its place in the order.';
COMMENT ON COLUMN webhook_endpoints.created_at      IS 'When it was registered.';
COMMENT ON COLUMN webhook_endpoints.updated_at      IS 'When it was last changed.';
