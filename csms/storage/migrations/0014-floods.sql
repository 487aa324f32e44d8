-- Values that events tell are part of the history of variables ...
ALTER TABLE variable_history DROP CONSTRAINT variable_history_how_check;
ALTER TABLE variable_history
    ADD CONSTRAINT variable_history_how_check CHECK (how IN ('event', 'reported', 'set', 'read'));

-- ... and what happens at a station on one day has an end, which is counted by this.
CREATE INDEX happening_day ON happening (station_id, kind, received_at);

-- Firmware updates are kept for some time only.
CREATE INDEX firmware_update_updated ON firmware_update (updated_at);
