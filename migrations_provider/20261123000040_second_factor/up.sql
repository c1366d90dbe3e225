-- What is asked of whoever opens a document, beside its code.
ALTER TABLE documents ADD COLUMN second_factor text NOT NULL DEFAULT 'none' CHECK (second_factor IN ('none', 'sms', 'email'));
COMMENT ON COLUMN documents.second_factor IS 'What is asked of whoever opens it, beside the code: none, or a number sent by sms or email.';

-- A further kind of receipt.
DROP INDEX document_events_receipt;
CREATE UNIQUE INDEX document_events_receipt ON document_events (tenant_id, id)
  WHERE kind IN ('opened', 'code_wrong', 'code_blocked', 'otp_blocked', 'file_fetched', 'expired');
