-- A view of the workspace that asks for few documents, which may be old, has an index of
-- its own, newest first (`Shown`). A document is in at most one of them.
DROP INDEX documents_unfinished;
CREATE INDEX documents_drafts   ON documents (tenant_id, id) WHERE status = 'draft';
CREATE INDEX documents_ready    ON documents (tenant_id, id) WHERE status = 'final' AND delivery_state = 'none';
CREATE INDEX documents_underway ON documents (tenant_id, id) WHERE delivery_state IN ('queued', 'delivering');
CREATE INDEX documents_unopened ON documents (tenant_id, id) WHERE delivery_state = 'delivered' AND opened_at IS NULL;
CREATE INDEX documents_failed   ON documents (tenant_id, id) WHERE delivery_state = 'failed';
