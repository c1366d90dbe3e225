CREATE TABLE documents (
  tenant_id         text        NOT NULL CHECK (tenant_id ~ '^[a-z0-9][a-z0-9_-]{0,62}$'),
  id                uuid        NOT NULL,
  title             text        NOT NULL CHECK (title <> ''),
  content           text        NOT NULL CHECK (content <> ''),
  content_type      text        NOT NULL CHECK (content_type IN ('text/markdown', 'text/plain')),
  recipient         jsonb,
  metadata          jsonb,
  expires_in        bigint      CHECK (expires_in > 0),
  status            text        NOT NULL CHECK (status IN ('draft', 'final')),
  version           integer     NOT NULL CHECK (version > 0),
  sent_version      integer     CHECK (sent_version <= version),
  access_code       text,
  link              text,
  expires_at        timestamptz,
  delivery_state    text        NOT NULL CHECK (delivery_state IN ('none', 'queued', 'delivering', 'delivered', 'failed', 'revoked', 'expired')),
  delivery_attempts integer     NOT NULL DEFAULT 0,
  next_attempt_at   timestamptz,
  last_error        text,
  delivered_at      timestamptz,
  opened_at         timestamptz,
  created_at        timestamptz NOT NULL,
  updated_at        timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  CHECK ((sent_version IS NULL) = (delivery_state = 'none')),
  CHECK (status = 'final' OR sent_version IS NULL)
) WITH (fillfactor = 90);
COMMENT ON TABLE  documents                   IS 'Documents that providers write. Ids are UUID v7, so the primary key is also the newest-first list.';
COMMENT ON COLUMN documents.tenant_id         IS 'Whose document it is.';
COMMENT ON COLUMN documents.id                IS 'UUID v7: sorts by time of creation.';
COMMENT ON COLUMN documents.title             IS 'Title, at most 500 characters.';
COMMENT ON COLUMN documents.content           IS 'Text, written as content_type says.';
COMMENT ON COLUMN documents.content_type      IS 'text/markdown or text/plain.';
COMMENT ON COLUMN documents.recipient         IS 'Whom it is for: name, email, phone, language, each optional.';
COMMENT ON COLUMN documents.metadata          IS 'Free-form object of the caller.';
COMMENT ON COLUMN documents.expires_in        IS 'Life of the access in seconds, counted from the sending; NULL for the default.';
COMMENT ON COLUMN documents.status            IS 'draft or final.';
COMMENT ON COLUMN documents.version           IS 'One more with every change; the ETag.';
COMMENT ON COLUMN documents.sent_version      IS 'Version that was sent last; NULL if none.';
COMMENT ON COLUMN documents.access_code       IS 'Access code that the client role gave.';
COMMENT ON COLUMN documents.link              IS 'Link that the client role gave.';
COMMENT ON COLUMN documents.expires_at        IS 'When access ends; set by the sending.';
COMMENT ON COLUMN documents.delivery_state    IS 'How far it has come on its way to the client role.';
COMMENT ON COLUMN documents.delivery_attempts IS 'Attempts to deliver sent_version.';
COMMENT ON COLUMN documents.next_attempt_at   IS 'When the next attempt is due.';
COMMENT ON COLUMN documents.last_error        IS 'Why the last attempt failed.';
COMMENT ON COLUMN documents.delivered_at      IS 'When the client role confirmed sent_version.';
COMMENT ON COLUMN documents.opened_at         IS 'When it was first opened.';
COMMENT ON COLUMN documents.created_at        IS 'When it was created.';
COMMENT ON COLUMN documents.updated_at        IS 'When it was last changed.';
