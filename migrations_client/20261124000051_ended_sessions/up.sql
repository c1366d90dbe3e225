-- Sessions that their holders have ended, until they would have ended by themselves.

CREATE TABLE ended_sessions (
  tenant_id  text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  session_id uuid        NOT NULL,
  forget_at  timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, session_id)
);
CREATE INDEX ended_sessions_forget ON ended_sessions (forget_at);
COMMENT ON TABLE  ended_sessions            IS 'Sessions that opened a document and were ended by whoever had read it. Their tokens, which are signed and stored nowhere, open nothing any more.';
COMMENT ON COLUMN ended_sessions.tenant_id  IS 'Whose document it was.';
COMMENT ON COLUMN ended_sessions.session_id IS 'The session.';
COMMENT ON COLUMN ended_sessions.forget_at  IS 'When no token of it is valid any more, so that the row can be removed.';
