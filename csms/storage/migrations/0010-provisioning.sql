-- Setting stations up after they booted.

CREATE TABLE provisioning_profile (
    operator_id integer NOT NULL REFERENCES operator,
    name        text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
    identity    text,
    vendor      text,
    model       text,
    priority    integer NOT NULL DEFAULT 0,
    settings    jsonb NOT NULL DEFAULT '[]',
    reset       text CHECK (reset IN ('hard', 'soft')),
    note        text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (operator_id, name)
);

-- The newest boot of each station; it is to be set up while due_at is there.
CREATE TABLE provisioning_run (
    station_id  bigint PRIMARY KEY REFERENCES station,
    operator_id integer NOT NULL REFERENCES operator,
    booted_at   timestamptz NOT NULL,
    due_at      timestamptz,
    run         jsonb
) WITH (fillfactor = 70);
CREATE INDEX provisioning_run_due ON provisioning_run (due_at) WHERE due_at IS NOT NULL;
