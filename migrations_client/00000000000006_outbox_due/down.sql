DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (destination, due_at) WHERE state IN ('pending', 'leased');
