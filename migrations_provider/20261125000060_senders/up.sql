-- What recipients see of each practice.

CREATE TABLE senders (
  tenant_id  text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$') PRIMARY KEY,
  version    integer     NOT NULL CHECK (version > 0),
  sequence   bigint      NOT NULL CHECK (sequence > 0),
  profile    bytea       NOT NULL,
  logo       bytea,
  updated_at timestamptz NOT NULL
);
-- What is sealed can't be compressed.
ALTER TABLE senders ALTER COLUMN profile SET STORAGE EXTERNAL, ALTER COLUMN logo SET STORAGE EXTERNAL;
COMMENT ON TABLE  senders            IS 'What recipients see of a practice; a tenant without a row is shown as SENDER_* say.';
COMMENT ON COLUMN senders.tenant_id  IS 'Whose practice it is.';
COMMENT ON COLUMN senders.version    IS 'Grows with each change; its ETag.';
COMMENT ON COLUMN senders.sequence   IS 'Of the newest message to the client role: milliseconds since 1970, or one more than before. It also grows where the row is made anew.';
COMMENT ON COLUMN senders.profile    IS 'Name, address, telephone number, hours and colour as JSON, sealed with the tenant''s key.';
COMMENT ON COLUMN senders.logo       IS 'The logo as a data URL, sealed with the tenant''s key.';
COMMENT ON COLUMN senders.updated_at IS 'When it was last changed.';
