-- A number that is sent to the recipient, asked of whoever opens a document beside its code.

ALTER TABLE documents ADD COLUMN second_factor text NOT NULL DEFAULT 'none' CHECK (second_factor IN ('none', 'sms', 'email'));
COMMENT ON COLUMN documents.second_factor IS 'What is asked of whoever opens it, beside the code: none, or a number sent by sms or email.';

CREATE TABLE otp_tallies (
  tenant_id   text          NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  code_id     uuid          NOT NULL,
  sent_at     timestamptz[] NOT NULL DEFAULT '{}' CHECK (cardinality(sent_at) <= 5),
  wrong_at    timestamptz[] NOT NULL DEFAULT '{}' CHECK (cardinality(wrong_at) <= 9),
  wrong_total integer       NOT NULL DEFAULT 0 CHECK (wrong_total BETWEEN 0 AND 30),
  PRIMARY KEY (tenant_id, code_id),
  FOREIGN KEY (tenant_id, code_id) REFERENCES access_codes (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 70);
COMMENT ON TABLE  otp_tallies             IS 'How many numbers were sent and how many wrong ones were typed for an access code. A new number resets nothing.';
COMMENT ON COLUMN otp_tallies.tenant_id   IS 'Whose code it is.';
COMMENT ON COLUMN otp_tallies.code_id     IS 'The access code.';
COMMENT ON COLUMN otp_tallies.sent_at     IS 'When the last numbers were sent, five at most, oldest first.';
COMMENT ON COLUMN otp_tallies.wrong_at    IS 'When the last wrong numbers were typed, nine at most, oldest first.';
COMMENT ON COLUMN otp_tallies.wrong_total IS 'Wrong numbers in the life of the code; at thirty no further one is sent or tried.';

CREATE TABLE otps (
  tenant_id  text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  session_id uuid        NOT NULL,
  code_id    uuid        NOT NULL,
  key_id     text        NOT NULL,
  otp_hash   bytea       NOT NULL,
  tries      integer     NOT NULL DEFAULT 0 CHECK (tries BETWEEN 0 AND 3),
  sent_at    timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, session_id),
  FOREIGN KEY (tenant_id, code_id) REFERENCES access_codes (tenant_id, id) ON DELETE CASCADE
) WITH (fillfactor = 70);
CREATE INDEX otps_code ON otps (tenant_id, code_id);
CREATE INDEX otps_expiry ON otps (expires_at);
COMMENT ON TABLE  otps            IS 'Numbers that were sent and may still be typed, one for each session. A right one is removed.';
COMMENT ON COLUMN otps.tenant_id  IS 'Whose document it opens.';
COMMENT ON COLUMN otps.session_id IS 'The session that asked for it, the only one in which it is good.';
COMMENT ON COLUMN otps.code_id    IS 'The access code that began the session.';
COMMENT ON COLUMN otps.key_id     IS 'Which ACCESS_CODE_KEY otp_hash was made with.';
COMMENT ON COLUMN otps.otp_hash   IS 'HMAC of the number, the session and the address that it was sent to.';
COMMENT ON COLUMN otps.tries      IS 'How many wrong numbers were typed instead.';
COMMENT ON COLUMN otps.sent_at    IS 'When it was sent.';
COMMENT ON COLUMN otps.expires_at IS 'Until when it is good.';
