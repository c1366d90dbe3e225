ALTER TABLE documents DROP COLUMN trace_parent;
