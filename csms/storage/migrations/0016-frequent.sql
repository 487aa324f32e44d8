-- Events that come thick and fast stand in rows of their own, which who does not want them need not
-- read.

ALTER TABLE outbox ADD COLUMN frequent boolean NOT NULL DEFAULT false;
CREATE INDEX outbox_rare ON outbox (xid, seq) WHERE NOT frequent;
