ALTER TABLE receipts  DROP COLUMN content_hash;
ALTER TABLE documents DROP COLUMN content_hash;
