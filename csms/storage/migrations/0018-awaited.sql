-- A value that a station accepted for its next boot stands beside the one that counts until then.
ALTER TABLE variable ADD COLUMN pending_value text;
ALTER TABLE variable ADD COLUMN pending_at timestamptz;
UPDATE variable SET pending_value = value, pending_at = changed_at WHERE reboot_required;
COMMENT ON COLUMN variable.pending_value IS 'never of a variable whose name says that it is a secret';

-- Configuration keys of OCPP 1.6 are known as a whole too, by an answer that has no number; and
-- what a station is made of differs from one OCPP version to the other.
ALTER TABLE inventory ALTER COLUMN ref DROP NOT NULL;
ALTER TABLE inventory ADD COLUMN ocpp_version text;
UPDATE inventory SET ocpp_version = station.ocpp_version
FROM station WHERE station.id = inventory.station_id;

-- How often a station was asked for all that it is made of, by which firmware.
CREATE TABLE inventory_ask (
    station_id       bigint PRIMARY KEY REFERENCES station,
    operator_id      integer NOT NULL REFERENCES operator,
    firmware_version text,
    ocpp_version     text,
    asks             integer NOT NULL,
    asked_at         timestamptz NOT NULL
);
