-- Delivery that survives everything: order, destinations, a log of attempts.
-- The same bytes in every role's folder.

DROP INDEX outbox_subject;
DROP INDEX outbox_due;
ALTER TABLE outbox RENAME COLUMN version TO sequence;
ALTER TABLE outbox ALTER COLUMN sequence TYPE bigint;
ALTER TABLE outbox ADD COLUMN destination text NOT NULL DEFAULT 'client';
ALTER TABLE outbox ALTER COLUMN destination DROP DEFAULT;
ALTER TABLE outbox ADD COLUMN give_up_at timestamptz;
UPDATE outbox SET give_up_at = created_at + interval '7 days';
ALTER TABLE outbox ALTER COLUMN give_up_at SET NOT NULL;
-- Most of the time nothing is open. Statistics that say so would let the planner
-- read every open message for each look-up once there are many; without any (the
-- change of type removes old ones) it goes by the key.
ALTER TABLE outbox ALTER COLUMN state TYPE text;
ALTER TABLE outbox ALTER COLUMN state SET STATISTICS 0;
-- One open message of a place in the order: also what keeps the order.
CREATE UNIQUE INDEX outbox_subject ON outbox (tenant_id, subject_id, destination, sequence) WHERE state IN ('pending', 'leased');
CREATE INDEX outbox_due     ON outbox (destination, due_at) WHERE state IN ('pending', 'leased');
CREATE INDEX outbox_settled ON outbox (settled_at)          WHERE state IN ('delivered', 'superseded');
CREATE INDEX outbox_failed  ON outbox (tenant_id, id)       WHERE state = 'failed';
COMMENT ON COLUMN outbox.sequence    IS 'Its place among the messages about the subject; a lower one goes out first.';
COMMENT ON COLUMN outbox.destination IS 'Where it goes: what one circuit breaker watches, such as client.';
COMMENT ON COLUMN outbox.give_up_at  IS 'When no further attempt is made; a replay sets it anew.';

CREATE TABLE outbox_attempts (
  tenant_id   text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  message_id  uuid        NOT NULL,
  attempt     integer     NOT NULL CHECK (attempt > 0),
  ended_at    timestamptz NOT NULL,
  duration_ms integer     NOT NULL CHECK (duration_ms >= 0),
  status      smallint,
  error       text,
  answer      text        CHECK (length(answer) <= 500),
  PRIMARY KEY (tenant_id, message_id, attempt)
);
COMMENT ON TABLE  outbox_attempts             IS 'Every attempt that ended, as long as its message is kept.';
COMMENT ON COLUMN outbox_attempts.tenant_id   IS 'Whose message it is.';
COMMENT ON COLUMN outbox_attempts.message_id  IS 'The message.';
COMMENT ON COLUMN outbox_attempts.attempt     IS 'Which attempt, from 1.';
COMMENT ON COLUMN outbox_attempts.ended_at    IS 'When it ended.';
COMMENT ON COLUMN outbox_attempts.duration_ms IS 'How long the call took, in milliseconds.';
COMMENT ON COLUMN outbox_attempts.status      IS 'HTTP status of the answer; NULL if none came.';
COMMENT ON COLUMN outbox_attempts.error       IS 'Why it failed, in words; NULL if it did not.';
COMMENT ON COLUMN outbox_attempts.answer      IS 'The start of an answer that was a refusal; a success may hold an access code and is not kept.';
