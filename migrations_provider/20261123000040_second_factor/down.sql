DROP INDEX document_events_receipt;
CREATE UNIQUE INDEX document_events_receipt ON document_events (tenant_id, id)
  WHERE kind IN ('opened', 'code_wrong', 'code_blocked', 'file_fetched', 'expired');
ALTER TABLE documents DROP COLUMN second_factor;
