-- The trace that a message belongs to, so that whoever delivers it goes on with it.
-- The same bytes in every role's folder.

ALTER TABLE outbox ADD COLUMN trace_parent text;
COMMENT ON COLUMN outbox.trace_parent IS 'The span that promised it (W3C Trace Context); NULL where nothing was traced.';
