-- What one station may put into quarantine on one day has an end, which is counted here; of what is
-- beyond it there is the last, without its content.
CREATE TABLE quarantine_day (
    station_id  bigint NOT NULL REFERENCES station,
    day         date NOT NULL,
    operator_id integer NOT NULL REFERENCES operator,
    messages    bigint NOT NULL,
    bytes       bigint NOT NULL,
    dropped     bigint NOT NULL DEFAULT 0,
    dropped_at  timestamptz,
    action      text,
    fault       text,
    digest      text,
    PRIMARY KEY (station_id, day)
);
COMMENT ON COLUMN quarantine_day.dropped IS 'messages that were not kept';
COMMENT ON COLUMN quarantine_day.digest IS 'SHA-256 of the last of them, in hexadecimal';
