-- Monitors and streams are holdings, and what they notice are happenings; this finds how many
-- of them a station has.

CREATE INDEX holding_monitoring ON holding (station_id) WHERE kind IN ('event_stream', 'monitor');
