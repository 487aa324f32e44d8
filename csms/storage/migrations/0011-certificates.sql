-- Certificates that stations asked for, and what became of them.
CREATE TABLE certificate_request (
    id           uuid PRIMARY KEY,
    operator_id  integer NOT NULL REFERENCES operator,
    station_id   bigint NOT NULL REFERENCES station,
    purpose      text NOT NULL,
    request_ref  integer,
    csr          text NOT NULL,
    subject      text,
    key_kind     text,
    key_bits     integer,
    key          text,
    root         jsonb,
    status       text NOT NULL CHECK (status IN (
        'received', 'refused', 'superseded', 'signed', 'accepted', 'rejected')),
    detail       text,
    chain        text,
    operation_id uuid,
    times        integer NOT NULL DEFAULT 1,
    asked_at     timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL
);
CREATE INDEX certificate_request_station ON certificate_request (station_id, asked_at, id);
CREATE UNIQUE INDEX certificate_request_open ON certificate_request (station_id, purpose)
    WHERE status IN ('received', 'signed');
