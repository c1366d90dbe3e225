-- Where few messages are open, the planner takes every index of theirs for equally
-- good, and a plan made then may go on reading all of them once there are many. So
-- this one serves only questions about when messages are due. The same bytes in
-- every role's folder.

DROP INDEX outbox_due;
CREATE INDEX outbox_due ON outbox (destination, due_at) WHERE state IN ('pending', 'leased') AND due_at IS NOT NULL;
