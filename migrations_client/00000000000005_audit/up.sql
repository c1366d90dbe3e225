-- The audit trail: written with what it tells of, chained a moment later. The
-- same bytes in every role's folder.

CREATE TABLE audit_pending (
  tenant_id text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  txid      bigint      NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  position  bigint      GENERATED ALWAYS AS IDENTITY,
  at        timestamptz NOT NULL,
  who       text        NOT NULL,
  action    text        NOT NULL,
  target    text        NOT NULL,
  outcome   text        NOT NULL,
  address   text,
  agent     text,
  mark      text,
  PRIMARY KEY (tenant_id, txid, position)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
COMMENT ON TABLE  audit_pending           IS 'Entries of the audit trail that wait to be chained, for about a second.';
COMMENT ON COLUMN audit_pending.tenant_id IS 'Whose chain it goes into.';
COMMENT ON COLUMN audit_pending.txid      IS 'Transaction that wrote it: chaining waits for older ones, so that it misses none.';
COMMENT ON COLUMN audit_pending.position  IS 'Place in the order among entries of one transaction.';
COMMENT ON COLUMN audit_pending.at        IS 'When it happened.';
COMMENT ON COLUMN audit_pending.who       IS 'Subject of the token, or a dash.';
COMMENT ON COLUMN audit_pending.action    IS 'What was done, of a closed list, such as document.sent.';
COMMENT ON COLUMN audit_pending.target    IS 'To what: an id, or a dash. Never a title, a name or a code.';
COMMENT ON COLUMN audit_pending.outcome   IS 'done or refused.';
COMMENT ON COLUMN audit_pending.address   IS 'Network of the caller: /24 of IPv4, /48 of IPv6.';
COMMENT ON COLUMN audit_pending.agent     IS 'Browser of the caller, by one word.';
COMMENT ON COLUMN audit_pending.mark      IS 'Keyed hash of address and user agent, to recognise equal ones; the key is not in the database.';

CREATE TABLE audit_log (
  tenant_id text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  seq       bigint      NOT NULL CHECK (seq > 0),
  at        timestamptz NOT NULL,
  who       text        NOT NULL,
  action    text        NOT NULL,
  target    text        NOT NULL,
  outcome   text        NOT NULL,
  times     integer     NOT NULL CHECK (times > 0),
  address   text,
  agent     text,
  mark      text,
  prev_hash bytea       NOT NULL CHECK (octet_length(prev_hash) = 32),
  hash      bytea       NOT NULL CHECK (octet_length(hash) = 32),
  PRIMARY KEY (tenant_id, seq)
);
COMMENT ON TABLE  audit_log           IS 'The audit trail, a chain for each tenant. Only ever added to; its oldest entries are removed at the end of their retention.';
COMMENT ON COLUMN audit_log.tenant_id IS 'Whose chain.';
COMMENT ON COLUMN audit_log.seq       IS 'Place in the chain, from 1, without gaps.';
COMMENT ON COLUMN audit_log.at        IS 'When it happened; of several, the first one.';
COMMENT ON COLUMN audit_log.who       IS 'Subject of the token, or a dash.';
COMMENT ON COLUMN audit_log.action    IS 'What was done, of a closed list, such as document.sent.';
COMMENT ON COLUMN audit_log.target    IS 'To what: an id, or a dash. Never a title, a name or a code.';
COMMENT ON COLUMN audit_log.outcome   IS 'done or refused.';
COMMENT ON COLUMN audit_log.times     IS 'How often the same happened within about a second; more than 1 only for what changes nothing.';
COMMENT ON COLUMN audit_log.address   IS 'Network of the caller: /24 of IPv4, /48 of IPv6.';
COMMENT ON COLUMN audit_log.agent     IS 'Browser of the caller, by one word.';
COMMENT ON COLUMN audit_log.mark      IS 'Keyed hash of address and user agent, to recognise equal ones; the key is not in the database.';
COMMENT ON COLUMN audit_log.prev_hash IS 'hash of the entry before it; zeroes before the first.';
COMMENT ON COLUMN audit_log.hash      IS 'SHA-256 over the entry as JSON, prev_hash included.';

CREATE TABLE audit_chains (
  tenant_id  text        NOT NULL PRIMARY KEY CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  start_seq  bigint      NOT NULL CHECK (start_seq >= 0),
  start_hash bytea       NOT NULL CHECK (octet_length(start_hash) = 32),
  head_seq   bigint      NOT NULL CHECK (head_seq >= start_seq),
  head_hash  bytea       NOT NULL CHECK (octet_length(head_hash) = 32),
  key_id     text        NOT NULL,
  seal       bytea       NOT NULL CHECK (octet_length(seal) = 32),
  updated_at timestamptz NOT NULL
) WITH (fillfactor = 50);
COMMENT ON TABLE  audit_chains            IS 'Where the chain of each tenant begins and ends. Its lock lets one process at a time add to a chain.';
COMMENT ON COLUMN audit_chains.tenant_id  IS 'Whose chain.';
COMMENT ON COLUMN audit_chains.start_seq  IS 'Place of the last entry that was removed at the end of its retention; 0 for none.';
COMMENT ON COLUMN audit_chains.start_hash IS 'hash of that entry, which the first one that is left goes on from.';
COMMENT ON COLUMN audit_chains.head_seq   IS 'Place of the newest entry.';
COMMENT ON COLUMN audit_chains.head_hash  IS 'hash of the newest entry.';
COMMENT ON COLUMN audit_chains.key_id     IS 'Which of the role''s secret keys made the seal.';
COMMENT ON COLUMN audit_chains.seal       IS 'Keyed hash over tenant, start and head: whoever has only the database can''t make another.';
COMMENT ON COLUMN audit_chains.updated_at IS 'When the chain was last added to or shortened.';

-- A mistake or an ordinary login does not change what was chained. Whoever owns
-- the table can switch this off; that is what the chain is for.
CREATE FUNCTION audit_log_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('oc.audit_retention', true) IS DISTINCT FROM 'on' OR TG_OP <> 'DELETE' THEN
    RAISE EXCEPTION 'the audit trail is only ever added to';
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER audit_log_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_log
  FOR EACH STATEMENT EXECUTE FUNCTION audit_log_is_final();
