-- Firmware updates of stations.

CREATE TABLE firmware_update (
    station_id          bigint NOT NULL REFERENCES station,
    number              integer NOT NULL,
    operator_id         integer NOT NULL REFERENCES operator,
    status              text NOT NULL,
    detail              text,
    location            text NOT NULL,
    retrieve_at         timestamptz NOT NULL,
    install_at          timestamptz,
    signing_certificate text,
    signature           text,
    retries             integer,
    retry_interval_s    integer,
    expected_version    text,
    version_before      text,
    version_after       text,
    history             jsonb NOT NULL DEFAULT '[]',
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    ended_at            timestamptz,
    confirmed_at        timestamptz,
    PRIMARY KEY (station_id, number)
) WITH (fillfactor = 80);
CREATE INDEX firmware_update_created ON firmware_update (station_id, created_at, number);
COMMENT ON COLUMN firmware_update.location IS 'without user name and password';
