-- Receipts say which text they are about. Whoever guesses a text must not be able to
-- confirm it: the hash is sealed.

ALTER TABLE documents ADD COLUMN content_hash bytea CHECK (octet_length(content_hash) < 100);
ALTER TABLE receipts  ADD COLUMN content_hash bytea CHECK (octet_length(content_hash) < 100);
COMMENT ON COLUMN documents.content_hash IS 'SHA-256 of title, content type and content of the version, sealed with the tenant''s key; stays when the text is gone. NULL if none has arrived.';
COMMENT ON COLUMN receipts.content_hash  IS 'Copy of documents.content_hash, as sealed there, of the version that it concerns.';
