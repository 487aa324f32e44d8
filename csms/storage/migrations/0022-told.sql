-- Whether status_at is the time that the station told, and not that of receipt.

ALTER TABLE connector ADD COLUMN status_told boolean NOT NULL DEFAULT true;
