-- Payments that stations took themselves and settled.

CREATE TABLE settlement (
    station_id      bigint NOT NULL REFERENCES station,
    psp_ref         text NOT NULL,
    operator_id     integer NOT NULL REFERENCES operator,
    status          text NOT NULL,
    amount          numeric NOT NULL,
    settled_at      timestamptz NOT NULL,
    received_at     timestamptz NOT NULL,
    transaction_ref text,
    session_id      uuid,
    receipt_id      text,
    receipt_url     text,
    vat_number      text,
    vat_company     jsonb,
    detail          text,
    PRIMARY KEY (station_id, psp_ref)
);
CREATE INDEX settlement_operator ON settlement (operator_id, settled_at, psp_ref);
CREATE INDEX settlement_session ON settlement (session_id) WHERE session_id IS NOT NULL;
-- A settlement may come before the session that it paid.
CREATE INDEX settlement_transaction ON settlement (station_id, transaction_ref)
    WHERE session_id IS NULL AND transaction_ref IS NOT NULL;
