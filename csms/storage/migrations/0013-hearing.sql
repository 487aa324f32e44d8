-- Stations that answer no command.
ALTER TABLE station ADD COLUMN deaf_since timestamptz;
