-- Reservations that stations were asked for and never confirmed, and who charged in spite of one.
ALTER TABLE reservation
    DROP CONSTRAINT reservation_status_check,
    ADD CONSTRAINT reservation_status_check CHECK (
        status IN ('requested', 'unconfirmed', 'accepted', 'rejected', 'used', 'expired',
                   'cancelled', 'removed')),
    ADD COLUMN conflict_at timestamptz,
    ADD COLUMN conflict_session_id uuid;
DROP INDEX reservation_live;
DROP INDEX reservation_expiring;
CREATE INDEX reservation_live ON reservation (station_id)
    WHERE status IN ('requested', 'unconfirmed', 'accepted');
CREATE INDEX reservation_expiring ON reservation (expires_at)
    WHERE status IN ('requested', 'unconfirmed', 'accepted');
