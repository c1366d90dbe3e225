DROP INDEX documents_drafts, documents_ready, documents_underway, documents_unopened, documents_failed;
CREATE INDEX documents_unfinished ON documents (tenant_id, delivery_state, id)
  WHERE delivery_state IN ('none', 'queued', 'delivering', 'failed') OR (delivery_state = 'delivered' AND opened_at IS NULL);
