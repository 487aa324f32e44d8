-- Logs that stations upload: to us, or elsewhere.

CREATE TABLE log_upload (
    station_id   bigint NOT NULL REFERENCES station,
    number       integer NOT NULL,
    operator_id  integer NOT NULL REFERENCES operator,
    kind         text NOT NULL,
    status       text NOT NULL,
    detail       text,
    own          boolean NOT NULL,
    location     text,
    file_name    text,
    oldest_at    timestamptz,
    latest_at    timestamptz,
    secret_hash  bytea UNIQUE,
    expires_at   timestamptz,
    file_key     text UNIQUE,
    upload_name  text,
    size         bigint,
    content_type text,
    sha256       text,
    stored_at    timestamptz,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    PRIMARY KEY (station_id, number)
) WITH (fillfactor = 80);
CREATE INDEX log_upload_created ON log_upload (station_id, created_at, number);
CREATE INDEX log_upload_age ON log_upload (created_at);
COMMENT ON COLUMN log_upload.secret_hash IS 'SHA-256; secrets are 256 random bits, so nothing slower is needed';
COMMENT ON COLUMN log_upload.file_key IS 'name of the file in the directory of uploads';
