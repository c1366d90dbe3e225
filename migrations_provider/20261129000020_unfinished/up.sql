-- Beside many documents, those that somebody still has to write, send, wait for or open
-- are few, and may be old. Lists that ask for a state find them here.
CREATE INDEX documents_unfinished ON documents (tenant_id, delivery_state, id)
  WHERE delivery_state IN ('none', 'queued', 'delivering', 'failed') OR (delivery_state = 'delivered' AND opened_at IS NULL);
