-- Keys of requests that must happen once: the same bytes in every role's folder.

CREATE TABLE idempotency_keys (
  tenant_id    text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  key_hash     bytea       NOT NULL CHECK (octet_length(key_hash) = 32),
  request_hash bytea       NOT NULL CHECK (octet_length(request_hash) = 32),
  key_id       text        NOT NULL,
  operation_id uuid        NOT NULL,
  locked_until timestamptz,
  status       smallint    CHECK (status BETWEEN 200 AND 299),
  answer       bytea,
  begun_at     timestamptz NOT NULL,
  expires_at   timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, key_hash),
  CHECK ((answer IS NULL) = (status IS NULL)),
  CHECK ((answer IS NULL) = (locked_until IS NOT NULL))
);
-- What is sealed can't be compressed.
ALTER TABLE idempotency_keys ALTER COLUMN answer SET STORAGE EXTERNAL;
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (expires_at);
COMMENT ON TABLE  idempotency_keys              IS 'Idempotency-Key of requests, and what they were answered.';
COMMENT ON COLUMN idempotency_keys.tenant_id    IS 'Whose request it is.';
COMMENT ON COLUMN idempotency_keys.key_hash     IS 'SHA-256 of method, route and key; the key itself is not stored.';
COMMENT ON COLUMN idempotency_keys.request_hash IS 'Keyed hash of method, path and body: another body under the same key is refused.';
COMMENT ON COLUMN idempotency_keys.key_id       IS 'Which of the role''s secret keys made request_hash and answer.';
COMMENT ON COLUMN idempotency_keys.operation_id IS 'UUID v7 of what the request makes; the same when a run that died is taken over.';
COMMENT ON COLUMN idempotency_keys.locked_until IS 'When the run counts as dead and may be taken over; NULL once it is answered.';
COMMENT ON COLUMN idempotency_keys.status       IS 'HTTP status of the answer; NULL until there is one.';
COMMENT ON COLUMN idempotency_keys.answer       IS 'Headers and body of the answer, sealed with AES-256-GCM, bound to tenant and key.';
COMMENT ON COLUMN idempotency_keys.begun_at     IS 'When its last run began.';
COMMENT ON COLUMN idempotency_keys.expires_at   IS 'When the key is forgotten and may be used for something else.';
