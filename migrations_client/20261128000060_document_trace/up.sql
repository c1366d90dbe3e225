-- The trace of a document goes on with whoever reads it.

ALTER TABLE documents ADD COLUMN trace_parent text;
COMMENT ON COLUMN documents.trace_parent IS 'The span that brought the newest version (W3C Trace Context); NULL where nothing was traced.';
