-- Tables of the platform: the same bytes in every role's folder.

CREATE TABLE oc_database (
  singleton  boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (singleton),
  role       text        NOT NULL CHECK (role IN ('provider', 'client', 'hub', 'clinic')),
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE  oc_database            IS 'One row: the role that this database belongs to. Every connection checks it.';
COMMENT ON COLUMN oc_database.singleton  IS 'Always true, so that there is one row.';
COMMENT ON COLUMN oc_database.role       IS 'The role, as in oc serve --role.';
COMMENT ON COLUMN oc_database.created_at IS 'When the database was first migrated.';

CREATE TABLE outbox (
  tenant_id    text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  id           uuid        NOT NULL,
  topic        text        NOT NULL,
  subject_id   uuid        NOT NULL,
  version      integer     NOT NULL,
  payload      bytea,
  state        text        NOT NULL CHECK (state IN ('pending', 'leased', 'delivered', 'failed', 'superseded')),
  attempts     integer     NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  due_at       timestamptz NOT NULL,
  leased_until timestamptz,
  last_error   text,
  created_at   timestamptz NOT NULL,
  settled_at   timestamptz,
  PRIMARY KEY (tenant_id, id),
  CHECK ((state = 'leased') = (leased_until IS NOT NULL)),
  CHECK ((state IN ('delivered', 'failed', 'superseded')) = (settled_at IS NOT NULL))
) WITH (fillfactor = 80);
CREATE INDEX outbox_subject ON outbox (tenant_id, subject_id) WHERE state IN ('pending', 'leased');
CREATE INDEX outbox_due     ON outbox (due_at)                WHERE state IN ('pending', 'leased');
COMMENT ON TABLE  outbox              IS 'Messages to other services, written in the transaction that promises them.';
COMMENT ON COLUMN outbox.tenant_id    IS 'Whose message it is.';
COMMENT ON COLUMN outbox.id           IS 'UUID v7; the same through all attempts.';
COMMENT ON COLUMN outbox.topic        IS 'What kind of message, such as document.deliver.';
COMMENT ON COLUMN outbox.subject_id   IS 'What the message is about, such as the document.';
COMMENT ON COLUMN outbox.version      IS 'Which version of the subject it carries.';
COMMENT ON COLUMN outbox.payload      IS 'The message as sent, JSON in UTF-8; gone once it is delivered or superseded.';
COMMENT ON COLUMN outbox.state        IS 'pending: waits for due_at; leased: an attempt runs; delivered, failed, superseded: settled.';
COMMENT ON COLUMN outbox.attempts     IS 'Attempts begun so far.';
COMMENT ON COLUMN outbox.due_at       IS 'When it may be attempted; for a leased message the end of its lease.';
COMMENT ON COLUMN outbox.leased_until IS 'When a running attempt counts as dead.';
COMMENT ON COLUMN outbox.last_error   IS 'Why the last attempt failed.';
COMMENT ON COLUMN outbox.created_at   IS 'When it was promised.';
COMMENT ON COLUMN outbox.settled_at   IS 'When it was delivered, given up or superseded.';
