DROP TABLE client_accounts;
DROP TABLE code_reserve;
DROP TABLE document_events;
ALTER TABLE documents DROP COLUMN purge_at;
ALTER TABLE documents DROP COLUMN deleted_at;
ALTER TABLE documents DROP COLUMN operation;
ALTER TABLE documents DROP COLUMN generation;
ALTER TABLE documents DROP COLUMN sequence;
