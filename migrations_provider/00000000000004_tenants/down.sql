-- Nothing that was sealed can be read without its key.
DELETE FROM idempotency_keys;
DELETE FROM outbox_attempts;
DELETE FROM outbox;
ALTER TABLE outbox ALTER COLUMN payload SET STORAGE EXTENDED;
ALTER TABLE idempotency_keys DROP COLUMN request;
ALTER TABLE idempotency_keys ADD COLUMN request_hash bytea NOT NULL CHECK (octet_length(request_hash) = 32);
ALTER TABLE idempotency_keys ADD COLUMN key_id text NOT NULL;
ALTER TABLE outbox_attempts DROP COLUMN answer;
ALTER TABLE outbox_attempts ADD COLUMN answer text CHECK (length(answer) <= 500);
DROP TABLE tenant_keys;
DROP TABLE tenants;
