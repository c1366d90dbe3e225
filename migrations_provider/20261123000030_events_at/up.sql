-- Finds what happened since a moment, for a webhook that is to be told again.
CREATE INDEX document_events_at ON document_events (tenant_id, at);
