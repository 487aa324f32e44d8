-- What is declared of a token for its driver, and for the sessions that it may start.

ALTER TABLE token
    ADD COLUMN languages               text[],
    ADD COLUMN personal_message        text,
    ADD COLUMN charging_priority       smallint CHECK (charging_priority BETWEEN -9 AND 9),
    ADD COLUMN allowed_energy_transfer text[],
    ADD COLUMN tariff                  jsonb,
    ADD COLUMN transaction_limit       jsonb;

-- Tokens with the same tariff: its id stands for its content.
CREATE INDEX token_tariff ON token (operator_id, (tariff->>'tariff_id')) WHERE tariff IS NOT NULL;
