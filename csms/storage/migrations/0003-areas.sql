-- What the areas share: numbers of requests, things that stations hold, what happened at them,
-- and reports that come in parts.

-- Numbers by which a station's reports name our requests (requestId, remoteStartId ...): never
-- given twice, whatever station they are for.
CREATE SEQUENCE request_number AS integer MINVALUE 1 NO CYCLE;

ALTER TABLE operation ADD COLUMN ref integer;
CREATE INDEX operation_ref ON operation (station_id, ref) WHERE ref IS NOT NULL;

-- The newest state of each thing; those that are gone are kept with the time they went.
CREATE TABLE holding (
    station_id   bigint NOT NULL REFERENCES station,
    kind         text NOT NULL,
    key          text NOT NULL,
    operator_id  integer NOT NULL REFERENCES operator,
    evse_id      integer,
    content      jsonb NOT NULL,
    origin       text NOT NULL CHECK (origin IN ('set', 'told')),
    operation_id uuid,
    seen_ref     integer,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    removed_at   timestamptz,
    PRIMARY KEY (station_id, kind, key)
) WITH (fillfactor = 80);

CREATE INDEX holding_removed ON holding (removed_at) WHERE removed_at IS NOT NULL;

CREATE TABLE happening (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    operator_id  integer NOT NULL REFERENCES operator,
    station_id   bigint NOT NULL REFERENCES station,
    kind         text NOT NULL,
    at           timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    evse_id      integer,
    connector_id integer,
    severity     integer,
    session_id   uuid,
    content      jsonb NOT NULL,
    fingerprint  bigint NOT NULL
);
CREATE UNIQUE INDEX happening_once ON happening (station_id, kind, at, fingerprint);
CREATE INDEX happening_station ON happening (station_id, at, id);
CREATE INDEX happening_operator ON happening (operator_id, at, id);
CREATE INDEX happening_received ON happening (received_at);

CREATE TABLE assembly (
    station_id   bigint NOT NULL REFERENCES station,
    kind         text NOT NULL,
    ref          bigint NOT NULL,
    operator_id  integer NOT NULL REFERENCES operator,
    parts        integer[] NOT NULL,
    digests      bigint[] NOT NULL,
    last         integer,
    started_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    completed_at timestamptz,
    given_up_at  timestamptz,
    PRIMARY KEY (station_id, kind, ref)
) WITH (fillfactor = 70);
CREATE INDEX assembly_open ON assembly (updated_at)
    WHERE completed_at IS NULL AND given_up_at IS NULL;
CREATE INDEX assembly_updated ON assembly (updated_at);

CREATE TABLE assembly_part (
    station_id bigint NOT NULL,
    kind       text NOT NULL,
    ref        bigint NOT NULL,
    part       integer NOT NULL,
    items      jsonb NOT NULL,
    taken_at   timestamptz NOT NULL,
    PRIMARY KEY (station_id, kind, ref, part),
    FOREIGN KEY (station_id, kind, ref) REFERENCES assembly ON DELETE CASCADE
);
