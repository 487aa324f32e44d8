-- What meters told of no session, by when: the list of a station's own readings.

CREATE INDEX reading_of_station ON reading (station_id, taken_at, fingerprint)
    WHERE session_id IS NULL;
