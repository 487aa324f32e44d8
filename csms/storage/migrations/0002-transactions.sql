-- Transactions that stations name themselves and tell of event by event (OCPP 2.x).

-- Constant defaults, so that no row is rewritten.
ALTER TABLE session
    ADD COLUMN named_by_station boolean NOT NULL DEFAULT false,
    ADD COLUMN charging_state   text,
    ADD COLUMN details          jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN numbering        jsonb;
COMMENT ON COLUMN session.numbering IS 'which events of the transaction have come; null for those the server named';

-- No longer unique: the station's names and the server's numbers may be the same, and some stations
-- use theirs again.  What must be found by name exactly once has a start_key made of it.  Nothing
-- that changes with every event is indexed, so that sessions go on being updated in place.
DROP INDEX session_transaction;
CREATE INDEX session_transaction ON session (station_id, transaction_ref);
