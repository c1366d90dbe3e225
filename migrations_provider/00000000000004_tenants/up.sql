-- Tenants with data keys of their own, and what is sealed with them. The same
-- bytes in every role's folder.

-- SQL can't encrypt, and no version that stored texts as they are was ever
-- released: a database that holds some is refused instead of left half open.
DO $$
BEGIN
  IF EXISTS (SELECT FROM outbox WHERE payload IS NOT NULL)
     OR EXISTS (SELECT FROM outbox_attempts WHERE answer IS NOT NULL)
     OR EXISTS (SELECT FROM idempotency_keys) THEN
    RAISE EXCEPTION 'this database holds texts of a version that did not encrypt them; start with an empty database (oc dev --reset)';
  END IF;
END
$$;

CREATE TABLE tenants (
  tenant_id    text        NOT NULL PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  state        text        NOT NULL CHECK (state IN ('active', 'suspended', 'deleted')),
  created_at   timestamptz NOT NULL,
  suspended_at timestamptz,
  deleted_at   timestamptz,
  CHECK ((state = 'suspended') = (suspended_at IS NOT NULL)),
  CHECK ((state = 'deleted') = (deleted_at IS NOT NULL))
);
COMMENT ON TABLE  tenants              IS 'Whose documents this database keeps.';
COMMENT ON COLUMN tenants.tenant_id    IS 'The tenant, as tokens and X-Tenant name it.';
COMMENT ON COLUMN tenants.state        IS 'active; suspended: every request is refused; deleted: its keys are destroyed, and it does not come back by itself.';
COMMENT ON COLUMN tenants.created_at   IS 'When it was made.';
COMMENT ON COLUMN tenants.suspended_at IS 'Since when it is suspended; NULL if it is not.';
COMMENT ON COLUMN tenants.deleted_at   IS 'When it was deleted; NULL if it was not.';

CREATE TABLE tenant_keys (
  tenant_id  text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  id         integer     NOT NULL CHECK (id > 0),
  master_key text        NOT NULL,
  wrapped    bytea       NOT NULL CHECK (octet_length(wrapped) = 60),
  created_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
COMMENT ON TABLE  tenant_keys            IS 'Data keys of tenants, each encrypted. Without its row, nothing that was sealed with a key can be read.';
COMMENT ON COLUMN tenant_keys.tenant_id  IS 'Whose key it is.';
COMMENT ON COLUMN tenant_keys.id         IS 'Number of the key, from 1; every sealed value names it. The highest seals, all open.';
COMMENT ON COLUMN tenant_keys.master_key IS 'Which FIELD_ENCRYPTION_KEY it is encrypted with.';
COMMENT ON COLUMN tenant_keys.wrapped    IS 'The key, 256 random bits, encrypted with AES-256-GCM and bound to tenant and id.';
COMMENT ON COLUMN tenant_keys.created_at IS 'When it was made.';

ALTER TABLE outbox_attempts DROP COLUMN answer;
ALTER TABLE outbox_attempts ADD COLUMN answer bytea;
COMMENT ON COLUMN outbox.payload         IS 'The message as sent, JSON in UTF-8, sealed with the tenant''s key; gone once it is delivered or superseded.';
COMMENT ON COLUMN outbox_attempts.answer IS 'The start of an answer that was a refusal, sealed with the tenant''s key; a success may hold an access code and is not kept.';

ALTER TABLE idempotency_keys DROP COLUMN key_id;
ALTER TABLE idempotency_keys DROP COLUMN request_hash;
ALTER TABLE idempotency_keys ADD COLUMN request bytea NOT NULL;
COMMENT ON COLUMN idempotency_keys.request IS 'SHA-256 of method, path and body, sealed with the tenant''s key: another body under the same key is refused.';
COMMENT ON COLUMN idempotency_keys.answer  IS 'Headers and body of the answer, sealed with the tenant''s key.';

-- What is sealed can't be compressed.
ALTER TABLE outbox          ALTER COLUMN payload SET STORAGE EXTERNAL;
ALTER TABLE outbox_attempts ALTER COLUMN answer  SET STORAGE EXTERNAL;
