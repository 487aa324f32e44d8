-- The device model: attributes of variables (OCPP 2.x) and configuration keys (1.6), each as last
-- told by the station, and every change of a value.

CREATE TABLE variable (
    id                  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_id          bigint NOT NULL REFERENCES station,
    operator_id         integer NOT NULL REFERENCES operator,
    -- The whole name in one spelling: case does not tell names apart.
    key                 text NOT NULL,
    component           text,
    component_instance  text,
    evse_id             integer,
    connector_id        integer,
    variable            text NOT NULL,
    variable_instance   text,
    attribute           text NOT NULL CHECK (attribute IN ('Actual', 'Target', 'MinSet', 'MaxSet')),
    value               text,
    mutability          text,
    persistent          boolean,
    constant            boolean,
    data_type           text,
    unit                text,
    min_limit           double precision,
    max_limit           double precision,
    max_elements        integer,
    values_list         text,
    supports_monitoring boolean,
    reboot_required     boolean NOT NULL DEFAULT false,
    seen_ref            bigint,
    reported_at         timestamptz NOT NULL,
    changed_at          timestamptz NOT NULL,
    removed_at          timestamptz,
    UNIQUE (station_id, key, attribute)
) WITH (fillfactor = 80);
COMMENT ON COLUMN variable.value IS 'never of a variable whose name says that it is a secret';

CREATE TABLE variable_history (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    variable_id  bigint NOT NULL REFERENCES variable ON DELETE CASCADE,
    station_id   bigint NOT NULL,
    old          text,
    new          text,
    how          text NOT NULL CHECK (how IN ('reported', 'set', 'read')),
    operation_id uuid,
    at           timestamptz NOT NULL
);
CREATE INDEX variable_history_station ON variable_history (station_id, at, id);
CREATE INDEX variable_history_variable ON variable_history (variable_id);
CREATE INDEX variable_history_at ON variable_history (at);

-- When the device model of a station was last told as a whole, and with which firmware.
CREATE TABLE inventory (
    station_id       bigint PRIMARY KEY REFERENCES station,
    operator_id      integer NOT NULL REFERENCES operator,
    ref              bigint NOT NULL,
    firmware_version text,
    completed_at     timestamptz NOT NULL
);

-- A password on its way to the station: good beside the old one until it is known which counts.
ALTER TABLE station ADD COLUMN offered_password_hash text;
ALTER TABLE station ADD COLUMN offered_password_mark text;
