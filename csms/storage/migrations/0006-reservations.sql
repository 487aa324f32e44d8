-- Reservations.
CREATE TABLE reservation (
    id             uuid PRIMARY KEY,
    operator_id    integer NOT NULL REFERENCES operator,
    station_id     bigint NOT NULL REFERENCES station,
    number         integer NOT NULL,
    evse_id        integer,
    connector_type text,
    id_token       text NOT NULL,
    kind           text,
    group_id       text,
    expires_at     timestamptz NOT NULL,
    status         text NOT NULL CHECK (status IN ('requested', 'accepted', 'rejected', 'used',
                                                   'expired', 'cancelled', 'removed')),
    reason         text,
    session_id     uuid,
    operation_id   uuid,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    ended_at       timestamptz
) WITH (fillfactor = 80);
CREATE INDEX reservation_number ON reservation (station_id, number, created_at);
CREATE INDEX reservation_station ON reservation (station_id, created_at, id);
CREATE INDEX reservation_operator ON reservation (operator_id, created_at, id);
CREATE INDEX reservation_token ON reservation (operator_id, upper(id_token));
CREATE INDEX reservation_live ON reservation (station_id)
    WHERE status IN ('requested', 'accepted');
CREATE INDEX reservation_expiring ON reservation (expires_at)
    WHERE status IN ('requested', 'accepted');
CREATE INDEX reservation_ended ON reservation (ended_at) WHERE ended_at IS NOT NULL;
