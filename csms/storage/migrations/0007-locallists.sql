-- Local authorization lists: what each station should hold, and what it is known to hold.
CREATE TABLE local_list (
    station_id        bigint PRIMARY KEY REFERENCES station,
    operator_id       integer NOT NULL REFERENCES operator,
    mode              text CHECK (mode IN ('manual', 'tokens')),
    state             text NOT NULL DEFAULT 'idle'
                      CHECK (state IN ('idle', 'failed', 'unsupported')),
    detail            text,
    last_version      integer NOT NULL DEFAULT 0,
    confirmed_version integer,
    confirmed_at      timestamptz,
    reported_version  integer,
    reported_at       timestamptz,
    checked_at        timestamptz,
    operation_id      uuid,
    busy_until        timestamptz,
    failures          integer NOT NULL DEFAULT 0,
    retry_at          timestamptz,
    tokens_mark       text,
    omitted           integer NOT NULL DEFAULT 0,
    updated_at        timestamptz NOT NULL
) WITH (fillfactor = 70);
COMMENT ON COLUMN local_list.mode IS 'where the wanted content comes from; null: none is wanted';
COMMENT ON COLUMN local_list.tokens_mark IS 'tokens of the operator that the content was made of';
COMMENT ON COLUMN local_list.busy_until IS 'somebody is sending it, and may until then';
CREATE INDEX local_list_tokens ON local_list (operator_id) WHERE mode = 'tokens';

CREATE TABLE local_list_entry (
    station_id bigint NOT NULL REFERENCES station,
    key        text NOT NULL,
    wanted     jsonb,
    held       jsonb,
    PRIMARY KEY (station_id, key)
) WITH (fillfactor = 80);
CREATE INDEX local_list_difference ON local_list_entry (station_id)
    WHERE wanted IS DISTINCT FROM held;
